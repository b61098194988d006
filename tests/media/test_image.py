"""Pictures in memory: their facts, views of them, and numpy's view."""

from __future__ import annotations

import subprocess
import sys
from types import MappingProxyType

import numpy as np
import pytest
from tests.media.builders import gray_profile, noise, picture

from scumble.errors import MediaError
from scumble.media.arrays import array_from_image, image_from_array
from scumble.media.image import ColorModel, Image, SampleType, Transfer, model_of_channels
from scumble.media.region import Region


@pytest.mark.parametrize("sample", SampleType)
@pytest.mark.parametrize("model", ColorModel)
def test_an_array_becomes_a_picture_and_is_its_memory(model: ColorModel, sample: SampleType) -> None:
    array = noise(7, 5, model.channels, sample)
    image = image_from_array(array)
    assert (image.width, image.height, image.model, image.sample) == (5, 7, model, sample)
    assert image.row_bytes == image.stride == 5 * model.channels * sample.itemsize
    assert np.shares_memory(array, array_from_image(image))
    assert np.array_equal(array, array_from_image(image))


def test_a_gray_array_needs_no_channel_axis() -> None:
    image = image_from_array(noise(7, 5, 1)[..., 0])
    assert image.model is ColorModel.GRAY


def test_numpy_cannot_write_into_a_picture() -> None:
    array = array_from_image(picture(noise(4, 4, 3)))
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0, 0] = 1


def test_padded_rows_are_skipped() -> None:
    rows = noise(6, 8, 3)
    image = Image(rows.tobytes(), 5, 6, ColorModel.RGB, SampleType.U8, stride=24)
    assert np.array_equal(array_from_image(image), rows[:, :5])


def test_a_foreign_byte_order_is_turned() -> None:
    array = noise(3, 3, 3, SampleType.U16)
    assert np.array_equal(array_from_image(image_from_array(array.astype(">u2"))), array)


@pytest.mark.parametrize("region", [Region(0, 0, 8, 6), Region(2, 1, 3, 4), Region(7, 5, 1, 1)])
def test_a_crop_is_a_view(region: Region) -> None:
    array = noise(6, 8, 4, SampleType.U16)
    image = image_from_array(array)
    cropped = array_from_image(image.crop(region))
    assert np.array_equal(cropped, array[region.y : region.bottom, region.x : region.right])
    assert np.shares_memory(cropped, array)


@pytest.mark.parametrize("region", [Region(0, 0, 9, 6), Region(-1, 0, 2, 2), Region(3, 3, 0, 2)])
def test_a_crop_beyond_the_picture_is_refused(region: Region) -> None:
    with pytest.raises(MediaError) as caught:
        picture(noise(6, 8, 3)).crop(region)
    assert caught.value.code == "media.region"


@pytest.mark.parametrize(
    ("data", "width", "height", "stride", "code"),
    [
        (bytes(12), 0, 2, 0, "media.empty"),
        (bytes(12), 2, -1, 0, "media.empty"),
        (bytes(11), 2, 2, 0, "media.buffer"),
        (bytes(12), 2, 2, 5, "media.buffer"),
        (memoryview(bytes(48))[::2], 2, 2, 0, "media.buffer"),
    ],
)
def test_impossible_buffers_are_refused(
    data: bytes | memoryview, width: int, height: int, stride: int, code: str
) -> None:
    with pytest.raises(MediaError) as caught:
        Image(data, width, height, stride=stride)
    assert caught.value.code == code
    assert caught.value.hint


def test_the_last_row_may_end_with_its_pixels() -> None:
    assert Image(bytes(8 + 6), 2, 2, stride=8).bounds == Region(0, 0, 2, 2)


@pytest.mark.parametrize(
    ("array", "code"),
    [
        (np.zeros((2, 2, 5), np.uint8), "media.shape"),
        (np.zeros(4, np.uint8), "media.shape"),
        (np.zeros((0, 2, 3), np.uint8), "media.empty"),
        (np.zeros((2, 2, 3), np.int16), "media.sample_type"),
        (np.zeros((2, 2, 3), np.float64), "media.sample_type"),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(
    array: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], code: str
) -> None:
    with pytest.raises(MediaError) as caught:
        image_from_array(array)
    assert caught.value.code == code


def test_facts_are_handed_on_but_not_a_gray_profile_to_colours() -> None:
    gray = picture(noise(4, 4, 1), icc_profile=gray_profile(), transfer=Transfer.LINEAR, metadata={"Make": "x"})
    colour = image_from_array(noise(4, 4, 3), like=gray)
    assert colour.icc_profile is None
    assert colour.transfer is Transfer.LINEAR
    assert colour.metadata == {"Make": "x"}
    assert image_from_array(noise(4, 4, 2), like=gray).icc_profile == gray.icc_profile


def test_each_picture_has_its_own_empty_metadata_that_nobody_can_change() -> None:
    assert isinstance(picture(noise(2, 2, 3)).metadata, MappingProxyType)
    assert dict(picture(noise(2, 2, 3)).metadata) == {}


def test_there_are_four_colour_models() -> None:
    assert [model_of_channels(count).channels for count in (1, 2, 3, 4)] == [1, 2, 3, 4]
    with pytest.raises(ValueError, match="5 channels"):
        model_of_channels(5)


def test_a_host_can_hold_pictures_without_numpy() -> None:
    code = "import sys, scumble.media.image; print(any(m in sys.modules for m in ('numpy', 'OpenImageIO')))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
