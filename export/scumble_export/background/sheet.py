"""Sheets of samples: a row for each style, some pictures in the same colours, some in others."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from scumble_export.background.batches import synthetic_layout
from scumble_export.background.field import Layout, Window, inputs_of, one_hot
from scumble_export.background.net import Generator

Pixels = NDArray[np.uint8]

_COLUMNS, _WINDOW, _WIDTH_PX = 6, Window(0, 0, 4, 6), 216
_GAP_PX, _ONE_PALETTE = 4, 7


def random_layout(height: int, width: int, seed: int) -> Layout:
    """Returns a layout of a random palette, (3, height, width), sRGB in -1..1."""
    generator = torch.Generator().manual_seed(seed)
    colours = synthetic_layout(torch.empty(1, 3, height, width), generator)[0]
    return colours.numpy()


def pixels_of(rgb: Tensor) -> Pixels:
    """Returns 8-bit pixels, (H, W, 3), of one RGB picture of -1..1, (1, 3, H, W)."""
    return (((rgb[0].float().clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).cpu()).numpy()


@torch.no_grad()
def sample_sheet(net: Generator, depth: int, device: torch.device) -> tuple[list[list[Pixels]], float]:
    """Draws six pictures a style, the left half in the same colours.

    Returns the rows, and the mean difference of pictures that share a style and a layout, in 0..1: it
    falls to 0 when the net makes one picture only.
    """
    rows, differences = [], []
    for style in range(net.styles):
        row = []
        for column in range(_COLUMNS):
            seed = 1000 * style + column
            layout = random_layout(_WINDOW.height, _WINDOW.width, column if column >= _COLUMNS // 2 else _ONE_PALETTE)
            inputs = inputs_of(net, _WINDOW, seed, one_hot(style, net.styles), layout, depth=depth)
            row.append(net(*(part.to(device) for part in inputs)).float())
        alike = row[: _COLUMNS // 2]
        differences += [float((a - b).abs().mean()) / 2 for a, b in pairwise(alike)]
        height = _WIDTH_PX * _WINDOW.height // _WINDOW.width
        rows.append([pixels_of(F.interpolate(rgb, (height, _WIDTH_PX), mode="bilinear")) for rgb in row])
    return rows, float(np.mean(differences))


def write_sheet(rows: list[list[Pixels]], path: Path) -> None:
    """Writes rows of pictures of one size as one PNG."""
    height, width = (side + _GAP_PX for side in rows[0][0].shape[:2])
    sheet = Image.new("RGB", (width * max(len(row) for row in rows), height * len(rows)))
    for y, row in enumerate(rows):
        for x, pixels in enumerate(row):
            sheet.paste(Image.fromarray(pixels), (x * width, y * height))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
