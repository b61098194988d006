"""Pixels between GIMP's drawables and Scumble's pictures, strip by strip, so that GIMP stays awake meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gi.repository import Babl, Gegl, Gimp

from scumble.hosts.gimpwords import Facts
from scumble.media.image import Image, SampleType, Transfer, model_of_channels
from scumble.media.region import Region
from scumble.worker.pixels import Pixels

Report = Callable[[float], object]

STRIP_ROWS = 128  # two rows of GIMP's tiles


def facts_of(drawable: Gimp.Drawable) -> Facts:
    """Return how to read a drawable: its own numbers where they are sRGB's in a type that Scumble has, else floats."""
    model = model_of_channels((1 if drawable.is_gray() else 3) + drawable.has_alpha())
    if drawable.is_indexed():
        return Facts(model, SampleType.U8, "'")
    name = drawable.get_format()
    return Facts.of(model, Babl.format_get_encoding(name), Babl.get_name(Babl.format_get_space(name)))


def pixels_from_drawable(drawable: Any, region: Region, facts: Facts, folder: Path, report: Report) -> Pixels:
    """Copy a region of a drawable, transparent or black outside of it. Raises MediaError when no disk has room."""
    numbers: Any = {"model": facts.model, "sample": facts.sample, "transfer": facts.transfer}
    pixels = Pixels.create(region.width, region.height, **numbers, folder=folder)
    target, row = memoryview(pixels.image.data), pixels.image.stride
    buffer = drawable.get_buffer()
    for top, rows in _strips(region.height, report):
        rect = Gegl.Rectangle.new(region.x, region.y + top, region.width, rows)
        target[top * row : (top + rows) * row] = buffer.get(rect, 1.0, facts.format, Gegl.AbyssPolicy.NONE)
    return pixels


def write_image(drawable: Gimp.Drawable, image: Image, facts: Facts, mask: Image | None, report: Report) -> None:
    """Write a picture over a drawable of its size and of those facts, which is in no image yet: nothing to be undone.

    With a mask only the pixels where it is not 0 are written, so that no conversion can touch the others.
    """
    curve = (facts.curve or "'") if image.transfer is Transfer.SRGB else ""
    name = Facts(image.model, image.sample, curve).format
    source, size = memoryview(image.data), image.channels * image.sample.itemsize
    buffer = drawable.get_buffer()
    for top, rows in _strips(image.height, report):
        if mask is None:
            lines = [source[y * image.stride :][: image.row_bytes] for y in range(top, top + rows)]
            buffer.set(Gegl.Rectangle.new(0, top, image.width, rows), name, b"".join(lines))
            continue
        for y in range(top, top + rows):
            for run in re.finditer(rb"[^\0]+", memoryview(mask.data)[y * mask.stride :][: mask.width]):
                pixels = bytes(source[y * image.stride + run.start() * size :][: len(run[0]) * size])
                buffer.set(Gegl.Rectangle.new(run.start(), y, len(run[0]), 1), name, pixels)
    buffer.flush()


def _strips(height: int, report: Report) -> Iterator[tuple[int, int]]:
    for top in range(0, height, STRIP_ROWS):
        report(top / height)
        yield top, min(STRIP_ROWS, height - top)
