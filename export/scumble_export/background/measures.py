"""Measures of sets of pictures: kernel distance, variety, neighbours; colour differences; attributes of mood."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from scumble_export.lab import lab_from_rgb

Values = NDArray[np.float64]
Interval = tuple[float, float, float]
"""Mean and 95 % bounds."""

MOODS = ("energy", "brightness", "warmth")
_RESAMPLES, _SUBSET_SHARE = 200, 0.5
_LONGEST_SIDE_PX = 128


def kernel_distance(first: Tensor, second: Tensor) -> float:
    """Returns the unbiased squared MMD with the cubic kernel, (N, D) against (M, D): KID's formula.

    Binkowski et al. 2018, "Demystifying MMD GANs", section 3; theirs is taken in Inception-v3.
    """
    a, b = first.double(), second.double()

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        return (x @ y.T / x.shape[1] + 1) ** 3

    def inner(x: Tensor) -> Tensor:
        table = kernel(x, x)
        return (table.sum() - table.diagonal().sum()) / (len(x) * (len(x) - 1))

    return float(inner(a) + inner(b) - 2 * kernel(a, b).mean())


def kernel_interval(first: Tensor, second: Tensor, seed: int = 0) -> Interval:
    """Returns the distance with bounds from halves of both sets drawn without replacement (subsampling).

    A resample with replacement would hold copies, which bias this estimator. The spread of halves is that of the whole
    times sqrt(2) at most, so the bounds are, if anything, too wide.
    """
    rng = np.random.default_rng(seed)

    def half(x: Tensor) -> Tensor:
        return x[torch.from_numpy(rng.permutation(len(x))[: max(2, int(len(x) * _SUBSET_SHARE))])]

    whole = kernel_distance(first, second)
    drawn = [kernel_distance(half(first), half(second)) for _ in range(_RESAMPLES)]
    low, high = np.percentile(drawn, (2.5, 97.5))
    return whole, min(whole, float(low)), max(whole, float(high))


def unit(vectors: Tensor) -> Tensor:
    """Returns features as directions, so that their distances lie in 0..2."""
    return F.normalize(vectors, dim=1)


def variety(vectors: Tensor) -> float:
    """Returns the mean distance of two different pictures of a set."""
    distances = torch.cdist(unit(vectors), unit(vectors))
    return float(distances.sum() / (len(vectors) * (len(vectors) - 1)))


def nearest(vectors: Tensor, among: Tensor) -> tuple[Tensor, Tensor]:
    """Returns distance and index of the nearest of `among` for each vector."""
    found = torch.cdist(unit(vectors), unit(among)).min(1)
    return found.values, found.indices


def delta_e_2000(first: Tensor, second: Tensor) -> Tensor:
    """Returns CIEDE2000 of Lab colours, (N, 3) each (Sharma, Wu and Dalal 2005, equations 2 to 22)."""
    (l1, a1, b1), (l2, a2, b2) = first.double().unbind(1), second.double().unbind(1)
    mean_c = (torch.hypot(a1, b1) + torch.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * (mean_c**7 / (mean_c**7 + 25.0**7)).sqrt()
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = torch.hypot(a1, b1), torch.hypot(a2, b2)
    h1, h2 = (torch.rad2deg(torch.atan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    gray = c1 * c2 == 0
    turn = h2 - h1
    turn = torch.where(turn > 180, turn - 360, torch.where(turn < -180, turn + 360, turn)).masked_fill(gray, 0)
    d_hue = 2 * (c1 * c2).sqrt() * torch.sin(torch.deg2rad(turn / 2))
    total = h1 + h2
    far = (h1 - h2).abs() > 180
    hue = torch.where(far, torch.where(total < 360, total + 360, total - 360), total) / 2
    hue = torch.where(gray, total, hue)
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2

    def wave(factor: float, offset: float) -> Tensor:
        return torch.cos(torch.deg2rad(factor * hue + offset))

    weight = 1 - 0.17 * wave(1, -30) + 0.24 * wave(2, 0) + 0.32 * wave(3, 6) - 0.20 * wave(4, -63)
    s_l = 1 + 0.015 * (light - 50) ** 2 / (20 + (light - 50) ** 2).sqrt()
    s_c, s_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * weight
    rotation = 60 * torch.exp(-(((hue - 275) / 25) ** 2))
    r_t = -2 * (chroma**7 / (chroma**7 + 25.0**7)).sqrt() * torch.sin(torch.deg2rad(rotation))
    parts = ((l2 - l1) / s_l, (c2 - c1) / s_c, d_hue / s_h)
    return (parts[0] ** 2 + parts[1] ** 2 + parts[2] ** 2 + r_t * parts[1] * parts[2]).clamp_min(0).sqrt()


def cell_delta_e(rgb: Tensor, colours: Tensor) -> Tensor:
    """Returns CIEDE2000 between a picture's mean at each cell and the wanted colours, both -1..1, (cells,).

    `rgb` is (N, 3, H, W), `colours` (N, 3, h, w).
    """
    means = F.adaptive_avg_pool2d(rgb, (colours.shape[-2], colours.shape[-1]))
    labs = [lab_from_rgb(((x + 1) / 2).clamp(0, 1)).permute(0, 2, 3, 1).reshape(-1, 3) for x in (means, colours)]
    return delta_e_2000(*labs)


def mood_attributes(rgb: Tensor) -> Tensor:
    """Returns energy, brightness and warmth of pictures in -1..1, (N, 3).

    Energy is the log of the mean step of lightness between pixels at 128 pixels a side; brightness the mean L; warmth
    the mean of (a + b) / sqrt 2, which runs from green-blue to orange. Units: log L per pixel, L, Lab.
    """
    lab = lab_from_rgb(((rgb + 1) / 2).clamp(0, 1))
    small = F.adaptive_avg_pool2d(lab[:, :1], min(_LONGEST_SIDE_PX, rgb.shape[-1]))
    steps = (small[..., 1:] - small[..., :-1]).abs().mean((1, 2, 3))
    steps = steps + (small[..., 1:, :] - small[..., :-1, :]).abs().mean((1, 2, 3))
    warmth = (lab[:, 1] + lab[:, 2]).mean((1, 2)) / 2**0.5
    return torch.stack((steps.clamp_min(1e-3).log(), lab[:, 0].mean((1, 2)), warmth), 1)


def mean_interval(values: Values, statistic: Callable[[Values], float] | None = None, seed: int = 0) -> Interval:
    """Returns a statistic (the mean) of independent values with bounds by bootstrap."""
    measure = statistic or (lambda x: float(x.mean()))
    rng = np.random.default_rng(seed)
    drawn = [measure(values[rng.integers(0, len(values), len(values))]) for _ in range(_RESAMPLES)]
    low, high = np.percentile(drawn, (2.5, 97.5))
    return measure(values), float(low), float(high)
