"""The engine with hints: what tiles are told of the whole picture, and strokes that come out as they were painted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.native import told_nets

from scumble.engine import Engine
from scumble.errors import JobCancelled, ParamError
from scumble.media.arrays import array_from_image, image_from_array
from scumble.media.image import Image, Transfer

FACTS: Any = {
    "halo": told_nets.REACH,
    "stride": told_nets.STRIDE,
    "min_size": 16,
    "bytes_per_pixel": 400.0,
    "weights_bytes": 100_000,
    "lightness_input": "lightness",
    "output": "ab",
}
SIZE = (300, 420)
RNG = np.random.default_rng(51)


@pytest.fixture(scope="module")
def made() -> Engine:
    return Engine(device="cpu", workers=2)


def gray(size: tuple[int, int] = SIZE) -> Image:
    rows, columns = np.mgrid[: size[0], : size[1]]
    codes = 120 + 60 * np.sin(rows / 25) * np.cos(columns / 31) + RNG.normal(0, 2, size)
    return image_from_array(np.repeat(codes.astype(np.uint8)[..., None], 3, 2))


def strokes(size: tuple[int, int] = SIZE) -> Image:
    """A reddish bar with an edge that fades over eight pixels."""
    pixels = np.zeros((*size, 4), np.uint8)
    pixels[40:90, 60:380, :3] = 140, 115, 112
    fade = np.minimum(1, np.arange(1, 51) / 9) * np.minimum(1, np.arange(50, 0, -1) / 9)
    pixels[40:90, 60:380, 3] = (255 * fade)[:, None]
    return image_from_array(pixels)


def whole() -> dict[str, NDArray[np.float32]]:
    return {"small": np.full((1, 7, 4, 4), 0.1, np.float32), "statistics": np.full((1, 3, 1, 1), -0.2, np.float32)}


def chroma(made: Engine, image: Image) -> NDArray[np.float32]:
    rgb = array_from_image(image)[..., :3].astype(np.float32) / 255
    return made.lab_from_rgb(np.ascontiguousarray(rgb.reshape(-1, 3))).reshape(*rgb.shape)[..., 1:]


def test_tiles_of_any_budget_give_the_same_picture() -> None:
    image, painted, constants = gray(), strokes(), whole()
    context = {
        "hint_ab": RNG.uniform(-20, 20, (2, 30, 42)).astype(np.float32),
        "hint_mask": (RNG.random((1, 30, 42)) < 0.02).astype(np.float32),
    }
    results = []
    for budget_mib in (177, 600):
        made = Engine(device="cpu", workers=2, memory_budget_mib=budget_mib)
        field = made.hint_field(made.lightness_thumbnail(image, 42, 30))
        grid = field.grid(context["hint_ab"], context["hint_mask"][0])
        session = made.session(told_nets.told(), "told")
        told: Any = {"constants": constants, "spread_inputs": told_nets.SPREAD, "spread": grid, "strokes": painted}
        results.append(made.colorize_tiled(session, image, context, **told, **FACTS))
    first, second = (array_from_image(result) for result in results)
    assert np.array_equal(first, second)


def test_opaque_cores_of_strokes_are_exact_and_edges_fade(made: Engine) -> None:
    image, painted = gray(), strokes()
    session = made.session(told_nets.spread_alone(), "spread_alone")
    flat = np.zeros((2, 150, 210), np.float32)
    guide = made.lightness_thumbnail(image, 210, 150)
    results = [
        made.colorize_tiled(session, image, {}, spread_inputs=told_nets.SPREAD, strokes=painted, **FACTS),
        made.recolor_guided(image, flat, guide, strokes=painted),
        made.recolor(image, np.zeros((2, *SIZE), np.float32), strokes=painted),
    ]
    core = array_from_image(painted)[..., 3] == 255
    wanted = chroma(made, painted)[64, 200]
    lab = np.column_stack((made.lightness(image)[core], np.tile(wanted, (core.sum(), 1)))).astype(np.float32)
    for result in results:
        assert np.abs(array_from_image(result)[core] - 255 * made.rgb_from_lab(lab)).max() <= 0.6
        beside = chroma(made, result)[:, 200]
        top = int(np.flatnonzero(core[:, 200])[0])
        # No rim: the pixel beside the core has nearly its chroma, and far away there is none left.
        assert np.abs(beside[top - 1] - wanted).max() < 2.5
        assert np.abs(beside[-60:]).max() < 1.5


def test_linear_strokes_and_pictures_may_be_mixed(made: Engine) -> None:
    image, painted = gray(), strokes()
    pixels = array_from_image(painted).astype(np.float32) / 255
    light = np.where(pixels <= 0.04045, pixels / 12.92, ((pixels + 0.055) / 1.055) ** 2.4)
    light[..., 3] = pixels[..., 3]
    linear = image_from_array(light.astype(np.float32), transfer=Transfer.LINEAR)
    flat = np.zeros((2, *SIZE), np.float32)
    one, other = (array_from_image(made.recolor(image, flat, strokes=each)) for each in (painted, linear))
    assert np.abs(one.astype(int) - other).max() <= 1


def test_what_does_not_fit_is_refused(made: Engine) -> None:
    image, session = gray((100, 400)), made.session(told_nets.spread_alone(), "spread_alone")
    told: Any = {"spread_inputs": told_nets.SPREAD, **FACTS}
    planes = {"spread_ab": np.zeros((2, 4, 4), np.float32)}
    with pytest.raises(ParamError, match="'spread_ab' is given as context and as a constant"):
        made.colorize_tiled(session, image, planes, constants=planes, **FACTS)
    with pytest.raises(ParamError, match="420x300"):
        made.colorize_tiled(session, image, {}, strokes=strokes(), **told)
    with pytest.raises(ParamError, match="alpha"):
        made.colorize_tiled(session, image, {}, strokes=image, **told)
    with pytest.raises(ParamError, match="together"):
        made.recolor(image, np.zeros((2, 100, 400), np.float32), hint_xy=np.zeros((1, 2), np.int32))

    def cancel(fraction: float) -> None:
        raise JobCancelled("stop")

    with pytest.raises(JobCancelled):
        made.recolor(image, np.zeros((2, 100, 400), np.float32), strokes=strokes((100, 400)), progress=cancel)
