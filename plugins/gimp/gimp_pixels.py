"""Pixels between GIMP's drawables and Scumble's pictures, strip by strip, so that GIMP stays awake meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from gi.repository import Babl, Gegl, Gimp
from scumble.media.image import ColorModel, Image, SampleType, Transfer
from scumble.media.region import Region
from scumble.worker.pixels import Pixels

Report = Callable[[float], None]

STRIP_ROWS = 128
"""Two rows of GIMP's tiles."""

_SAMPLES = {SampleType.U8: "u8", SampleType.U16: "u16", SampleType.F16: "half", SampleType.F32: "float"}


class Facts(NamedTuple):
    """What numbers a picture is made of, and whether they are the drawable's own (`exact`) or converted."""

    model: ColorModel
    sample: SampleType
    curve: str
    """Babl's mark: nothing for linear light, ' for the space's own curve, ~ for sRGB's; in sRGB those two are one."""
    exact: bool = True

    @property
    def transfer(self) -> Transfer:
        """The curve in Scumble's words."""
        return Transfer.SRGB if self.curve else Transfer.LINEAR

    @property
    def format(self) -> str:
        """Babl's name for it; the colours are sRGB's, since no other space is named."""
        letters = "".join(letter + self.curve for letter in ("Y" if self.model.is_gray else "RGB"))
        return f"{letters}{'A' if self.model.has_alpha else ''} {_SAMPLES[self.sample]}"

    def of_image(self, image: Image) -> Facts:
        """Return how to write a picture's numbers over a drawable of these facts."""
        curve = (self.curve or "'") if image.transfer is Transfer.SRGB else ""
        return Facts(image.model, image.sample, curve)


STROKES = Facts(ColorModel.RGBA, SampleType.U8, "'")
MASK = Facts(ColorModel.GRAY, SampleType.U8, "")


def facts_of(drawable: Gimp.Drawable) -> Facts:
    """Return how to read a drawable so that nothing is lost.

    Its own numbers where they are sRGB's in a sample type that Scumble has; floats for every other colour space,
    for linear integers, and for samples of 32 bits and more, of which a float keeps 24.
    """
    own, alpha = drawable.get_format(), drawable.has_alpha()
    if drawable.is_gray():
        model = ColorModel.GRAY_ALPHA if alpha else ColorModel.GRAY
    else:
        model = ColorModel.RGBA if alpha else ColorModel.RGB
    if drawable.is_indexed():
        return Facts(model, SampleType.U8, "'")
    encoded, _, word = Babl.format_get_encoding(own).rpartition(" ")
    curve = next((mark for mark in "'~" if mark in encoded), "")
    sample = next((sample for sample, name in _SAMPLES.items() if name == word), None)
    plain = Babl.get_name(Babl.format_get_space(own)) == "sRGB"
    if sample is None or not plain or not (sample.is_float or curve):
        return Facts(model, SampleType.F32, "'" if curve else "", exact=False)
    return Facts(model, sample, curve)


def pixels_from_drawable(
    drawable: Gimp.Drawable, region: Region, facts: Facts, folder: Path | None, report: Report
) -> Pixels:
    """Copy a region of a drawable, in its own coordinates; what lies outside the drawable is transparent or black.

    Raises MediaError when no disk has room.
    """
    pixels = Pixels.create(
        region.width, region.height, model=facts.model, sample=facts.sample, transfer=facts.transfer, folder=folder
    )
    target, row = memoryview(pixels.image.data), pixels.image.stride
    buffer = drawable.get_buffer()
    for top, rows in _strips(region.height, report):
        rect = Gegl.Rectangle.new(region.x, region.y + top, region.width, rows)
        target[top * row : (top + rows) * row] = buffer.get(rect, 1.0, facts.format, Gegl.AbyssPolicy.NONE)
    return pixels


def write_image(drawable: Gimp.Drawable, image: Image, facts: Facts, report: Report) -> None:
    """Write a picture over a drawable of its size that is in no image yet, so that nothing need be undone."""
    source, name = memoryview(image.data), facts.of_image(image).format
    buffer = drawable.get_buffer()
    for top, rows in _strips(image.height, report):
        lines = [source[y * image.stride :][: image.row_bytes] for y in range(top, top + rows)]
        buffer.set(Gegl.Rectangle.new(0, top, image.width, rows), name, b"".join(lines))
    buffer.flush()


def write_selected(drawable: Gimp.Drawable, image: Image, facts: Facts, mask: Image, report: Report) -> None:
    """Write only the pixels whose mask is not 0, so that a conversion cannot touch the others."""
    source, name, size = memoryview(image.data), facts.of_image(image).format, image.channels * image.sample.itemsize
    marks = memoryview(mask.data)
    buffer = drawable.get_buffer()
    for top, rows in _strips(image.height, report):
        for y in range(top, top + rows):
            for run in re.finditer(rb"[^\0]+", marks[y * mask.stride : y * mask.stride + mask.width]):
                start = y * image.stride + run.start() * size
                pixels = bytes(source[start : start + len(run[0]) * size])
                buffer.set(Gegl.Rectangle.new(run.start(), y, len(run[0]), 1), name, pixels)
    buffer.flush()


def copy_to_shadow(source: Gimp.Drawable, drawable: Gimp.Drawable, report: Report) -> None:
    """Copy a drawable's own numbers into the shadow buffer of another one of the same size and format."""
    buffer, shadow = source.get_buffer(), drawable.get_shadow_buffer()
    for top, rows in _strips(drawable.get_height(), report):
        rect = Gegl.Rectangle.new(0, top, drawable.get_width(), rows)
        buffer.copy(rect, Gegl.AbyssPolicy.NONE, shadow, rect)
    shadow.flush()


def _strips(height: int, report: Report) -> Iterator[tuple[int, int]]:
    for top in range(0, height, STRIP_ROWS):
        report(top / height)
        yield top, min(STRIP_ROWS, height - top)
