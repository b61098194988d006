"""The critic of training: tells pictures from the generator's, and guesses the global vector behind those."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scumble_export.background.net import GLOBALS, Conv, Linear

_CELLS = 4
"""A training picture is 4 × 4 cells, whatever its resolution."""
_SLOPE, _GAIN = 0.2, math.sqrt(2)


def _bent(x: Tensor) -> Tensor:
    return F.leaky_relu(x, _SLOPE) * _GAIN


class Halving(nn.Module):
    """A residual block that halves the resolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first, self.second = Conv(inputs, inputs, 3, padding=1), Conv(inputs, outputs, 3, padding=1)
        self.shortcut = Conv(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Returns (N, outputs, H / 2, W / 2)."""
        y = _bent(self.second(F.avg_pool2d(_bent(self.first(x)), 2)))
        mixed: Tensor = (y + self.shortcut(F.avg_pool2d(x, 2))) * math.sqrt(0.5)
        return mixed


class Critic(nn.Module):
    """Reads the picture at every resolution (the skips of Karras et al. 2020, section 4.1), so that it can grow.

    `widths` are the channels from the cells to the finest resolution, as the generator's.
    """

    def __init__(self, widths: Sequence[int], styles: int) -> None:
        super().__init__()
        self.from_rgb = nn.ModuleList([Conv(3, width, 1) for width in widths])
        self.halvings = nn.ModuleList([Halving(b, a) for a, b in pairwise(widths)])
        self.gains = nn.ParameterList([nn.Parameter(torch.ones(())) for _ in widths[1:]])
        top = widths[0]
        self.conv = Conv(top + 1, top, 3, padding=1)
        self.dense = Linear(_CELLS**2 * top, top)
        self.verdict = Linear(top, 1)
        self.embed = Linear(styles, top)
        self.latent = Linear(top, GLOBALS)

    def grow(self, level: int) -> None:
        """Lets a level that was never trained begin by adding nothing to what the coarser ones see."""
        nn.init.zeros_(self.gains[level - 1])

    def forward(self, rgb: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the verdict (N,) and a guess of the global vector (N, 64) of pictures of 4·2^k pixels a side."""
        level = (rgb.shape[-1] // _CELLS).bit_length() - 1
        x = _bent(self.from_rgb[level](rgb))
        for index in range(level - 1, -1, -1):
            rgb = F.avg_pool2d(rgb, 2)
            x = self.halvings[index](x) * self.gains[index] + _bent(self.from_rgb[index](rgb))
        x = _bent(self.conv(torch.cat((x, _spread(x)), 1)))
        x = _bent(self.dense(x.flatten(1)))
        verdict = self.verdict(x)[:, 0] + (x * self.embed(style)).sum(1) * x.shape[1] ** -0.5
        return verdict, self.latent(x)


def _spread(x: Tensor, group: int = 4) -> Tensor:
    """Returns one plane: how much the pictures of a group differ (Karras et al. 2018, section 3)."""
    count = math.gcd(len(x), group)
    grouped = x.float().reshape(count, -1, *x.shape[1:])
    spread = (grouped.var(0, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))
    return spread.repeat(count).reshape(-1, 1, 1, 1).expand(-1, 1, *x.shape[2:]).to(x.dtype)
