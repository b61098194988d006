"""The 313 quantised ab colours of Zhang et al. 2016 (section 2.1), their soft encoding and rebalancing."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_A_RANGE_OF_B = {
    -110: (60, 90),
    -100: (40, 90),
    -90: (30, 100),
    -80: (10, 100),
    -70: (0, 100),
    -60: (-10, 100),
    -50: (-30, 100),
    -40: (-40, 100),
    -30: (-50, 100),
    -20: (-60, 100),
    -10: (-60, 100),
    0: (-70, 100),
    10: (-70, 90),
    **dict.fromkeys((20, 30, 40), (-80, 90)),
    **dict.fromkeys((50, 60, 70), (-90, 90)),
    80: (-90, 70),
    90: (-90, 40),
    100: (-50, 0),
}
NEIGHBOURS = 5
SIGMA = 5.0
UNIFORM_SHARE = 0.5
_GRID_STEP = 2
_GRID_REACH = 128


def bin_centres() -> NDArray[np.float32]:
    """Returns the ab centres in Lab units, shape (313, 2)."""
    return np.array(
        [(a, b) for b, (low, high) in _A_RANGE_OF_B.items() for a in range(low, high + 1, 10)],
        dtype=np.float32,
    )


class SoftEncoder:
    """Encodes ab as weights on its five nearest bins, a Gaussian of sigma 5 (Zhang 2016, section 2.2).

    The neighbours are looked up on a grid of 2 ab units, far below the 10 units between bins.
    """

    def __init__(self) -> None:
        axis = np.arange(-_GRID_REACH, _GRID_REACH + 1, _GRID_STEP, dtype=np.float32)
        points = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 1, 2)
        squared = ((points - bin_centres()[None]) ** 2).sum(-1)
        nearest = np.argsort(squared, axis=1)[:, :NEIGHBOURS]
        weight = np.exp(-np.take_along_axis(squared, nearest, 1) / (2 * SIGMA**2)) + 1e-12
        weight /= weight.sum(1, keepdims=True)
        self._side = len(axis)
        self._nearest = torch.from_numpy(nearest.astype(np.int64))
        self._weight = torch.from_numpy(weight.astype(np.float32))

    def __call__(self, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Returns bin indices and weights, both (N, 5, H, W), of ab with shape (N, 2, H, W)."""
        cell = ((ab + _GRID_REACH) / _GRID_STEP).round().long().clamp(0, self._side - 1)
        flat = cell[:, 0] * self._side + cell[:, 1]
        nearest = self._nearest.to(ab.device)[flat].permute(0, 3, 1, 2)
        weight = self._weight.to(ab.device)[flat].permute(0, 3, 1, 2)
        return nearest, weight


def rebalancing_weights(prior: NDArray[np.float64]) -> NDArray[np.float32]:
    """Returns the weight of each bin from its prior, shape (313,), of mean 1 under the prior.

    Zhang 2016, equation 4: the prior is mixed half and half with the uniform distribution.
    """
    prior = prior / prior.sum()
    weight = 1 / ((1 - UNIFORM_SHARE) * prior + UNIFORM_SHARE / len(prior))
    return np.asarray(weight / (prior * weight).sum(), dtype=np.float32)
