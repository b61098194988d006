"""The hint engine's definitions once more, in plain numpy and scipy: slow, short and independent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import splu

Plane = NDArray[np.float64]
Floats = NDArray[np.float32]

CELL_PX, CELL_LIGHTNESS, LAYERS, HALF, SWEEPS = 4, 12.5, 9, 0.003, 4
SCALES = ((1.0, 1.0, 0.35), (1 / 4, 2.0, 0.35), (1 / 16, 4.0, 0.35), (1 / 64, 8.0, 0.4), (1 / 256, 16.0, 0.5))


def trilinear(lightness: Plane, cell_x: float, cell_y: float, shape: tuple[int, int, int]) -> csr_array:
    """Returns the weights of every pixel, in C order, on the cells (z, y, x): (H W, cells)."""
    height, width = lightness.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    # Rounded as the definition's float32 is.
    depth = np.clip(lightness, 0, 100).astype(np.float32) / np.float32(CELL_LIGHTNESS)
    places = (depth, (y + np.float32(0.5)) / np.float32(cell_y), (x + np.float32(0.5)) / np.float32(cell_x))
    total = csr_array((height * width, int(np.prod(shape))))
    low = [np.minimum(np.floor(place), size - 2).astype(int) for place, size in zip(places, shape, strict=True)]
    for corner in np.ndindex(2, 2, 2):
        cells = [first + step for first, step in zip(low, corner, strict=True)]
        parts = [1 - np.abs(place - cell) for place, cell in zip(places, cells, strict=True)]
        index = np.ravel_multi_index(cells, shape)
        entries = (np.prod(parts, axis=0).ravel(), (np.arange(height * width), index.ravel()))
        total = total + csr_array(entries, shape=total.shape)
    return total


def gathered(lightness: Plane, hint_ab: Plane, hinted: NDArray[np.bool_]) -> tuple[Plane, tuple[int, int, int]]:
    """Returns the spread sums of a, b and weight in every cell, (3, cells), and the grid's shape (z, y, x)."""
    height, width = lightness.shape
    shape = (LAYERS, -(-height // CELL_PX) + 1, -(-width // CELL_PX) + 1)
    values = np.stack((*hint_ab, np.ones_like(lightness))) * hinted
    sums = values.reshape(3, -1) @ trilinear(lightness, CELL_PX, CELL_PX, shape)
    sums /= sums[2] + 1
    z, y, x = (axis.ravel() for axis in np.indices(shape))
    apart_xy = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2
    apart_z = (z[:, None] - z) ** 2
    kernel = sum(share * np.exp(-apart_xy / (2 * xy**2) - apart_z / (2 * depth**2)) for share, xy, depth in SCALES)
    return np.asarray(sums @ kernel), shape


def affinities(lightness: Plane) -> csr_array:
    """Returns Levin's weights of every pixel on its neighbours, (H W, H W), rows of sum 1, a pixel at a time."""
    height, width = lightness.shape
    # Rounded as the definition's float32 is.
    light = (lightness.astype(np.float32) / np.float32(100)).astype(np.float64)
    rows, columns, values = [], [], []
    for y, x in np.ndindex(height, width):
        window = [(i, j) for i in range(y - 1, y + 2) for j in range(x - 1, x + 2)]
        window = [(i, j) for i, j in window if 0 <= i < height and 0 <= j < width]
        others = [place for place in window if place != (y, x)]
        if not others:
            continue
        squared = np.array([(light[place] - light[y, x]) ** 2 for place in others])
        variance = 0.6 * np.var([light[place] for place in window])
        weight = np.exp(-squared / max(variance, squared.min() / -np.log(0.01), 2e-6))
        rows += [y * width + x] * len(others)
        columns += [i * width + j for i, j in others]
        values += list(weight / weight.sum())
    return csr_array((values, (rows, columns)), shape=(light.size, light.size))


def spread(lightness: Floats, hint_ab: Floats, hinted: NDArray[np.bool_]) -> tuple[Plane, Plane]:
    """Returns spread ab, (2, H, W), and confidence, (H, W)."""
    light, wanted = lightness.astype(np.float64), hint_ab.astype(np.float64)
    if not hinted.any():
        return np.zeros_like(wanted), np.zeros_like(light)
    ab, confidence = sliced(light, *gathered(light, wanted, hinted), light.shape)
    ab = np.where(hinted, wanted, ab).reshape(2, -1)
    weights = affinities(light)
    for _ in range(SWEEPS):
        ab = np.where(hinted.ravel(), ab, (weights @ ab.T).T)
    return ab.reshape(wanted.shape), confidence


def sliced(lightness: Plane, sums: Plane, shape: tuple[int, int, int], working: tuple[int, ...]) -> tuple[Plane, Plane]:
    """Reads a grid of the working size (h, w) at a picture of any size: ab before any sweep, and confidence."""
    height, width = lightness.shape
    weights = trilinear(lightness, CELL_PX * width / working[1], CELL_PX * height / working[0], shape)
    a, b, amount = (weights @ sums.T).T.reshape(3, height, width)
    return np.stack((a, b)) / (amount + 1e-6), amount / (amount + HALF)


def met(lightness: Floats, ab: Floats, hint_ab: Floats, hinted: NDArray[np.bool_], pull: Floats) -> Plane:
    """Solves (1 + pull) u - mean of the neighbours' u = pull ab, u = hint where hinted, by elimination."""
    result = np.where(hinted, hint_ab, ab).reshape(2, -1).astype(np.float64)
    given = hinted.ravel()
    if given.all() or not given.any():
        return result.reshape(ab.shape)
    pulled = pull.astype(np.float64).ravel()
    system = (diags_array(1 + pulled) - affinities(lightness.astype(np.float64))).tocsr()
    free, fixed = np.flatnonzero(~given), np.flatnonzero(given)
    rows = system[free]
    right = (pulled * ab.reshape(2, -1))[:, free].T - rows[:, fixed] @ result[:, fixed].T
    result[:, free] = splu(rows[:, free].tocsc()).solve(right).T
    return result.reshape(ab.shape)
