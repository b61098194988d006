"""The critic: judges pictures in two views, along their harmonics and as they are, given the kind of instrument.

Hinge loss, spectral normalisation and a projected class (Miyato and Koyama 2018). The view along the harmonics shows
every key in the same place: what is wrong with a tone is wrong at all pitches.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from scumble_export.timbre import picture

_TONE_DB, _TONE_SOFT_DB = -50.0, 5.0


def tone_gate(decibels: Tensor) -> Tensor:
    """Returns how far a band's frequency can be heard, 0 to 1; what is faint has any frequency."""
    return torch.sigmoid((decibels - _TONE_DB) / _TONE_SOFT_DB)


def along_harmonics(pictures: Tensor, key: Tensor) -> Tensor:
    """Returns (N, 6, HARMONICS, FRAMES): level on and between the harmonics, frequency as a phasor, and where they are.

    Linear in the picture's bands, so that gradients reach all of them.
    """
    number = torch.arange(1, picture.HARMONICS + 1, device=key.device, dtype=torch.float32)
    pitch_hz = 440.0 * torch.exp2((key - 69.0) / 12.0)
    on, between = number * pitch_hz, (number - 0.5) * pitch_hz
    there = (on < picture.RATE_HZ / 2 - 60).float()[:, :, None]
    level = torch.matmul(_reading(on), pictures[:, 0])
    valley = torch.matmul(_reading(between), pictures[:, 0])
    turn = torch.matmul(_reading(on), pictures[:, 1])
    gate = tone_gate(level) * there
    shown = [(level / 40 + 1) * there, (valley / 40 + 1) * there]
    shown += [gate * (torch.cos(torch.pi * turn) - 1) * 2, gate * torch.sin(torch.pi * turn) * 2]
    where = (_band_of(on) / picture.BANDS * 2 - 1)[:, :, None] * there
    return torch.stack([*shown, where.expand_as(level), there.expand_as(level)], dim=1)


def _band_of(hz: Tensor) -> Tensor:
    top = torch.log1p(torch.tensor(picture.RATE_HZ / 2 / 700.0, device=hz.device))
    return torch.log1p(hz / 700.0) / top * picture.BANDS - 0.5


def _reading(hz: Tensor) -> Tensor:
    """Returns weights that read bands at frequencies: (N, n, BANDS)."""
    bands = torch.arange(picture.BANDS, device=hz.device, dtype=torch.float32)
    place: Tensor = _band_of(hz).clamp(0, picture.BANDS - 1)
    return F.relu(1 - torch.abs(place[:, :, None] - bands))


class Tower(nn.Module):
    """Strided convolutions, and one verdict for each of the places that are left."""

    def __init__(self, inputs: int, widths: tuple[int, ...], first_rows: int, kinds: int) -> None:
        super().__init__()
        layers = [
            spectral_norm(nn.Conv2d(inputs, widths[0], (2 * first_rows, 4), (first_rows, 2), (first_rows // 2, 1)))
        ]
        for a, b in itertools.pairwise(widths):
            layers.append(spectral_norm(nn.Conv2d(a, b, 4, 2, 1)))
        self.layers = nn.ModuleList(layers)
        self.mixed = spectral_norm(nn.Conv2d(widths[-1], widths[-1], 3, padding=1))
        self.verdict = spectral_norm(nn.Conv2d(widths[-1], 1, 1))
        self.kinds = nn.Embedding(kinds, widths[-1])
        nn.init.normal_(self.kinds.weight, std=0.1)

    def forward(self, x: Tensor, kind: Tensor) -> Tensor:
        """Returns verdicts, (N, places)."""
        x = x.contiguous(memory_format=torch.channels_last)  # several times as fast on CPUs
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
        x = F.leaky_relu(self.mixed(x), 0.2)
        found: Tensor = self.verdict(x)[:, 0] + (x * self.kinds(kind)[:, :, None, None]).mean(1)
        return found.flatten(1).float()


class Critic(nn.Module):
    """Both views."""

    def __init__(self, kinds: int) -> None:
        super().__init__()
        self.aligned = Tower(6, (32, 64, 96, 128), 2, kinds)
        self.whole = Tower(3, (24, 48, 96, 128), 4, kinds)

    def forward(self, pictures: Tensor, key: Tensor, kind: Tensor) -> list[Tensor]:
        """Returns the verdicts of each tower."""
        gate = tone_gate(pictures[:, 0])
        turn = torch.pi * pictures[:, 1]
        whole = torch.stack([pictures[:, 0] / 40 + 1, gate * torch.cos(turn), gate * torch.sin(turn)], dim=1)
        with torch.autocast(pictures.device.type, enabled=False):  # decibels and turns need their digits
            aligned = along_harmonics(pictures, key)
        return [self.aligned(aligned, kind), self.whole(whole, kind)]


def critic_loss(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """Returns the hinge loss, mean over the towers."""
    parts = [F.relu(1 - r).mean() + F.relu(1 + f).mean() for r, f in zip(real, fake, strict=True)]
    return torch.stack(parts).mean()


def generator_loss(fake: list[Tensor]) -> Tensor:
    """Returns what the generator is to lower."""
    return torch.stack([-f.mean() for f in fake]).mean()
