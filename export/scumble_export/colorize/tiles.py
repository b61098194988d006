"""Whether a picture coloured in tiles is the picture coloured whole: the full-detail pass, measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from scumble_export.colorize.net import STRIDE, thumbnail
from scumble_export.colorize.runs import Run
from scumble_export.colorize.sampling import CONTEXT_MASK, CONTEXT_SATURATION, Inputs
from scumble_export.colorize.scoring import SIZE, Pixels
from scumble_export.lab import lab_from_pixels

FULL = 2 * SIZE
HALO = 4 * STRIDE
"""Margin of a tile, chosen on held-out training photographs: half of it doubles the difference to the whole."""


def detailed_inputs(run: Run, lightness: Tensor) -> Inputs:
    """Returns what the full-detail pass feeds: the coarse result of a quarter of the pixels, paler, at mask 1/2."""
    coarse, _ = run.heads(Inputs.of(F.avg_pool2d(lightness, 2)))
    ab = F.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False)
    return Inputs.of(lightness, ab * (sum(CONTEXT_SATURATION) / 2), torch.full_like(lightness, CONTEXT_MASK))


@torch.no_grad()
def coloured_in_tiles(run: Run, inputs: Inputs, core: int = SIZE, halo: int = HALO) -> Tensor:
    """Runs the tile net over squares of `core` pixels with a margin of `halo`, the context of the whole told to each.

    `core` and `halo` are multiples of 32. Returns ab, (1, 2, H, W).
    """
    context = run.net.whole(thumbnail(inputs), inputs.statistics)
    planes = (inputs.lightness, inputs.hint_ab, inputs.hint_mask, inputs.spread_ab, inputs.confidence)
    height, width = inputs.lightness.shape[2:]
    result = torch.empty_like(inputs.hint_ab)
    for top in range(0, height, core):
        for left in range(0, width, core):
            y, x = max(0, top - halo), max(0, left - halo)
            bottom, right = min(height, top + core), min(width, left + core)
            window = (..., slice(y, min(height, bottom + halo)), slice(x, min(width, right + halo)))
            ab, _ = run.net.tile(*(plane[window] for plane in planes), context)
            inner = (..., slice(top - y, bottom - y), slice(left - x, right - x))
            result[..., top:bottom, left:right] = ab[inner]
    return result


def tile_differences(run: Run, pixels: Pixels) -> NDArray[np.float32]:
    """Returns |difference in ab| of tiles and whole at every pixel of a picture brought to 512 by 512, flat."""
    large = np.asarray(Image.fromarray(pixels).resize((FULL, FULL), Image.Resampling.LANCZOS))
    inputs = detailed_inputs(run, lab_from_pixels(large[None])[:, :1])
    apart = coloured_in_tiles(run, inputs) - run.heads(inputs)[0]
    return np.asarray(apart.abs().flatten(), np.float32)


def tile_agreement(differences: Sequence[NDArray[np.float32]]) -> dict[str, float]:
    """Returns mean and 99th percentile over the pixels of several pictures."""
    every = np.concatenate(differences)
    return {"pictures": len(differences), "mean_ab": float(every.mean()), "p99_ab": float(np.percentile(every, 99))}
