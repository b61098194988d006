"""What the net sees while it learns: crops, ageing, simulated hints and global hints."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from scumble_export.colorize import damage
from scumble_export.colorize.bins import SoftEncoder, bin_centres
from scumble_export.colorize.sampling import (
    CONTEXT_MASK,
    STATISTICS,
    batch_from_store,
    global_statistics,
    hint_patches,
    simulated_hints,
)
from scumble_export.colorize.store import PhotoStore
from scumble_export.data import Photo
from scumble_export.lab import lab_from_rgb, rgb_from_lab


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def ramp(height: int, width: int, blue: int) -> Photo:
    y, x = np.mgrid[:height, :width].astype(np.uint8)
    return Photo(f"{blue}.png", np.stack((x, y, np.full_like(x, blue)), -1))


def test_crops_are_straight_pieces_of_one_photo() -> None:
    store = PhotoStore([ramp(100, 140, 10), ramp(180, 100, 200)], torch.device("cpu"))
    crops = store.crops(64, 32, random()) * 255
    blue = crops[:, 2].flatten(1)
    assert {round(float(value)) for value in blue.mean(1)} == {10, 200}
    assert float(blue.std(1).max()) < 1e-3
    right, down = crops[:, 0].diff(dim=2), crops[:, 1].diff(dim=1)
    inner = right[:, :, 2:-2]  # the outermost pixels may lie on the border
    assert float((inner - inner.mean((1, 2), keepdim=True)).abs().max()) < 1e-2
    assert 16 < int((inner.mean((1, 2)) < 0).sum()) < 48
    assert bool((down[:, 2:-2] > 0).all())
    sides = inner.mean((1, 2)).abs() * 32
    assert 50 < float(sides.min()) < 70
    assert 100 < float(sides.max()) < 120


def test_hints_show_true_colours_and_only_under_their_mask() -> None:
    ab = torch.full((128, 2, 64, 64), 30.0)
    hint, mask = simulated_hints(ab, random())
    assert bool((hint * (mask == 0) == 0).all())
    assert float((hint[(mask == 1).expand_as(hint)] - 30).abs().max()) < 1e-3
    kinds = [sorted({float(v) for v in m.unique()}) for m in mask]
    assert [0.0] in kinds
    assert [0.0, 1.0] in kinds
    assert any(CONTEXT_MASK in kind for kind in kinds)


def test_patches_are_means_of_squares_of_the_asked_number() -> None:
    ab = torch.randn(40, 2, 64, 64, generator=random(1)) * 30
    counts = torch.tensor([0, 1] * 20)
    hint, mask = hint_patches(ab, counts, random(2))
    assert not mask[0::2].any()
    sides = set()
    for index in range(1, 40, 2):
        covered = mask[index, 0].nonzero()
        (top, left), (bottom, right) = covered.min(0).values.tolist(), covered.max(0).values.tolist()
        side = bottom - top + 1
        assert side == right - left + 1
        assert len(covered) == side**2
        mean = ab[index, :, top : bottom + 1, left : right + 1].mean((1, 2))
        assert hint[index, :, top, left].tolist() == pytest.approx(mean.tolist(), abs=1e-3)
        sides.add(side)
    assert sides <= set(range(1, 10))
    assert len(sides) > 4


def test_global_hints_count_colours_and_saturation() -> None:
    rgb = torch.zeros(2, 3, 32, 32)
    rgb[0, 0] = 0.8
    rgb[1] = 0.5
    statistics = global_statistics(rgb, lab_from_rgb(rgb)[:, 1:], SoftEncoder())
    assert statistics.shape == (2, STATISTICS)
    histogram = statistics[:, :313]
    assert histogram.sum(1).tolist() == pytest.approx([1, 1], abs=1e-4)
    mean = histogram @ torch.from_numpy(bin_centres())
    true = lab_from_rgb(rgb)[:, 1:, 0, 0]
    assert float((mean - true).abs().max()) < 4
    assert statistics[:, 313:].tolist() == [[1, 1, 1], [1, 0, 1]]


@pytest.mark.parametrize("way", [damage.toned, damage.blurred, damage.grained, damage.jpegged, damage.scratched])
def test_each_ageing_changes_lightness_but_leaves_the_picture_in_it(way: object) -> None:
    assert callable(way)
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    light = (50 + 25 * torch.sin(x / 6) * torch.cos(y / 8)).expand(8, 1, 64, 64).contiguous()
    aged: Tensor = way(light, random(3))
    assert aged.shape == light.shape
    assert not torch.equal(aged, light)
    both = torch.stack((aged.flatten(), light.flatten()))
    assert float(torch.corrcoef(both)[0, 1]) > 0.7


def test_jpeg_keeps_flat_blocks_and_film_darkens_red() -> None:
    flat = torch.full((4, 1, 16, 16), 50.0)
    assert float((damage.jpegged(flat, random()) - 50).abs().max()) < 8
    red = rgb_from_lab(torch.tensor([50.0, 60.0, 40.0]).view(1, 3, 1, 1).expand(4, 3, 8, 8))
    assert float(damage.filmed(red, random()).max()) < 45


def test_some_pictures_age_in_range_and_the_others_stay() -> None:
    light = torch.linspace(0, 100, 64 * 32 * 32).reshape(64, 1, 32, 32)
    aged = damage.aged(torch.rand(64, 3, 32, 32, generator=random()), light, random(4))
    changed = [not torch.equal(a, b) for a, b in zip(aged, light, strict=True)]
    assert 8 < sum(changed) < 40
    assert float(aged.min()) >= 0
    assert float(aged.max()) <= 100


def test_a_batch_is_whole_and_repeats_with_its_seed() -> None:
    store = PhotoStore([ramp(100, 140, 10), ramp(180, 100, 200)], torch.device("cpu"))
    first, again = (batch_from_store(store, 12, 64, SoftEncoder(), random(6)) for _ in range(2))
    assert torch.equal(first[1], again[1])
    assert torch.equal(first[0].lightness, again[0].lightness)
    inputs, true_ab = first
    assert true_ab.shape == (12, 2, 64, 64)
    assert inputs.statistics.shape == (12, STATISTICS)
    flags = inputs.statistics[:, [313, 315]]
    assert set(flags.flatten().tolist()) <= {0.0, 1.0}
    unflagged = inputs.statistics[flags[:, 0] == 0]
    assert not unflagged[:, :313].any()
    told = (inputs.hint_mask == 1).flatten(1).any(1)
    assert torch.equal(told, inputs.confidence.flatten(1).any(1))
