"""Scales and chords: pitch classes of modes, chords from Roman numerals, what agrees with what."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from scumble.music.score import Mode

SCALES: dict[Mode, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}
"""Semitones of each mode's steps above its tonic."""

KEYS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
"""Names of the tonics, by pitch class."""

Color = Literal["triad", "open", "seventh", "ninth"]
"""How rich chords are: three tones; with a ninth where it is mild; with a seventh; with both."""

_NUMERAL = re.compile(r"(b?)([iv]+|[IV]+)(°?)(sus4|sus2|7|)(?:/([35]))?")
_DEGREES = {"i": 0, "ii": 1, "iii": 2, "iv": 3, "v": 4, "vi": 5, "vii": 6}


class Chord(NamedTuple):
    """A chord in a key.

    Attributes:
        root: pitch class.
        pitch_classes: the root, third (or what hangs in its place), fifth, then what colours it.
        bass: pitch class of the lowest tone.
        symbol: the degree as a Roman numeral.
    """

    root: int
    pitch_classes: tuple[int, ...]
    bass: int
    symbol: str


def scale_from_key(key: int, mode: Mode) -> tuple[int, ...]:
    """Returns the seven pitch classes from the tonic up."""
    return tuple((key + step) % 12 for step in SCALES[mode])


def chord_from_numeral(numeral: str, key: int, mode: Mode, color: Color = "triad", *, strict: bool = False) -> Chord:
    """Returns the chord that a numeral such as "vi", "V7", "bVII", "IVsus2" or "I/3" (third in the bass) names.

    Degrees are the mode's own: VI in minor is the major chord on the lowered sixth. `strict` keeps to the mode's
    tones: what does not is replaced by the chord that the scale has on that degree. Raises ValueError for what is no
    numeral.
    """
    found = _NUMERAL.fullmatch(numeral)
    if found is None or found[2].lower() not in _DEGREES:
        raise ValueError(f"{numeral!r} is no Roman numeral")
    flat, letters, diminished, suffix, bass_tone = found.groups()
    degree = _DEGREES[letters.lower()]
    scale = SCALES[mode]
    root = scale[degree] - bool(flat)
    third, fifth = (4 if letters.isupper() else 3), (6 if diminished else 7)
    if strict and not {root % 12, (root + third) % 12, (root + fifth) % 12} <= set(scale):
        degree = degree if not flat else 4
        root = scale[degree]
        third, fifth = ((scale[(degree + step) % 7] - root) % 12 for step in (2, 4))
        letters = letters.upper() if third == 4 else letters.lower()
        diminished = "°" if fifth == 6 else ""
        flat = ""
    if suffix in ("sus2", "sus4"):
        hanging = 2 if suffix == "sus2" else 5
        if (root + hanging) % 12 in scale:
            third = hanging
        else:
            suffix = ""
    tones = [0, third, fifth]
    if suffix == "7" or (color in ("seventh", "ninth") and not suffix):
        tones.append(10 if (root + 10) % 12 in scale or (suffix == "7" and not strict) else 11)
        if strict and (root + tones[-1]) % 12 not in scale:
            tones.pop()
    mild = (root + 2) % 12 in scale and fifth == 7 and third in (3, 4)
    if mild and (color == "ninth" or (color == "open" and third == 4)) and degree != 2:
        tones.append(2)
    pitch_classes = tuple((key + root + tone) % 12 for tone in tones)
    bass = (key + root + {None: 0, "3": third, "5": fifth}[bass_tone]) % 12
    symbol = f"{flat}{letters}{diminished}{suffix}" + (f"/{bass_tone}" if bass_tone else "")
    return Chord((key + root) % 12, pitch_classes, bass, symbol)


def scale_over_chord(scale: tuple[int, ...], chord: Chord) -> tuple[int, ...]:
    """Returns the scale's pitch classes, those a semitone beside a chord tone that is foreign to it left out for it."""
    foreign = [tone for tone in chord.pitch_classes if tone not in scale]
    kept = {tone for tone in scale if all((tone - other) % 12 not in (1, 11) for other in foreign)}
    return tuple(sorted(kept | set(chord.pitch_classes)))


def clashes(pitch_class: int, chord: Chord) -> bool:
    """True for a tone a semitone above one of the chord's: the field's "avoid note", and the root over its seventh."""
    return (pitch_class - 1) % 12 in chord.pitch_classes


def nearest_pitch(target: float, pitch_classes: tuple[int, ...], low: int, high: int) -> int:
    """Returns the pitch from `low` to `high`, of one of the pitch classes, that is nearest to `target`."""
    pitches = [pitch for pitch in range(low, high + 1) if pitch % 12 in pitch_classes]
    return min(pitches, key=lambda pitch: (abs(pitch - target), pitch))
