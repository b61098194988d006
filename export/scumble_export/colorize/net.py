"""The colorizer: an EfficientNet-Lite0 encoder, hints at every scale, a U-Net decoder and two heads."""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scumble_export.colorize.bins import bin_centres

STRIDE = 32
AB_SCALE = 110.0
_LIGHTNESS_MEAN, _LIGHTNESS_STD = 0.449, 0.226
_STAGES = (
    # kernel, stride, expansion, output channels, repeats: EfficientNet-Lite0 (Tan and Le 2019, table 1, no SE)
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
_TAPS = {0: 16, 2: 24, 4: 40, 10: 112, 15: 320}
_WIDTHS = {32: 192, 16: 128, 8: 96, 4: 64, 2: 32}
HINT_CHANNELS = 6


class PaddedConv(nn.Conv2d):
    """A convolution padded as TensorFlow pads sizes that are a multiple of the stride."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, groups: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, groups=groups, bias=False)
        total = kernel - stride if stride > 1 else kernel - 1
        before, after = total // 2, total - total // 2
        self.edges = (before, after, before, after)
        if before == after:
            self.padding = (before, before)

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input if self.edges[0] == self.edges[1] else F.pad(input, self.edges))


class InvertedBlock(nn.Module):
    """Expand, filter each channel, project; with a shortcut where shapes agree."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        if expansion > 1:
            self._expand_conv = nn.Conv2d(inputs, hidden, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(hidden, eps=1e-3, momentum=0.01)
        self._depthwise_conv = PaddedConv(hidden, hidden, kernel, stride, groups=hidden)
        self._bn1 = nn.BatchNorm2d(hidden, eps=1e-3, momentum=0.01)
        self._project_conv = nn.Conv2d(hidden, outputs, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01)
        self._expands, self._shortcut = expansion > 1, stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self._bn0(self._expand_conv(x))) if self._expands else x
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        projected: Tensor = self._bn2(self._project_conv(y))
        return x + projected if self._shortcut else projected


class Encoder(nn.Module):
    """EfficientNet-Lite0 up to stride 32; parameter names are those of the published weights."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = PaddedConv(1, 32, 3, 2)
        self._bn0 = nn.BatchNorm2d(32, eps=1e-3, momentum=0.01)
        blocks: list[nn.Module] = []
        channels = 32
        for kernel, stride, expansion, outputs, repeats in _STAGES:
            for repeat in range(repeats):
                step = stride if repeat == 0 else 1
                blocks.append(InvertedBlock(channels, outputs, kernel, step, expansion))
                channels = outputs
        self._blocks = nn.ModuleList(blocks)
        self._frozen: list[nn.Module] = []

    def load_pretrained(self, state: dict[str, Tensor]) -> None:
        """Takes ImageNet weights; the three colour channels of the stem are summed, since the input is gray."""
        state = {k: v for k, v in state.items() if k.startswith(("_conv_stem", "_bn0", "_blocks"))}
        state["_conv_stem.weight"] = state["_conv_stem.weight"].sum(1, keepdim=True)
        self.load_state_dict(state)

    def freeze(self, blocks: int) -> None:
        """Keeps the stem and the first `blocks` blocks as they are: edges and textures need no retraining."""
        self._frozen = [self._conv_stem, self._bn0, *self._blocks[:blocks]]
        for module in self._frozen:
            module.requires_grad_(False)

    def train(self, mode: bool = True) -> Self:
        """Switches the mode of all but the frozen part, whose batch statistics stay ImageNet's."""
        super().train(mode)
        for module in self._frozen:
            module.eval()
        return self

    def forward(self, x: Tensor) -> list[Tensor]:
        """Returns features at strides 2, 4, 8, 16 and 32."""
        x = F.relu6(self._bn0(self._conv_stem(x)))
        taps = []
        for index, block in enumerate(self._blocks):
            x = block(x)
            if index in _TAPS:
                taps.append(x)
        return taps


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


def conv_block(inputs: int, outputs: int, kernel: int = 3) -> nn.Sequential:
    """Convolution, batch normalisation (folded away on export), ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Colorizer(nn.Module):
    """Lightness and sparse colour hints in; ab by regression and 313-bin logits out.

    Everything is local (no pooling over the picture, no instance normalisation), so that tiles aligned to
    the stride of 32 agree with the whole picture.
    """

    def __init__(self, temperature: float = 0.38) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.laterals = nn.ModuleDict()
        self.merges = nn.ModuleDict()
        above = 0
        for stride, channels in reversed(list(zip((2, 4, 8, 16, 32), _TAPS.values(), strict=True))):
            width = _WIDTHS[stride]
            hints = HINT_CHANNELS if stride >= 4 else 0
            self.laterals[str(stride)] = conv_block(channels + hints + above, width, 1)
            self.merges[str(stride)] = conv_block(width, width)
            above = width
        self.context = nn.Sequential(conv_block(192, 192, 1), conv_block(192, 128))
        self.context_out = nn.Conv2d(128, 192, 1)
        self.classes = nn.Sequential(conv_block(64, 96), nn.Conv2d(96, len(bin_centres()), 1))
        self.fine_features = nn.Conv2d(32, 16, 1)
        self.fine_inputs = nn.Conv2d(4, 16, 3, padding=1)
        self.fine = nn.Sequential(conv_block(16, 16), nn.Conv2d(16, 2, 3, padding=1))
        last = self.fine[-1]
        assert isinstance(last, nn.Conv2d)
        assert last.bias is not None
        nn.init.zeros_(last.weight)  # start from gray, the best constant guess
        nn.init.zeros_(last.bias)
        self.register_buffer("centres", torch.from_numpy(bin_centres()), persistent=False)
        self.temperature = temperature

    def heads(self, lightness: Tensor, hint_ab: Tensor, hint_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Returns ab in Lab units, (N, 2, H, W), and logits, (N, 313, H / 4, W / 4).

        `lightness` is L in 0..100, (N, 1, H, W); `hint_ab` Lab ab, (N, 2, H, W); `hint_mask` (N, 1, H, W):
        1 where the user gave a colour, 0.5 where a coarser pass did, else 0. H and W are multiples of 32.
        """
        gray = (lightness / 100 - _LIGHTNESS_MEAN) / _LIGHTNESS_STD
        ab = hint_ab / AB_SCALE * (hint_mask > 0)
        taps = dict(zip((2, 4, 8, 16, 32), self.encoder(gray), strict=True))
        x: Tensor | None = None
        logits = lightness
        for stride in (32, 16, 8, 4, 2):
            parts = [taps[stride]]
            if stride >= 4:
                parts.append(pooled_hints(ab, hint_mask, stride))
            if x is not None:
                parts.append(F.interpolate(x, scale_factor=2.0, mode="nearest"))
            x = self.merges[str(stride)](self.laterals[str(stride)](torch.cat(parts, 1)))
            if stride == 32:
                x = F.relu(x + self.context_out(self.context(x)))
            if stride == 4:
                logits = self.classes(x)
        assert x is not None
        coarse = F.interpolate(self.fine_features(x), scale_factor=2.0, mode="nearest")
        fine = coarse + self.fine_inputs(torch.cat((gray, ab, hint_mask), 1))
        return self.fine(F.relu(fine)) * AB_SCALE, logits

    def annealed_mean(self, logits: Tensor, temperature: float | None = None) -> Tensor:
        """Returns the annealed mean of the distribution (Zhang 2016, equation 5), (N, 2, H / 4, W / 4)."""
        share = torch.softmax(logits / (temperature or self.temperature), 1)
        return torch.einsum("nchw,cd->ndhw", share, self.centres)

    def vivid(self, ab: Tensor, logits: Tensor, temperature: float | None = None) -> Tensor:
        """Gives the regressed detail the annealed mean's colours: its coarse quarter is exchanged."""
        change = self.annealed_mean(logits, temperature) - F.avg_pool2d(ab, 4)
        return ab + F.interpolate(change, scale_factor=4.0, mode="bilinear", align_corners=False)

    def forward(self, lightness: Tensor, hint_ab: Tensor, hint_mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Returns regressed ab, vivid ab (both at full resolution) and logits: the exported graph."""
        ab, logits = self.heads(lightness, hint_ab, hint_mask)
        return ab, self.vivid(ab, logits), logits
