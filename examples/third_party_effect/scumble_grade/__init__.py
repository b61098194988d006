"""Grade: exposure, contrast, saturation and warmth, worked out in linear light."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scumble.effect import Effect, Float, Input, RenderContext
from scumble.media.arrays import array_from_image, image_from_array
from scumble.media.image import Image, Transfer

__all__ = ["Grade"]

Pixels = NDArray[Any]
Floats = NDArray[np.float32]

_STRIP_ROWS = 64
_MIDDLE_GREY = np.float32(0.18)
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)  # ITU-R BT.709, of linear RGB
_WARM_GAIN = 0.25


class Grade(Effect, id="grade", title="Grade", context="filter"):
    """Changes exposure, contrast, saturation and warmth of a picture.

    Works in linear light, strip by strip. A picture without colour stays one: saturation and warmth pass it by.
    """

    source: Image = Input(doc="Picture to grade.")
    exposure_stops: float = Float(
        default=0.0, min=-5, max=5, step=0.1, unit="stops", doc="Each stop doubles the light; 0 keeps it."
    )
    contrast: float = Float(default=1.0, min=0, max=2, doc="Around middle grey; 0 leaves nothing but it, 1 keeps.")
    saturation: float = Float(default=1.0, min=0, max=2, doc="0 is black and white, 1 keeps.")
    warmth: float = Float(default=0.0, min=-1, max=1, doc="Below 0 bluer, above 0 more golden.")

    def render(self, ctx: RenderContext) -> Image:
        """Return the graded picture: size, channels and sample type of the source."""
        source = array_from_image(self.source)
        graded = source.copy()
        if self == type(self)():
            return image_from_array(graded, like=self.source)
        colours = 1 if self.source.model.is_gray else 3
        for top in range(0, source.shape[0], _STRIP_ROWS):
            ctx.progress.report(top / source.shape[0])
            strip = source[top : top + _STRIP_ROWS, :, :colours]
            light = self._graded(_linear_from_samples(strip, self.source.transfer))
            graded[top : top + _STRIP_ROWS, :, :colours] = _samples_from_linear(
                light, self.source.transfer, source.dtype
            )
        ctx.progress.report(1.0)
        return image_from_array(graded, like=self.source)

    def _graded(self, light: Floats) -> Floats:
        """Return linear light (H, W, 1 or 3) after the four steps, in the order of the dialog."""
        light = light * np.float32(2.0**self.exposure_stops)
        if self.contrast != 1.0:
            relative = np.maximum(light, 0) / _MIDDLE_GREY
            light = _MIDDLE_GREY * np.power(relative, np.float32(self.contrast), dtype=np.float32)
        if light.shape[2] == 3:
            luminance: Floats = (light @ _LUMINANCE)[..., None]
            light = luminance + np.float32(self.saturation) * (light - luminance)
            gain = np.float32(_WARM_GAIN * self.warmth)
            light = light * np.array([1 + gain, 1, 1 - gain], np.float32)
        return light


def _linear_from_samples(samples: Pixels, transfer: Transfer) -> Floats:
    """Return samples of any type as linear light, 1 being white."""
    values = samples.astype(np.float32)
    if samples.dtype.kind == "u":
        values /= np.float32(np.iinfo(samples.dtype).max)
    if transfer is Transfer.LINEAR:
        return values
    curve = ((np.maximum(values, 0) + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.where(values <= 0.04045, values / np.float32(12.92), curve)


def _samples_from_linear(light: Floats, transfer: Transfer, dtype: np.dtype[Any]) -> Pixels:
    """Return linear light as samples of a type; whole numbers are rounded and kept in range."""
    values = light
    if transfer is Transfer.SRGB:
        curve = np.float32(1.055) * np.maximum(light, 0) ** np.float32(1 / 2.4) - np.float32(0.055)
        values = np.where(light <= 0.0031308, light * np.float32(12.92), curve)
    if dtype.kind == "f":
        return values.astype(dtype)
    top = np.iinfo(dtype).max
    return (np.clip(values, 0, 1) * np.float32(top) + np.float32(0.5)).astype(dtype)
