"""EXIF orientation: the eight ways a camera may have been held, and how each is undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scumble.media import mapped

if TYPE_CHECKING:
    from scumble.media.arrays import Array

UPRIGHT = 1


def upright_from_oriented(pixels: Array, orientation: int, heap_bytes: int | None = None) -> Array:
    """Returns `pixels` (H, W, C) as they are to be seen; for orientations 5 to 8 the sides change places.

    The numbers are those of the TIFF 6.0 and EXIF tag 274; any other leaves the picture as it is, as viewers do.
    A picture that has to be moved and is larger than `heap_bytes` goes to a mapped file.
    """
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if pixels.flags.c_contiguous:
        return pixels
    turned = mapped.empty(pixels.shape, pixels.dtype, heap_bytes)
    np.copyto(turned, pixels)
    return turned
