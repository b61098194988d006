"""Colours wanted at full size, met across the borders of tiles; and strokes, painted or listed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.native import told_nets
from tests.native.test_hints import picture
from tests.native.test_hints_touch import TOPS, gray_picture, in_gamut_hints, wanted_rgb
from tests.native.test_tiles_told import coloured, grid_of

from scumble import _native
from scumble.errors import JobCancelled, ParamError

pytestmark = pytest.mark.usefixtures("runtime")

Floats = NDArray[np.float32]
Places = NDArray[np.int32]
Colour = Callable[..., NDArray[Any]]


@pytest.fixture(scope="module")
def net(runtime: str) -> _native.Session:
    return _native.Session(told_nets.spread_alone(), workers=3)


def painted(rng: np.random.Generator, size: tuple[int, int], dtype: type) -> NDArray[Any]:
    """Two strokes across a transparent picture, with soft edges and colours that vary."""
    top = TOPS.get(dtype, 1)
    pixels = np.zeros((*size, 4))
    pixels[..., :3] = rng.random(3) * 0.5 + rng.random((*size, 3)) * 0.3
    for row in rng.integers(0, size[0], 2):
        pixels[max(0, row - 5) : row + 6, :, 3] = np.maximum(pixels[max(0, row - 5) : row + 6, :, 3], 0.6)
        pixels[max(0, row - 3) : row + 4, :, 3] = 1
    pixels[:, : size[1] // 5, 3] = 0
    return (pixels * top).round().astype(dtype) if top > 1 else pixels.astype(dtype)


def listed(strokes: NDArray[Any]) -> tuple[Places, Floats]:
    """The opaque pixels of a picture of strokes, and their chroma."""
    top = TOPS.get(strokes.dtype.type, 1)
    y, x = np.nonzero(strokes[..., 3] == top)
    rgb = (strokes[y, x, :3] / np.float32(top)).astype(np.float32)
    return np.stack((x, y), 1).astype(np.int32), np.ascontiguousarray(_native.lab_from_rgb(rgb)[:, 1:])


@given(
    height=st.integers(1, 130),
    width=st.integers(1, 130),
    tile=st.sampled_from([48, 64, 400]),
    count=st.integers(1, 60),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None)
def test_hinted_pixels_have_their_colours(
    net: _native.Session, height: int, width: int, tile: int, count: int, dtype: type, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    src = gray_picture(picture(rng, (height, width)), dtype)
    xy, ab = in_gamut_hints(rng, src, count)
    arguments: Any = {"spread_inputs": told_nets.SPREAD, "spread": grid_of(rng, (20, 16))}
    out = coloured(net, src, {}, tile, hint_xy=xy, hint_ab=ab, **arguments)
    top = TOPS.get(dtype, 1)
    got = out[xy[:, 1], xy[:, 0]] / np.float64(top)
    # Half a code is rounding to 8 bits; a little more is the table that does it.
    assert np.abs(got - wanted_rgb(src, xy, ab)).max() <= (0.57 if dtype is np.uint8 else 0.5) / 255
    assert np.abs(_native.lightness(out) - _native.lightness(src)).max() <= (0.5 if dtype is np.uint8 else 2e-2)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float32])
def test_tiles_and_threads_leave_no_trace(net: _native.Session, dtype: type) -> None:
    rng = np.random.default_rng(41)
    src = gray_picture(picture(rng, (143, 210)), dtype)
    xy, ab = in_gamut_hints(rng, src, 40)
    arguments: Any = {"spread_inputs": told_nets.SPREAD, "hint_xy": xy, "hint_ab": ab}
    arguments |= {"strokes": painted(rng, (143, 210), np.uint8), "strength": 0.8}
    arguments["mask"] = rng.choice(np.array([0, 90, 255], np.uint8), (143, 210))
    for spread in (None, grid_of(rng, (40, 50))):
        once = coloured(net, src, {}, 400, spread=spread, workers=1, **arguments)
        for tile, workers in ((48, 3), (64, 2), (100, 1)):
            got = coloured(net, src, {}, tile, spread=spread, workers=workers, **arguments)
            assert np.array_equal(got, once)
        assert np.array_equal(once[arguments["mask"] == 0], np.repeat(src, 3, 2)[arguments["mask"] == 0])


@pytest.mark.parametrize("strength", [1.0, 0.6])
def test_tiles_are_touched_as_a_picture_coloured_at_once_is(net: _native.Session, strength: float) -> None:
    rng = np.random.default_rng(42)
    src = gray_picture(np.clip(picture(rng, (120, 150)), 45, 65), np.float32, channels=3)
    src *= np.array([1.02, 1, 0.97], np.float32)
    xy = np.stack((rng.integers(0, 150, 30), rng.integers(0, 120, 30)), 1).astype(np.int32)
    ab = rng.uniform(-12, 12, (30, 2)).astype(np.float32)
    mask = rng.choice(np.array([0, 120, 255], np.uint8), (120, 150))
    hinted: Any = {"hint_xy": xy, "hint_ab": ab, "strength": strength, "mask": mask}
    got = coloured(net, src, {}, 64, spread_inputs=told_nets.SPREAD, **hinted)
    want, untouched = np.zeros_like(src), np.zeros_like(src)
    _native.recolor(src, want, np.zeros((2, 120, 150), np.float32), **hinted)
    _native.recolor(src, untouched, np.zeros((2, 120, 150), np.float32), strength=strength, mask=mask)
    assert np.abs(got - want).max() < 1e-5
    assert np.abs(want - untouched).max() > 0.02


def test_what_is_far_from_hints_stays_bit_for_bit(net: _native.Session) -> None:
    rng = np.random.default_rng(43)
    src = gray_picture(picture(rng, (60, 2000)), np.uint8)
    grid = grid_of(rng, (12, 400))
    arguments: Any = {"spread_inputs": told_nets.SPREAD, "spread": grid}
    plain = coloured(net, src, {}, 256, **arguments)
    xy, ab = np.array([[60, 30]], np.int32), np.array([[12, -9]], np.float32)
    touched = coloured(net, src, {}, 256, hint_xy=xy, hint_ab=ab, **arguments)
    assert np.array_equal(touched[:, 1000:], plain[:, 1000:])
    assert np.any(touched[25:35, 55:65] != plain[25:35, 55:65])


@given(
    size=st.tuples(st.integers(1, 80), st.integers(1, 300)),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=30, deadline=None)
def test_painted_strokes_are_their_opaque_pixels(
    net: _native.Session, size: tuple[int, int], dtype: type, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    src = gray_picture(np.clip(picture(rng, size), 30, 80), np.float32)
    strokes = painted(rng, size, dtype)
    xy, ab = listed(strokes)
    small, guide = rng.uniform(-20, 20, (2, 9, 12)).astype(np.float32), _native.lightness_thumbnail(src, 12, 9)
    full = np.broadcast_to(small[:, :1, :1], (2, *size)).copy()

    def guided(**hinted: Any) -> NDArray[Any]:
        dst = np.zeros((*size, 3), np.float32)
        _native.recolor_guided(src, dst, small, guide, **hinted)
        return dst

    def plain(**hinted: Any) -> NDArray[Any]:
        dst = np.zeros((*size, 3), np.float32)
        _native.recolor(src, dst, full, workers=2, **hinted)
        return dst

    def tiled(**hinted: Any) -> NDArray[Any]:
        return coloured(net, src, {}, 64, spread_inputs=told_nets.SPREAD, **hinted)

    ways: list[Colour] = [guided, plain, tiled]
    for way in ways:
        got, want = way(strokes=strokes), way(hint_xy=xy, hint_ab=ab)
        # One is decoded by a table, the other by the curve itself.
        assert np.abs(got - want).max() < 2e-4
        if len(xy):
            assert np.abs(got[xy[:, 1], xy[:, 0]] - wanted_rgb(src, xy, ab)).max() <= 0.5 / 255


def test_a_place_counts_before_a_stroke_and_linear_strokes_are_decoded() -> None:
    src = gray_picture(np.full((20, 40), 55, np.float32), np.float32)
    strokes = np.zeros((20, 40, 4), np.float32)
    strokes[8:12] = 0.5, 0.3, 0.3, 1
    flat, dst, linear = np.zeros((2, 20, 40), np.float32), np.zeros((20, 40, 3), np.float32), np.zeros((20, 40, 3))
    xy, ab = np.array([[7, 9]], np.int32), np.array([[-10, 6]], np.float32)
    _native.recolor(src, dst, flat, strokes=strokes, hint_xy=xy, hint_ab=ab)
    assert np.allclose(dst[9, 7], wanted_rgb(src, xy, ab)[0], atol=1e-4)
    stroke = _native.lab_from_rgb(strokes[9, :1, :3].copy())[:, 1:]
    assert np.allclose(dst[9, 8], wanted_rgb(src, np.array([[8, 9]], np.int32), stroke)[0], atol=1e-4)
    light = np.where(strokes[..., :3] <= 0.04045, strokes[..., :3] / 12.92, ((strokes[..., :3] + 0.055) / 1.055) ** 2.4)
    linear = np.concatenate((light, strokes[..., 3:]), 2).astype(np.float32)
    again = np.zeros_like(dst)
    _native.recolor(src, again, flat, strokes=linear, strokes_transfer="linear", hint_xy=xy, hint_ab=ab)
    assert np.allclose(again, dst, atol=1e-4)


def test_progress_rises_to_one_and_cancel_is_heard_in_every_part(net: _native.Session) -> None:
    rng = np.random.default_rng(44)
    src = gray_picture(picture(rng, (600, 700)), np.uint8)
    arguments: Any = {"spread_inputs": told_nets.SPREAD, "strokes": painted(rng, (600, 700), np.uint8)}
    told: list[float] = []
    coloured(net, src, {}, 64, progress=told.append, **arguments)
    assert told == sorted(told)
    assert told[-1] == 1.0

    def cancel(fraction: float) -> None:
        raise JobCancelled("enough")

    with pytest.raises(JobCancelled, match="enough"):
        coloured(net, src, {}, 64, progress=cancel, **arguments)
    dst, flat = np.zeros((600, 700, 3), np.uint8), np.zeros((2, 600, 700), np.float32)
    with pytest.raises(JobCancelled, match="enough"):
        _native.recolor(src, dst, flat, strokes=arguments["strokes"], progress=cancel)


def test_strokes_that_do_not_fit_are_refused(net: _native.Session) -> None:
    src = np.full((30, 40, 3), 90, np.uint8)
    strokes = np.zeros((30, 40, 4), np.uint8)
    dst, flat = np.zeros_like(src), np.zeros((2, 30, 40), np.float32)
    wrong: list[tuple[Any, str]] = [
        (strokes[:29], "40x29"),
        (strokes[..., :3].copy(), "alpha"),
        (strokes[..., ::2], "the strokes: the samples of a row"),
        (strokes[..., 0], "axes"),
        (strokes.astype(np.int64), "samples"),
        (strokes[:0], "pixel"),
    ]
    for array, words in wrong:
        with pytest.raises(ParamError, match=words):
            _native.recolor(src, dst, flat, strokes=array)
        with pytest.raises(ParamError, match=words):
            coloured(net, src, {}, 64, spread_inputs=told_nets.SPREAD, strokes=array)
    with pytest.raises(ParamError, match="transfer"):
        _native.recolor(src, dst, flat, strokes=strokes, strokes_transfer="gamma")
    rgba = np.zeros((30, 40, 4), np.uint8)
    with pytest.raises(ParamError, match=r"share memory|in use"):
        _native.recolor(rgba.copy(), rgba, flat, strokes=rgba)
    memory = np.zeros(2 * rgba.size - 4, np.uint8)
    apart = memory[: rgba.size].reshape(rgba.shape), memory[-rgba.size :].reshape(rgba.shape)
    with pytest.raises(ParamError, match=r"share memory|in use"):
        _native.recolor(rgba, apart[0], flat, strokes=apart[1])
    with pytest.raises(ParamError, match="lies outside"):
        coloured(
            net,
            src,
            {},
            64,
            spread_inputs=told_nets.SPREAD,
            hint_xy=np.array([[40, 0]], np.int32),
            hint_ab=np.zeros((1, 2), np.float32),
        )
