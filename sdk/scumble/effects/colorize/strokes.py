"""Pictures that tell colours, at the size of the net: the user's strokes, and photographs to take after."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scumble.media.arrays import array_from_image
from scumble.media.image import Image, SampleType, Transfer

if TYPE_CHECKING:
    from scumble.engine import Engine

Plane = NDArray[np.float32]
Check = Callable[[], None]
_STROKE_COVERAGE = 0.02
_STRIP_ROWS = 64


def unit_array(image: Image) -> NDArray[Any]:
    """Returns the samples as floats as they are, 1.0 being full; (H, W, C)."""
    pixels = array_from_image(image)
    full = {SampleType.U8: 255, SampleType.U16: 65535}.get(image.sample, 1)
    return np.clip(pixels.astype(np.float32) / full, 0, 1)


def _with_curve(colour: Plane) -> Plane:
    """Encodes light, 0 to 1, with sRGB's curve."""
    return np.where(colour <= 0.0031308, 12.92 * colour, 1.055 * colour ** (1 / 2.4) - 0.055).astype(np.float32)


def cell_colours(image: Image, width: int, height: int, engine: Engine, check: Check) -> tuple[Plane, Plane]:
    """Shrinks a picture to (h, w): Lab of its alpha-weighted mean colours, (h, w, 3), and the mean alpha, (h, w).

    Means are taken of the picture's own numbers, and of sRGB's for light. Rows are read in strips; no float copy of the
    whole picture is made, and `check` is called for each; it may raise.
    """
    rgb = np.zeros((height, width, 3), np.float32)
    covered = np.zeros((height, width), np.float32)
    is_light = image.transfer is Transfer.LINEAR and not image.icc_profile
    columns = [column * image.width // width for column in range(width)]
    for row in range(height):
        top = row * image.height // height
        bottom = max(top + 1, (row + 1) * image.height // height)
        rows = image.crop(image.bounds._replace(y=top, height=bottom - top))
        check()
        if image.model.has_alpha and not array_from_image(rows)[..., -1].any():
            continue
        strip = unit_array(rows)
        alpha, colour = np.ones_like(strip[..., :1]), strip
        if image.model.has_alpha:
            colour, alpha = strip[..., :-1], strip[..., -1:]
        if not alpha.any():
            continue
        if is_light:
            colour = _with_curve(colour)
        colour = np.broadcast_to(colour, (*strip.shape[:2], 3))
        total = np.add.reduceat((colour * alpha).sum(0), columns, axis=0)
        weight = np.add.reduceat(alpha.sum(0), columns, axis=0)
        pixels = np.add.reduceat(np.full((strip.shape[1], 1), bottom - top, np.float32), columns, axis=0)
        rgb[row] = total / np.maximum(weight, 1e-6)
        covered[row] = (weight / pixels)[:, 0]
    lab = engine.lab_from_rgb(rgb.reshape(-1, 3), None if is_light else image)
    return lab.reshape(rgb.shape), covered


def stroke_colours(strokes: Image, width: int, height: int, engine: Engine, check: Check) -> tuple[Plane, Plane]:
    """Shrinks strokes to (h, w): Lab of their mean colours, (h, w, 3), and which cells count, (h, w).

    A cell counts from 2 % coverage on, so that thin strokes on large pictures survive.
    """
    lab, covered = cell_colours(strokes, width, height, engine, check)
    return lab, (covered >= _STROKE_COVERAGE).astype(np.float32)


def plane_of_mask(mask: Image, check: Check) -> NDArray[np.uint8]:
    """Returns a mask as one 8-bit plane, (H, W): the gray value, times alpha where there is one; strip by strip."""
    plane = np.empty((mask.height, mask.width), np.uint8)
    for top in range(0, mask.height, _STRIP_ROWS):
        check()
        bottom = min(mask.height, top + _STRIP_ROWS)
        pixels = unit_array(mask.crop(mask.bounds._replace(y=top, height=bottom - top)))
        gray = (pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., :1]).mean(-1)
        if mask.model.has_alpha:
            gray = gray * pixels[..., -1]
        plane[top:bottom] = (gray * 255).round()
    return plane
