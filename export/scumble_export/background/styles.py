"""The style classes, and how a piece of a picture gets one: its neighbours among checked examples, and its blur."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import sobel
from torch import Tensor

Pixels = NDArray[np.uint8]

STYLES = ("abstract", "defocus", "sky", "soft", "texture")
"""The classes of the net, in the order of its style input."""
OTHER = "other"
_NEIGHBOURS, _SHARPNESS_OF_VOTES = 7, 10.0
LEAST_SHARE = 0.6
BLURRED = {"soft": 0.16, "defocus": 0.30}
"""The strongest edge (see `edge_strength`) that these styles may have."""
_FLATTEST = 0.012
_RULER_PX = 96
_EXAMPLES = Path(__file__).with_name("prototypes.csv")


@dataclass(frozen=True)
class Piece:
    """A square of a picture; lengths in its pixels."""

    picture: str
    left: int
    top: int
    side: int


def examples() -> list[tuple[str, Piece]]:
    """Returns the pieces whose style, or `other`, a person has checked.

    They are the pieces nearest to the centres of 40 clusters (k-means in the feature net), judged by eye.
    """
    with _EXAMPLES.open(newline="", encoding="utf-8") as stream:
        return [
            (row["style"], Piece(row["picture"], int(row["left"]), int(row["top"]), int(row["side"])))
            for row in csv.DictReader(stream)
        ]


def edge_strength(pixels: Pixels) -> float:
    """Returns the 99th percentile of the lightness step per pixel, in 0..1, of a picture shrunk to 96 pixels."""
    small = Image.fromarray(pixels).convert("L").resize((_RULER_PX, _RULER_PX), Image.Resampling.BOX)
    plane = np.asarray(small, np.float64) / 255
    return float(np.percentile(np.hypot(sobel(plane, 0), sobel(plane, 1)) / 8, 99))


def is_flat(pixels: Pixels) -> bool:
    """Tells a piece of nearly one colour: nothing to learn from."""
    return float((pixels[::8, ::8].reshape(-1, 3) / 255).std(0).max()) < _FLATTEST


class Judge:
    """Votes of the nearest examples in the feature net (cosine, after the mean of the examples is taken off)."""

    def __init__(self, labels: list[str], vectors: Tensor) -> None:
        names = (*STYLES, OTHER)
        self.labels = torch.tensor([names.index(label) for label in labels])
        self.mean = torch.nn.functional.normalize(vectors, dim=1).mean(0)
        self.vectors = self._centred(vectors)

    def _centred(self, vectors: Tensor) -> Tensor:
        unit = torch.nn.functional.normalize(vectors, dim=1) - self.mean
        return torch.nn.functional.normalize(unit, dim=1)

    def shares(self, vectors: Tensor) -> Tensor:
        """Returns the share of the votes of each style and of `other`, (N, 6)."""
        near = (self._centred(vectors) @ self.vectors.T).topk(min(_NEIGHBOURS, len(self.labels)))
        votes = (_SHARPNESS_OF_VOTES * near.values).exp()
        shares = torch.zeros(len(vectors), len(STYLES) + 1).scatter_add_(1, self.labels[near.indices], votes)
        return shares / shares.sum(1, keepdim=True)

    def style(self, shares: Tensor, pixels: Pixels) -> str | None:
        """Returns the style of one piece, or None where the votes or the rules do not give one."""
        best = int(shares.argmax())
        if best == len(STYLES) or float(shares[best]) < LEAST_SHARE or is_flat(pixels):
            return None
        name = STYLES[best]
        if name in BLURRED and edge_strength(pixels) > BLURRED[name]:
            return None
        return name
