"""Any rectangle of the plane as the generator's inputs: hashed noise, a layout, the margins of each level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scumble_export.background.grid import hashes, normals
from scumble_export.background.net import GLOBALS, LATENTS, Generator

Layout = NDArray[np.float32]
"""Colours at the cells of the whole picture, sRGB in -1..1, (3, rows, columns)."""

GLOBAL_STREAM, CELL_STREAM, NOISE_STREAM = 0, 1, 16
"""Streams of the hash: the global vector, the latents of the cells, and from 16 on the noise of each level."""


@dataclass(frozen=True)
class Window:
    """A rectangle of the plane in cells."""

    top: int
    left: int
    height: int
    width: int


def global_latent(seed: int) -> Tensor:
    """Returns the global vector of a seed, (1, 64)."""
    return torch.from_numpy(normals(hashes(seed, GLOBAL_STREAM, 0, 0, (GLOBALS, 1, 1))).reshape(1, GLOBALS))


def one_hot(style: int, styles: int) -> Tensor:
    """Returns the weights of one style, (1, styles)."""
    return torch.eye(styles)[style : style + 1]


def _layout_block(layout: Layout, window: Window, margin: int, wraps: bool) -> Tensor:
    """Cuts the layout with a margin; past its border it repeats, or goes on as it ends."""
    rows = np.arange(window.top - margin, window.top + window.height + margin)
    columns = np.arange(window.left - margin, window.left + window.width + margin)
    height, width = layout.shape[1:]
    rows, columns = (
        (rows % height, columns % width) if wraps else (rows.clip(0, height - 1), columns.clip(0, width - 1))
    )
    return torch.from_numpy(layout[:, rows[:, None], columns].copy())[None]


def inputs_of(
    net: Generator,
    window: Window,
    seed: int,
    style: Tensor,
    layout: Layout,
    period: tuple[int, int] | None = None,
    latent: Tensor | None = None,
    detail: float = 1.0,
    depth: int = 0,
) -> tuple[Tensor, ...]:
    """Returns what the net needs to draw a window: latents, layout, global vector, style, detail, noise of each level.

    `period` (rows, columns of cells) makes the plane repeat; `latent` replaces the seed's global vector.
    """
    depth = depth or len(net.levels)
    margins = net.margins(depth)

    def block(stream: int, channels: int, scale: int, margin: int) -> Tensor:
        shape = (channels, window.height * scale + 2 * margin, window.width * scale + 2 * margin)
        wrap = (period[0] * scale, period[1] * scale) if period else None
        hashed = hashes(seed, stream, window.top * scale - margin, window.left * scale - margin, shape, wrap)
        return torch.from_numpy(normals(hashed))[None]

    return (
        block(CELL_STREAM, LATENTS, 1, margins.cells),
        _layout_block(layout, window, margins.cells, period is not None),
        global_latent(seed) if latent is None else latent,
        style,
        torch.full((1, 1), detail),
        *(block(NOISE_STREAM + level, 1, 2**level, margins.noise[level]) for level in range(depth)),
    )
