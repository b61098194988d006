"""The vocabulary in which styles are written: parts, patterns, drums, harmony and melody as plain text and numbers."""

from __future__ import annotations

import dataclasses
from typing import Literal, NamedTuple

from scumble.music.score import Mode, Role
from scumble.music.theory import Color
from scumble.music.wishes import Mood

Playing = Literal["drums", "bass", "chords", "strum", "arpeggio", "pad", "melody", "riser"]
"""How a part turns its patterns into notes."""


class Level(NamedTuple):
    """A pattern and from which energy on, 0 to 1, it is played; the highest that is reached counts.

    The text has 4 steps a beat and lasts one bar or more; spaces and bars are for the eye. `-` holds, `.` rests.

    - drums: one voice; 1 to 9 is how hard, x is 7, X is 9, o is a ghost of 3.
    - bass: 1 root, 3 third, 5 fifth, 7 seventh, 8 the root above, a what leads to the next root.
    - chords, strum: x, X, o the chord; b its lowest tone, t the others.
    - arpeggio: 0 to 9 the chord's tones from the lowest up, going on an octave higher after the last.
    - melody: x a tone, for the rhythm of a motif; see `Tune`.
    """

    energy: float
    text: str


Ladder = tuple[Level, ...]


def steady(text: str) -> Ladder:
    """Returns a ladder of one pattern for all energies."""
    return (Level(0.0, text),)


class Voice(NamedTuple):
    """One drum: its key in General MIDI's map, its patterns, and how loud it is, 0 to 1."""

    key: int
    ladder: Ladder
    level: float = 0.8


@dataclasses.dataclass(frozen=True)
class Kit:
    """Drums: the voices of each groove, one groove being drawn for a piece, and fills of one bar.

    `fills` are (key, pattern) pairs; where a fill's pattern has a stroke or rest ('.'), the groove is silent; '_'
    lets it go on. `crash` is struck where a section begins, None for nothing.
    """

    grooves: tuple[tuple[Voice, ...], ...]
    fills: tuple[tuple[tuple[int, str], ...], ...] = ()
    crash: int | None = 49


@dataclasses.dataclass(frozen=True)
class Tune:
    """How melodies of a style move.

    Attributes:
        rhythms: one-bar rhythms in 4 steps a beat, sparse ones first; energy chooses around its own share of them.
        leap: probability of a leap against a step.
        rest: probability that a bar of an answer is left empty.
        gapped: True for the pentatonic scale, which has no semitones.
    """

    rhythms: tuple[str, ...]
    leap: float = 0.2
    rest: float = 0.1
    gapped: bool = False


@dataclasses.dataclass(frozen=True)
class Part:
    """One instrument of a style.

    Attributes:
        name, role: as in Track.
        playing: how its patterns become notes.
        programs: General MIDI programs, one of which is drawn (drums: kits).
        patterns: ladders, one of which is drawn for each kind of section; empty for pads, melodies and risers.
        low, high: lowest and highest pitch.
        gain_db, pan, reverb: as in Track.
        enter: energy of a section from which on it takes part.
        away: names of sections in which it is silent.
        gate: share of its written length that a note sounds.
        late_s: how far behind the beat it plays; negative is ahead.
        voices: tones of a chord.
        level: velocity of an unstressed stroke at full energy.
        kit, tune: of drums and of a melody.
    """

    name: str
    role: Role
    playing: Playing
    programs: tuple[int, ...]
    patterns: tuple[Ladder, ...] = ()
    low: int = 48
    high: int = 72
    gain_db: float = 0.0
    pan: float = 0.0
    reverb: float = 0.2
    enter: float = 0.0
    away: tuple[str, ...] = ()
    gate: float = 0.95
    late_s: float = 0.0
    voices: int = 4
    level: float = 0.75
    kit: Kit | None = None
    tune: Tune | None = None


@dataclasses.dataclass(frozen=True)
class Harmony:
    """Chord sequences of a mode, one Roman numeral a bar ("ii,V" for two), for each kind of section.

    `cadences` are the two bars that lead to the last chord. One of each is drawn.
    """

    verses: tuple[str, ...]
    choruses: tuple[str, ...]
    bridges: tuple[str, ...]
    cadences: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Style:
    """A way of making music that people know by its name.

    Attributes:
        name, title, doc: for programs, for people, and one sentence.
        bpm: slowest, calm, energetic and fastest tempo.
        metre: beats a bar.
        swing: how late the second of two steps comes, as share of a step (0 straight, 0.33 triplets).
        swing_steps: steps a beat of those that swing: 4 sixteenths, 2 eighths.
        mood: where the wishes name none.
        modes: for happy and for sad.
        color: how rich chords are.
        bars_per_chord: how many bars a written one lasts.
        harmony: by mode; what is missing is taken from major or minor.
        parts: the instruments.
        loose: deviation of a player's timing in seconds.
    """

    name: str
    title: str
    doc: str
    bpm: tuple[float, float, float, float]
    parts: tuple[Part, ...]
    harmony: dict[Mode, Harmony]
    mood: Mood
    modes: tuple[Mode, Mode] = ("major", "minor")
    metre: int = 4
    swing: float = 0.0
    swing_steps: int = 4
    color: Color = "triad"
    bars_per_chord: int = 1
    loose: float = 0.006

    def harmony_in(self, mode: Mode) -> Harmony:
        """Returns the chord sequences of a mode, or of the nearest that the style knows."""
        near: Mode = "major" if mode in ("major", "mixolydian") else "minor"
        return self.harmony.get(mode) or self.harmony[near]
