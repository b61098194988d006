"""The score: everything that is to sound, as plain values in seconds, and the time it is laid out on."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from typing import Literal, NamedTuple

from scumble.errors import ParamError

SAMPLE_RATE_HZ = 48_000

Role = Literal["drums", "bass", "chords", "pad", "arpeggio", "melody", "effects"]
Mode = Literal["major", "minor", "dorian", "mixolydian"]


class Note(NamedTuple):
    """One note: when its key goes down and up, which key, how hard.

    Attributes:
        start_s: seconds from the beginning of the score, 0 or more and below its length.
        end_s: later than `start_s`; past the score's end only in a loop, whose end sounds into its beginning.
        pitch: MIDI key 0 to 127, 60 is middle C; on a drum track the key of General MIDI's drum map.
        velocity: above 0, up to 1; MIDI's velocity is 127 times that, rounded.
    """

    start_s: float
    end_s: float
    pitch: int
    velocity: float


class ControlPoint(NamedTuple):
    """A value from this time on, going straight to the next point's: `value` 0 to 1."""

    time_s: float
    value: float


@dataclasses.dataclass(frozen=True)
class Track:
    """One instrument's part and its place in the mix.

    Attributes:
        name: for people and file names, unique in the score: lower case, digits and hyphens.
        role: what the part does in the music.
        program: General MIDI program 0 to 127; on a drum track the kit, 0 being the standard one (bank 128).
        notes: sorted by start, then pitch; one key does not sound twice at a time.
        gain_db: fader, about -24 to +6.
        pan: -1 left, 0 middle, 1 right.
        reverb: send 0 to 1.
        expression: loudness inside held notes (MIDI's controller 11); full everywhere when empty.
    """

    name: str
    role: Role
    program: int
    notes: tuple[Note, ...]
    gain_db: float = 0.0
    pan: float = 0.0
    reverb: float = 0.2
    expression: tuple[ControlPoint, ...] = ()

    @property
    def is_drums(self) -> bool:
        """True when pitches are drums and not tones."""
        return self.role == "drums"


class Bar(NamedTuple):
    """A bar: its first beat, counted from the score's beginning, and how many beats it has; a beat is a quarter."""

    start_beat: int
    beats: int

    @property
    def end_beat(self) -> int:
        """First beat after the bar."""
        return self.start_beat + self.beats


class Section(NamedTuple):
    """Some bars with one idea.

    Attributes:
        name: intro, A to E or outro; the same name is the same material.
        variant: 0 when the material is first heard, then 1, 2, ...
        first_bar, bars: index of the first bar, and how many.
        start_s, end_s: seconds.
        energy: 0 calm to 1 full.
    """

    name: str
    variant: int
    first_bar: int
    bars: int
    start_s: float
    end_s: float
    energy: float


class ChordSpan(NamedTuple):
    """A chord and how long it stands.

    Attributes:
        start_s, end_s: seconds.
        root: pitch class 0 (C) to 11 (B) of the root.
        pitch_classes: all its pitch classes, the root first.
        symbol: the degree as a Roman numeral, as in "vi7".
    """

    start_s: float
    end_s: float
    root: int
    pitch_classes: tuple[int, ...]
    symbol: str


class TempoMap:
    """Beats and samples: piecewise of one tempo, through anchors that are whole on both sides, so exact there.

    `anchors` are (beat, sample) pairs, both strictly rising, at least two, the first (0, 0), the last the end.
    Positions outside are taken along the nearest piece. Raises ParamError for other anchors.
    """

    def __init__(self, anchors: tuple[tuple[int, int], ...]) -> None:
        rising = all(b[0] > a[0] and b[1] > a[1] for a, b in itertools.pairwise(anchors))
        if len(anchors) < 2 or anchors[0] != (0, 0) or not rising:
            raise ParamError("The tempo map does not rise from its beginning", "Start at (0, 0).", "param.tempo_map")
        self.anchors = anchors
        self._beats = [beat for beat, _ in anchors]
        self._samples = [sample for _, sample in anchors]

    @property
    def beats(self) -> int:
        """Number of beats in all."""
        return self._beats[-1]

    def sample_from_beat(self, beat: float) -> float:
        """Returns the position in samples; whole at anchors."""
        return _along(self._beats, self._samples, beat)

    def seconds_from_beat(self, beat: float) -> float:
        """Returns the position in seconds."""
        return self.sample_from_beat(beat) / SAMPLE_RATE_HZ

    def beat_from_seconds(self, time_s: float) -> float:
        """Returns the position in beats."""
        return _along(self._samples, self._beats, time_s * SAMPLE_RATE_HZ)

    def bpm_at(self, beat: float) -> float:
        """Returns the tempo, in beats a minute, of the piece that holds or begins at a beat."""
        piece = _piece(self._beats, beat)
        beats = self._beats[piece + 1] - self._beats[piece]
        return 60.0 * SAMPLE_RATE_HZ * beats / (self._samples[piece + 1] - self._samples[piece])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TempoMap) and other.anchors == self.anchors

    def __hash__(self) -> int:
        return hash(self.anchors)

    def __repr__(self) -> str:
        return f"TempoMap({self.beats} beats, {self.bpm_at(0):.2f} bpm at first, {len(self.anchors) - 1} pieces)"


@dataclasses.dataclass(frozen=True)
class Score:
    """A piece of music, ready to be played, drawn or written as MIDI.

    Attributes:
        tracks: the parts.
        tempo: beats to samples.
        bars: follow each other without a gap from beat 0 to the last.
        sections: follow each other without a gap over all bars.
        chords: follow each other without a gap over the whole length; none where they are not known.
        length_samples: exact length at 48 kHz.
        loop: True when what still sounds at the end is to be added at the beginning.
        style, key, mode: the style's name, the tonic as pitch class 0 to 11, the mode.
        seed: what every choice was drawn from.
    """

    tracks: tuple[Track, ...]
    tempo: TempoMap
    bars: tuple[Bar, ...]
    sections: tuple[Section, ...]
    chords: tuple[ChordSpan, ...]
    length_samples: int
    loop: bool
    style: str
    key: int
    mode: Mode
    seed: int

    @property
    def length_s(self) -> float:
        """Length in seconds."""
        return self.length_samples / SAMPLE_RATE_HZ

    def track(self, name: str) -> Track:
        """Returns the part of that name; raises KeyError when there is none."""
        for track in self.tracks:
            if track.name == name:
                return track
        raise KeyError(name)


def _piece(positions: list[int], position: float) -> int:
    return min(max(bisect.bisect_right(positions, position) - 1, 0), len(positions) - 2)


def _along(sources: list[int], targets: list[int], position: float) -> float:
    piece = _piece(sources, position)
    start, end = targets[piece], targets[piece + 1]
    return start + (position - sources[piece]) * (end - start) / (sources[piece + 1] - sources[piece])
