"""Key and chords of music that does not say them: by what sounds how long."""

from __future__ import annotations

from collections.abc import Sequence

from scumble.music import vocabulary as v
from scumble.music.notation import Sounding
from scumble.music.score import Mode
from scumble.music.theory import SCALES

Weights = Sequence[float]
"""How much each of the twelve pitch classes sounds."""

_MAJOR = (0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400)
_MINOR = (0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330)
"""Temperley 2001, "The Cognition of Basic Musical Structures", table 7.1 as later revised: how tones fit a key."""
_SIGNED = 0.15
"""What a key signature adds to the correlation of its two keys."""
_FOREIGN, _BASS, _RICH = 0.75, 0.35, 0.12
"""What foreign tones cost, what a root in the bass is worth, what chords beyond the plain triads cost."""
_CHANGES = (0.15, 0.35, 0.8)
"""What a change costs at the bar line, at the bar's middle, and elsewhere; in units of one beat's sound."""

_CHORDS = tuple(Sounding(root, quality) for root in range(12) for quality in range(len(v.QUALITIES)))
_TONES = tuple(chord.tones for chord in _CHORDS)
_COSTS = tuple(0.0 if chord.quality < 2 else _RICH for chord in _CHORDS)


def key_from_weights(weights: Weights, signature: tuple[int, Mode] | None = None) -> tuple[int, Mode]:
    """Returns tonic and mode, major or minor, that fit best; a signature's two keys are favoured."""
    favoured: set[tuple[int, Mode]] = set()
    if signature is not None:
        tonic, mode = signature
        relative = (tonic + 9) % 12 if mode == "major" else (tonic + 3) % 12
        favoured = {(tonic, mode), (relative, "minor" if mode == "major" else "major")}
    profiles: tuple[tuple[Mode, Weights], ...] = (("major", _MAJOR), ("minor", _MINOR))
    found: list[tuple[float, int, Mode]] = []
    for mode, profile in profiles:
        for tonic in range(12):
            turned = [profile[(tone - tonic) % 12] for tone in range(12)]
            found.append((_correlation(weights, turned) + _SIGNED * ((tonic, mode) in favoured), -tonic, mode))
    _, minus_tonic, best = max(found)
    return -minus_tonic, best


def in_key_share(weights: Weights, tonic: int, mode: Mode) -> float:
    """Returns the share of what sounds that is of the scale; in minor the leading tones count too. 1 for silence."""
    scale = {(tonic + step) % 12 for step in (*SCALES[mode], *((9, 11) if mode == "minor" else ()))}
    whole = sum(weights)
    return sum(weights[tone] for tone in scale) / whole if whole else 1.0


def chords_from_beats(
    beats: Sequence[Weights], basses: Sequence[int | None], starts: Sequence[int], lengths: Sequence[int]
) -> list[Sounding]:
    """Returns the chord at each beat: the likeliest sequence, changes being dear where few happen.

    `beats` weigh the pitch classes above the tonic in each beat, `basses` are their lowest, `starts` and `lengths`
    the bars in beats. Viterbi's algorithm over all roots and qualities.
    """
    changes = [_CHANGES[2]] * len(beats)
    for start, length in zip(starts, lengths, strict=True):
        changes[start] = _CHANGES[0]
        if length % 2 == 0 and length > 2:
            changes[start + length // 2] = _CHANGES[1]
    totals = [0.0] * len(_CHORDS)
    back: list[list[int]] = []
    for beat, (weights, bass) in enumerate(zip(beats, basses, strict=True)):
        best = max(range(len(totals)), key=totals.__getitem__)
        floor = totals[best] - changes[beat]
        came = [place if total >= floor else best for place, total in enumerate(totals)]
        fits = _fits(weights, bass)
        totals = [max(total, floor) + fit for total, fit in zip(totals, fits, strict=True)]
        back.append(came)
    places = []
    place = max(range(len(totals)), key=totals.__getitem__)
    for came in reversed(back):
        places.append(place)
        place = came[place]
    return [_CHORDS[place] for place in reversed(places)]


def _fits(weights: Weights, bass: int | None) -> list[float]:
    whole = sum(weights)
    if not whole:
        return [0.0] * len(_CHORDS)
    shares = [weight / whole for weight in weights]
    fits = []
    for chord, tones, cost in zip(_CHORDS, _TONES, _COSTS, strict=True):
        inside = sum([shares[tone] for tone in tones])
        present = sum([shares[tone] > 0.04 for tone in tones]) / len(tones)
        fits.append(inside - _FOREIGN * (1 - inside) + 0.5 * present + _BASS * (chord.root == bass) - cost)
    return fits


def _correlation(one: Weights, other: Weights) -> float:
    mean, mean_other = sum(one) / 12, sum(other) / 12
    pairs = [(a - mean, b - mean_other) for a, b in zip(one, other, strict=True)]
    spread = sum(a * a for a, _ in pairs) * sum(b * b for _, b in pairs)
    return sum(a * b for a, b in pairs) / float(spread) ** 0.5 if spread else 0.0
