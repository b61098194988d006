"""Colorize guided: hints are met exactly, spread as far as they mean, and a reference gives its mix of colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import lab2rgb, rgb2hsv, rgb2lab

from scumble import Colorize, HintPoint, Image, Rgb, read_image
from scumble.effects.colorize.prediction import Told, thinned
from scumble.engine import Engine
from scumble.errors import ParamError
from scumble.media.arrays import array_from_image, image_from_array
from scumble.media.image import Transfer

PHOTOS = Path(__file__).parents[2] / "examples" / "photos"
HINTS = (
    (250, 380, "#8a6a50"),
    (100, 60, "#607090"),
    (420, 130, "#708090"),
    (256, 120, "#c8a090"),
    (60, 320, "#7a8a60"),
)


@pytest.fixture(scope="module")
def photo() -> Image:
    return read_image(PHOTOS / "astronaut.jpg")


def lab(image: Image) -> NDArray[np.float64]:
    return np.asarray(rgb2lab(array_from_image(image)[..., :3] / 255))


def codes_of(lightness: float, color: str) -> NDArray[np.float64]:
    """Returns the 8-bit colour of a hint's chroma at a lightness, or nothing when there is no such colour."""
    ab = rgb2lab(np.array([[Rgb.from_hex(color)]]) / 255)[0, 0, 1:]
    rgb = lab2rgb(np.array([[[lightness, *ab]]]))[0, 0]
    back = rgb2lab(rgb[None, None])[0, 0]
    return np.asarray(255 * rgb if np.abs(back[1:] - ab).max() < 0.5 else [])


@pytest.mark.parametrize("detail", ["fast", "full"])
def test_the_pixels_of_the_hints_are_met_exactly(photo: Image, detail: str) -> None:
    hints = tuple(HintPoint(x, y, Rgb.from_hex(color)) for x, y, color in HINTS)
    found = array_from_image(Colorize(hint=hints, detail=detail)(photo))
    lightness = rgb2lab(np.repeat(array_from_image(photo)[..., :1], 3, -1) / 255)[..., 0]
    judged = 0
    for x, y, color in HINTS:
        wanted = codes_of(lightness[y, x], color)
        if len(wanted):
            judged += 1
            assert np.abs(found[y, x] - wanted).max() <= 1.01, (x, y, color)
    assert judged >= 3


def test_of_two_hints_at_one_pixel_the_last_counts(photo: Image) -> None:
    first, second = HintPoint(250, 380, Rgb.from_hex("#2040c0")), HintPoint(250, 380, Rgb.from_hex("#a0522d"))
    both, last = (array_from_image(Colorize(hint=hints)(photo)) for hints in ((first, second), (second,)))
    assert np.array_equal(both, last)


def test_a_hint_stays_on_its_side_of_an_edge() -> None:
    plane = np.full((256, 256, 1), 90, np.uint8)
    plane[:, 128:] = 190
    result = lab(Colorize(hint=(HintPoint(60, 128, Rgb.from_hex("#b04040")),))(image_from_array(plane)))
    assert result[:, 20:100, 1].mean() > 20
    assert result[:, 20:100, 1].mean() > 3 * abs(result[:, 150:, 1].mean())


def test_the_views_agree_on_where_hints_are(photo: Image) -> None:
    mask = np.zeros((256, 256), np.float32)
    mask[100:106, 50:56] = 1
    hint_ab = np.stack((mask * 40, mask * -20))
    told = Told(np.full((256, 256), 50, np.float32), hint_ab, mask, np.zeros((1, 316), np.float32), mask)
    small = told.smaller(0.625, 32, Engine.default())
    assert small.lightness.shape == (160, 160)
    assert 9 <= small.mask.sum() <= 25
    there = small.mask > 0
    assert np.allclose(small.hint_ab[:, there], [[40], [-20]], atol=1e-3)
    assert not small.hint_ab[:, ~there].any()


def test_a_wide_stroke_does_not_flood_the_picture() -> None:
    cat = read_image(PHOTOS / "cat.jpg")
    strokes = np.zeros((cat.height, cat.width, 4), np.uint8)
    strokes[110:150, 190:250] = (192, 32, 32, 255)
    plain, painted = lab(Colorize()(cat)), lab(Colorize()(cat, hints=image_from_array(strokes)))
    moved = np.hypot(*np.moveaxis(painted - plain, -1, 0)[1:])
    assert moved[110:150, 190:250].mean() > 30
    corners = np.concatenate([moved[:40, :40].ravel(), moved[-40:, :40].ravel(), moved[-40:, -40:].ravel()])
    assert corners.mean() < 15


def test_thinned_strokes_are_dots_and_dots_stay() -> None:
    mask, ab = np.zeros((100, 120), np.float32), np.zeros((2, 100, 120), np.float32)
    mask[3:9, 80:86] = 1
    ab[0, 3:9, 80:86] = 30
    mask[30:90, 10:70] = 1
    thin = thinned(mask, ab)
    assert np.array_equal(thin[:20], mask[:20])
    assert not (thin > mask).any()
    assert 9 <= thin[20:].sum() <= 4 * 9


def test_sepia_is_read_as_lightness(photo: Image) -> None:
    gray = array_from_image(photo)[..., :1].astype(np.float64) / 255
    linear = np.where(gray <= 0.04045, gray / 12.92, ((gray + 0.055) / 1.055) ** 2.4)
    tone = np.array([1.10, 0.985, 0.80])
    tone /= tone @ [0.2126, 0.7152, 0.0722]
    toned = np.minimum(linear * 0.8, 0.85) * tone  # light, and so lightness, as that of the gray picture
    plain, sepia = (
        Colorize()(image_from_array(picture.astype(np.float32), transfer=Transfer.LINEAR))
        for picture in (np.minimum(linear * 0.8, 0.85), toned)
    )
    assert np.abs(array_from_image(plain) - array_from_image(sepia)).max() < 2e-3


def saturation(image: Image) -> float:
    return float(rgb2hsv(array_from_image(image)[..., :3])[..., 1].mean())


def painted(hue: float, strength: float) -> Image:
    """Returns a small photograph-like reference: noise of one hue."""
    rng = np.random.default_rng(3)
    picture = np.zeros((90, 120, 3))
    picture[..., 0] = rng.uniform(20, 90, (90, 120))
    picture[..., 1:] = strength * np.array([np.cos(hue), np.sin(hue)])
    return image_from_array((255 * lab2rgb(picture)).round().astype(np.uint8))


def test_a_reference_gives_its_saturation_and_its_mix(photo: Image) -> None:
    pale, strong = (Colorize()(photo, reference=painted(0.9, strength)) for strength in (2.0, 45.0))
    assert saturation(strong) > 1.1 * saturation(pale)
    warm, cold = (lab(Colorize()(photo, reference=painted(hue, 35.0)))[..., 2].mean() for hue in (1.4, -1.4))
    assert warm > cold + 2


def test_a_reference_without_a_pixel_says_nothing(photo: Image) -> None:
    empty = image_from_array(np.zeros((5, 3, 4), np.uint8))
    assert bytes(Colorize()(photo, reference=empty).data) == bytes(Colorize()(photo).data)


def test_hints_outside_are_refused(photo: Image) -> None:
    with pytest.raises(ParamError) as raised:
        Colorize(hint=(HintPoint(photo.width, 0, Rgb(1, 2, 3)),))(photo)
    assert raised.value.code == "param.hint_outside"


def test_a_mask_is_coverage_and_no_light(photo: Image) -> None:
    plane = np.full((photo.height, photo.width, 1), 60, np.uint8)
    encoded, linear = (
        bytes(Colorize()(photo, mask=image_from_array(plane, transfer=transfer)).data) for transfer in Transfer
    )
    assert encoded == linear


def test_strokes_of_linear_light_are_the_same_colour(photo: Image) -> None:
    strokes = np.zeros((photo.height, photo.width, 4), np.float32)
    strokes[380:400, 240:260] = (0.5, 0.3, 0.2, 1.0)
    light = strokes.copy()
    light[..., :3] = ((strokes[..., :3] + 0.055) / 1.055) ** 2.4
    encoded = array_from_image(Colorize()(photo, hints=image_from_array(strokes)))
    linear = array_from_image(Colorize()(photo, hints=image_from_array(light, transfer=Transfer.LINEAR)))
    assert np.abs(encoded.astype(int) - linear).max() <= 1
