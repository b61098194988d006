"""Noise of the endless plane: a value is a hash of its integer place, so tiles agree to the last bit on any machine.

Mixing function: splitmix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", figure 17).
The runtime has the same functions in Rust; tests/export/test_background_grid.py holds values that both must give.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Hashes = NDArray[np.uint64]
Floats = NDArray[np.float32]
Block = tuple[int, int, int]
"""Channels, height, width."""

_GOLDEN, _MIX_1, _MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def splitmix64(z: Hashes) -> Hashes:
    """Mixes 64-bit integers; arithmetic is modulo 2^64."""
    with np.errstate(over="ignore"):
        z = z + np.uint64(_GOLDEN)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(_MIX_1)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(_MIX_2)
        return np.asarray(z ^ (z >> np.uint64(31)), np.uint64)


def _words(values: ArrayLike) -> Hashes:
    """Returns integers as 64-bit words, negative ones in two's complement."""
    return np.asarray(values, np.int64).view(np.uint64)


def hashes(seed: int, stream: int, top: int, left: int, shape: Block, period: tuple[int, int] | None = None) -> Hashes:
    """Hashes a block of the plane whose first row is `top` and first column `left`; `seed` is below 2^64.

    `period` (rows, columns) wraps the coordinates first, so that the plane repeats without a seam.
    """
    channels, height, width = shape
    rows, columns = np.arange(top, top + height), np.arange(left, left + width)
    if period is not None:
        rows, columns = rows % period[0], columns % period[1]
    state = np.full((1, 1, 1), seed, np.uint64)
    for place in (np.array(stream), rows[:, None], columns, np.arange(channels)[:, None, None]):
        state = splitmix64(state ^ _words(place))
    return state


def uniforms(hashed: Hashes) -> Floats:
    """Returns numbers in 0..1, ends excluded, from the upper 24 bits."""
    return (((hashed >> np.uint64(40)).astype(np.float64) + 0.5) / 2**24).astype(np.float32)


def normals(hashed: Hashes) -> Floats:
    """Returns numbers of mean 0 and variance 1: the sum of four 16-bit fields (Irwin and Hall), within ±3.47."""
    fields = sum((hashed >> np.uint64(shift)) & np.uint64(0xFFFF) for shift in (0, 16, 32, 48))
    total = np.asarray(fields, np.uint64).astype(np.float32)
    # Every step but the last is exact in float32, so the bits do not depend on the order or the machine.
    return ((total + np.float32(2)) / np.float32(65536) - np.float32(2)) * np.float32(math.sqrt(3))
