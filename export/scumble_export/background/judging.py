"""The judgements of an evaluation: distance to real pieces, wanted colours, variety, copies of taught pieces."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from scumble_export.background.field import Layout, Window, inputs_of, one_hot
from scumble_export.background.measures import (
    Interval,
    cell_delta_e,
    kernel_interval,
    mean_interval,
    nearest,
    unit,
    variety,
)
from scumble_export.background.net import Generator
from scumble_export.background.sheet import Pixels, pixels_of, random_layout, write_sheet

_WORST, _COLOUR_CELLS, _COPY_PX = 10, 6, 256
_PAIRS = 2000
_SETS = {"ours": "ours", "layout": "upsampled layout", "procedural": "procedural", "taught": "real against real"}


@torch.no_grad()
def sampled(net: Generator, window: Window, seed: int, style: Tensor, layout: Layout, side: int) -> Tensor:
    """Returns one picture in 0..1, (1, 3, side, side), whatever the net's cell is wide."""
    rgb = net(*inputs_of(net, window, seed, style, layout))
    if rgb.shape[-1] != side:
        rgb = F.interpolate(rgb, (side, side), mode="bilinear", antialias=True, align_corners=False)
    unit_rgb: Tensor = ((rgb + 1) / 2).clamp(0, 1)
    return unit_rgb


def kernel_scores(seen: Mapping[str, Tensor]) -> dict[str, Interval]:
    """Returns each set's kernel distance to crops of the taught pieces, others than gave the layouts."""
    reference = seen["other_taught"]
    names = {**_SETS, "held_out": "held out"}
    return {title: kernel_interval(seen[name], reference) for name, title in names.items() if name in seen}


@torch.no_grad()
def colour_scores(net: Generator, count: int) -> dict[str, float]:
    """Returns CIEDE2000 between cells and their wanted colours, over random palettes and all styles in turn."""
    window = Window(0, 0, _COLOUR_CELLS, _COLOUR_CELLS)
    rows = []
    for seed in range(count):
        layout = random_layout(_COLOUR_CELLS, _COLOUR_CELLS, 70_000 + seed)
        rgb = net(*inputs_of(net, window, seed, one_hot(seed % net.styles, net.styles), layout))
        rows.append(cell_delta_e(rgb, torch.from_numpy(layout[None])))
    values = torch.cat(rows).numpy()
    median, p95 = np.percentile(values, (50, 95))
    return {"median": float(median), "p95": float(p95), "cells": float(len(values)), "palettes": float(count)}


def variety_scores(ours: Tensor, real: Tensor, styles: int) -> dict[str, Any]:
    """Returns the mean distance within a style of ours over that of real crops, overall and by style."""
    by_style = [variety(ours[k::styles]) / variety(real[k::styles]) for k in range(styles)]
    rng = np.random.default_rng(0)

    def distances(vectors: Tensor) -> np.ndarray[Any, np.dtype[np.float64]]:
        count = len(vectors) // styles
        first, second = rng.integers(0, count, (2, _PAIRS))
        second = np.where(first == second, (second + 1) % count, second)
        style = rng.integers(0, styles, _PAIRS)
        rows = unit(vectors)
        a, b = (rows[torch.from_numpy(index * styles + style)] for index in (first, second))
        return np.asarray(torch.linalg.vector_norm(a - b, dim=1).numpy(), np.float64)

    mine, theirs = distances(ours), distances(real)
    mean, low, high = mean_interval(np.stack((mine, theirs), 1), lambda x: float(x[:, 0].mean() / x[:, 1].mean()))
    return {"ratio": (mean, low, high), "by_style": by_style, "pairs": _PAIRS}


def memory_scores(seen: Mapping[str, Tensor], ours: Tensor, taught: Tensor, folder: Path | None) -> dict[str, Any]:
    """Compares how near ours lie to taught crops with how near held-out real crops do, in features and in pixels.

    The ratio of medians is below 1 where ours are nearer than pictures that cannot be copies. The sheet shows the ten
    nearest of ours, each above its neighbour.
    """
    reference = torch.cat((seen["taught"], seen["other_taught"]))
    mine, index = nearest(seen["ours"], seen["taught"])
    far = nearest(seen["ours"], reference)[0].double().numpy()
    free = nearest(seen["held_out"], reference)[0].double().numpy()
    count = min(len(far), len(free))
    table = np.stack((far[:count], free[:count]), 1)
    ratio = mean_interval(table, lambda x: float(np.median(x[:, 0]) / np.median(x[:, 1])))
    if folder is not None:
        worst = mine.argsort()[:_WORST]
        rows = [[_shown(ours[k]) for k in worst], [_shown(taught[index[k]]) for k in worst]]
        write_sheet(rows, folder / "nearest.jpg")
    small, others = (F.adaptive_avg_pool2d(x, 16).flatten(1) for x in (ours, taught))
    return {
        "ratio": ratio,
        "nearest_pixels_rms": float(torch.cdist(small, others).min(1).values.median()) / 16 / 3**0.5,
    }


def _shown(picture: Tensor) -> Pixels:
    return pixels_of(F.interpolate(picture[None] * 2 - 1, (_COPY_PX, _COPY_PX), mode="bilinear"))
