"""Does it copy? Stretches of melody, in any transposition, looked up among those that were taught."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from scumble.music import vocabulary as v
from scumble_export.composer.corpus import VOICES, Piece

LEAST_NOTES = {4: 8, 8: 16}
"""A stretch of so many bars counts from so many tones on: fewer are no melody that anybody owns."""
_LEAST_PITCHES = 3
_COLUMN = VOICES.index("melody")
_RESAMPLES = 1000

Line = tuple[tuple[int, int], ...]
"""One bar of melody: (value as the vocabulary counts it, step until which it lasts)."""


class Rate(NamedTuple):
    """How many of the stretches that count were taught, with a 95 % interval over pieces."""

    matches: int
    stretches: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """The share."""
        return self.matches / self.stretches if self.stretches else 0.0


def melody_of(piece: Piece) -> list[Line]:
    """Returns a piece's melody by bar; no bars when it has none."""
    if "melody" not in piece.parts:
        return []
    return [line_from_words(bar[_COLUMN]) for bar in piece.bars]


def line_from_words(words: Sequence[int]) -> Line:
    """Returns a bar's melody from its words, which are a tone and its end in turn."""
    values = [v.word(number).value for number in words]
    return tuple((values[place], values[place + 1] + 1) for place in range(0, len(values), 2))


def stretches(bars: Sequence[Line], count: int) -> Iterable[tuple[object, ...]]:
    """Yields every stretch of `count` bars that counts, as rhythm and intervals from its first tone: no key is left."""
    for first in range(len(bars) - count + 1):
        some = bars[first : first + count]
        tones = [value for bar in some for value, _ in bar if value not in (v.REST, v.HOLD)]
        if len(tones) < LEAST_NOTES[count] or len(set(tones)) < _LEAST_PITCHES:
            continue
        yield tuple(
            tuple((value if value in (v.REST, v.HOLD) else value - tones[0] + 1000, until) for value, until in bar)
            for bar in some
        )


def taught_stretches(pieces: Iterable[Piece], count: int) -> set[int]:
    """Returns the hashes of all stretches in taught pieces."""
    return {hash(one) for piece in pieces if not piece.held_out for one in stretches(melody_of(piece), count)}


def rate_of(melodies: Iterable[Sequence[Line]], taught: set[int], count: int, seed: int = 0) -> Rate:
    """Returns how often stretches of some melodies are among the taught ones."""
    found = []
    for bars in melodies:
        known = [hash(one) in taught for one in stretches(bars, count)]
        found.append((sum(known), len(known)))
    sums = np.array(found, float).reshape(-1, 2)
    if not sums[:, 1].sum():
        return Rate(0, 0, 0.0, 0.0)
    drawn = sums[np.random.default_rng(seed).integers(len(sums), size=(_RESAMPLES, len(sums)))].sum(1)
    shares = drawn[:, 0] / np.maximum(drawn[:, 1], 1)
    low, high = np.quantile(shares, (0.025, 0.975))
    return Rate(int(sums[:, 0].sum()), int(sums[:, 1].sum()), float(low), float(high))
