"""True patches as hints: 6 by 6 pixels at random places, each of its mean colour, as the published curves take them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from scumble_export.colorize.sampling import Inputs

PATCH = 6
Places = Sequence[tuple[int, int]]
"""Upper left corners: row and column."""


def patch_places(shape: tuple[int, ...], count: int, seed: int) -> list[tuple[int, int]]:
    """Draws `count` places inside (H, W), the same for everyone: fewer hints are the beginning of more."""
    rng = np.random.default_rng((31, seed))
    limits = (shape[0] - PATCH + 1, shape[1] - PATCH + 1)
    return [(int(rng.integers(limits[0])), int(rng.integers(limits[1]))) for _ in range(count)]


def hinted(lab: Tensor, places: Places) -> Inputs:
    """Gives one picture, (1, 3, H, W), the mean ab of its patches as hints; the last one lies on top."""
    hint, mask = torch.zeros_like(lab[:, 1:]), torch.zeros_like(lab[:, :1])
    for y, x in places:
        patch = (slice(None), slice(None), slice(y, y + PATCH), slice(x, x + PATCH))
        hint[patch] = lab[:, 1:][patch].mean((2, 3), keepdim=True)
        mask[patch] = 1
    return Inputs.of(lab[:, :1], hint, mask)
