"""Rows of pixels with the standard library, judged by numpy."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from scumble.media.image import ColorModel, SampleType
from scumble.media.strips import every_nth, is_clear, kept_inside, opaque_pixel, red_and_blue_swapped, with_alpha

SAMPLES = list(SampleType)


def pixels(count: int, channels: int, sample: SampleType) -> NDArray[np.generic]:
    """Returns random pixels (count, channels)."""
    numbers = np.random.default_rng(5).random((count, channels))
    top = 1.0 if sample.is_float else np.iinfo(sample.value).max
    return (numbers * top).astype(sample.value)


@pytest.mark.parametrize("sample", SAMPLES)
def test_red_and_blue_change_places(sample: SampleType) -> None:
    given = pixels(33, 4, sample)
    swapped = red_and_blue_swapped(given.tobytes(), sample)
    assert swapped == given[:, [2, 1, 0, 3]].tobytes()
    assert red_and_blue_swapped(swapped, sample) == given.tobytes()


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize(
    ("model", "wanted", "order"),
    [
        (ColorModel.GRAY, ColorModel.GRAY_ALPHA, [0]),
        (ColorModel.GRAY, ColorModel.RGBA, [0, 0, 0]),
        (ColorModel.GRAY_ALPHA, ColorModel.RGBA, [0, 0, 0, 1]),
        (ColorModel.RGB, ColorModel.RGBA, [0, 1, 2]),
        (ColorModel.RGBA, ColorModel.RGBA, [0, 1, 2, 3]),
    ],
)
def test_channels_are_added(sample: SampleType, model: ColorModel, wanted: ColorModel, order: list[int]) -> None:
    given = pixels(17, model.channels, sample)
    expected = given[:, order]
    if len(order) < wanted.channels:
        full = 1 if sample.is_float else np.iinfo(sample.value).max
        expected = np.column_stack([expected, np.full(17, full, sample.value)])
    assert with_alpha(given.tobytes(), model, wanted, sample) == expected.astype(sample.value).tobytes()


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_mask_leaves_nothing_outside(sample: SampleType) -> None:
    given = pixels(9, 4, sample)
    mask = np.array([0, 1, 255, 0, 0, 128, 7, 0, 0], np.uint8)
    expected = np.where(mask[:, None] > 0, given, np.zeros_like(given))
    assert kept_inside(given.tobytes(), mask.tobytes()) == expected.tobytes()


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize(("width", "step"), [(10, 1), (10, 3), (1, 4), (7, 7), (8, 7)])
def test_rows_are_thinned_out(sample: SampleType, width: int, step: int) -> None:
    given = pixels(width, 4, sample)
    assert every_nth(given.tobytes(), step, 4, sample) == given[::step].tobytes()


@pytest.mark.parametrize("sample", SAMPLES)
def test_clear_is_where_no_alpha_is(sample: SampleType) -> None:
    clear = pixels(5, 4, sample)
    clear[:, 3] = 0
    assert is_clear(clear.tobytes(), 4, sample)
    assert not is_clear(clear.tobytes() + opaque_pixel(4, sample), 4, sample)
