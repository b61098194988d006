"""Measures what the runtime must know: how far a cell reaches, how much memory a tile takes, whether tiles agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor

from scumble_export.background.field import Layout, Window, inputs_of
from scumble_export.background.net import LAYOUT, Generator
from scumble_export.background.sheet import random_layout
from scumble_export.verify import peak_bytes_in_process

Planes = NDArray[np.float32]

_MEMORY_CELLS = (2, 3, 4, 5, 6)


def input_names(levels: int) -> list[str]:
    """Returns the names of the graph's inputs, in order."""
    return ["latents", "layout", "latent", "style", "detail", *(f"noise_{level}" for level in range(levels))]


class Session:
    """The exported graph on the CPU, called like the net."""

    def __init__(self, model: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self.names = [entry.name for entry in self.session.get_inputs()]

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Returns RGB, (1, 3, H, W)."""
        feeds = {name: part.numpy() for name, part in zip(self.names, inputs, strict=True)}
        return torch.from_numpy(np.asarray(self.session.run(None, feeds)[0]))


@dataclass(frozen=True)
class CellReach:
    """How many cells around a pixel's own one it depends on, on the worse side, and the whole width."""

    halo: int
    receptive_field: int


@torch.no_grad()
def measure_cell_reach(net: Generator) -> CellReach:
    """Finds which cells one output pixel sees: a not-a-number in a cell marks every pixel that depends on it."""
    window = Window(0, 0, 1, 1)
    layout = random_layout(window.height, window.width, 0)
    inputs = list(inputs_of(net, window, 0, torch.full((1, net.styles), 1 / net.styles), layout))
    margin = net.margins().cells
    seen = []
    for cell in range(2 * margin + 1):
        marked = inputs[0].clone()
        marked[..., cell] = torch.nan
        columns = torch.isnan(net(marked, *inputs[1:])).any(0).any(0).any(0)
        seen.append(columns)
    table = torch.stack(seen)
    used = table.any(1).nonzero()[:, 0] - margin
    width = int(table.sum(0).max())
    return CellReach(halo=int(used.abs().max()), receptive_field=width)


@dataclass(frozen=True)
class TileCheck:
    """Tiles against the whole picture."""

    largest_difference: float
    differing_bytes: int
    misplaced_difference: float
    """The same with tiles cut one cell off their place: must be large, else the check shows nothing."""


def _bytes(rgb: Tensor) -> NDArray[np.uint8]:
    return (((rgb.clamp(-1, 1) + 1) * 127.5).round().byte()).numpy()


@torch.no_grad()
def check_tiles(
    draw: Session | Generator, net: Generator, style: Tensor, layout: Layout, side: int = 4, tile: int = 2
) -> TileCheck:
    """Draws `side` × `side` cells whole and in tiles of `tile` cells, and compares."""
    period = None
    whole = draw(*inputs_of(net, Window(0, 0, side, side), 5, style, layout, period))
    pieces, wrong = torch.empty_like(whole), torch.empty_like(whole)
    step = tile * net.cell_px
    for top in range(0, side, tile):
        for left in range(0, side, tile):
            place = (..., slice(top * net.cell_px, top * net.cell_px + step))
            area = (*place, slice(left * net.cell_px, left * net.cell_px + step))
            pieces[area] = draw(*inputs_of(net, Window(top, left, tile, tile), 5, style, layout, period))
            wrong[area] = draw(*inputs_of(net, Window(top + 1, left, tile, tile), 5, style, layout, period))
    return TileCheck(
        float((whole - pieces).abs().max()),
        int((_bytes(whole) != _bytes(pieces)).sum()),
        float((whole - wrong).abs().max()),
    )


@torch.no_grad()
def seam_ratio(draw: Session | Generator, net: Generator, style: Tensor, seeds: Sequence[int], side: int = 3) -> float:
    """Returns the mean step across the edges of repeating pictures over that across their inner borders of cells.

    1 is no seam. The wanted colour is gray all over, so that a seam can only come from the net.
    """
    layout = np.zeros((LAYOUT, side, side), np.float32)
    first = torch.arange(net.cell_px, side * net.cell_px, net.cell_px)
    across, inside = torch.zeros(()), torch.zeros(())
    for seed in seeds:
        rgb = draw(*inputs_of(net, Window(0, 0, side, side), seed, style, layout, (side, side))).clamp(-1, 1)
        for x in (rgb, rgb.mT):
            across += (x[..., :1] - x[..., -1:]).abs().mean()
            inside += (x[..., first] - x[..., first - 1]).abs().mean()
    return float(across / inside.clamp_min(1e-9))


def measure_bytes_per_pixel(model: Path, net: Generator) -> float:
    """Returns the working memory of one session per output pixel: the most of several sizes, measured."""
    mixed = torch.full((1, net.styles), 1 / net.styles)
    found = []
    for cells in _MEMORY_CELLS:
        inputs = inputs_of(net, Window(0, 0, cells, cells), 0, mixed, random_layout(cells, cells, 0))
        shapes = {name: list(x.shape) for name, x in zip(input_names(len(net.levels)), inputs, strict=True)}
        found.append(peak_bytes_in_process(model, shapes) / (cells * net.cell_px) ** 2)
    return max(found)
