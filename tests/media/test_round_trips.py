"""What is written is what is read: pixels to the last bit where the format can, else as near as it can."""

from __future__ import annotations

import itertools
import logging
from typing import TYPE_CHECKING

import numpy as np
import OpenImageIO
import pytest
from tests.media.builders import (
    ENDINGS,
    LOSSLESS,
    noise,
    picture,
    pixels,
)

from scumble.errors import MediaError
from scumble.media.files import read_image, write_image
from scumble.media.image import ColorModel, SampleType, Transfer

if TYPE_CHECKING:
    from pathlib import Path

CASES = [
    (ending, sample, model)
    for ending, kinds in LOSSLESS.items()
    for sample, model in itertools.product(kinds, ColorModel)
]


@pytest.mark.parametrize(("ending", "sample", "model"), CASES)
def test_lossless_formats_give_every_bit_back(
    tmp_path: Path, ending: str, sample: SampleType, model: ColorModel
) -> None:
    array = noise(23, 31, model.channels, sample)
    if model.has_alpha and ending == "exr":
        array[..., -1] = 1  # other alphas are multiplied in: the next test
    if model.has_alpha and ending == "webp":
        array[..., -1] |= 1  # its encoder drops colours that cannot be seen: a later test
    transfer = Transfer.LINEAR if ending == "exr" else Transfer.SRGB
    path = tmp_path / f"a.{ending}"
    write_image(path, picture(array, transfer=transfer))
    back = read_image(path)
    expected = array
    if ending == "webp" and model.is_gray:  # has no gray
        expected = np.concatenate([array[..., :1]] * 3 + [array[..., 1:]], axis=2)
    assert (back.sample, back.transfer, pixels(back).shape) == (sample, transfer, expected.shape)
    assert np.array_equal(pixels(back), expected)


@pytest.mark.parametrize("sample", LOSSLESS["exr"])
def test_exr_holds_alpha_multiplied_in_and_gives_it_back_straight(tmp_path: Path, sample: SampleType) -> None:
    array = noise(23, 31, 4, sample)
    write_image(tmp_path / "a.exr", picture(array, transfer=Transfer.LINEAR))
    back = pixels(read_image(tmp_path / "a.exr"))
    assert np.array_equal(back[..., 3], array[..., 3])
    visible = array[..., 3] > 0.01
    unit = float(np.finfo(array.dtype).eps)
    assert np.allclose(back[visible], array[visible], rtol=2 * unit, atol=unit)
    assert not back[array[..., 3] == 0][:, :3].any()


def test_exr_of_another_program_is_divided_by_its_alpha(tmp_path: Path) -> None:
    write_image(tmp_path / "a.exr", picture(np.full((4, 4, 4), 0.5, np.float32), transfer=Transfer.LINEAR))
    source = OpenImageIO.ImageInput.open(str(tmp_path / "a.exr"))
    assert source is not None
    stored = source.read_image("float")
    assert stored is not None
    assert np.allclose(stored[0, 0], [0.25, 0.25, 0.25, 0.5])


def test_webp_keeps_all_that_can_be_seen(tmp_path: Path) -> None:
    array = noise(23, 31, 4)
    write_image(tmp_path / "a.webp", picture(array))
    back = pixels(read_image(tmp_path / "a.webp"))
    assert np.array_equal(back[..., 3], array[..., 3])
    visible = array[..., 3] > 0
    assert np.array_equal(back[visible], array[visible])


@pytest.mark.parametrize("model", [ColorModel.GRAY, ColorModel.RGB])
@pytest.mark.parametrize(("quality", "tolerance"), [(100, 2.0), (None, 4.0), (20, 40.0)])
def test_jpeg_is_as_close_as_its_quality(
    tmp_path: Path, model: ColorModel, quality: int | None, tolerance: float
) -> None:
    ramp = np.broadcast_to(np.arange(0, 240, 5, dtype=np.uint8)[None, :, None], (32, 48, model.channels))
    write_image(tmp_path / "a.jpg", picture(np.ascontiguousarray(ramp)), quality=quality)
    back = read_image(tmp_path / "a.jpg")
    assert back.model is model
    assert np.abs(pixels(back).astype(int) - ramp).max() <= tolerance


def test_lower_quality_makes_smaller_files(tmp_path: Path) -> None:
    for ending in ("jpg", "webp"):
        sizes = []
        for quality in (20, 90):
            write_image(tmp_path / f"a.{ending}", picture(noise(64, 64, 3)), quality=quality)
            sizes.append((tmp_path / f"a.{ending}").stat().st_size)
        assert sizes[0] < sizes[1]


@pytest.mark.parametrize(
    ("ending", "given", "stored"),
    [
        ("png", SampleType.F16, SampleType.U16),
        ("png", SampleType.F32, SampleType.U16),
        ("jpg", SampleType.U16, SampleType.U8),
        ("webp", SampleType.F32, SampleType.U8),
        ("tif", SampleType.F16, SampleType.F32),
        ("exr", SampleType.U8, SampleType.F16),
        ("exr", SampleType.U16, SampleType.F32),
    ],
)
def test_samples_that_a_format_lacks_become_the_nearest_that_it_has(
    tmp_path: Path, ending: str, given: SampleType, stored: SampleType
) -> None:
    path = tmp_path / f"a.{ending}"
    white_and_black = np.zeros((16, 16, 3), given.value)
    white_and_black[:8] = 1 if given.is_float else np.iinfo(given.value).max
    write_image(path, picture(white_and_black))
    back = read_image(path)
    top = 1 if stored.is_float else np.iinfo(stored.value).max
    assert back.sample is stored
    assert (pixels(back)[0, 0] == top).all()
    assert not pixels(back)[-1, -1].any()


def test_sixteen_bits_become_eight_by_rounding(tmp_path: Path) -> None:
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1)
    write_image(tmp_path / "a.webp", picture(values))
    expected = np.round(values / 257).astype(np.uint8)
    assert np.array_equal(pixels(read_image(tmp_path / "a.webp"))[..., :1], expected)


def test_float_beyond_the_range_is_clipped_and_what_is_no_number_is_black(tmp_path: Path) -> None:
    row = np.array([-1, 0.5, 2, np.nan, np.inf], np.float32)
    write_image(tmp_path / "a.png", picture(row.reshape(1, 5, 1)))
    assert pixels(read_image(tmp_path / "a.png")).ravel().tolist() == [0, 32768, 65535, 0, 65535]


def test_eight_bits_survive_a_journey_through_linear_exr(tmp_path: Path) -> None:
    codes = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    write_image(tmp_path / "a.exr", picture(codes))
    linear = read_image(tmp_path / "a.exr")
    assert linear.transfer is Transfer.LINEAR
    assert float(pixels(linear)[8, 0, 0]) == pytest.approx(((128 / 255 + 0.055) / 1.055) ** 2.4, rel=1e-3)
    write_image(tmp_path / "b.webp", linear)
    assert np.array_equal(pixels(read_image(tmp_path / "b.webp")), codes)


def test_jpeg_refuses_transparency_and_takes_opaque_pictures(tmp_path: Path) -> None:
    array = noise(8, 8, 4)
    with pytest.raises(MediaError) as caught:
        write_image(tmp_path / "a.jpg", picture(array))
    assert caught.value.code == "media.alpha"
    assert not list(tmp_path.iterdir())
    array[..., 3] = 255
    write_image(tmp_path / "a.jpg", picture(array))
    assert read_image(tmp_path / "a.jpg").model is ColorModel.RGB


def test_a_crop_can_be_written(tmp_path: Path) -> None:
    array = noise(20, 30, 3)
    image = picture(array)
    write_image(tmp_path / "a.png", image.crop(image.bounds._replace(x=3, y=2, width=11, height=7)))
    assert np.array_equal(pixels(read_image(tmp_path / "a.png")), array[2:9, 3:14])


def test_nothing_is_said_when_nothing_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="scumble"):
        for ending in ENDINGS:
            write_image(tmp_path / f"a.{ending}", picture(noise(8, 8, 3)))
            read_image(tmp_path / f"a.{ending}")
    assert not caplog.records
