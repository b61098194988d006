"""The colorizer: a local tile net told by hints at every scale, and a context net that sees the whole picture once."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scumble_export.colorize.bins import bin_centres
from scumble_export.colorize.encoder import CHANNELS, Encoder
from scumble_export.colorize.sampling import STATISTICS, Inputs

STRIDE = 32
AB_SCALE = 110.0
CONTEXT = 128
THUMBNAIL = 64
_LIGHTNESS_MEAN, _LIGHTNESS_STD = 0.449, 0.226
_WIDTHS = {32: 192, 16: 128, 8: 96, 4: 64, 2: 32}
_POOLED_HINTS, _SPREAD = 6, 3
_LEAST_DOUBT, _EVIDENCE_SCALE, _RESIDUAL_DOUBT = 1e-4, 5.0, 0.25
"""Ten hints bring the confidence to 0.97, a hundred to 0.999: the net is told the logarithm of the rest instead, and
its corrections start smaller where hints are dense."""

_DARKEST_VIVID, _PALEST_VIVID = 10.0, 4.0
"""L units from black and from white over which the vivid change fades in; chosen on held-out training photographs."""


def pooled_hints(ab: Tensor, mask: Tensor, factor: int) -> Tensor:
    """Averages hints over cells of `factor` pixels and over their 9 by 9 surroundings.

    Normalised convolution (Knutsson and Westin 1993): colours are divided by how much of them there is.
    Returns (N, 6, H / factor, W / factor): ab and confidence of the cell, ab and confidence around it.
    """
    amount = F.avg_pool2d(mask, factor)
    colour = F.avg_pool2d(ab * mask, factor)
    levels = []
    for _ in range(2):
        levels += [colour / (amount + 1e-4), amount / (amount + 0.01)]
        for _ in range(2):
            colour = F.avg_pool2d(colour, 5, 1, 2)
            amount = F.avg_pool2d(amount, 5, 1, 2)
    return torch.cat(levels, 1)


def conv_block(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation (folded away on export), ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def normalised(lightness: Tensor) -> Tensor:
    """Brings L to the range ImageNet's nets know."""
    return (lightness / 100 - _LIGHTNESS_MEAN) / _LIGHTNESS_STD


class ContextNet(nn.Module):
    """Sums a picture up in 128 numbers: from a 64 by 64 thumbnail with its hints, and global statistics."""

    def __init__(self) -> None:
        super().__init__()
        widths = (7, 24, 48, 96, CONTEXT)
        self.see = nn.Sequential(*(conv_block(a, b, 3, 2) for a, b in pairwise(widths)))
        self.count = nn.Sequential(nn.Linear(STATISTICS, CONTEXT), nn.ReLU(inplace=True))
        self.join = nn.Sequential(nn.Linear(2 * CONTEXT, CONTEXT), nn.ReLU(inplace=True))

    def forward(self, small: Tensor, statistics: Tensor) -> Tensor:
        """Returns (N, 128, 1, 1) from the planes of `thumbnail`, (N, 7, 64, 64), and (N, 316) statistics."""
        amount = small[:, 3:4]
        hints = small[:, 1:3] / AB_SCALE / (amount + 1e-3)
        planes = torch.cat((normalised(small[:, :1]), hints, amount * 10, small[:, 4:6] / AB_SCALE, small[:, 6:]), 1)
        scale = torch.ones_like(statistics[:1])
        scale[:, : len(bin_centres())] = 20.0  # shares are small numbers
        seen = self.see(planes).mean((2, 3))
        joined: Tensor = self.join(torch.cat((seen, self.count(statistics * scale)), 1))
        return joined[:, :, None, None]


def thumbnail(inputs: Inputs) -> Tensor:
    """Shrinks planes to (N, 7, 64, 64) by area: L, hint ab times mask, mask, spread ab times confidence, confidence.

    Cell i of 64 along a side of n pixels is the mean of pixels floor(i n / 64) up to ceil((i + 1) n / 64).
    """
    planes = (
        inputs.lightness,
        inputs.hint_ab * inputs.hint_mask,
        inputs.hint_mask,
        inputs.spread_ab * inputs.confidence,
        inputs.confidence,
    )
    return F.adaptive_avg_pool2d(torch.cat(planes, 1), THUMBNAIL)


class TileNet(nn.Module):
    """Lightness, hints, spread hints and context in; ab by regression and 313-bin logits out.

    Everything is local (no pooling over the picture, no instance normalisation), so that tiles aligned to
    the stride of 32 agree with the whole picture.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.laterals, self.merges, self.told = nn.ModuleDict(), nn.ModuleDict(), nn.ModuleDict()
        above = 0
        for stride, channels in sorted(CHANNELS.items(), reverse=True):
            width = _WIDTHS[stride]
            hints = _POOLED_HINTS if stride >= 4 else 0
            self.laterals[str(stride)] = conv_block(channels + hints + above + _SPREAD, width, 1)
            self.merges[str(stride)] = conv_block(width, width)
            if stride >= 4:
                told = nn.Conv2d(CONTEXT, width, 1, bias=False)
                nn.init.zeros_(told.weight)  # start without context
                self.told[str(stride)] = told
            above = width
        self.context = nn.Sequential(conv_block(192, 192, 1), conv_block(192, 128))
        self.context_out = nn.Conv2d(128, 192, 1)
        self.classes = nn.Sequential(conv_block(64, 96), nn.Conv2d(96, len(bin_centres()), 1))
        self.fine_features = nn.Conv2d(32, 16, 1)
        self.fine_inputs = nn.Conv2d(4 + _SPREAD, 16, 3, padding=1)
        self.fine = nn.Sequential(conv_block(16, 16), nn.Conv2d(16, 4, 3, padding=1))
        last = self.fine[-1]
        assert isinstance(last, nn.Conv2d)
        assert last.bias is not None
        nn.init.zeros_(last.weight)  # start from gray, and from the spread hints as they are
        nn.init.zeros_(last.bias)

    def forward(
        self,
        lightness: Tensor,
        hint_ab: Tensor,
        hint_mask: Tensor,
        spread_ab: Tensor,
        confidence: Tensor,
        context: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Returns ab in Lab units, (N, 2, H, W), and logits, (N, 313, H / 4, W / 4).

        `lightness` is L in 0..100, (N, 1, H, W); `hint_ab` Lab ab, (N, 2, H, W); `hint_mask` (N, 1, H, W):
        1 where the user gave a colour, 0.5 where a coarser pass did, else 0; `spread_ab` and `confidence` as
        propagate.py defines them; `context` (N, 128, 1, 1). H and W are multiples of 32.
        """
        gray = normalised(lightness)
        ab = hint_ab / AB_SCALE * (hint_mask > 0)
        doubt = (1 - confidence).clamp_min(_LEAST_DOUBT)
        spread = torch.cat((spread_ab / AB_SCALE * confidence, -torch.log(doubt) / _EVIDENCE_SCALE), 1)
        taps = dict(zip(sorted(CHANNELS), self.encoder(gray), strict=True))
        x: Tensor | None = None
        logits = lightness
        for stride in (32, 16, 8, 4, 2):
            parts = [taps[stride]]
            if stride >= 4:
                parts.append(pooled_hints(ab, hint_mask, stride))
            if x is not None:
                parts.append(F.interpolate(x, scale_factor=2.0, mode="nearest"))
            parts.append(F.avg_pool2d(spread, stride))
            x = self.laterals[str(stride)](torch.cat(parts, 1))
            if stride >= 4:
                x = x + self.told[str(stride)](context)
            x = self.merges[str(stride)](x)
            if stride == 32:
                x = F.relu(x + self.context_out(self.context(x)))
            if stride == 4:
                logits = self.classes(x)
        assert x is not None
        coarse = F.interpolate(self.fine_features(x), scale_factor=2.0, mode="nearest")
        fine = coarse + self.fine_inputs(torch.cat((gray, ab, hint_mask, spread), 1))
        base, residual = self.fine(F.relu(fine)).split(2, 1)
        guessed = ((1 - confidence) * base + doubt**_RESIDUAL_DOUBT * residual) * AB_SCALE
        return guessed + confidence * spread_ab, logits


class Colorizer(nn.Module):
    """Both nets, and the annealed mean that makes vivid colours of the logits."""

    def __init__(self, temperature: float = 0.38) -> None:
        super().__init__()
        self.tile = TileNet()
        self.whole = ContextNet()
        self.centres: Tensor
        self.register_buffer("centres", torch.from_numpy(bin_centres()), persistent=False)
        self.temperature = temperature

    def heads(self, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """Returns ab, (N, 2, H, W), and logits, (N, 313, H / 4, W / 4), of whole pictures."""
        context = self.whole(thumbnail(inputs), inputs.statistics)
        ab, logits = self.tile(
            inputs.lightness, inputs.hint_ab, inputs.hint_mask, inputs.spread_ab, inputs.confidence, context
        )
        return ab, logits

    def forward(
        self,
        lightness: Tensor,
        hint_ab: Tensor,
        hint_mask: Tensor,
        spread_ab: Tensor,
        confidence: Tensor,
        small: Tensor,
        statistics: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Returns regressed ab, vivid ab (both at full resolution) and logits: the exported graph.

        `small` and `statistics` describe the whole picture, the planes before them one tile of it or all.
        """
        context = self.whole(small, statistics)
        ab, logits = self.tile(lightness, hint_ab, hint_mask, spread_ab, confidence, context)
        return ab, self.vivid(lightness, ab, logits, confidence), logits

    def annealed_mean(self, logits: Tensor, temperature: float | None = None) -> Tensor:
        """Returns the annealed mean of the distribution (Zhang 2016, equation 5), (N, 2, H / 4, W / 4)."""
        share = torch.softmax(logits / (temperature or self.temperature), 1)
        return torch.einsum("nchw,cd->ndhw", share, self.centres)

    def vivid(
        self, lightness: Tensor, ab: Tensor, logits: Tensor, confidence: Tensor, temperature: float | None = None
    ) -> Tensor:
        """Gives the regressed detail the annealed mean's colours: its coarse quarter is exchanged.

        The less so, the more the user's hints say: what they decide is neither cautious nor bold. And less towards
        black and white, where photographs have little colour and a print's dark ground or paper none.
        """
        change = self.annealed_mean(logits, temperature) - F.avg_pool2d(ab, 4)
        change = F.interpolate(change, scale_factor=4.0, mode="bilinear", align_corners=False)
        depth = (lightness / _DARKEST_VIVID).clamp(0, 1) * ((100 - lightness) / _PALEST_VIVID).clamp(0, 1)
        return ab + (1 - confidence) * depth * change


def adopted(net: Colorizer, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Returns a state for `net` made of a run of the former net, whose inputs were fewer and came first.

    New inputs and outputs start with weights of 0, the context net as it is: without hints the colours are
    the former net's own.
    """
    result = net.state_dict()
    for name, new in result.items():
        old = state.get(name.removeprefix("tile."), state.get(name))
        if old is None:
            continue
        grown = torch.zeros_like(new)
        grown[tuple(slice(0, size) for size in old.shape)] = old
        result[name] = grown
    return result
