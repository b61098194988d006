"""Scores of colour pictures: PSNR, AuC, colourfulness, bleeding, and paired bootstrap intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Scores = NDArray[np.float64]
Plane = NDArray[np.float32]

RESAMPLES = 10_000
AUC_THRESHOLDS = 151
_EDGE_STEP_PX, _EDGE_AB = 2, 20.0


def psnr_db(result: Pixels, truth: Pixels) -> float:
    """Returns the peak signal-to-noise ratio over all three channels of 8-bit sRGB, in dB."""
    error = float(((result.astype(np.float64) - truth) ** 2).mean())
    return 10 * float(np.log10(255**2 / max(error, 1e-3)))


def colourfulness(pixels: Pixels) -> float:
    """Returns Hasler and Suesstrunk's (2003) measure M3 of an 8-bit sRGB picture.

    As in the colorization literature (DDColor and others), the opponent channels are taken absolute first.
    """
    red, green, blue = (pixels[..., channel].astype(np.float64) for channel in range(3))
    opponents = (np.abs(red - green), np.abs((red + green) / 2 - blue))
    spread = np.sqrt(sum(channel.var() for channel in opponents))
    mean = np.sqrt(sum(channel.mean() ** 2 for channel in opponents))
    return float(spread + 0.3 * mean)


def ab_error(result: Plane, truth: Plane) -> Plane:
    """Returns the Euclidean distance of two ab planes, (2, H, W), at every pixel, (H, W)."""
    return np.asarray(np.linalg.norm(result.astype(np.float32) - truth, axis=0), np.float32)


def accuracy(error: Plane) -> Plane:
    """Returns, for every pixel, the share of the thresholds 0, 1, ... 150 that its ab error keeps.

    Its mean is the area under Zhang et al.'s (2016) curve of accuracy over threshold (AuC); weighed by one
    over the frequency of the true colour's bin, the rebalanced one.
    """
    return np.asarray(np.maximum(0, AUC_THRESHOLDS - np.ceil(error)) / AUC_THRESHOLDS, np.float32)


def colour_edges(ab: Plane) -> NDArray[np.bool_]:
    """Marks where the true colour, (2, H, W), changes by more than 20 ab units over 2 pixels: (H, W)."""
    marked = np.zeros(ab.shape[1:], bool)
    step = _EDGE_STEP_PX
    down = ab_error(ab[:, step:], ab[:, :-step]) > _EDGE_AB
    right = ab_error(ab[:, :, step:], ab[:, :, :-step]) > _EDGE_AB
    marked[step:] |= down
    marked[:-step] |= down
    marked[:, step:] |= right
    marked[:, :-step] |= right
    return marked


def bootstrap_interval(values: Scores, seed: int = 0) -> tuple[float, float, float]:
    """Returns mean, and lower and upper 95 % bound, by resampling pictures with replacement."""
    return ratio_interval(values, np.ones_like(values), seed)


def ratio_interval(parts: Scores, wholes: Scores, seed: int = 0) -> tuple[float, float, float]:
    """Returns the ratio of two sums over pictures with its 95 % bounds, by resampling pictures.

    Pictures whose whole is not a number are left out.
    """
    kept = np.isfinite(parts) & np.isfinite(wholes)
    parts, wholes = parts[kept], wholes[kept]
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(parts), (RESAMPLES, len(parts)))
    low, high = np.percentile(parts[drawn].sum(1) / wholes[drawn].sum(1), (2.5, 97.5))
    return float(parts.sum() / wholes.sum()), float(low), float(high)
