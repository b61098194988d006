"""How alike neighbouring pixels are, after Levin, Lischinski and Weiss 2004 (equation 2), for tensors of any precision.

Pixel r weighs its neighbour s by exp(-(L_r - L_s)² / v_r), lightness counted in 0..1, over the up to eight
neighbours inside the picture, so scaled that the weights of a pixel sum to 1. v_r is 0.6 times the variance of
the 3 by 3 window around r (of what lies inside, divided by its number of pixels), at least so much that the most
alike neighbour weighs 0.01, and at least 2e-6, as the authors' program has it.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

STEPS = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy, dx) != (0, 0))
"""Row and column offsets of the eight neighbours, in the order of the weights."""
_VARIANCE_SHARE = 0.6
_LEAST_NEAREST_WEIGHT = 0.01
_LEAST_VARIANCE = 2e-6


def neighbours(plane: Tensor) -> Tensor:
    """Returns the eight neighbours of every pixel of (N, 1, H, W), 0 outside the picture: (N, 8, H, W)."""
    height, width = plane.shape[2:]
    around = F.pad(plane, (1, 1, 1, 1))
    return torch.cat([around[:, :, 1 + y : 1 + y + height, 1 + x : 1 + x + width] for y, x in STEPS], 1)


def neighbour_weights(lightness: Tensor) -> Tensor:
    """Returns the weights of every pixel's neighbours, (N, 8, H, W), from L in 0..100, (N, 1, H, W)."""
    light = lightness / 100
    others, inside = neighbours(light), neighbours(torch.ones_like(light[:1]))
    count = inside.sum(1, keepdim=True) + 1
    mean = (others.sum(1, keepdim=True) + light) / count
    scatter = ((others - mean) ** 2 * inside).sum(1, keepdim=True) + (light - mean) ** 2
    squared = (others - light) ** 2
    nearest = torch.where(inside > 0, squared, torch.inf).amin(1, keepdim=True)
    divisor = torch.maximum(scatter / count * _VARIANCE_SHARE, nearest / -math.log(_LEAST_NEAREST_WEIGHT))
    weight = torch.exp(-squared / divisor.clamp_min(_LEAST_VARIANCE)) * inside
    return weight / weight.sum(1, keepdim=True)


def swept(ab: Tensor, known: Tensor, weights: Tensor, times: int) -> Tensor:
    """Gives every pixel that is not known, `times` times over, the weighted mean of its neighbours' colours.

    `ab` (N, 2, H, W), `known` (N, 1, H, W) boolean. All pixels of a sweep take the colours of the one before.
    """
    for _ in range(times):
        mean = torch.cat([(neighbours(plane) * weights).sum(1, keepdim=True) for plane in (ab[:, :1], ab[:, 1:])], 1)
        ab = torch.where(known, ab, mean)
    return ab
