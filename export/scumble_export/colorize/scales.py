"""One picture seen at two sizes: small for what it shows, at the working size for where its hints are.

The definition. A smaller view of H by W pixels has sides round(5/8 H / 32) 32 and round(5/8 W / 32) 32, at least
32. Its L is the mean by area; a cell i of n along m pixels covers pixels floor(i m / n) up to ceil((i + 1) m / n).
Its hint ab is the mean over the pixels hinted at mask 1, its mask 1 where at least a quarter of the cell is
hinted, else 0. The hints are spread anew at that size. Its result is stretched bilinearly (pixel centres at
halves) and all views' results are averaged.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from scumble_export.colorize.net import STRIDE
from scumble_export.colorize.runs import Run
from scumble_export.colorize.sampling import Inputs

SCALES = (0.625, 1.0)
"""Chosen on held-out training photographs."""
_LEAST_COVER = 0.25
View = tuple[Inputs, Tensor, Tensor]
"""Inputs, ab and logits at one size."""


def smaller(inputs: Inputs, scale: float) -> Inputs:
    """Returns a picture's inputs at a share of its size."""
    height, width = inputs.lightness.shape[2:]
    size = (max(1, round(height * scale / STRIDE)) * STRIDE, max(1, round(width * scale / STRIDE)) * STRIDE)
    told = (inputs.hint_mask >= 1).float()
    cover = F.adaptive_avg_pool2d(told, size)
    mask = (cover >= _LEAST_COVER).float()
    hint = F.adaptive_avg_pool2d(inputs.hint_ab * told, size) / cover.clamp_min(1e-6) * mask
    return Inputs.of(F.adaptive_avg_pool2d(inputs.lightness, size), hint, mask, inputs.statistics)


class Views:
    """A run's net at several sizes; the views of the picture last asked for are kept."""

    def __init__(self, run: Run, scales: Sequence[float] = SCALES) -> None:
        self.run, self.scales = run, tuple(scales)
        self._last: tuple[Inputs, list[View]] | None = None

    def __call__(self, inputs: Inputs) -> list[View]:
        if self._last is None or self._last[0] is not inputs:
            views = [inputs if scale == 1 else smaller(inputs, scale) for scale in self.scales]
            self._last = inputs, [(view, *self.run.heads(view)) for view in views]
        return self._last[1]

    def ab(self, inputs: Inputs) -> Tensor:
        """Returns the views' mean regressed ab."""
        return _mean(inputs, [ab for _, ab, _ in self(inputs)])

    def at_full_size(self, inputs: Inputs) -> Tensor:
        """Returns the regressed ab of the largest view alone."""
        return self(inputs)[self.scales.index(max(self.scales))][1]

    def vivid(self, inputs: Inputs, temperature: float | None = None) -> Tensor:
        """Returns the views' mean vivid ab."""
        net = self.run.net
        planes = [
            net.vivid(view.lightness, ab, logits, view.confidence, temperature) for view, ab, logits in self(inputs)
        ]
        return _mean(inputs, planes)


def _mean(inputs: Inputs, planes: list[Tensor]) -> Tensor:
    size = inputs.lightness.shape[2:]
    stretched = [F.interpolate(plane, size, mode="bilinear", align_corners=False) for plane in planes]
    return torch.stack(stretched).mean(0)
