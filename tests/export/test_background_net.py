"""The generator draws one picture whole or in tiles, and repeats without a seam; the bundle's test has its graph."""

from __future__ import annotations

import pytest
import torch

from scumble_export.background.export import CONTROL_LEAST, TILE_LIMIT
from scumble_export.background.field import Window, inputs_of, one_hot
from scumble_export.background.net import Conv, Generator, baked, margins_of
from scumble_export.background.sheet import random_layout
from scumble_export.background.tiling import check_tiles, measure_cell_reach, seam_ratio


def lively(widths: tuple[int, ...] = (16, 8, 8, 4), enlarged: bool = True) -> Generator:
    """A net whose levels all add to the picture, as a trained one's do."""
    torch.manual_seed(3)
    net = Generator(widths, 3, enlarged).eval().requires_grad_(False)
    for weight in net.coloured():
        torch.nn.init.normal_(weight, std=0.3)
    return net


@pytest.mark.parametrize("enlarged", [False, True])
def test_tiles_equal_the_whole_picture_and_misplaced_ones_do_not(enlarged: bool) -> None:
    net = lively(enlarged=enlarged)
    check = check_tiles(net, net, one_hot(0, 3), random_layout(4, 4, 1))
    assert check.largest_difference <= TILE_LIMIT
    assert check.differing_bytes == 0
    assert check.misplaced_difference > CONTROL_LEAST


def test_every_shown_cell_is_needed_and_no_other() -> None:
    for widths in ((8, 8), (8, 8, 8, 8), (8,) * 6):
        net = lively(widths)
        reach = measure_cell_reach(net)
        assert reach.halo == net.margins().cells
        assert reach.receptive_field <= 2 * reach.halo + 1


def test_margins_hold_what_two_convolutions_and_a_doubling_take() -> None:
    margins = margins_of(2, enlarged=False)
    # 2 pixels for the finest level's convolutions are one coarse pixel; two more convolutions before that.
    assert margins.features == (1, 0)
    assert margins.cells == 3
    assert margins.noise == (2, 1)


def test_a_repeating_picture_has_no_seam_and_a_plain_one_has() -> None:
    net = lively()
    assert 0.9 < seam_ratio(net, net, one_hot(0, 3), range(8), side=12) < 1.1
    window = Window(0, 0, 3, 3)
    once = net(*inputs_of(net, window, 4, one_hot(0, 3), random_layout(3, 3, 0), (3, 3)))
    beyond = net(*inputs_of(net, Window(3, -3, 3, 3), 4, one_hot(0, 3), random_layout(3, 3, 0), (3, 3)))
    assert torch.equal(once, beyond)
    plain = net(*inputs_of(net, window, 4, one_hot(0, 3), random_layout(3, 3, 0)))
    assert not torch.equal(plain, once)


def test_a_new_level_begins_by_doubling_the_picture_it_had() -> None:
    net = Generator((8, 8, 8), 2)
    for weight in net.coloured()[:2]:
        torch.nn.init.normal_(weight)
    window, style, layout = Window(0, 0, 3, 3), one_hot(0, 2), random_layout(3, 3, 0)
    with torch.no_grad():
        small = net(*inputs_of(net, window, 1, style, layout, depth=2))
        large = net(*inputs_of(net, window, 1, style, layout))
    inner = torch.nn.functional.interpolate(small, scale_factor=2.0, mode="bilinear", align_corners=False)
    assert torch.allclose(large[..., 1:-1, 1:-1], inner[..., 1:-1, 1:-1], atol=1e-6)


def test_seed_style_layout_and_vector_each_change_the_picture() -> None:
    net = lively()
    window, layout = Window(0, 0, 2, 2), random_layout(2, 2, 0)
    base = net(*inputs_of(net, window, 1, one_hot(0, 3), layout))
    others = (
        inputs_of(net, window, 2, one_hot(0, 3), layout),
        inputs_of(net, window, 1, one_hot(1, 3), layout),
        inputs_of(net, window, 1, one_hot(0, 3), random_layout(2, 2, 1)),
        inputs_of(net, window, 1, one_hot(0, 3), layout, latent=torch.ones(1, 64)),
    )
    assert torch.equal(base, net(*inputs_of(net, window, 1, one_hot(0, 3), layout)))
    assert all((base - net(*inputs)).abs().max() > 1e-3 for inputs in others)


def test_baked_scales_change_nothing() -> None:
    net = lively()
    inputs = inputs_of(net, Window(0, 0, 2, 2), 1, one_hot(0, 3), random_layout(2, 2, 0))
    ready = baked(net)
    assert torch.allclose(net(*inputs), ready(*inputs), atol=1e-5)
    shapes = [module.weight.shape for module in ready.modules() if isinstance(module, Conv)]
    assert all(shape[1] % 4 == 0 for shape in shapes)
    assert shapes != [module.weight.shape for module in net.modules() if isinstance(module, Conv)]
