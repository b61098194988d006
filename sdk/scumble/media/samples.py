"""Sample arithmetic of files: number formats, the sRGB curve, and alpha multiplied in or taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scumble.media import mapped
from scumble.media.image import SampleType, Transfer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scumble.media.arrays import Array

_STRIP_SAMPLES = 1 << 20
"""Samples worked on at a time, so that no second picture in float is ever held."""

_HALF_MAX = 65504.0


def converted(pixels: Array, sample: SampleType, *, source: Transfer, target: Transfer, has_alpha: bool) -> Array:
    """Returns `pixels` (H, W, C) in another number format and transfer; the same array when nothing changes.

    Integers run from 0 to their maximum, floats from 0 to 1. Going to integers clips to that range and rounds to
    the nearest; what is not a number becomes 0. Alpha is not bent by the curve.
    """
    if pixels.dtype.name == sample.value and source is target:
        return pixels
    result: Array = np.empty(pixels.shape, np.dtype(sample.value))
    for rows in _strips(pixels):
        strip = _unit_floats(pixels[rows])
        if source is not target:
            colour = strip[..., :-1] if has_alpha else strip
            colour[...] = _linear_from_srgb(colour) if target is Transfer.LINEAR else _srgb_from_linear(colour)
        result[rows] = _from_unit_floats(strip, result.dtype)
    return result


def straight_from_premultiplied(pixels: Array, heap_bytes: int | None = None) -> Array:
    """Returns `pixels`, alpha last, with colours divided by alpha; where alpha is 0 they are left as they are.

    A picture larger than `heap_bytes` goes to a mapped file.
    """
    result: Array = mapped.empty(pixels.shape, pixels.dtype, heap_bytes)
    for rows in _strips(pixels):
        strip = _unit_floats(pixels[rows])
        colour, alpha = strip[..., :-1], strip[..., -1:]
        with np.errstate(over="ignore"):
            np.divide(colour, alpha, out=colour, where=alpha > 0)
        result[rows] = _from_unit_floats(strip, result.dtype)
    result[..., -1] = pixels[..., -1]
    return result


def premultiplied_from_straight(pixels: Array) -> Array:
    """Returns `pixels`, alpha last, with colours multiplied by alpha."""
    result = np.empty_like(pixels)
    for rows in _strips(pixels):
        strip = _unit_floats(pixels[rows])
        strip[..., :-1] *= strip[..., -1:]
        result[rows] = _from_unit_floats(strip, result.dtype)
    result[..., -1] = pixels[..., -1]
    return result


def _strips(pixels: Array) -> Iterator[slice]:
    height, width, channels = pixels.shape
    step = max(1, _STRIP_SAMPLES // (width * channels))
    return (slice(top, top + step) for top in range(0, height, step))


def _unit_floats(strip: Array) -> Array:
    floats = strip.astype(np.float32)
    if strip.dtype.kind == "u":
        floats /= np.float32(np.iinfo(strip.dtype).max)
    return floats


def _from_unit_floats(strip: Array, dtype: np.dtype[Any]) -> Array:
    if dtype.kind == "u":
        top = np.float32(np.iinfo(dtype).max)
        rounded: Array = (np.clip(np.nan_to_num(strip, nan=0.0), 0, 1) * top + np.float32(0.5)).astype(dtype)
        return rounded
    if dtype == np.float16:  # brighter than half can hold becomes the brightest half, not infinity
        strip = np.clip(strip, -_HALF_MAX, _HALF_MAX)
    return strip.astype(dtype)


def _linear_from_srgb(values: Array) -> Array:
    """IEC 61966-2-1; carried on above 1, and below 0 by its straight part."""
    curve = ((np.maximum(values, 0) + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.where(values <= 0.04045, values / np.float32(12.92), curve)


def _srgb_from_linear(values: Array) -> Array:
    curve = np.float32(1.055) * np.maximum(values, 0) ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.where(values <= 0.0031308, values * np.float32(12.92), curve)
