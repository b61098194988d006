"""What somebody wishes for: length, style, mood, energy, markers; checked, and nothing decided yet."""

from __future__ import annotations

import dataclasses
import difflib
import itertools
import math
from collections.abc import Iterable
from typing import NamedTuple, get_args

from scumble.errors import ParamError
from scumble.music.score import SAMPLE_RATE_HZ, Mode
from scumble.music.theory import KEYS
from scumble.music.timing import MAX_BPM, MIN_BPM

MIN_DURATION_S, MAX_DURATION_S = 1.0, 1800.0
_MAX_POINTS = 1000
_OTHER_NAMES = {"C#": "Db", "D#": "Eb", "Gb": "F#", "G#": "Ab", "A#": "Bb", "Cb": "B", "B#": "C", "E#": "F", "Fb": "E"}
KEY_NAMES = ("C", "C#", "Db", "D", "D#", "Eb", "E", "F", "F#", "Gb", "G", "G#", "Ab", "A", "A#", "Bb", "B")
"""The tonics as people write them; `Wishes` takes the rarer names too."""


class Mood(NamedTuple):
    """A feeling on Russell's two axes: `valence` 0 sad to 1 happy, `energy` 0 calm to 1 energetic."""

    valence: float
    energy: float


MOODS: dict[str, Mood] = {
    "happy": Mood(0.85, 0.65),
    "sad": Mood(0.15, 0.25),
    "calm": Mood(0.6, 0.15),
    "energetic": Mood(0.7, 0.9),
    "hopeful": Mood(0.7, 0.5),
    "dreamy": Mood(0.55, 0.3),
    "dark": Mood(0.1, 0.5),
    "tense": Mood(0.2, 0.75),
    "epic": Mood(0.4, 0.95),
    "melancholic": Mood(0.3, 0.35),
    "playful": Mood(0.9, 0.55),
    "angry": Mood(0.05, 0.95),
}
"""The moods that have a name."""

CURVES: dict[str, tuple[tuple[float, float], ...]] = {
    "steady": ((0, 1), (1, 1)),
    "rise": ((0, 0.35), (1, 1.25)),
    "fall": ((0, 1.25), (1, 0.35)),
    "arc": ((0, 0.5), (0.6, 1.25), (1, 0.5)),
    "drop": ((0, 0.8), (0.45, 0.4), (0.5, 0.4), (0.5, 1.3), (0.95, 1.2), (1, 0.7)),
    "waves": ((0, 0.6), (0.25, 1.2), (0.5, 0.6), (0.75, 1.2), (1, 0.6)),
}
"""Courses of energy that have a name: (share of the length, factor upon the mood's energy)."""


@dataclasses.dataclass(frozen=True)
class Wishes:
    """What the music is to be.

    Attributes:
        duration_s: length, 1 to 1800 seconds; whole samples at 48 kHz.
        style: a name in STYLES.
        mood: a name in MOODS; the style's own when empty.
        valence, energy: 0 to 1, instead of the mood's: sad to happy, calm to energetic.
        curve: course of the energy: empty for the form's own, a name in CURVES, or (share of the length 0 to 1,
            energy 0 to 1) points with rising shares, which then say how much energy there is. A curve that moves
            also decides which section is which: the highest is the chorus B, the lowest the contrast C.
        markers_s: rising times at which a bar is to begin.
        tempo_bpm: beats a minute, 40 to 240. Held exactly; with markers or a loop, as nearly as whole bars allow.
        key: tonic, as in "C", "F#" or "Bb"; drawn when empty.
        mode: chosen by valence when None.
        loop: the end is to flow into the beginning.
        strict: only tones of the key.
        groove: 0 to 2, how human the players' timing and touch are: 0 is like a machine, 1 as the style has it. Where
            sections and markers begin everybody is in time.
        melody: False for an accompaniment alone, as under a voice.

    Raises ParamError for what is out of its range.
    """

    duration_s: float
    style: str = "lofi"
    mood: str = ""
    valence: float | None = None
    energy: float | None = None
    curve: str | tuple[tuple[float, float], ...] = ""
    markers_s: tuple[float, ...] = ()
    tempo_bpm: float | None = None
    key: str = ""
    mode: Mode | None = None
    loop: bool = False
    strict: bool = False
    melody: bool = True
    groove: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "markers_s", tuple(self.markers_s))
        _check_number("duration", self.duration_s, MIN_DURATION_S, MAX_DURATION_S, " seconds")
        if self.mood:
            check_name("mood", self.mood, MOODS)
        _check_number("groove", self.groove, 0, 2)
        for what, value in (("valence", self.valence), ("energy", self.energy)):
            if value is not None:
                _check_number(what, value, 0, 1)
        if self.tempo_bpm is not None:
            _check_number("tempo", self.tempo_bpm, MIN_BPM, MAX_BPM, " beats a minute")
        if self.key:
            check_name("key", self.key, (*KEYS, *_OTHER_NAMES))
        if self.mode is not None:
            check_name("mode", self.mode, get_args(Mode))
        self._check_curve()
        self._check_markers()

    @property
    def length_samples(self) -> int:
        """Length at 48 kHz."""
        return round(self.duration_s * SAMPLE_RATE_HZ)

    @property
    def marker_samples(self) -> tuple[int, ...]:
        """The markers' positions at 48 kHz."""
        return tuple(round(time_s * SAMPLE_RATE_HZ) for time_s in self.markers_s)

    @property
    def tonic(self) -> int | None:
        """The key's pitch class, None when it is to be drawn."""
        return KEYS.index(_OTHER_NAMES.get(self.key, self.key)) if self.key else None

    def mood_in(self, otherwise: Mood) -> Mood:
        """Returns the mood that is wished for, as far as nothing is said that of a style."""
        named = MOODS.get(self.mood, otherwise)
        return Mood(
            named.valence if self.valence is None else self.valence,
            named.energy if self.energy is None else self.energy,
        )

    def energy_at(self, share: float, energy: float) -> float:
        """Returns the energy 0 to 1 at a share of the length, `energy` being the mood's."""
        if not self.curve:
            return energy
        if isinstance(self.curve, str):
            return min(max(energy * _on_curve(CURVES[self.curve], share), 0.0), 1.0)
        return _on_curve(self.curve, share)

    def _check_curve(self) -> None:
        if isinstance(self.curve, str):
            if self.curve:
                check_name("energy curve", self.curve, CURVES)
            return
        object.__setattr__(self, "curve", tuple((float(share), float(value)) for share, value in self.curve))
        shares = [share for share, _ in self.curve]
        if not 0 < len(shares) <= _MAX_POINTS or shares != sorted(shares):
            hint = f"Give 1 to {_MAX_POINTS} points (share of the length, energy) with rising shares."
            raise ParamError("The energy curve does not go forward", hint, "param.curve")
        for share, value in self.curve:
            _check_number("share of the length in the energy curve", share, 0, 1)
            _check_number("energy in the curve", value, 0, 1)

    def _check_markers(self) -> None:
        if len(self.markers_s) > _MAX_POINTS:
            raise ParamError(
                f"There are {len(self.markers_s)} markers", f"Give {_MAX_POINTS} at most.", "param.markers"
            )
        for time_s in self.markers_s:
            _check_number("marker", time_s, 0, self.duration_s, " seconds")
        cuts = (0, *self.marker_samples, self.length_samples)
        if any(later <= earlier for earlier, later in itertools.pairwise(cuts)):
            hint = "Give rising times after 0 and before the end."
            raise ParamError("The markers do not follow each other", hint, "param.markers")


def check_name(what: str, name: object, known: Iterable[str]) -> None:
    """Raises ParamError unless `name` is one of the known ones."""
    names = list(known)
    if name not in names:
        near = difflib.get_close_matches(str(name), names, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(names)}."
        raise ParamError(f"There is no {what} {name!r}", hint, f"param.{what.split()[-1]}")


def _check_number(what: str, value: object, low: float, high: float, unit: str = "") -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not low <= value <= high:  # type: ignore[operator]  # it is a number here
        shown = f"{value:g}" if isinstance(value, int | float) else repr(value)
        raise ParamError(f"The {what} cannot be {shown}", f"Give {low:g} to {high:g}{unit}.", "param.range")


def _on_curve(points: tuple[tuple[float, float], ...], share: float) -> float:
    before = points[0]
    for point in points:
        if share < point[0]:
            if share <= before[0]:
                return before[1]
            return before[1] + (point[1] - before[1]) * (share - before[0]) / (point[0] - before[0])
        before = point
    return before[1]
