"""EXIF orientation: the eight ways a camera may have been held, and how each is undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scumble.media.arrays import Array

UPRIGHT = 1


def upright_from_oriented(pixels: Array, orientation: int) -> Array:
    """Returns `pixels` (H, W, C) as they are to be seen; for orientations 5 to 8 the sides change places.

    The numbers are those of the TIFF 6.0 and EXIF tag 274; any other leaves the picture as it is, as viewers do.
    """
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
