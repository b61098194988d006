"""CIE Lab (D65, 2 degrees) from sRGB and back, for torch tensors and numpy arrays alike."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_WHITE = (0.95047, 1.0, 1.08883)
_XYZ_FROM_RGB = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_EPSILON = 216 / 24389
_KAPPA = 24389 / 27


def lab_from_rgb(rgb: Tensor) -> Tensor:
    """Converts sRGB in 0..1, shape (N, 3, H, W), to Lab: L 0..100, a and b about -110..110."""
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055).clamp_min(0) ** 2.4)
    matrix = torch.tensor(_XYZ_FROM_RGB, dtype=rgb.dtype, device=rgb.device)
    white = torch.tensor(_WHITE, dtype=rgb.dtype, device=rgb.device)
    xyz = torch.einsum("ij,njhw->nihw", matrix / white[:, None], linear)
    f = torch.where(xyz > _EPSILON, xyz.clamp_min(1e-9) ** (1 / 3), (_KAPPA * xyz + 16) / 116)
    x, y, z = f.unbind(1)
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), 1)


def linear_from_lab(lab: Tensor) -> Tensor:
    """Converts Lab, shape (N, 3, H, W), to linear light in sRGB's primaries; outside 0..1 sRGB cannot show it."""
    lightness, a, b = lab.unbind(1)
    y = (lightness + 16) / 116
    f = torch.stack((y + a / 500, y, y - b / 200), 1)
    cubed = f**3
    xyz = torch.where(cubed > _EPSILON, cubed, (116 * f - 16) / _KAPPA)
    matrix = torch.linalg.inv(torch.tensor(_XYZ_FROM_RGB, dtype=torch.float64))
    matrix = (matrix * torch.tensor(_WHITE, dtype=torch.float64)).to(lab)
    return torch.einsum("ij,njhw->nihw", matrix, xyz)


def rgb_from_lab(lab: Tensor) -> Tensor:
    """Converts Lab, shape (N, 3, H, W), to sRGB, clipped to 0..1 as the published scores do."""
    linear = linear_from_lab(lab).clamp(0, 1)
    return torch.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear.clamp_min(1e-9) ** (1 / 2.4) - 0.055)


def lab_from_pixels(pixels: NDArray[np.uint8]) -> Tensor:
    """Converts 8-bit sRGB pictures, shape (N, H, W, 3), to Lab, shape (N, 3, H, W)."""
    return lab_from_rgb(torch.tensor(pixels).permute(0, 3, 1, 2).float() / 255)
