"""The generator: pictures of any size from noise on the integer grid, the same whether made whole or in tiles.

Everything in it is local: valid convolutions only, no padding, no statistics over the picture. What concerns the whole
picture enters as one vector that scales channels (weight demodulation: Karras et al. 2020, "Analyzing and improving the
image quality of StyleGAN", section 2.2; scaling the features instead of the weights is the same sum and keeps the
weights constant for the runtime). RGB is summed over the levels (section 4.1 there), beginning with the layout.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LATENTS = 32
GLOBALS = 64
LAYOUT = 3
"""Channels of the noise at the cells, length of the global vector, channels of the layout: RGB in -1..1."""
_VECTOR = 128
_SLOPE, _GAIN = 0.2, math.sqrt(2)
_CONVS = 2
_BLOCK = 4


@dataclass(frozen=True)
class Margins:
    """How much more than the wanted output each plane must show on every side, in pixels of its own level."""

    cells: int
    noise: tuple[int, ...]
    features: tuple[int, ...]
    rgb: tuple[int, ...]


def margins_of(levels: int, enlarged: bool) -> Margins:
    """Walks from the output back to the cells: a convolution takes 1, a doubling halves what is needed."""
    features, rgb = [0] * levels, [0] * levels
    rgb[-1] = features[-1] = 1 if enlarged else 0
    for level in range(levels - 2, -1, -1):
        rgb[level] = rgb[level + 1] // 2 + 1
        features[level] = max(rgb[level], -(-(features[level + 1] + _CONVS) // 2))
    return Margins(features[0] + _CONVS, tuple(f + _CONVS - 1 for f in features), tuple(features), tuple(rgb))


def cropped(x: Tensor, by: int) -> Tensor:
    """Takes `by` pixels off every side."""
    return x[..., by:-by, by:-by] if by else x


def doubled(x: Tensor) -> Tensor:
    """Doubles a picture bilinearly; the outermost pixel of each side is not exact and must be cropped."""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


class Linear(nn.Module):
    """A dense layer with an equalised learning rate (Karras et al. 2018, section 4.1)."""

    def __init__(self, inputs: int, outputs: int, bias: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.full((outputs,), bias))
        self.scale = inputs**-0.5

    def forward(self, x: Tensor) -> Tensor:
        """Returns (N, outputs)."""
        return F.linear(x, self.weight * self.scale, self.bias)


class Conv(nn.Module):
    """A convolution with an equalised learning rate; `padding` 0 is the valid one."""

    def __init__(self, inputs: int, outputs: int, kernel: int, padding: int = 0, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.scale, self.padding = (inputs * kernel**2) ** -0.5, padding

    def forward(self, x: Tensor) -> Tensor:
        """Returns (N, outputs, H, W)."""
        return F.conv2d(x, self.weight * self.scale, self.bias, padding=self.padding)


class StyledConv(nn.Module):
    """A valid 3 × 3 convolution whose input channels the global vector scales; the output's variance stays."""

    def __init__(self, inputs: int, outputs: int, noisy: bool) -> None:
        super().__init__()
        self.conv = Conv(inputs, outputs, 3, bias=False)
        self.style = Linear(_VECTOR, inputs, bias=1.0)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.noise_gain = nn.Parameter(torch.full((outputs,), 0.1)) if noisy else None

    def forward(self, x: Tensor, vector: Tensor, noise: Tensor | None = None) -> Tensor:
        """Returns (N, outputs, H - 2, W - 2); `noise` is one plane of that size."""
        scales = self.style(vector)
        squares = (self.conv.weight * self.conv.scale).square().sum((2, 3))
        level = (F.linear(scales.square(), squares) + 1e-8).rsqrt()
        x = self.conv(x * scales[:, :, None, None]) * level[:, :, None, None]
        if noise is not None and self.noise_gain is not None:
            x = x + noise * self.noise_gain[:, None, None]
        return F.leaky_relu(x + self.bias[:, None, None], _SLOPE) * _GAIN


class Level(nn.Module):
    """Two convolutions at one resolution and what they add to the picture."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first: StyledConv | Widened = StyledConv(inputs, outputs, noisy=True)
        self.second = StyledConv(outputs, outputs, noisy=False)
        self.to_rgb = Conv(outputs, 3, 1)
        nn.init.zeros_(self.to_rgb.weight)  # a level that is added later begins by changing nothing

    def forward(self, x: Tensor, vector: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Returns features and RGB, 4 pixels smaller than `x`."""
        x = self.second(self.first(x, vector, noise), vector)
        return x, self.to_rgb(x)


class Mapping(nn.Module):
    """Turns the global latent and the style's weights into the vector that scales channels."""

    def __init__(self, styles: int) -> None:
        super().__init__()
        self.embed = Linear(styles, GLOBALS)
        self.layers = nn.ModuleList([Linear(2 * GLOBALS, _VECTOR), Linear(_VECTOR, _VECTOR)])

    def forward(self, latent: Tensor, style: Tensor) -> Tensor:
        """Returns (N, 128) from a normal latent (N, 64) and weights of the styles (N, styles) that sum to 1."""
        unit = [_normalised(latent), _normalised(self.embed(style))]
        x = torch.cat(unit, 1)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), _SLOPE) * _GAIN
        return x


def _normalised(x: Tensor) -> Tensor:
    return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()


class Generator(nn.Module):
    """Cells of noise and a coarse layout become a picture; `widths` are its channels, coarsest first.

    A cell is 2^(levels - 1) net pixels wide, twice that with `enlarged`, which doubles the finest level's picture.
    """

    def __init__(self, widths: Sequence[int], styles: int, enlarged: bool = False) -> None:
        super().__init__()
        self.widths, self.styles, self.enlarged = tuple(widths), styles, enlarged
        self.mapping = Mapping(styles)
        inputs = (LATENTS + LAYOUT, *self.widths[:-1])
        self.levels = nn.ModuleList([Level(a, b) for a, b in zip(inputs, self.widths, strict=True)])

    def margins(self, levels: int = 0) -> Margins:
        """Returns the margins of the first `levels` levels; 0 takes all."""
        return margins_of(levels or len(self.levels), self.enlarged and levels in (0, len(self.levels)))

    def coloured(self) -> list[Tensor]:
        """Returns the weights by which each level adds to the picture; they begin at nothing."""
        return [weight for name, weight in self.named_parameters() if name.endswith("to_rgb.weight")]

    @property
    def cell_px(self) -> int:
        """Returns the side of a cell in output pixels: the stride of the finished net."""
        return int(2 ** (len(self.levels) - 1) * (2 if self.enlarged else 1))

    def forward(
        self, latents: Tensor, layout: Tensor, latent: Tensor, style: Tensor, detail: Tensor, *noise: Tensor
    ) -> Tensor:
        """Returns RGB of about -1..1, (N, 3, H, W), as many levels deep as there are planes of noise.

        `latents` (N, 32, h, w) and `layout` (N, 3, h, w) show the cells with their margin, `detail` (N, 1) is how
        strongly the levels add to the layout, 1 in training, `noise` one plane a level, (N, 1, …) with that level's
        margin.
        """
        depth = len(noise)
        margins = margins_of(depth, self.enlarged and depth == len(self.levels))
        vector = self.mapping(latent, style)
        rgb = cropped(layout, margins.cells - margins.rgb[0])
        x = torch.cat((latents, layout), 1)
        for index, plane in enumerate(noise):
            features = margins.features[index]
            if index:
                x = F.interpolate(x, scale_factor=2.0, mode="nearest")
                x = cropped(x, 2 * margins.features[index - 1] - features - _CONVS)
                rgb = cropped(doubled(rgb), 2 * margins.rgb[index - 1] - margins.rgb[index])
            x, change = self.levels[index](x, vector, plane)
            rgb = rgb + cropped(change, features - margins.rgb[index]) * detail[:, :, None, None]
        return cropped(doubled(rgb), 2) if self.enlarged and depth == len(self.levels) else rgb


class Widened(nn.Module):
    """A layer that is given more input channels, with weights of nothing, up to a multiple of four.

    ONNX Runtime convolves such channels in blocks, in the same order whatever the size of the picture; with others the
    last bits depend on the size, and a tile is no longer exactly its part of the whole.
    """

    def __init__(self, layer: StyledConv) -> None:
        super().__init__()
        self.layer, self.extra = layer, -layer.conv.weight.shape[1] % _BLOCK
        if self.extra:
            for holder, axis in ((layer.conv, 1), (layer.style, 0)):
                holder.weight = nn.Parameter(_with_nothing(holder.weight, self.extra, axis))
            layer.style.bias = nn.Parameter(_with_nothing(layer.style.bias, self.extra, 0))

    def forward(self, x: Tensor, vector: Tensor, noise: Tensor | None = None) -> Tensor:
        """Returns what the layer returns."""
        filled: Tensor = self.layer(torch.cat((x, x[:, : self.extra]), 1) if self.extra else x, vector, noise)
        return filled


def _with_nothing(values: Tensor, count: int, axis: int) -> Tensor:
    shape = list(values.shape)
    shape[axis] = count
    return torch.cat((values, values.new_zeros(shape)), axis)


def baked(net: Generator) -> Generator:
    """Returns the net as the runtime wants it: scales multiplied into the weights, channels in multiples of four."""
    fresh = Generator(net.widths, net.styles, net.enlarged)
    fresh.load_state_dict(net.state_dict())
    with torch.no_grad():
        for module in fresh.modules():
            if isinstance(module, Conv | Linear):
                module.weight.mul_(module.scale)
                module.scale = 1.0
        for level in fresh.modules():
            if isinstance(level, Level) and isinstance(level.first, StyledConv):
                level.first = Widened(level.first)
    return fresh.eval().requires_grad_(False)
