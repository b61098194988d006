"""Colorize on real photographs: lightness, alpha, masks, hints and strength keep their promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import rgb2lab

from scumble import Colorize, HintPoint, Image, Rgb, read_image
from scumble.errors import JobCancelled, ParamError
from scumble.jobs import Progress
from scumble.media.arrays import array_from_image, image_from_array

PHOTOS = Path(__file__).parents[2] / "examples" / "photos"


@pytest.fixture(scope="module")
def photo() -> Image:
    return read_image(PHOTOS / "astronaut.jpg")


def pixels(image: Image) -> NDArray[np.float64]:
    full = {"uint8": 255, "uint16": 65535}.get(image.sample.value, 1)
    return array_from_image(image).astype(np.float64) / full


def lab(image: Image) -> NDArray[np.float64]:
    array = pixels(image)
    colour = array[..., :3] if array.shape[2] >= 3 else np.repeat(array[..., :1], 3, -1)
    return np.asarray(rgb2lab(colour))


def chroma(image: Image) -> float:
    return float(np.hypot(*np.moveaxis(lab(image)[..., 1:], -1, 0)).mean())


@pytest.mark.parametrize("detail", ["fast", "full"])
def test_a_gray_photo_gets_colour_and_keeps_its_lightness(photo: Image, detail: str) -> None:
    result = Colorize(detail=detail)(photo)
    assert (result.width, result.height, result.model.value) == (photo.width, photo.height, "rgb")
    assert chroma(result) > 4
    assert np.abs(lab(result)[..., 0] - lab(photo)[..., 0]).max() < 1.0


def test_in_float_the_lightness_moves_by_at_most_a_thousandth(photo: Image) -> None:
    source = image_from_array(pixels(photo).astype(np.float32))
    result = Colorize(vividness=1.0)(source)
    assert result.sample is source.sample
    assert np.abs(lab(result)[..., 0] - lab(source)[..., 0]).max() <= 2e-3  # skimage's own matrices differ by 1e-3
    assert pixels(result).min() >= -1e-6
    assert pixels(result).max() <= 1 + 1e-6


def test_back_to_gray_every_code_is_the_source_within_one(photo: Image) -> None:
    result = Colorize(vividness=1.0)(photo)
    neutral = np.round(255 * np.asarray(gray_from_lightness(lab(result)[..., 0])))
    assert np.abs(neutral - array_from_image(photo)[..., 0]).max() <= 1


def gray_from_lightness(lightness: NDArray[np.float64]) -> NDArray[np.float64]:
    f = (lightness + 16) / 116
    linear = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)


def test_alpha_is_bit_identical(photo: Image) -> None:
    gray = array_from_image(photo)[..., :1]
    alpha = np.arange(gray.size, dtype=np.uint8).reshape(gray.shape)
    result = Colorize()(image_from_array(np.concatenate((gray, alpha), -1)))
    assert result.model.value == "rgba"
    assert np.array_equal(array_from_image(result)[..., 3:], alpha)


def test_outside_the_mask_nothing_changes(photo: Image) -> None:
    mask = np.zeros((photo.height, photo.width), np.uint8)
    mask[:200] = 255
    result = array_from_image(Colorize()(photo, mask=image_from_array(mask)))
    gray = array_from_image(photo)
    assert np.array_equal(result[200:], np.repeat(gray[200:, :, :1], 3, -1))
    assert not np.array_equal(result[:200], np.repeat(gray[:200, :, :1], 3, -1))


def test_strength_zero_keeps_the_source(photo: Image) -> None:
    result = array_from_image(Colorize(strength=0.0)(photo))
    assert np.abs(result.astype(int) - array_from_image(photo)[..., :1]).max() <= 1


def test_vividness_makes_it_more_colourful(photo: Image) -> None:
    pale, vivid = (chroma(Colorize(vividness=v)(photo)) for v in (0.0, 1.0))
    assert vivid > 1.3 * pale


@pytest.mark.parametrize("colour", ["#c03020", "#2040c0", "#208030"])
def test_a_hint_pulls_its_surroundings_towards_its_colour(photo: Image, colour: str) -> None:
    x, y = 250, 400
    wanted = rgb2lab(np.array([[Rgb.from_hex(colour)]]) / 255)[0, 0, 1:]

    def distance(image: Image) -> float:
        around = lab(image)[y - 20 : y + 21, x - 20 : x + 21, 1:].mean((0, 1))
        return float(np.hypot(*(around - wanted)))

    hinted = Colorize(hint=(HintPoint(x, y, Rgb.from_hex(colour)),))(photo)
    assert distance(hinted) < 0.8 * distance(Colorize()(photo))


def test_strokes_and_the_same_points_agree(photo: Image) -> None:
    strokes = np.zeros((photo.height, photo.width, 4), np.uint8)
    strokes[390:411, 240:261] = (192, 48, 32, 255)
    painted = Colorize()(photo, hints=image_from_array(strokes))
    plain = Colorize()(photo)
    moved = lab(painted)[390:411, 240:261, 1].mean() - lab(plain)[390:411, 240:261, 1].mean()
    assert moved > 3


def test_strokes_without_transparency_and_of_other_sizes_are_refused(photo: Image) -> None:
    with pytest.raises(ParamError) as opaque:
        Colorize()(photo, hints=image_from_array(np.zeros((photo.height, photo.width, 3), np.uint8)))
    assert opaque.value.code == "param.hints"
    with pytest.raises(ParamError) as small:
        Colorize()(photo, mask=image_from_array(np.zeros((3, 3), np.uint8)))
    assert small.value.code == "param.clip_size"


@pytest.mark.parametrize("size", [(1, 1), (1, 301), (37, 2), (129, 65)])
@pytest.mark.parametrize("detail", ["fast", "full"])
def test_any_size_works(size: tuple[int, int], detail: str) -> None:
    rng = np.random.default_rng(0)
    source = image_from_array(rng.integers(0, 256, (*size, 1), dtype=np.uint8))
    result = Colorize(detail=detail)(source)
    assert (result.height, result.width) == size


@pytest.mark.parametrize("dtype", [np.uint16, np.float16])
def test_the_sample_type_stays(photo: Image, dtype: type) -> None:
    scale = 65535 if dtype is np.uint16 else 1
    result = Colorize()(image_from_array((pixels(photo) * scale).astype(dtype)))
    assert array_from_image(result).dtype == dtype


def test_cancel_leaves_no_result(photo: Image) -> None:
    progress = Progress()
    progress.cancel()
    with pytest.raises(JobCancelled):
        Colorize()(photo, progress=progress)


def test_the_same_call_gives_the_same_bytes(photo: Image) -> None:
    first, second = (bytes(Colorize(detail="full")(photo).data) for _ in range(2))
    assert first == second


def test_wrong_values_say_what_to_do() -> None:
    with pytest.raises(ParamError) as raised:
        Colorize(strength=1.5)
    assert "0 to 1" in raised.value.hint
