"""Colours to choose from at a point: the likely ones, few, different and possible at its lightness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scumble.effect import Suggestion
from scumble.params import Rgb

if TYPE_CHECKING:
    from scumble.engine import Engine

MOST_COLOURS = 9
_LEAST_SHARE = 0.01
_LEAST_DISTANCE = 6.0
_ROUNDS = 20

Floats = NDArray[np.float32]


def suggestions(logits: Floats, centres: Floats, lightness: float, engine: Engine) -> tuple[Suggestion, ...]:
    """Returns at most nine colours for a distribution over ab, likeliest first, each in the sRGB gamut.

    `logits` (n,) over the bins at `centres` (n, 2); `lightness` is the point's L, 0 to 100. K-means of the
    distribution as in Zhang 2017 (section 3.2), weighted instead of sampled, hence the same for the same input;
    means that stand for less than 1 % of it, or lie within 6 ab units of a likelier one, are left out.
    """
    share = np.exp(logits - logits.max(), dtype=np.float64)
    share /= share.sum()
    means, weights = _weighted_means(share, centres.astype(np.float64))
    kept: list[int] = []
    for index in np.argsort(-weights):
        near = any(np.hypot(*(means[index] - means[other])) < _LEAST_DISTANCE for other in kept)
        if weights[index] >= _LEAST_SHARE and not near:
            kept.append(int(index))
    lab = np.column_stack((np.full(len(kept), lightness), means[kept])).astype(np.float32)
    codes = np.rint(255 * engine.rgb_from_lab(np.ascontiguousarray(lab))).astype(int)
    found: dict[Rgb, float] = {}
    for code, weight in zip(codes, weights[kept], strict=True):  # near black and white, many become one
        color = Rgb(*(int(value) for value in code))
        found[color] = found.get(color, 0.0) + float(weight)
    return tuple(Suggestion(color, weight) for color, weight in found.items())


def _weighted_means(share: NDArray[np.float64], points: NDArray[np.float64]) -> tuple[NDArray[np.float64], Floats]:
    """Returns means (k, 2) and their weights (k,): Lloyd's rounds from the likeliest points that lie far apart."""
    count = min(MOST_COLOURS, len(points))
    chosen = [int(share.argmax())]
    distance = ((points - points[chosen[0]]) ** 2).sum(1)
    while len(chosen) < count:
        chosen.append(int((share * distance).argmax()))
        distance = np.minimum(distance, ((points - points[chosen[-1]]) ** 2).sum(1))
    means = points[chosen]
    owner = np.zeros(len(points), int)
    for _ in range(_ROUNDS):
        owner = ((points[:, None] - means[None]) ** 2).sum(-1).argmin(1)
        held = np.bincount(owner, share, count)
        sums = np.stack([np.bincount(owner, share * points[:, axis], count) for axis in (0, 1)], 1)
        means = np.where(held[:, None] > 0, sums / np.maximum(held, 1e-12)[:, None], means)
    return means, np.bincount(owner, share, count).astype(np.float32)
