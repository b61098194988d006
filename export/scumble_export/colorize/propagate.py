"""Colour hints spread over the picture along its lightness: normalised convolution in a bilateral grid.

The definition, exact enough for a second implementation. All arithmetic is float32.

* **Picture.** H by W pixels; pixel (x, y) of lightness L (0..100) lies in the grid at
  gx = (x + 1/2) / 4, gy = (y + 1/2) / 4, gz = clamp(L, 0, 100) / 12.5.
  The same picture at s times the size is read with 4 s in place of 4: one grid serves every resolution.
* **Grid.** ceil(W / 4) + 1 by ceil(H / 4) + 1 by 9 cells (x, y, z), at integer coordinates from 0. Every point
  above has eight surrounding cells; its *trilinear* weights on them are the products over the three axes
  of 1 - |distance|, the lower cell being floor(g), for z at most 7.
* **Splat.** Every pixel whose hint mask is 1 (only those: a mask of 1/2 is a coarser pass, not the user) adds
  its trilinear weights to the cells' amounts A, and ab times them to the cells' sums S.
* **Saturate.** A cell's weight is w = A / (A + 1) and its colour S / A; so a wide stroke does not outweigh a
  dot as its area does. Let D = w and N = w S / A; both are 0 where A is.
* **Spread.** D and N are multiplied, over all pairs of cells, by the kernel
  k(dx, dy, dz) = sum over i of share_i exp(-(dx² + dy²) / 2 xy_i² - dz² / 2 z_i²) with the five
  (share, xy, z) of `SCALES`, distances in cells. Outside the grid is nothing. Each term is separable.
* **Slice.** D and N are read at every pixel with its trilinear weights.
* **Sweep.** ab = N / (D + 1e-6), at pixels of mask 1 the hint's own. Then, `SWEEPS` times, every other pixel takes
  the mean of its eight neighbours' ab of the sweep before, weighed as affinity.py defines.
* **Result.** That ab, and the confidence c = D / (D + `HALF`). In a picture without hints both are 0.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from scumble_export.colorize.affinity import neighbour_weights, swept

CELL_PX = 4
CELL_LIGHTNESS = 12.5
LAYERS = 9
SATURATION = 1.0
SCALES = ((1.0, 1.0, 0.35), (1 / 4, 2.0, 0.35), (1 / 16, 4.0, 0.35), (1 / 64, 8.0, 0.4), (1 / 256, 16.0, 0.5))
"""Share, spatial sigma and lightness sigma (in cells) of the kernel's five terms."""
HALF = 0.003
SWEEPS = 4
_TINY = 1e-6

Scales = tuple[tuple[float, float, float], ...]


def cells(pixels: int) -> int:
    """Returns how many grid cells a side of `pixels` pixels has."""
    return -(-pixels // CELL_PX) + 1


@lru_cache(maxsize=64)
def _gaussian(size: int, sigma: float, device: torch.device) -> Tensor:
    at = torch.arange(size, dtype=torch.float32, device=device)
    return torch.exp(-((at[:, None] - at[None]) ** 2) / (2 * sigma**2))


@lru_cache(maxsize=16)
def _plane(height: int, width: int, device: torch.device) -> Tensor:
    """Returns grid coordinates x and y of every pixel, (H, W, 2)."""
    y = (torch.arange(height, dtype=torch.float32, device=device) + 0.5) / CELL_PX
    x = (torch.arange(width, dtype=torch.float32, device=device) + 0.5) / CELL_PX
    return torch.stack((x[None].expand(height, width), y[:, None].expand(height, width)), -1)


def _depth(lightness: Tensor) -> Tensor:
    return lightness.clamp(0, 100) / CELL_LIGHTNESS


def splat(lightness: Tensor, hint_ab: Tensor, hint_mask: Tensor) -> Tensor:
    """Returns saturated sums and weights of the cells, (N, 3, 9, rows, columns): N of a and b, then D."""
    count, _, height, width = lightness.shape
    rows, columns = cells(height), cells(width)
    which, y, x = torch.nonzero(hint_mask[:, 0] >= 1, as_tuple=True)
    where = torch.stack(((x + 0.5) / CELL_PX, (y + 0.5) / CELL_PX, _depth(lightness[which, 0, y, x])), -1)
    low = where.floor()
    low[:, 2].clamp_(max=LAYERS - 2)
    share = where - low
    low = low.long()
    value = torch.cat((hint_ab[which, :, y, x], torch.ones_like(share[:, :1])), 1)
    grid = lightness.new_zeros((count * LAYERS * rows * columns, 3))
    for corner in range(8):
        step = torch.tensor([corner & 1, corner >> 1 & 1, corner >> 2], device=low.device)
        at = low + step
        weight = torch.where(step.bool(), share, 1 - share).prod(1, keepdim=True)
        index = ((which * LAYERS + at[:, 2]) * rows + at[:, 1]) * columns + at[:, 0]
        grid.index_add_(0, index, value * weight)
    amount = grid[:, 2:]
    grid = grid / (amount + SATURATION)
    return grid.view(count, LAYERS, rows, columns, 3).permute(0, 4, 1, 2, 3)


def spread(grid: Tensor, scales: Scales = SCALES) -> Tensor:
    """Convolves the grid with the kernel: five separable Gaussians, each as three matrix products."""
    layers, rows, columns = grid.shape[2:]
    total = torch.zeros_like(grid)
    for share, xy, z in scales:
        part = grid @ _gaussian(columns, xy, grid.device)
        part = _gaussian(rows, xy, grid.device) @ part
        total += share * torch.einsum("kl,nclyx->nckyx", _gaussian(layers, z, grid.device), part)
    return total


def sliced(grid: Tensor, lightness: Tensor) -> Tensor:
    """Reads the grid at every pixel of (N, 1, H, W) lightness, trilinearly; returns (N, C, H, W)."""
    count, _, height, width = lightness.shape
    plane = _plane(height, width, lightness.device).expand(count, height, width, 2)
    where = torch.cat((plane, _depth(lightness)[:, 0, ..., None]), -1)
    most = where.new_tensor([grid.shape[4] - 1, grid.shape[3] - 1, grid.shape[2] - 1])
    points = (2 * where / most - 1)[:, None]
    return F.grid_sample(grid, points, align_corners=True, padding_mode="border")[:, :, 0]


@torch.no_grad()
def propagated(lightness: Tensor, hint_ab: Tensor, hint_mask: Tensor) -> tuple[Tensor, Tensor]:
    """Spreads the hints of a batch; see the module's definition.

    `lightness` (N, 1, H, W) in 0..100, `hint_ab` (N, 2, H, W) in Lab units, `hint_mask` (N, 1, H, W).
    Returns propagated ab, (N, 2, H, W), and its confidence in 0..1, (N, 1, H, W).
    """
    ab, confidence = torch.zeros_like(hint_ab), torch.zeros_like(lightness)
    hinted = torch.nonzero((hint_mask >= 1).flatten(1).any(1))[:, 0]
    if len(hinted):
        light = lightness[hinted]
        found = sliced(spread(splat(light, hint_ab[hinted], hint_mask[hinted])), light)
        amount = found[:, 2:]
        known = hint_mask[hinted] >= 1
        start = torch.where(known, hint_ab[hinted], found[:, :2] / (amount + _TINY))
        ab[hinted] = swept(start, known, neighbour_weights(light), SWEEPS)
        confidence[hinted] = amount / (amount + HALF)
    return ab, confidence
