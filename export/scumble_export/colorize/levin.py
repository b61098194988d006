"""Levin, Lischinski and Weiss 2004, "Colorization using Optimization": the peer that needs no training.

Each pixel without a hint takes the weighted mean chroma of its eight neighbours; affinity.py has the weights.
Theirs works on YUV; here the same system is solved for a and b over L, so that the lightness is the one the others
keep.

With an anchor the same system makes a net's colours meet the hints: every pixel is also pulled a little towards
what the net says. Where hints are many they decide, as in Levin's; far from any the net does.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import splu

from scumble_export.colorize.affinity import STEPS, neighbour_weights

LEAST_PULL, DOUBT_PULL = 0.0003, 0.03
"""Chosen on held-out training photographs."""
_LEAF_PX = 16
_SUPERNODE = {"relax": 20, "panel_size": 10}


def affinities(lightness: NDArray[np.float32]) -> csr_array:
    """Returns each pixel's weights on its neighbours, rows of sum 1, (HW, HW), from L in 0..100, (H, W)."""
    height, width = lightness.shape
    weights = neighbour_weights(torch.from_numpy(lightness.astype(np.float64))[None, None])[0].numpy()
    index = np.arange(height * width).reshape(height, width)
    padded = np.pad(index, 1, constant_values=-1)
    columns = np.stack([padded[1 + y : 1 + y + height, 1 + x : 1 + x + width] for y, x in STEPS])
    inside = columns >= 0
    rows = np.broadcast_to(index, columns.shape)
    return csr_array((weights[inside], (rows[inside], columns[inside])), shape=(index.size, index.size))


@lru_cache(maxsize=4)
def elimination_order(height: int, width: int) -> NDArray[np.int64]:
    """Returns every pixel's index, (HW,), in an order that keeps the factors of the neighbours' system small.

    Nested dissection (George 1973): both halves of an area before the line of pixels between them.
    """

    def ordered(area: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        if area.size <= _LEAF_PX or min(area.shape) < 1:
            return [area.ravel()]
        long_ways = area if area.shape[0] >= area.shape[1] else area.T
        middle = long_ways.shape[0] // 2
        return [*ordered(long_ways[:middle]), *ordered(long_ways[middle + 1 :]), long_ways[middle]]

    return np.concatenate(ordered(np.arange(height * width).reshape(height, width)))


def solved(
    weights: csr_array,
    values: NDArray[np.float32],
    known: NDArray[np.bool_],
    anchor: NDArray[np.float32] | None = None,
    pull: NDArray[np.float32] | float = 0.0,
) -> NDArray[np.float32]:
    """Spreads known values over a picture: every other pixel is its neighbours' weighted mean.

    `values` (C, H, W) and `known` (H, W) over the pixels of `weights`. Known pixels keep their values. With an
    `anchor`, (C, H, W), the others are (mean + pull × anchor) / (1 + pull), `pull` a number or (H, W). Where
    nothing is known the anchor is returned, or 0.
    """
    given = known.ravel()
    base = np.zeros_like(values) if anchor is None else anchor
    result = np.where(known, values, base).reshape(len(values), -1).astype(np.float64)
    if given.any() and not given.all():
        order = elimination_order(*known.shape)
        free = order[~given[order]]
        rows = weights[free]
        pulled = np.broadcast_to(np.asarray(pull, np.float64), known.shape).ravel()[free]
        inner = diags_array(1 + pulled) - rows[:, free]
        # Diagonally dominant and symmetric in structure: the diagonal is pivot enough.
        factors = splu(
            inner.tocsc(), permc_spec="NATURAL", diag_pivot_thresh=0.0, options={"SymmetricMode": True}, **_SUPERNODE
        )
        fixed = rows[:, np.flatnonzero(given)] @ result[:, given].T
        result[:, free] = factors.solve(fixed + pulled[:, None] * result[:, free].T).T
    return result.reshape(values.shape).astype(np.float32)


def levin_ab(
    lightness: NDArray[np.float32], hint_ab: NDArray[np.float32], hint_mask: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Colours a picture: L (H, W) in 0..100, hint ab (2, H, W), mask (H, W); returns ab, (2, H, W).

    Hinted pixels keep their colours exactly; without hints the picture stays gray.
    """
    return solved(affinities(lightness), hint_ab, hint_mask)


def anchored_ab(
    lightness: NDArray[np.float32],
    net_ab: NDArray[np.float32],
    hint_ab: NDArray[np.float32],
    hint_mask: NDArray[np.bool_],
    pull: NDArray[np.float32] | float,
) -> NDArray[np.float32]:
    """Makes a net's colours, (2, H, W), meet the hints and follow the lightness between them.

    `pull`, a number or (H, W), is how much the net weighs against the neighbours' mean; see `pull_of`.
    """
    return solved(affinities(lightness), hint_ab, hint_mask, net_ab, pull)


def pull_of(confidence: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns how much the net counts at every pixel: little where the spread hints are confident."""
    return np.asarray(LEAST_PULL + DOUBT_PULL * (1 - confidence), np.float32)
