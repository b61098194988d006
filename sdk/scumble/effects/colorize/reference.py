"""What a photograph says of colours in general: how often each occurs, and how saturated they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scumble.effects.colorize.strokes import Check, Plane, cell_colours
from scumble.media.image import Image

if TYPE_CHECKING:
    from scumble.engine import Engine

FLAGS = 3
"""Beside the histogram stand its flag, the saturation and the saturation's flag."""
_SIDE = 256
_POOL = 4
_NEIGHBOURS, _SIGMA = 5, 5.0


def no_statistics(centres: Plane) -> Plane:
    """Returns what the net is told when there is no reference, (1, n + 3): nothing, with flags of 0."""
    return np.zeros((1, len(centres) + FLAGS), np.float32)


def statistics_from_image(image: Image, centres: Plane, engine: Engine, check: Check = lambda: None) -> Plane:
    """Returns (1, n + 3): the share of each of n colours in a picture, 1, its mean saturation (HSV, 0 to 1), 1.

    The colours are ab `centres`, (n, 2); each place counts for its five nearest ones with Gaussian weights of sigma 5
    (Zhang 2016, section 2.2), as the global hints of Zhang 2017 (section 3.2). Transparent places do not count.
    """
    width, height = (min(_SIDE, max(_POOL, side // _POOL * _POOL)) for side in (image.width, image.height))
    lab, covered = cell_colours(image, width, height, engine, check)
    ab, rgb = lab[..., 1:], engine.rgb_from_lab(lab.reshape(-1, 3)).reshape(lab.shape)
    if not covered.any():
        return no_statistics(centres)
    blocks = np.moveaxis(ab * covered[..., None], -1, 0), covered[None]
    sums = engine.area_means(np.concatenate(blocks), width // _POOL, height // _POOL).reshape(3, -1)
    there = sums[2] > 0
    histogram = soft_counts((sums[:2, there] / sums[2, there]).T, sums[2, there], centres)
    most, least = rgb.max(-1), rgb.min(-1)
    saturation = ((most - least) / np.maximum(most, 1e-6) * covered).sum() / covered.sum()
    return np.concatenate((histogram, [1.0, saturation, 1.0]))[None].astype(np.float32)


def soft_counts(ab: NDArray[np.floating], weight: NDArray[np.floating], centres: Plane) -> NDArray[np.float64]:
    """Returns the weighed share of each centre, (n,) of sum 1, among colours ab, (m, 2), of weights (m,)."""
    squared = ((ab[:, None] - centres[None]) ** 2).sum(-1)
    nearest = np.argpartition(squared, _NEIGHBOURS, axis=1)[:, :_NEIGHBOURS]
    share = np.exp(-np.take_along_axis(squared, nearest, 1) / (2 * _SIGMA**2)) + 1e-12
    share *= (weight / share.sum(1))[:, None]
    return np.asarray(np.bincount(nearest.ravel(), share.ravel(), len(centres)) / weight.sum())
