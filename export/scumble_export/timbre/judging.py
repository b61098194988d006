"""Measures on notes: pitch, distance of distributions of features, copies, evenness of a blend."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scumble_export.timbre import picture

Interval = tuple[float, float, float]
"""A figure and the ends of its 95 % interval."""
IN_TUNE_CENTS = 50.0


def share_interval(hits: int, count: int) -> Interval:
    """Returns a share with Wilson's interval (Wilson 1927)."""
    z, p = 1.96, hits / count
    middle = (p + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return p, max(0.0, middle - half), min(1.0, middle + half)


def pitch_scores(heard: Tensor, keys: Tensor) -> dict[str, float | Interval]:
    """Returns the share of notes within 50 cents of their key, the same with octaves forgiven, and the median error."""
    cents = 100 * (heard - keys).abs()
    folded = ((cents + 600) % 1200 - 600).abs()
    within = int((cents < IN_TUNE_CENTS).sum())
    return {
        "in_tune": share_interval(within, len(keys)),
        "in_tune_but_for_octaves": share_interval(int((folded < IN_TUNE_CENTS).sum()), len(keys)),
        "median_cents": float(folded.median()),
    }


class Space:
    """The principal components of two reference sets' features, scaled to deviation 1: where distances are measured."""

    def __init__(self, reference: Tensor, size: int = 48) -> None:
        self.mean = reference.double().mean(0)
        _, spread, axes = torch.linalg.svd(reference.double() - self.mean, full_matrices=False)
        self.axes = axes[:size].T
        self.scale = spread[0] / math.sqrt(len(reference))

    def __call__(self, features: Tensor) -> Tensor:
        """Returns coordinates, (n, size), the widest of deviation 1."""
        found: Tensor = (features.double() - self.mean) @ self.axes / self.scale
        return found


def frechet_distance(first: Tensor, second: Tensor) -> float:
    """Returns the Fréchet distance of the normal distributions of two sets (Dowson and Landau 1982), squared."""
    means = (first.mean(0) - second.mean(0)).square().sum()
    a, b = torch.cov(first.T), torch.cov(second.T)
    # The trace of the root of ab is the sum of the roots of its eigenvalues, which are those of a symmetric matrix.
    values, vectors = torch.linalg.eigh(a)
    root = vectors @ torch.diag(values.clamp_min(0).sqrt()) @ vectors.T
    between = torch.linalg.eigvalsh(root @ b @ root).clamp_min(0).sqrt().sum()
    return float(means + a.trace() + b.trace() - 2 * between)


def frechet_interval(first: Tensor, second: Tensor, draws: int = 40) -> Interval:
    """Returns the distance, and the interval of its distances in bootstrap samples moved to be about it.

    Drawing with repetition makes any two samples look further apart; that shift is taken off.
    """
    distance = frechet_distance(first, second)
    generator = torch.Generator().manual_seed(0)

    def drawn(x: Tensor) -> Tensor:
        return x[torch.randint(len(x), (len(x),), generator=generator)]

    found = np.array([frechet_distance(drawn(first), drawn(second)) for _ in range(draws)])
    low, high = np.percentile(found - found.mean(), [2.5, 97.5])
    return distance, distance + float(low), distance + float(high)


def nearest_decibels(levels: NDArray[np.float32], among: NDArray[np.float32]) -> NDArray[np.float64]:
    """Returns how far each picture of levels, (n, bands, frames), is from its nearest among others: RMS in dB."""
    own, other = (x.reshape(len(x), -1).astype(np.float64) for x in (levels, among))
    squared = (own**2).sum(1)[:, None] + (other**2).sum(1) - 2 * own @ other.T
    return np.asarray(np.sqrt(np.maximum(squared.min(1), 0) / own.shape[1]))


def variety(levels: NDArray[np.float32]) -> float:
    """Returns the mean distance of two different pictures of levels, (n, bands, frames): RMS in dB."""
    rows = levels.reshape(len(levels), -1).astype(np.float64)
    apart = np.sqrt(((rows[:, None] - rows) ** 2).mean(2))
    return float(apart.sum() / (len(rows) * (len(rows) - 1)))


def read_back(wanted: NDArray[np.float32], found: NDArray[np.float32], key: float) -> tuple[float, float, float]:
    """Returns how far a note's picture, (2, bands, frames), is from that of the sound made of it.

    Absolute errors, in decibels, of bands louder than -40 dB, and between the harmonics (medians); and how many cents
    the frequencies near the fundamental are off. Frames that the loop has blended are left out.
    """
    frames = slice(2, 20)
    pitch = float(picture.hz_from_key(key))
    centres = picture.centres_hz()
    off = np.abs(found[0] - wanted[0])[:, frames]
    between = np.abs(centres / pitch - np.round(centres / pitch)) > 0.35
    near = np.abs(centres - pitch) < 10
    turns = np.angle(np.exp(1j * np.pi * (found[1] - wanted[1])[near][:, frames]).mean()) / np.pi
    cents = abs(1731 * float(turns) * picture.RESIDUAL_HZ / pitch)
    return float(np.median(off[wanted[0][:, frames] > -40])), float(np.median(off[between])), cents


def evenness(path: Tensor) -> tuple[float, float]:
    """Returns how steadily a path of features, (steps, n), goes from end to end.

    The share of steps that go on along the straight line from the first to the last, and the longest step over the
    mean one, 1 for a path of equal steps.
    """
    line = path[-1] - path[0]
    along = (path - path[0]) @ line / line.square().sum()
    steps = (path[1:] - path[:-1]).norm(dim=1)
    return float((along[1:] > along[:-1]).double().mean()), float(steps.max() / steps.mean())
