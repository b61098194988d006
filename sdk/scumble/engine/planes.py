"""Arithmetic on planes of a picture that needs no native core."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scumble.errors import ParamError

Floats = NDArray[np.float32]


def area_means(planes: Floats, width: int, height: int) -> Floats:
    """Returns planes (C, h, w) averaged into cells, (C, height, width).

    Cell i of n along m pixels covers floor(i m / n) up to ceil((i + 1) m / n), so neighbours may share a pixel and
    planes may also grow: the cells of torch's adaptive_avg_pool2d. Raises ParamError for planes of
    another shape or without pixels, and for no cells.
    """
    if planes.ndim != 3 or 0 in planes.shape[1:] or width < 1 or height < 1:
        raise ParamError(
            f"Planes of shape {planes.shape} cannot be averaged into {width} by {height} cells",
            "Give planes of shape (channels, height, width) with pixels, and at least one cell.",
            "param.planes",
        )
    down, across = cell_shares(planes.shape[1], height), cell_shares(planes.shape[2], width)
    return np.asarray(down @ planes @ across.T, np.float32)


def cell_shares(pixels: int, cells: int) -> Floats:
    """Returns what each pixel of an axis is to the mean of each cell: (cells, pixels), rows of sum 1."""
    edges = np.arange(cells + 1) * pixels
    first, end = edges[:-1, None] // cells, -(-edges[1:, None] // cells)
    at = np.arange(pixels)
    return np.asarray(((first <= at) & (at < end)) / (end - first), np.float32)
