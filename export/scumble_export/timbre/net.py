"""The generator: pictures of notes from a code of the timbre, a key and a velocity, drawn along the key's harmonics.

GANSynth (Engel et al. 2019, section 2.1) gives a convolutional net the pitch as one of 61 classes, and it must find out
by itself where the harmonics of each lie. Here they are computed: one branch thinks in harmonics and frames, one in
absolute frequency and frames (noise, resonances), and both are laid out on the mel bands, where a small convolution
finishes the picture. So a tone is in tune before anything is learnt, and what is learnt of one key serves all others.
That is why an hour of one CPU core is enough to learn from; it is also why it can draw nothing without a pitch.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scumble_export.timbre import picture

CODE = 32
"""Length of a timbre's code."""
_STYLE = 96
_CELLS = 64
"""Rows of the branch of absolute frequency."""
_DECIBELS = math.log(10) / 10
_DEEPEST_DB = -110.0
_MOST_BEND = 0.025
"""Pitch and each harmonic may stray by so much of their frequency: 43 cents."""
_LOBE_VARIANCE = 0.362
"""Of the Gaussian nearest to the Hann window's lobe, in squared bins, as power: 6 dB down one bin off the middle."""


class Layer(nn.Module):
    """A doubling, a convolution, and channels scaled by the style (as in StyleGAN2, without its demodulation)."""

    def __init__(self, inputs: int, outputs: int, rows: int, frames: int) -> None:
        super().__init__()
        self.size = (rows, frames)
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.scale = nn.Linear(_STYLE, outputs)
        self.time = nn.Parameter(torch.zeros(1, outputs, 1, frames))
        self.row = nn.Parameter(torch.zeros(1, outputs, rows, 1))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Returns (N, outputs, rows, frames)."""
        if x.shape[2:] != self.size:
            x = F.interpolate(x, size=self.size, mode="nearest")
        x = self.conv(x) * (1 + self.scale(style))[:, :, None, None] + self.time + self.row
        return F.leaky_relu(x, 0.2)


class Branch(nn.Module):
    """Layers from 8 × 4 cells up to `rows` × FRAMES."""

    def __init__(self, widths: tuple[int, ...], rows: int) -> None:
        super().__init__()
        self.first = widths[0]
        self.start = nn.Linear(_STYLE, widths[0] * 8 * 4)
        sizes = [(min(rows, 8 << k), min(picture.FRAMES, 4 << k)) for k in range(len(widths))]
        pairs = zip((widths[0], *widths), widths, sizes, strict=False)
        self.layers = nn.ModuleList(Layer(a, b, *size) for a, b, size in pairs)

    def forward(self, style: Tensor) -> Tensor:
        """Returns (N, last width, rows, FRAMES)."""
        x = F.leaky_relu(self.start(style), 0.2).view(-1, self.first, 8, 4)
        x = x.contiguous(memory_format=torch.channels_last)  # several times as fast on CPUs
        for layer in self.layers:
            x = layer(x, style)
        return x


class Generator(nn.Module):
    """Draws pictures; see the module."""

    _centres: Tensor
    _bins_off: Tensor
    _variance: Tensor

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        w = width
        self.width = width
        self.style = nn.Sequential(
            nn.Linear(CODE + 6, 128), nn.LeakyReLU(0.2), nn.Linear(128, _STYLE), nn.LeakyReLU(0.2)
        )
        self.harmonics = Branch((w, w, w, w // 2, w // 2), picture.HARMONICS)
        self.resonances = Branch((w, w // 2, w // 2, w // 4, w // 4), _CELLS)
        self.partials = nn.Conv2d(w // 2, 2 + 8, 3, padding=1)
        self.bend = nn.Conv1d(w // 2, 1, 3, padding=1)
        self.absolute = nn.Conv2d(w // 4, 2, 3, padding=1)
        self.finish = nn.Conv2d(6 + 9, 16, 3, padding=1)
        self.last = nn.Conv2d(16, 2, 3, padding=1)
        for layer in (self.partials, self.bend, self.absolute, self.last):
            nn.init.normal_(layer.weight, std=0.01)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)
        centres = torch.from_numpy(picture.centres_hz()).float()
        widths = torch.from_numpy(picture.widths_hz()).float() / picture.BIN_HZ
        self.register_buffer("_centres", centres, persistent=False)
        self.register_buffer("_variance", _LOBE_VARIANCE + widths**2 / 6, persistent=False)

    def forward(self, code: Tensor, key: Tensor, velocity: Tensor, noise: Tensor) -> Tensor:
        """Returns pictures, (N, 2, BANDS, FRAMES): decibels FLOOR_DB to 0, residual frequency without wrapping.

        `code` (N, CODE); `key` (N, 1), MIDI; `velocity` (N, 1), 0 to 1; `noise` (N, 1, BANDS, FRAMES), normal.
        """
        pitch_hz = 440.0 * torch.exp2((key - 69.0) / 12.0)
        place = (key - 68.0) / 28.0
        turns = [place, torch.sin(math.pi * place), torch.cos(math.pi * place), torch.sin(2 * math.pi * place)]
        style = self.style(torch.cat([code, *turns, torch.cos(2 * math.pi * place), 2 * velocity - 1.3], dim=1))
        in_harmonics, absolute = self.harmonics(style), self.absolute(self.resonances(style)).float()
        partials = self.partials(in_harmonics).float().contiguous()
        number = torch.arange(1, picture.HARMONICS + 1, device=key.device, dtype=torch.float32)
        hz = number * pitch_hz
        bend = _MOST_BEND * torch.tanh(self.bend(in_harmonics.mean(2)).float())
        stray = _MOST_BEND * torch.tanh(partials[:, 1])
        stray = torch.minimum(stray.abs(), 0.5 * picture.RESIDUAL_HZ / hz[:, :, None]) * stray.sign()
        residual = (bend + stray) * hz[:, :, None] / picture.RESIDUAL_HZ
        level = -20.0 - 14.0 * torch.log(number)[:, None] + 20.0 * partials[:, 0]
        level = level + torch.matmul(self._cells_at(hz), 20.0 * absolute[:, 0])
        planes = torch.cat([level[:, None], residual[:, None], partials[:, 2:]], dim=1)
        return self._laid_out(planes, 20.0 * absolute[:, 1:] - 60.0, pitch_hz, noise)

    def _laid_out(self, planes: Tensor, floor_db: Tensor, pitch_hz: Tensor, noise: Tensor) -> Tensor:
        """Draws harmonics, (N, channels, HARMONICS, FRAMES), and noise, (N, 1, _CELLS, FRAMES), on the bands."""
        nearest = (self._centres / pitch_hz).round().clamp(1, picture.HARMONICS)
        index = nearest.long() - 1
        shape = (planes.shape[0], planes.shape[1], picture.BANDS, picture.FRAMES)
        on_bands = torch.gather(planes, 2, index[:, None, :, None].expand(shape))
        away = (nearest * pitch_hz - self._centres)[:, :, None] + on_bands[:, 1] * picture.RESIDUAL_HZ
        bins = (away / picture.BIN_HZ).clamp(-12.0, 12.0)
        spread = self._variance[:, None]
        gain = 0.5 * torch.log(_LOBE_VARIANCE / spread) - bins.square() / (2 * spread)
        tonal = (on_bands[:, 0] + gain / _DECIBELS).clamp_min(_DEEPEST_DB)
        hiss = F.interpolate(floor_db, size=(picture.BANDS, picture.FRAMES), mode="bilinear", align_corners=False)
        hiss = hiss[:, 0].clamp_min(_DEEPEST_DB)
        both = torch.maximum(tonal, hiss) + F.softplus(-_DECIBELS * (tonal - hiss).abs()) / _DECIBELS
        maps = [tonal / 40 + 1, hiss / 40 + 1, both / 40 + 1, bins / 4, on_bands[:, 1]]
        maps += [(nearest / picture.HARMONICS)[:, :, None].expand_as(both)]
        details = torch.cat([torch.stack(maps, 1), on_bands[:, 2:], noise], dim=1)
        details = details.contiguous(memory_format=torch.channels_last)
        correction = self.last(F.leaky_relu(self.finish(details), 0.2)).float()
        magnitude = (both + 20.0 * correction[:, 0]).clamp(-120.0, 20.0)
        magnitude = picture.FLOOR_DB + F.softplus(magnitude - picture.FLOOR_DB)
        return torch.stack([magnitude, on_bands[:, 1] + 0.2 * torch.tanh(correction[:, 1])], dim=1)

    def _cells_at(self, hz: Tensor) -> Tensor:
        """Returns weights with which the cells of absolute frequency are read at these frequencies: (N, n, _CELLS)."""
        top = math.log1p(picture.RATE_HZ / 2 / 700.0)
        place = torch.log1p(hz / 700.0) / top * _CELLS - 0.5
        cells = torch.arange(_CELLS, device=hz.device, dtype=torch.float32)
        return (1 - (place.clamp(0, _CELLS - 1)[:, :, None] - cells).abs()).clamp_min(0)
