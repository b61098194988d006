"""Voice leading: chords as pitches, each tone moving as little as it can from chord to chord."""

from __future__ import annotations

import itertools

from scumble.music.theory import Chord

_LOWEST_CLOSE = 50
"""Below this pitch (D3) tones nearer than a fifth sound muddy."""


def voicings_from_chords(chords: list[Chord], low: int, high: int, voices: int) -> list[tuple[int, ...]]:
    """Returns for each chord its pitches from `low` to `high`, lowest first, led from one to the next."""
    led: list[tuple[int, ...]] = []
    for chord in chords:
        options = _voicings(chord, low, high, voices)
        before = led[-1] if led else None
        led.append(min(options, key=lambda pitches: (_cost(pitches, before, (low + high) / 2), pitches)))
    return led


def _voicings(chord: Chord, low: int, high: int, voices: int) -> list[tuple[int, ...]]:
    """All ways to lay the chord's most telling tones within an octave and a half."""
    telling = _telling(chord, voices)
    places = [[pitch for pitch in range(low, high + 1) if pitch % 12 == tone] for tone in telling]
    found = []
    for pitches in itertools.product(*places):
        laid = tuple(sorted(pitches))
        if len(set(laid)) == len(laid) and laid[-1] - laid[0] <= 19:
            found.append(laid)
    return found or [tuple(sorted(column[0] for column in places if column))]


def _telling(chord: Chord, voices: int) -> list[int]:
    """The tones by what they tell: with few voices the fifth goes first, then the root, which the bass has."""
    tones = list(chord.pitch_classes)
    root, _, fifth = tones[:3]
    for spare in (fifth, root):
        if len(tones) > max(voices, 2):
            tones.remove(spare)
    return tones[:voices]


def _cost(pitches: tuple[int, ...], before: tuple[int, ...] | None, center: float) -> float:
    cost = 0.15 * abs(sum(pitches) / len(pitches) - center)
    for lower, upper in itertools.pairwise(pitches):
        if lower < _LOWEST_CLOSE and upper - lower < 7:
            cost += 3.0
        if upper - lower == 1:
            cost += 2.5 if upper == pitches[-1] else 1.0
    if before is None:
        return cost
    moves = [min(abs(pitch - other) for other in before) for pitch in pitches]
    cost += sum(moves) + 0.7 * abs(pitches[-1] - before[-1])
    if len(before) == len(pitches):
        same_way = [new - old for new, old in zip(pitches, before, strict=True)]
        cost += 1.5 if len(set(same_way)) == 1 and same_way[0] else 0.0
    return cost
