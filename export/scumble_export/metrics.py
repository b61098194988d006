"""Scores of colour pictures: PSNR, colourfulness, and paired bootstrap intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Scores = NDArray[np.float64]

RESAMPLES = 10_000


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


def bootstrap_interval(values: Scores, seed: int = 0) -> tuple[float, float, float]:
    """Returns mean, and lower and upper 95 % bound, by resampling pictures with replacement."""
    rng = np.random.default_rng(seed)
    means = values[rng.integers(0, len(values), (RESAMPLES, len(values)))].mean(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(values.mean()), float(low), float(high)
