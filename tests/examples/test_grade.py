"""Grade keeps its promises: identity at defaults, alpha untouched, every sample type, and the right direction."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scumble_grade import Grade

from scumble.errors import JobCancelled
from scumble.jobs import Progress
from scumble.media.arrays import array_from_image, image_from_array
from scumble.media.image import ColorModel, Image, SampleType, Transfer

STRONG = Grade(exposure_stops=0.7, contrast=1.3, saturation=0.6, warmth=0.4)


def picture(model: ColorModel, sample: SampleType, transfer: Transfer = Transfer.SRGB, height: int = 131) -> Image:
    chance = np.random.default_rng(5)
    values = chance.random((height, 37, model.channels))
    dtype = np.dtype(sample.value)
    pixels = (values * np.iinfo(dtype).max).round() if dtype.kind == "u" else values * 1.5 - 0.1
    return image_from_array(pixels.astype(dtype), transfer=transfer)


def level(image: Image) -> list[float]:
    return [float(mean) for mean in array_from_image(image).astype(np.float64).mean((0, 1))]


EVERY = list(itertools.product(ColorModel, SampleType, Transfer))


@pytest.mark.parametrize(("model", "sample", "transfer"), EVERY)
def test_the_defaults_change_nothing(model: ColorModel, sample: SampleType, transfer: Transfer) -> None:
    source = picture(model, sample, transfer)
    result = Grade()(source)
    assert np.array_equal(array_from_image(result), array_from_image(source))
    assert (result.model, result.sample, result.transfer) == (model, sample, transfer)
    assert not np.shares_memory(array_from_image(result), array_from_image(source))


@pytest.mark.parametrize(("model", "sample", "transfer"), EVERY)
def test_alpha_and_source_are_untouched(model: ColorModel, sample: SampleType, transfer: Transfer) -> None:
    source = picture(model, sample, transfer)
    before = bytes(source.data)
    result = array_from_image(STRONG(source))
    assert bytes(source.data) == before
    assert not np.array_equal(result, array_from_image(source))
    assert np.isfinite(result.astype(np.float64)).all()
    if model.has_alpha:
        assert np.array_equal(result[..., -1], array_from_image(source)[..., -1])


def test_a_stop_doubles_linear_light() -> None:
    source = picture(ColorModel.RGB, SampleType.F32, Transfer.LINEAR)
    result = array_from_image(Grade(exposure_stops=1.0)(source))
    assert np.allclose(result, 2 * array_from_image(source), rtol=1e-5, atol=1e-6)


def test_sample_types_agree() -> None:
    deep = picture(ColorModel.RGB, SampleType.U16)
    floats = image_from_array((array_from_image(deep) / 65535).astype(np.float32))
    graded = np.clip(array_from_image(STRONG(floats)), 0, 1) * 65535
    assert np.abs(graded - array_from_image(STRONG(deep)).astype(np.float64)).max() <= 1.0


def test_each_control_goes_its_way() -> None:
    source = picture(ColorModel.RGB, SampleType.U8)
    warm, cold = level(Grade(warmth=0.5)(source)), level(Grade(warmth=-0.5)(source))
    assert warm[0] > cold[0]
    assert warm[2] < cold[2]
    gray = array_from_image(Grade(saturation=0.0)(source)).astype(int)
    assert np.ptp(gray, axis=2).max() <= 1
    flat = array_from_image(Grade(contrast=0.0)(source))
    assert set(np.unique(flat)) == {118}


def test_strips_leave_no_seam() -> None:
    tall = picture(ColorModel.RGBA, SampleType.U8, height=200)
    short = Image(tall.data, tall.width, 70, tall.model, tall.sample)
    assert np.array_equal(array_from_image(STRONG(tall))[:70], array_from_image(STRONG(short)))


def test_it_reports_and_stops_when_cancelled() -> None:
    heard: list[float] = []

    def listen(fraction: float, _: str) -> None:
        heard.append(fraction)
        if len(heard) == 2:
            progress.cancel()

    progress = Progress(listen)
    with pytest.raises(JobCancelled):
        STRONG(picture(ColorModel.RGB, SampleType.U8, height=300), progress=progress)
    assert heard == [0.0, 64 / 300]
