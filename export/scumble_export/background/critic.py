"""The critic of training: judges pictures by what a frozen ImageNet net sees in them, at four scales.

After Sauer et al. 2021, "Projected GANs Converge Faster", sections 3.1 and 3.2: fixed random convolutions mix the
features of each scale with those of the coarser ones, and a small net learns to judge each mixture. It needs no
gradient penalty and learns from few pictures on little computing.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from scumble_export.background.features import FeatureNet
from scumble_export.background.net import GLOBALS
from scumble_export.colorize.encoder import CHANNELS

SEEN_PX = 128
"""The frozen net sees a picture at least this large; smaller ones are enlarged for it."""
_STRIDES = (4, 8, 16, 32)
_MIXED = 64
_WIDTH = 96
_SLOPE = 0.2
_PROJECTION_SEED = 20211


def _random_conv(inputs: int, outputs: int, kernel: int, generator: torch.Generator) -> nn.Conv2d:
    conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
    with torch.no_grad():
        conv.weight.normal_(0, (inputs * kernel**2) ** -0.5, generator=generator)
    return conv


class Projector(nn.Module):
    """Frozen features of a picture, mixed over channels and, coarse to fine, over scales by fixed random weights."""

    def __init__(self, weights: Path) -> None:
        super().__init__()
        self.features = FeatureNet(weights)
        generator = torch.Generator().manual_seed(_PROJECTION_SEED)
        self.channels = nn.ModuleList([_random_conv(CHANNELS[s], _MIXED, 1, generator) for s in _STRIDES])
        self.scales = nn.ModuleList([_random_conv(_MIXED, _MIXED, 3, generator) for _ in _STRIDES])
        self.levels: Tensor
        self.register_buffer("levels", torch.ones(len(_STRIDES)))
        self.requires_grad_(False).eval()

    def forward(self, rgb: Tensor) -> list[Tensor]:
        """Returns (N, 64, H / s, W / s) for the strides 4, 8, 16 and 32 of pictures in -1..1."""
        if rgb.shape[-1] < SEEN_PX:
            rgb = F.interpolate(rgb, (SEEN_PX, SEEN_PX), mode="bilinear", align_corners=False)
        taps = self.features.taps((rgb + 1) / 2)[1:]
        mixed: list[Tensor] = []
        above: Tensor | None = None
        for index in reversed(range(len(_STRIDES))):
            x = self.channels[index](taps[index])
            if above is not None:
                x = x + F.interpolate(above, scale_factor=2.0, mode="bilinear", align_corners=False)
            above = self.scales[index](x)
            mixed.insert(0, above * self.levels[index])
        return mixed

    @torch.no_grad()
    def level(self, rgb: Tensor) -> None:
        """Scales each mixture to unit size on these pictures, so that the heads begin alike."""
        self.levels.fill_(1.0)
        self.levels.copy_(torch.stack([x.float().square().mean().rsqrt() for x in self(rgb)]))


class Head(nn.Module):
    """Judges one mixture place by place, knowing the style."""

    def __init__(self, halvings: int, styles: int) -> None:
        super().__init__()
        widths = (_MIXED, *(_WIDTH for _ in range(halvings)))
        self.halvings = nn.ModuleList([spectral_norm(nn.Conv2d(a, b, 4, 2, 1)) for a, b in itertools.pairwise(widths)])
        self.last = spectral_norm(nn.Conv2d(widths[-1], _WIDTH, 3, padding=1))
        self.verdict = spectral_norm(nn.Conv2d(_WIDTH, 1, 1))
        self.embed = spectral_norm(nn.Linear(styles, _WIDTH, bias=False))

    def forward(self, x: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        """Returns verdicts (N, places) and the features that they rest on, averaged, (N, 96)."""
        for conv in self.halvings:
            x = F.leaky_relu(conv(x), _SLOPE)
        x = F.leaky_relu(self.last(x), _SLOPE)
        verdict = self.verdict(x) + (x * self.embed(style)[:, :, None, None]).sum(1, keepdim=True)
        return verdict.flatten(1), x.mean((2, 3))


class Critic(nn.Module):
    """The heads that learn, one for each mixture, and a guess of the global vector behind a made picture."""

    def __init__(self, styles: int) -> None:
        super().__init__()
        # Each halves its mixture down to 8 by 8 places or, where that is already coarser, not at all.
        self.heads = nn.ModuleList([Head(halvings, styles) for halvings in (2, 1, 0, 0)])
        self.latent = nn.Linear(len(_STRIDES) * _WIDTH, GLOBALS)

    def forward(self, mixed: list[Tensor], style: Tensor) -> tuple[list[Tensor], Tensor]:
        """Returns the verdicts of each head, (N, places), and the guess, (N, 64)."""
        answers = [head(x, style) for head, x in zip(self.heads, mixed, strict=True)]
        return [verdict for verdict, _ in answers], self.latent(torch.cat([seen for _, seen in answers], 1))


def critic_loss(on_real: list[Tensor], on_fake: list[Tensor]) -> Tensor:
    """Returns the hinge loss of the heads' verdicts (Lim and Ye 2017, "Geometric GAN", section 3)."""
    rows = [
        F.relu(1 - real.float()).mean() + F.relu(1 + fake.float()).mean()
        for real, fake in zip(on_real, on_fake, strict=True)
    ]
    return torch.stack(rows).mean()


def generator_loss(on_fake: list[Tensor]) -> Tensor:
    """Returns what the generator loses by the heads' verdicts."""
    return -torch.stack([fake.float().mean() for fake in on_fake]).mean()
