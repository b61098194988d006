"""Directions of the global vector that make pictures calmer or more energetic: regressed, then measured.

Brightness and warmth need none: the layout's colours carry them, and the generator keeps to its layout.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr
from torch import Tensor

from scumble_export.background.field import Window, global_latent, inputs_of, one_hot
from scumble_export.background.measures import MOODS, Interval, mean_interval, mood_attributes
from scumble_export.background.net import GLOBALS, Generator
from scumble_export.background.sheet import random_layout

Values = NDArray[np.float64]

WINDOW = Window(0, 0, 4, 4)
STEPS = (-1.0, -0.67, -0.33, 0.0, 0.33, 0.67, 1.0)
"""Slider positions; 1 adds a whole direction."""
REACH = 6.0
"""Length of a direction: the global vector itself is about 8 long, so the slider's end turns it by some 37 degrees."""
DETAIL_REACH = 0.65
"""How much more and less the levels add to the layout at the ends of the slider of energy."""
_RIDGE = 1.0
DIRECTED = ("energy",)


@dataclass(frozen=True)
class MoodScores:
    """How well the sliders work: for each, rank correlation with its attribute, and the others' share of the change."""

    spearman: dict[str, Interval]
    cross_talk: dict[str, float]


@torch.no_grad()
def attributes_of(net: Generator, seed: int, style: Tensor, latent: Tensor, detail: float = 1.0) -> Tensor:
    """Returns the attributes, (3,), of the picture that a seed's noise gives with a global vector."""
    layout = random_layout(WINDOW.height, WINDOW.width, seed)
    return mood_attributes(net(*inputs_of(net, WINDOW, seed, style, layout, latent=latent, detail=detail)))[0]


def find_directions(net: Generator, samples: int, first_seed: int = 50_000) -> dict[str, list[float]]:
    """Regresses the attributes on the global vector over samples of all styles; returns the direction of energy.

    It is a row of the pseudo-inverse of the slopes, which moves its own attribute and, as far as the regression holds,
    none of the others. A style's mean is taken off first, and attributes are in standard deviations.
    """
    latents, attributes = [], []
    for index in range(samples):
        seed = first_seed + index
        latents.append(global_latent(seed)[0])
        attributes.append(attributes_of(net, seed, one_hot(index % net.styles, net.styles), latents[-1][None]))
    x, y = torch.stack(latents).double(), torch.stack(attributes).double()
    for style in range(net.styles):
        y[style :: net.styles] -= y[style :: net.styles].mean(0)
    y /= y.std(0).clamp_min(1e-9)
    slopes = torch.linalg.solve(x.T @ x + _RIDGE * torch.eye(GLOBALS).double(), x.T @ y)
    directions = torch.linalg.pinv(slopes)
    directions = directions / directions.norm(dim=1, keepdim=True).clamp_min(1e-9) * REACH
    return {name: directions[MOODS.index(name)].tolist() for name in DIRECTED}


def measure_sliders(
    net: Generator,
    directions: dict[str, list[float]],
    samples: int,
    detail_reach: float = DETAIL_REACH,
    first_seed: int = 90_000,
) -> MoodScores:
    """Moves each slider through its range for fresh seeds and compares the attributes with its position.

    With the vector, detail moves from 1 less `detail_reach` to 1 more; 0 leaves the vector alone.

    Cross-talk is the mean absolute change of the strongest other attribute over that of the slider's own, end to end,
    both in standard deviations over the samples at rest.
    """
    travels: dict[str, list[Values]] = {}
    for name, direction in directions.items():
        travels[name] = []
        for index in range(samples):
            seed = first_seed + index
            style = one_hot(index % net.styles, net.styles)
            base, way = global_latent(seed), torch.tensor(direction)[None]
            path = [attributes_of(net, seed, style, base + step * way, 1 + step * detail_reach) for step in STEPS]
            travels[name].append(torch.stack(path).double().numpy())
    rest = np.stack([path[STEPS.index(0.0)] for path in next(iter(travels.values()))])
    spread = np.maximum(rest.std(0), 1e-9)
    spearman: dict[str, Interval] = {}
    cross_talk: dict[str, float] = {}
    for name, paths in travels.items():
        own = MOODS.index(name)
        ranks = [_rank_correlation(path[:, own]) for path in paths]
        spearman[name] = mean_interval(np.array(ranks))
        change = np.mean([np.abs(path[-1] - path[0]) / spread for path in paths], axis=0)
        cross_talk[name] = float(np.delete(change, own).max() / max(change[own], 1e-9))
    return MoodScores(spearman, cross_talk)


def _rank_correlation(values: Values) -> float:
    if np.ptp(values) == 0:
        return 0.0
    return float(spearmanr(STEPS, values).statistic)
