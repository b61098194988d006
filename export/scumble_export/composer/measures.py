"""What music is like, in numbers that can be set beside those of other music: keys, scales, grooves, pitch classes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scumble.music import vocabulary as v
from scumble.music.theory import SCALES
from scumble_export.composer.copying import Line

Shares = NDArray[np.float64]
_SCALES = [np.isin(np.arange(12), [(tonic + step) % 12 for step in SCALES["major"]]) for tonic in range(12)]


def pitch_classes(bars: Sequence[Line]) -> Shares:
    """Returns how long each pitch class above the tonic sounds in a melody, as shares, (12,); zeros for silence."""
    weights = np.zeros(12)
    for bar in bars:
        at = 0
        for value, until in bar:
            if value not in (v.REST, v.HOLD):
                weights[(value - 2 + v.LOWEST_TUNE) % 12] += until - at
            at = until
    whole = weights.sum()
    shares: Shares = weights / whole if whole else weights
    return shares


def overlap(one: Shares, other: Shares) -> float:
    """Returns how much two distributions share, 0 to 1."""
    return float(np.minimum(one, other).sum())


def scale_consistency(bars: Sequence[Line]) -> float:
    """Returns the largest share of a melody that one diatonic scale holds (Mogren 2016)."""
    shares = pitch_classes(bars)
    return float(max(shares[scale].sum() for scale in _SCALES))


def in_scale(bars: Sequence[Line], mode: str) -> float:
    """Returns the share of a melody in the scale of a mode on its tonic."""
    steps = SCALES[mode]  # type: ignore[index]  # a mode's name
    return float(pitch_classes(bars)[list(steps)].sum())


def groove_consistency(bars: Sequence[Line]) -> float:
    """Returns 1 less the mean share of steps at which neighbouring bars differ in having an onset (Wu and Yang 2020).

    1 for fewer than two bars with tones.
    """
    rows = []
    for bar in bars:
        row = np.zeros(v.MOST_BEATS * v.STEPS, bool)
        at = 0
        for value, until in bar:
            row[at] |= value not in (v.REST, v.HOLD)
            at = until
        if row.any():
            rows.append(row[: bar[-1][1]])
    pairs = [(one, other) for one, other in itertools.pairwise(rows) if len(one) == len(other)]
    return float(1 - np.mean([np.mean(one != other) for one, other in pairs])) if pairs else 1.0


def onsets_a_bar(bars: Sequence[Line]) -> float:
    """Returns how many tones begin in a bar, on average."""
    return float(np.mean([sum(value not in (v.REST, v.HOLD) for value, _ in bar) for bar in bars])) if bars else 0.0
