"""From hints to the full-size picture: hinted pixels have their colours exactly, whatever lies between."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.native.test_hints import picture

from scumble import _native
from scumble.engine import Engine
from scumble.errors import ParamError
from scumble.media.arrays import array_from_image, image_from_array

Floats = NDArray[np.float32]
Places = NDArray[np.int32]


TOPS: dict[type, int] = {np.uint8: 255, np.uint16: 65535}


def gray_picture(light: Floats, dtype: type, channels: int = 1) -> NDArray[Any]:
    lab = np.zeros((light.size, 3), np.float32)
    lab[:, 0] = light.ravel()
    top = TOPS.get(dtype, 1)
    gray = _native.rgb_from_lab(lab)[:, :1].reshape(*light.shape, 1) * top
    return np.repeat(gray.round().astype(dtype) if top > 1 else gray.astype(dtype), channels, axis=2)


def in_gamut_hints(rng: np.random.Generator, src: NDArray[Any], count: int) -> tuple[Places, Floats]:
    """Random pixels, no two alike, and colours that fit their lightness."""
    height, width = src.shape[:2]
    places = rng.choice(height * width, min(count, height * width), replace=False)
    xy = np.stack((places % width, places // width), 1).astype(np.int32)
    lab = np.column_stack((_native.lightness(src)[xy[:, 1], xy[:, 0]], rng.uniform(-60, 60, xy.shape)))
    # What does not fit comes back with the chroma that does; a little less is inside for sure.
    fitting = _native.lab_from_rgb(_native.rgb_from_lab(lab.astype(np.float32)))[:, 1:]
    return xy, np.ascontiguousarray(fitting * np.float32(0.98))


def from_hints_to_picture(
    src: NDArray[Any], xy: Places, ab: Floats, working: tuple[int, int], **settings: Any
) -> NDArray[Any]:
    """What the effect does, a flat gray-green in the net's place."""
    (height, width), (w, h) = src.shape[:2], working
    guide = _native.lightness_thumbnail(src, w, h)
    hint_ab, mask = np.zeros((2, h, w), np.float32), np.zeros((h, w), np.float32)
    for (x, y), color in zip(xy, ab, strict=True):
        cell = (y * h // height, x * w // width)
        hint_ab[(slice(None), *cell)], mask[cell] = color, 1
    field = _native.HintField(guide)
    spread, confidence = field.spread(hint_ab, mask)
    predicted = confidence * spread + (1 - confidence) * np.array([[[-5.0]], [[3.0]]], np.float32)
    small = field.met(predicted, hint_ab, mask, 0.0003 + 0.03 * (1 - confidence))
    dst = np.zeros((height, width, 3 + (src.shape[2] % 2 == 0)), src.dtype)
    _native.recolor_guided(src, dst, small, guide, hint_xy=xy, hint_ab=ab, **settings)
    return dst


def wanted_rgb(src: NDArray[Any], xy: Places, ab: Floats) -> Floats:
    light = _native.lightness(src)[xy[:, 1], xy[:, 0]]
    return _native.rgb_from_lab(np.column_stack((light, ab)).astype(np.float32))


@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    w=st.integers(1, 40),
    h=st.integers(1, 40),
    count=st.integers(1, 60),
    seed=st.integers(0, 2**32 - 1),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
)
@settings(max_examples=80, deadline=None)
def test_hinted_pixels_have_their_colours(
    height: int, width: int, w: int, h: int, count: int, seed: int, dtype: type
) -> None:
    rng = np.random.default_rng(seed)
    src = gray_picture(picture(rng, (height, width)), dtype)
    xy, ab = in_gamut_hints(rng, src, count)
    out = from_hints_to_picture(src, xy, ab, (w, h))
    top = TOPS.get(dtype, 1)
    got = out[xy[:, 1], xy[:, 0]] / np.float64(top)
    assert np.abs(got - wanted_rgb(src, xy, ab)).max() <= 1 / 255
    # Its own lightness is kept everywhere.
    assert np.abs(_native.lightness(out) - _native.lightness(src)).max() <= (0.5 if dtype is np.uint8 else 2e-2)


@pytest.mark.parametrize(
    ("size", "working"), [((61, 90), (128, 88)), ((128, 128), (128, 128)), ((700, 900), (160, 120))]
)
def test_no_dots_are_left_around_hints(size: tuple[int, int], working: tuple[int, int]) -> None:
    light = np.full(size, 55, np.float32) + 4 * np.sin(np.arange(size[1]) / 40, dtype=np.float32)
    src = gray_picture(light, np.float32)
    xy = np.stack((np.linspace(0.2, 0.8, 4) * size[1], np.full(4, size[0] / 2)), 1).astype(np.int32)
    ab = np.array([[20, 5], [-15, 10], [10, -20], [-10, -10]], np.float32)
    out = from_hints_to_picture(src, xy, ab, working)
    chroma = _native.lab_from_rgb(out.reshape(-1, 3)).reshape(*size, 3)[..., 1:]
    for (x, y), color in zip(xy, ab, strict=True):
        assert np.abs(chroma[y, x] - color).max() < 0.05
        ring = chroma[y - 1 : y + 2, x - 1 : x + 2].reshape(9, 2)
        assert np.abs(ring - color).max() < 2.5, (x, y)


def test_the_touch_dies_out_and_keeps_to_its_lightness() -> None:
    light = np.full((240, 320), 40, np.float32)
    light[:, 160:] = 75
    src = gray_picture(light, np.float32)
    guide = _native.lightness_thumbnail(src, 160, 120)
    ab = np.zeros((2, 120, 160), np.float32)
    plain, touched = np.zeros((240, 320, 3), np.float32), np.zeros((240, 320, 3), np.float32)
    _native.recolor_guided(src, plain, ab, guide)
    xy, color = np.array([[150, 120]], np.int32), np.array([[25, -10]], np.float32)
    _native.recolor_guided(src, touched, ab, guide, hint_xy=xy, hint_ab=color)
    change = np.abs(touched - plain).max(-1)
    assert change[120, 150] > 0.05
    assert change[118:123, 148:153].min() > 0.04
    assert change[:, 165:].max() < 2e-3
    assert change[:, :20].max() < 1e-3
    assert change[:20].max() < 1e-3


def test_a_stroke_has_its_colour_in_all_its_pixels() -> None:
    rng = np.random.default_rng(21)
    light = np.clip(picture(rng, (300, 400)), 30, 70)
    src = gray_picture(light, np.uint8, channels=4)
    y, x = np.mgrid[100:120, 20:380]
    xy = np.stack((x.ravel(), y.ravel()), 1).astype(np.int32)
    ab = np.broadcast_to(np.array([12, -14], np.float32), xy.shape).copy()
    out = from_hints_to_picture(src, xy, ab, (96, 72))
    want = wanted_rgb(src, xy, ab) * 255
    assert np.abs(out[xy[:, 1], xy[:, 0], :3] - want).max() <= 1
    assert np.array_equal(out[..., 3], src[..., 3])


def test_order_and_threads_change_nothing_and_the_later_of_two_counts() -> None:
    rng = np.random.default_rng(22)
    src = gray_picture(picture(rng, (333, 257)), np.uint16)
    xy, ab = in_gamut_hints(rng, src, 50)
    want = from_hints_to_picture(src, xy, ab, (64, 80))
    assert np.array_equal(from_hints_to_picture(src, xy, ab, (64, 80), workers=4), want)
    guide = _native.lightness_thumbnail(src, 64, 80)
    flat, first, second = np.zeros((2, 80, 64), np.float32), *(np.zeros((333, 257, 3), np.uint16) for _ in range(2))
    _native.recolor_guided(src, first, flat, guide, hint_xy=xy, hint_ab=ab)
    # The same pixels with other colours before them.
    doubled = np.concatenate((xy[::-1], xy)), np.concatenate((ab[::-1] * np.float32(-0.5), ab))
    _native.recolor_guided(src, second, flat, guide, hint_xy=doubled[0], hint_ab=doubled[1])
    assert np.array_equal(first, second)


def test_strength_and_mask_hold_for_hints_too() -> None:
    rng = np.random.default_rng(23)
    src = gray_picture(picture(rng, (60, 70)), np.uint8, channels=3)
    xy, ab = in_gamut_hints(rng, src, 30)
    assert np.array_equal(from_hints_to_picture(src, xy, ab, (30, 25), strength=0.0), src)
    mask = np.zeros((60, 70), np.uint8)
    mask[:, 35:] = 255
    out = from_hints_to_picture(src, xy, ab, (30, 25), mask=mask)
    assert np.array_equal(out[:, :35], src[:, :35])
    assert np.array_equal(out[:, 35:], from_hints_to_picture(src, xy, ab, (30, 25))[:, 35:])


def test_no_hints_change_nothing() -> None:
    rng = np.random.default_rng(24)
    src = gray_picture(picture(rng, (50, 40)), np.uint8)
    guide = _native.lightness_thumbnail(src, 20, 25)
    ab = rng.uniform(-40, 40, (2, 25, 20)).astype(np.float32)
    without, empty = np.zeros((50, 40, 3), np.uint8), np.zeros((50, 40, 3), np.uint8)
    _native.recolor_guided(src, without, ab, guide)
    none = np.zeros((0, 2), np.int32), np.zeros((0, 2), np.float32)
    _native.recolor_guided(src, empty, ab, guide, hint_xy=none[0], hint_ab=none[1])
    assert np.array_equal(without, empty)


def test_the_engine_passes_hints_on() -> None:
    rng = np.random.default_rng(25)
    image = image_from_array(gray_picture(picture(rng, (40, 30)), np.uint8, channels=3))
    engine = Engine(device="cpu")
    guide = engine.lightness_thumbnail(image, 15, 20)
    src = array_from_image(image)
    xy, ab = in_gamut_hints(rng, src, 5)
    out = engine.recolor_guided(image, np.zeros((2, 20, 15), np.float32), guide, hint_xy=xy, hint_ab=ab)
    got = array_from_image(out)[xy[:, 1], xy[:, 0]]
    assert np.abs(got - wanted_rgb(src, xy, ab) * 255).max() <= 1


def test_hints_that_do_not_fit_are_refused() -> None:
    src, dst = np.zeros((8, 9, 1), np.uint8), np.zeros((8, 9, 3), np.uint8)
    ab, guide = np.zeros((2, 4, 4), np.float32), np.zeros((4, 4), np.float32)
    xy, color = np.array([[8, 7]], np.int32), np.array([[1, 2]], np.float32)
    _native.recolor_guided(src, dst, ab, guide, hint_xy=xy, hint_ab=color)
    for x, y in [(9, 0), (0, 8), (-1, 0)]:
        with pytest.raises(ParamError, match=f"{x},{y} lies outside"):
            _native.recolor_guided(src, dst, ab, guide, hint_xy=np.array([[x, y]], np.int32), hint_ab=color)
    with pytest.raises(ParamError, match="together"):
        _native.recolor_guided(src, dst, ab, guide, hint_xy=xy)
    with pytest.raises(ParamError, match="shape"):
        _native.recolor_guided(src, dst, ab, guide, hint_xy=xy, hint_ab=np.zeros((2, 2), np.float32))
    with pytest.raises(ParamError, match="no number"):
        _native.recolor_guided(src, dst, ab, guide, hint_xy=xy, hint_ab=color * np.float32(np.inf))
