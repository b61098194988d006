"""The user's strokes, at the size of the net."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scumble.media.arrays import array_from_image
from scumble.media.image import Image, SampleType

Plane = NDArray[np.float32]
_STROKE_COVERAGE = 0.02


def unit_array(image: Image) -> NDArray[Any]:
    """Returns the samples as floats, 1.0 being full; (H, W, C)."""
    pixels = array_from_image(image)
    full = {SampleType.U8: 255, SampleType.U16: 65535}.get(image.sample, 1)
    return np.clip(pixels.astype(np.float32) / full, 0, 1)


def stroke_colours(strokes: Image, width: int, height: int) -> tuple[Plane, Plane]:
    """Shrinks strokes to (h, w): their alpha-weighted mean sRGB, (h, w, 3), and which cells count, (h, w).

    A cell counts from 2 % coverage on, so that thin strokes on large pictures survive. Rows are read in
    strips; no float copy of the whole picture is made.
    """
    rgb = np.zeros((height, width, 3), np.float32)
    covered = np.zeros((height, width), np.float32)
    columns = [column * strokes.width // width for column in range(width)]
    for row in range(height):
        top = row * strokes.height // height
        bottom = max(top + 1, (row + 1) * strokes.height // height)
        strip = unit_array(strokes.crop(strokes.bounds._replace(y=top, height=bottom - top)))
        alpha = strip[..., -1:]
        if not alpha.any():
            continue
        colour = np.broadcast_to(strip[..., :-1], (*strip.shape[:2], 3))
        total = np.add.reduceat((colour * alpha).sum(0), columns, axis=0)
        weight = np.add.reduceat(alpha.sum(0), columns, axis=0)
        cells = np.add.reduceat(np.full((strip.shape[1], 1), bottom - top, np.float32), columns, axis=0)
        rgb[row] = total / np.maximum(weight, 1e-6)
        covered[row] = (weight >= _STROKE_COVERAGE * cells)[:, 0]
    return rgb, covered
