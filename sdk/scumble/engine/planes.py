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
    return _means_along(_means_along(planes, 1, height), 2, width)


def _means_along(planes: Floats, axis: int, count: int) -> Floats:
    """Returns planes averaged into cells along one axis.

    Without matrix products: their threads wait for each other where other programs run too.
    """
    size = planes.shape[axis]
    edges = np.arange(count + 1) * size
    first, end = edges[:-1] // count, -(-edges[1:] // count)
    along = [1, 1, 1]
    along[axis] = count
    sums: Floats = planes.take(first, axis)
    for step in range(1, int((end - first).max())):
        inside = (first + step < end).reshape(along)
        sums += np.where(inside, planes.take(np.minimum(first + step, size - 1), axis), np.float32(0))
    sums /= (end - first).astype(np.float32).reshape(along)
    return sums
