"""Measures of pictures and of sets of figures, from arrays alone: nothing here knows the product or its code."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab

from benchmarks.figures import Values

Pixels = NDArray[np.uint8]
"""8-bit sRGB, (height, width, 3)."""

MOODS = ("energy", "brightness", "warmth")
BLOCKS = (64, 36)
"""Columns and rows at which colours are compared with the palette."""
_MOOD_COLUMNS = 128
_LEAST_STEP = 1e-3
_SHARES = 8  # of the way between two colours, at first; then as many again around the best


def block_means(values: NDArray[Any], columns: int, rows: int) -> Values:
    """Returns means over equal blocks of (height, width, ...); columns and rows must divide the picture."""
    height, width = values.shape[:2]
    if height % rows or width % columns:
        raise ValueError(f"{width} by {height} pixels do not fall into {columns} by {rows} equal blocks")
    cut = values.reshape(rows, height // rows, columns, width // columns, *values.shape[2:])
    return np.asarray(cut.mean(axis=(1, 3)), np.float64)


def lab(codes: NDArray[Any]) -> Values:
    """Returns CIE Lab (D65) of sRGB codes, 0 to 255, (..., 3)."""
    found: Any = rgb2lab(np.asarray(codes, np.float64) / 255)
    return np.asarray(found, np.float64)


def attributes(pixels: Pixels) -> Values:
    """Returns energy, brightness and warmth, (3,), as scumble_export.background.measures defines them.

    Energy is the log of the mean step of L to the next pixel, across and down together, at 128 columns; brightness
    the mean L; warmth the mean of (a + b) / sqrt 2, which runs from green-blue to orange.
    """
    seen = lab(pixels)
    height, width = pixels.shape[:2]
    small = block_means(seen[..., 0], _MOOD_COLUMNS, height * _MOOD_COLUMNS // width)
    step = sum(float(np.abs(np.diff(small, axis=axis)).mean()) for axis in (0, 1))
    return np.array(
        [np.log(max(step, _LEAST_STEP)), seen[..., 0].mean(), (seen[..., 1] + seen[..., 2]).mean() / 2**0.5]
    )


def cross_talk(changes: Values, own: int, spread: Values) -> float:
    """Returns the strongest other attribute's mean absolute change over the own one's; changes (paths, attributes).

    Both are in units of `spread`, (attributes,).
    """
    moved = np.abs(changes).mean(0) / np.maximum(spread, 1e-9)
    return float(np.delete(moved, own).max() / max(float(moved[own]), 1e-9))


def colour_distance(first: Values, second: Values) -> Values:
    """Returns CIEDE2000 of Lab colours, by scikit-image."""
    difference: Any = deltaE_ciede2000
    return np.asarray(difference(*np.broadcast_arrays(first, second)), np.float64)


class Strays(NamedTuple):
    """How far blocks of a picture lie from a palette, each (blocks,), and how many lie nearest to each colour."""

    from_mixtures: Values
    from_colours: Values
    shares: Values


def strays(pixels: Pixels, palette: NDArray[Any]) -> Strays:
    """Returns the distances of a picture's block means to a palette, sRGB codes (n, 3).

    A mixture is a place on the straight line in Lab between two of its colours, ends included; found in steps of an
    eighth, then in steps of a thirty-second around the best.
    """
    seen, wanted = lab(block_means(pixels, *BLOCKS)).reshape(-1, 3), lab(np.asarray(palette)[None])[0]
    ends = np.array(list(combinations_with_replacement(range(len(wanted)), 2)))
    starts, ways = wanted[ends[:, 0]], wanted[ends[:, 1]] - wanted[ends[:, 0]]
    shares = np.linspace(0, 1, _SHARES + 1)
    places = (starts[:, None] + shares[:, None] * ways[:, None]).reshape(-1, 3)
    apart = np.stack([colour_distance(seen, place) for place in places])
    best = apart.argmin(0)
    pair, share = best // len(shares), shares[best % len(shares)]
    finer = [np.clip(share + step / _SHARES, 0, 1)[:, None] for step in np.linspace(-0.75, 0.75, 7)]
    near = [colour_distance(seen, starts[pair] + step * ways[pair]) for step in finer]
    single = np.stack([colour_distance(seen, colour) for colour in wanted])
    counts = np.bincount(single.argmin(0), minlength=len(wanted)) / len(seen)
    return Strays(np.minimum(apart.min(0), np.min(near, axis=0)), single.min(0), counts)


def edge_steps(pixels: Pixels, cell_px: int) -> tuple[float, float]:
    """Returns the mean step from the last row and column to the first, and that across the borders of cells inside.

    Sums of both directions, in codes. A cell of one pixel makes every border inside count.
    """
    across = inside = 0.0
    for axis in (0, 1):
        lines = np.moveaxis(pixels.astype(np.float64), axis, 0)
        first = np.arange(cell_px, len(lines), cell_px)
        across += float(np.abs(lines[0] - lines[-1]).mean())
        inside += float(np.abs(lines[first] - lines[first - 1]).mean())
    return across, inside


def contrasts(pixels: Pixels, text: tuple[int, int, int]) -> Values:
    """Returns the contrast ratio, 1 to 21, of each pixel with a text colour; WCAG 2.2, "relative luminance"."""
    codes = np.arange(256) / 255
    light = np.where(codes > 0.04045, ((codes + 0.055) / 1.055) ** 2.4, codes / 12.92)
    behind, own = (
        0.2126 * light[of[..., 0]] + 0.7152 * light[of[..., 1]] + 0.0722 * light[of[..., 2]]
        for of in (pixels, np.asarray(text))
    )
    lighter, darker = np.maximum(behind, own), np.minimum(behind, own)
    return np.asarray((lighter + 0.05) / (darker + 0.05), np.float64)


def pair_distances(pictures: Values, others: Values) -> Values:
    """Returns the distance of each of (n, ...) pictures to each of (m, ...): (n, m).

    It is the mean over their places of the Euclidean distance of their colours, (..., 3).
    """
    rows = [np.sqrt(((others - one) ** 2).sum(-1)).reshape(len(others), -1).mean(1) for one in pictures]
    return np.stack(rows)
