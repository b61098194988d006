"""Ages lightness as old prints age, a whole batch at once on any device; the true colours stay as they are."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from scumble_export.colorize.store import uniform
from scumble_export.lab import lab_from_rgb

DAMAGED_SHARE = 0.4
_SCRATCHES = 6
# Luminance quantisation of the JPEG standard (ITU-T T.81, table K.1).
_JPEG_LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)


def filmed(rgb: Tensor, generator: torch.Generator) -> Tensor:
    """Returns the lightness a blue-sensitive (orthochromatic) film would give: reds darker, blues brighter."""
    count = len(rgb)
    red, blue = uniform(count, 0.02, 0.2, generator), uniform(count, 0.15, 0.5, generator)
    weights = torch.stack((red, 1 - red - blue, blue), 1)
    gray = torch.einsum("nchw,nc->nhw", rgb, weights)[:, None]
    return lab_from_rgb(gray.expand_as(rgb))[:, :1]


def toned(lightness: Tensor, generator: torch.Generator) -> Tensor:
    """Returns the lightness of a sepia or faded print: black lifted, white yellowed, the curve bent."""
    count = len(lightness)
    black, white = uniform(count, 0, 28, generator), uniform(count, 72, 100, generator)
    bend = uniform(count, 0.65, 1.5, generator)
    shape = (count, 1, 1, 1)
    curve = (lightness.clamp_min(0.01) / 100) ** bend.view(shape)
    return black.view(shape) + curve * (white - black).view(shape)


def blurred(lightness: Tensor, generator: torch.Generator) -> Tensor:
    """Blurs each plane by a Gaussian of its own, sigma 0.4 to 1.6 pixels."""
    count = len(lightness)
    at = torch.arange(-4.0, 5.0, device=lightness.device)
    kernel = torch.exp(-(at**2) / (2 * uniform(count, 0.4, 1.6, generator)[:, None] ** 2))
    kernel = kernel / kernel.sum(1, keepdim=True)
    planes = F.pad(lightness, (4, 4, 4, 4), mode="replicate").transpose(0, 1)
    planes = F.conv2d(planes, kernel.view(count, 1, 1, 9), groups=count)
    return F.conv2d(planes, kernel.view(count, 1, 9, 1), groups=count).transpose(0, 1)


def grained(lightness: Tensor, generator: torch.Generator) -> Tensor:
    """Adds grain of 1 to 6 L, as fine as pixels or twice as coarse, strongest in the middle tones."""
    count = len(lightness)
    noise = torch.randn(lightness.shape, generator=generator, device=lightness.device)
    coarse = F.avg_pool2d(F.pad(noise, (0, 1, 0, 1), mode="replicate"), 2, 1) * 2
    mix = uniform(count, 0, 1, generator).view(count, 1, 1, 1)
    strength = uniform(count, 1, 6, generator).view(count, 1, 1, 1)
    middle = 0.4 + 0.6 * (1 - ((lightness - 50) / 50) ** 2)
    return lightness + (mix * coarse + (1 - mix) * noise) * strength * middle


def jpegged(lightness: Tensor, generator: torch.Generator) -> Tensor:
    """Quantises 8 by 8 cosine blocks as JPEG does at qualities 10 to 70; sides are multiples of 8."""
    count, _, height, width = lightness.shape
    device = lightness.device
    at = torch.arange(8.0, device=device)
    basis = torch.cos((2 * at[None] + 1) * at[:, None] * math.pi / 16) / 2
    basis[0] /= math.sqrt(2)
    quality = uniform(count, 10, 70, generator)
    scale = torch.where(quality < 50, 50 / quality, 2 - quality / 50)
    table = torch.tensor(_JPEG_LUMINANCE, dtype=torch.float32, device=device) * scale.view(count, 1, 1, 1, 1)
    blocks = (lightness * 2.55 - 128).view(count, height // 8, 8, width // 8, 8).transpose(2, 3)
    waves = (basis @ blocks @ basis.T / table).round() * table
    pixels = (basis.T @ waves @ basis).transpose(2, 3).reshape(count, 1, height, width)
    return (pixels + 128) / 2.55


def scratched(lightness: Tensor, generator: torch.Generator) -> Tensor:
    """Draws up to six thin, nearly upright lines over each plane, bright or dark."""
    count, _, height, width = lightness.shape
    lines = count * _SCRATCHES
    foot = uniform(lines, -0.1, 1.1, generator) * width
    lean = torch.randn(lines, generator=generator, device=lightness.device) * 0.1
    thin = uniform(lines, 0.4, 1.0, generator)
    push = uniform(lines, 10, 50, generator) * torch.sign(uniform(lines, -1, 2, generator))
    push = push * (uniform(lines, 0, 1, generator) < 0.4)
    y = torch.arange(height, device=lightness.device)
    x = torch.arange(width, device=lightness.device)
    offset = x[None, None] - (foot[:, None] + lean[:, None] * y)[..., None]
    drawn = torch.exp(-((offset / thin[:, None, None]) ** 2)) * push[:, None, None]
    return lightness + drawn.view(count, _SCRATCHES, height, width).sum(1, keepdim=True)


def aged(rgb: Tensor, lightness: Tensor, generator: torch.Generator) -> Tensor:
    """Returns the lightness, (N, 1, H, W) in 0..100, of which four in ten planes were aged in some of six ways.

    `rgb` is the same crops in colour, (N, 3, H, W) in 0..1: what film sees depends on it.
    """
    count = len(lightness)
    bad = uniform(count, 0, 1, generator) < DAMAGED_SHARE

    def some(share: float) -> Tensor:
        return torch.nonzero(bad & (uniform(count, 0, 1, generator) < share))[:, 0]

    out = lightness.clone()
    for share, way in ((0.4, None), (0.5, toned), (0.35, blurred), (0.45, grained), (0.1, scratched), (0.25, jpegged)):
        which = some(share)
        if len(which):
            out[which] = (filmed(rgb[which], generator) if way is None else way(out[which], generator)).clamp(0, 100)
    return out
