"""Recolouring: what is like the place of a hint takes its colour, everything else keeps its own."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.color import lab2rgb, rgb2lab

from scumble import Colorize, HintPoint, Image, Rgb
from scumble.errors import ParamError
from scumble.media.arrays import array_from_image, image_from_array

SIDE = 200
WISH = HintPoint(50, 100, Rgb.from_hex("#40659a"))


def two_things() -> np.ndarray:
    """Returns a red and a green half of shaded, slightly different colours, 8-bit."""
    rng = np.random.default_rng(0)
    lab = np.zeros((SIDE, SIDE, 3))
    lab[..., 0] = 45 + 10 * np.sin(np.arange(SIDE) / 20)[:, None] + rng.normal(0, 1, (SIDE, SIDE))
    lab[:, :100, 1:] = (40, 20)
    lab[:, 100:, 1:] = (-35, 25)
    lab[..., 1:] += rng.normal(0, 1, (SIDE, SIDE, 2))
    return np.asarray((255 * lab2rgb(lab)).round().astype(np.uint8))


@pytest.fixture(scope="module")
def source() -> Image:
    return image_from_array(two_things())


def test_like_things_change_and_others_keep_every_code(source: Image) -> None:
    before, after = two_things().astype(int), array_from_image(Colorize(keep_colors=True, hint=(WISH,))(source))
    assert np.abs(after[:, 110:].astype(int) - before[:, 110:]).max() <= 1
    wanted = rgb2lab(np.array([[WISH.color]]) / 255)[0, 0, 1:]
    changed = rgb2lab(after[:, :90] / 255)
    assert np.hypot(*(changed[..., 1:].mean((0, 1)) - wanted)) < 8
    assert np.abs(changed[..., 0] - rgb2lab(before[:, :90] / 255)[..., 0]).max() < 1


def test_the_hinted_pixel_is_exact(source: Image) -> None:
    after = array_from_image(Colorize(keep_colors=True, hint=(WISH,))(source))
    lightness = rgb2lab(two_things() / 255)[WISH.y, WISH.x, 0]
    wanted = lab2rgb(np.array([[[lightness, *rgb2lab(np.array([[WISH.color]]) / 255)[0, 0, 1:]]]]))[0, 0]
    assert np.abs(after[WISH.y, WISH.x] - 255 * wanted).max() <= 1.01


def test_strokes_recolour_too(source: Image) -> None:
    strokes = np.zeros((SIDE, SIDE, 4), np.uint8)
    strokes[90:110, 40:60] = (*WISH.color, 255)
    after = array_from_image(Colorize(keep_colors=True)(source, hints=image_from_array(strokes)))
    assert rgb2lab(after / 255)[95:105, 45:55, 2].mean() < -20


def test_outside_the_mask_no_bit_changes(source: Image) -> None:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[:100] = 255
    after = array_from_image(Colorize(keep_colors=True, hint=(WISH,))(source, mask=image_from_array(mask)))
    assert np.array_equal(after[100:], two_things()[100:])
    assert not np.array_equal(after[:100], two_things()[:100])


def test_without_a_hint_there_is_nothing_to_do(source: Image) -> None:
    with pytest.raises(ParamError) as raised:
        Colorize(keep_colors=True)(source)
    assert raised.value.code == "param.no_hint"
