"""What the net sees while it learns: crops, aged lightness, simulated hints and global hints."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from scumble_export.colorize.bins import SoftEncoder, bin_centres
from scumble_export.colorize.damage import aged
from scumble_export.colorize.propagate import propagated
from scumble_export.colorize.store import PhotoStore, uniform
from scumble_export.lab import lab_from_rgb

AUTOMATIC_SHARE = 0.35
CONTEXT_SHARE = 0.10
REVEAL_SHARE = 0.01
STOP_HINTS = 1 / 8
CONTEXT_MASK = 0.5
CONTEXT_SATURATION = (0.5, 1.1)
HISTOGRAM_SHARE = 0.15
SATURATION_SHARE = 0.15
STATISTICS = len(bin_centres()) + 3
_MOST_HINTS = 80


@dataclass(frozen=True)
class Inputs:
    """All that the net is told about pictures: planes of (N, C, H, W) and global statistics of (N, 316)."""

    lightness: Tensor
    hint_ab: Tensor
    hint_mask: Tensor
    spread_ab: Tensor
    confidence: Tensor
    statistics: Tensor

    @staticmethod
    def of(
        lightness: Tensor,
        hint_ab: Tensor | None = None,
        hint_mask: Tensor | None = None,
        statistics: Tensor | None = None,
    ) -> Inputs:
        """Completes what a user may leave out: no hints, no statistics; the hints are spread here."""
        count, _, height, width = lightness.shape
        if hint_ab is None or hint_mask is None:
            hint_ab, hint_mask = lightness.new_zeros((count, 2, height, width)), torch.zeros_like(lightness)
        if statistics is None:
            statistics = lightness.new_zeros((count, STATISTICS))
        return Inputs(lightness, hint_ab, hint_mask, *propagated(lightness, hint_ab, hint_mask), statistics)

    def channels_last(self) -> Inputs:
        """Lays the planes out as fast convolutions want them."""
        planes = {
            name: getattr(self, name).contiguous(memory_format=torch.channels_last)
            for name in ("lightness", "hint_ab", "hint_mask", "spread_ab", "confidence")
        }
        return replace(self, **planes)

    def without_spread(self) -> Inputs:
        """Keeps the spread hints back: what the former net saw."""
        none, nothing = torch.zeros_like(self.spread_ab), torch.zeros_like(self.confidence)
        return replace(self, spread_ab=none, confidence=nothing)


def global_statistics(rgb: Tensor, ab: Tensor, encoder: SoftEncoder) -> Tensor:
    """Returns (N, 316): the 313 bins' shares over a quarter-size picture, 1, mean HSV saturation, 1.

    The two ones are flags: a statistic that is not given is 0 with flag 0.
    """
    nearest, share = encoder(F.avg_pool2d(ab, 4))
    histogram = ab.new_zeros((len(ab), STATISTICS - 3))
    histogram.scatter_add_(1, nearest.flatten(1), share.flatten(1))
    histogram /= histogram.sum(1, keepdim=True)
    most, least = rgb.amax(1), rgb.amin(1)
    saturation = ((most - least) / most.clamp_min(1e-6)).flatten(1).mean(1, keepdim=True)
    one = torch.ones_like(saturation)
    return torch.cat((histogram, one, saturation, one), 1)


def _dropped(statistics: Tensor, generator: torch.Generator) -> Tensor:
    """Keeps the histogram and the saturation of a few pictures only, each by itself."""
    kept = statistics.clone()
    count = len(kept)
    kept[:, :-2] *= (uniform(count, 0, 1, generator) < HISTOGRAM_SHARE)[:, None]
    kept[:, -2:] *= (uniform(count, 0, 1, generator) < SATURATION_SHARE)[:, None]
    return kept


def hint_patches(ab: Tensor, counts: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Puts `counts[i]` square patches on picture i, each of its true mean ab; where they overlap, their mean.

    Sides of 1 to 9 pixels, places normal around the centre with a deviation of a quarter (Zhang 2017).
    """
    number, _, height, width = ab.shape
    most = max(1, int(counts.max()))
    total = number * most
    device = generator.device
    side = torch.randint(1, 10, (total,), generator=generator, device=device)
    inside = (torch.arange(most, device=device) < counts[:, None]).flatten()
    covers = []
    for length in (height, width):
        start = ((torch.randn(total, generator=generator, device=device) * 0.25 + 0.5) * length).long()
        start = torch.minimum(start.clamp_min(0), length - side)
        at = torch.arange(length, device=device)
        covered = (at >= start[:, None]) & (at < (start + side)[:, None]) & inside[:, None]
        covers.append(covered.float().view(number, most, length))
    rows, columns = covers
    colour = torch.einsum("njh,njw,nchw->njc", rows, columns, ab) / side.view(number, most, 1) ** 2
    amount = torch.einsum("njh,njw->nhw", rows, columns)[:, None]
    painted = torch.einsum("njc,njh,njw->nchw", colour, rows, columns)
    return painted / amount.clamp_min(1), (amount > 0).float()


def simulated_hints(ab: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draws hints from the true ab, (N, 2, H, W), after Zhang et al. 2017 (section 3.1).

    The number of patches is geometric (p = 1/8); 1 % reveal everything. Ours: some pictures get none, and
    some get a blurred, paler version of all colours at mask 0.5, as the full-detail pass gets from the coarse
    one, under their patches.
    """
    number = len(ab)
    kind = uniform(number, 0, 1, generator)
    reveal = kind < REVEAL_SHARE
    automatic = (kind >= REVEAL_SHARE) & (kind < REVEAL_SHARE + AUTOMATIC_SHARE)
    coarse = (kind >= REVEAL_SHARE + AUTOMATIC_SHARE) & (kind < REVEAL_SHARE + AUTOMATIC_SHARE + CONTEXT_SHARE)
    draw = uniform(number, 0, 1, generator).clamp(1e-6, 1 - 1e-6)
    counts = (torch.log(draw) / torch.log(torch.tensor(1 - STOP_HINTS))).ceil().clamp(1, _MOST_HINTS).long()
    hint, mask = hint_patches(ab, torch.where(automatic, 0, counts), generator)
    if bool(coarse.any()):
        factor = (4, 8, 16)[int(torch.randint(3, (1,), generator=generator, device=generator.device))]
        pale = F.interpolate(F.avg_pool2d(ab, factor), ab.shape[2:], mode="bilinear", align_corners=False)
        pale = pale * uniform(number, *CONTEXT_SATURATION, generator).view(-1, 1, 1, 1)
        weak = coarse.view(-1, 1, 1, 1) & (mask == 0)
        hint, mask = torch.where(weak, pale, hint), torch.where(weak, CONTEXT_MASK, mask)
    shown = reveal.view(-1, 1, 1, 1)
    return torch.where(shown, ab, hint), torch.where(shown, 1.0, mask)


def batch_from_store(
    store: PhotoStore, count: int, size: int, encoder: SoftEncoder, generator: torch.Generator
) -> tuple[Inputs, Tensor]:
    """Returns the inputs and the true ab of `count` random crops of `size` pixels, on the store's device."""
    rgb = store.crops(count, size, generator)
    lab = lab_from_rgb(rgb)
    ab = lab[:, 1:]
    hint, mask = simulated_hints(ab, generator)
    statistics = _dropped(global_statistics(rgb, ab, encoder), generator)
    return Inputs.of(aged(rgb, lab[:, :1], generator), hint, mask, statistics), ab
