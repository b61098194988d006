"""Colours to choose from at a point: the likely ones, few, different and possible at its lightness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scumble.effect import MOST_SUGGESTIONS, Suggestion
from scumble.params import Rgb

if TYPE_CHECKING:
    from scumble.engine import Engine

_LEAST_SHARE = 0.01
_LEAST_DISTANCE = 6.0
_STARTS = 10
_ROUNDS = 20

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


def suggestions(
    logits: Floats | Doubles, centres: Floats, lightness: float, engine: Engine, count: int = MOST_SUGGESTIONS
) -> tuple[Suggestion, ...]:
    """Returns at most `count` colours for a distribution over ab, likeliest first, each in the sRGB gamut.

    `logits` (n,) over the bins at `centres` (n, 2); `lightness` is the point's L, 0 to 100; `count` is the K of
    K-means, at least 1. The method is that of Zhang 2017 (section 3.2; five colours there), with three differences.
    The distribution's own weights take the place of samples, so that the same input gives the same colours. A bin
    counts as the colour that it shows at this lightness, less chroma where the gamut ends, so that no colour stands
    for impossible ones. And the distribution is not softened first: training on soft, rebalanced classes did that.
    A mean within 6 ab units of a likelier one is added to it; what stands for less than 1 % is left out.
    """
    share = np.exp(logits - logits.max(), dtype=np.float64)
    share /= share.sum()
    shown = _shown(centres, lightness, engine)
    means, weights = _weighted_means(share, shown, min(count, len(shown)))
    colours = np.rint(255 * _rgb(means, lightness, engine))
    places = engine.lab_from_rgb((colours / 255).astype(np.float32))[:, 1:].astype(np.float64)
    kept: dict[int, float] = {}
    for index in np.argsort(-weights, kind="stable"):
        apart = [(float(np.hypot(*(places[index] - places[other]))), other) for other in kept]
        least, near = min(apart, default=(np.inf, int(index)))
        if least < _LEAST_DISTANCE:
            kept[near] += float(weights[index])
        else:
            kept[int(index)] = float(weights[index])
    ranked = sorted(kept.items(), key=lambda entry: -entry[1])
    return tuple(
        Suggestion(Rgb(*(int(code) for code in colours[index])), weight)
        for index, weight in ranked
        if weight >= _LEAST_SHARE
    )


def _rgb(ab: Floats | Doubles, lightness: float, engine: Engine) -> Floats:
    """Returns sRGB, (n, 3), 0 to 1, of ab, (n, 2), at one lightness: less chroma where the gamut ends."""
    lab = np.column_stack((np.full(len(ab), lightness), ab))
    return engine.rgb_from_lab(np.ascontiguousarray(lab, np.float32))


def _shown(ab: Floats, lightness: float, engine: Engine) -> Doubles:
    """Returns the ab that are shown for ab, (n, 2), at one lightness."""
    return engine.lab_from_rgb(_rgb(ab, lightness, engine))[:, 1:].astype(np.float64)


def _weighted_means(share: Doubles, points: Doubles, count: int) -> tuple[Doubles, Doubles]:
    """Returns means (count, 2) and their weights (count,): the best K-means of a greedy start and nine drawn ones.

    Chance begins at the same seed every time, so that the same distribution has the same means.
    """
    chance = np.random.default_rng(0)
    flat = np.sqrt(share) + 1e-9  # the likeliest bin alone must not be all that is drawn
    drawn = [chance.choice(len(points), count, replace=False, p=flat / flat.sum()) for _ in range(_STARTS - 1)]
    means = points[np.vstack((_greedy(share, points, count), *drawn))]  # (starts, count, 2)
    groups = count * np.arange(_STARTS)
    size = count * _STARTS
    for _ in range(_ROUNDS):  # Lloyd's, all starts at once
        owner = _nearest(points, means) + groups
        held = np.bincount(owner.ravel(), np.repeat(share, _STARTS), size)
        sums = [np.bincount(owner.ravel(), np.repeat(share * axis, _STARTS), size) for axis in points.T]
        moved = np.stack(sums, 1) / np.maximum(held, 1e-300)[:, None]
        means = np.where(held[:, None] > 0, moved, means.reshape(-1, 2)).reshape(means.shape)
    owner = _nearest(points, means)
    errors = ((points[:, None] - means[np.arange(_STARTS), owner]) ** 2).sum(-1)
    best = int((share @ errors).argmin())
    return means[best], np.bincount(owner[:, best], share, count).astype(np.float64)


def _nearest(points: Doubles, means: Doubles) -> NDArray[np.intp]:
    """Returns which of each start's means, (starts, count, 2), is nearest to each point, (n, 2): (n, starts)."""
    squares = (means**2).sum(-1) - 2 * np.einsum("na,ska->nsk", points, means)
    return np.asarray(squares.argmin(-1), np.intp)


def _greedy(share: Doubles, points: Doubles, count: int) -> list[int]:
    """Returns indices (count,): each lowers the weighted sum of squared distances as far as one point can."""
    apart = ((points[:, None] - points[None]) ** 2).sum(-1)
    nearest = np.full(len(points), np.inf)
    chosen: list[int] = []
    for _ in range(count):
        chosen.append(int((np.minimum(nearest, apart) @ share).argmin()))
        nearest = np.minimum(nearest, apart[chosen[-1]])
    return chosen
