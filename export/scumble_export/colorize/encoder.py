"""The encoder: EfficientNet-Lite0 for gray pictures, features at five strides."""

from __future__ import annotations

from typing import Self

from torch import Tensor, nn
from torch.nn import functional as F

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
_TAPS = (0, 2, 4, 10, 15)
CHANNELS = {2: 16, 4: 24, 8: 40, 16: 112, 32: 320}
"""Channels of the features at each stride."""


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
