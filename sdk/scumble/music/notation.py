"""Music in the composer's words: bars of chords, bass, melody and drums, written as numbers and read again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scumble.music import vocabulary as v
from scumble.music.score import Mode


class Sounding(NamedTuple):
    """A chord in a key: `root` in semitones above the tonic, 0 to 11, `quality` as place in QUALITIES."""

    root: int
    quality: int

    @property
    def tones(self) -> tuple[int, ...]:
        """Its tones in semitones above the tonic, the root first."""
        return tuple((self.root + step) % 12 for step in tuple(v.QUALITIES.values())[self.quality])


class Cell(NamedTuple):
    """Some steps of a bar in one voice: `until` is the step in the bar at which it ends, from 1.

    `value` is REST, HOLD or the tone as the vocabulary counts it.
    """

    value: int
    until: int


class Chorded(NamedTuple):
    """A chord and the step in the bar until which it stands."""

    chord: Sounding
    until: int


class Hits(NamedTuple):
    """Drums struck together, as places in DRUMS, rising; none where a bar begins with a rest. Then until when."""

    drums: tuple[int, ...]
    until: int


@dataclasses.dataclass(frozen=True)
class Measure:
    """One bar; `energy` 0 to ENERGIES - 1. Every voice fills it, and a voice that is not there is empty."""

    beats: int
    energy: int
    chords: tuple[Chorded, ...]
    bass: tuple[Cell, ...] = ()
    melody: tuple[Cell, ...] = ()
    drums: tuple[Hits, ...] = ()

    @property
    def steps(self) -> int:
        """Steps that each voice fills."""
        return self.beats * v.STEPS


@dataclasses.dataclass(frozen=True)
class Heading:
    """What stands before the bars: style (a word of STYLE_WORDS), mood ("" for none), key, mode, tempo, voices."""

    style: str
    mood: str
    tonic: int
    mode: Mode
    bpm: float
    parts: tuple[str, ...]

    def numbers(self) -> list[int]:
        """Returns the words that every sequence begins with."""
        mask = sum(1 << place for place, part in enumerate(v.PARTS) if part in self.parts)
        values = {
            "start": 0,
            "style": v.style_word(self.style),
            "mood": v.mood_word(self.mood),
            "key": self.tonic,
            "mode": v.MODE_WORDS.index(self.mode),
            "tempo": v.tempo_word(self.bpm),
            "parts": mask,
        }
        return [v.number(family, values[family]) for family in v.PREFIX]


def numbers_from_measure(measure: Measure, parts: Sequence[str]) -> list[int]:
    """Returns a bar's words, with those voices that `parts` names.

    Raises ValueError for a bar that the vocabulary cannot say: a voice that does not fill it, tones out of range.
    """
    numbers = [v.number("bar", measure.beats - 1), v.number("energy", measure.energy)]
    written: list[tuple[list[int], int]] = [
        ([v.number("chord", chord.root * len(v.QUALITIES) + chord.quality)], until) for chord, until in measure.chords
    ]
    numbers += _voice(written, measure.steps)
    if "bass" in parts:
        numbers += _voice([([v.number("bass", cell.value)], cell.until) for cell in measure.bass], measure.steps)
    if "melody" in parts:
        numbers += _voice([([v.number("tune", cell.value)], cell.until) for cell in measure.melody], measure.steps)
    if "drums" in parts:
        hits = [([v.number("drum", drum) for drum in hit.drums], hit.until) for hit in measure.drums]
        numbers += _voice(hits, measure.steps)
    return numbers


def _voice(events: list[tuple[list[int], int]], steps: int) -> list[int]:
    numbers: list[int] = []
    before = 0
    for words, until in events:
        if not before < until <= steps:
            raise ValueError("the events of a voice do not follow each other")
        numbers += [*words, v.number("until", until - 1)]
        before = until
    if before != steps:
        raise ValueError("a voice does not fill its bar")
    return numbers


class Grammar:
    """Follows words and says which may come next: bars are whole whatever is chosen.

    States are the voices of a bar in their order; `at` is the step that the voice has reached. It begins after the
    heading, before a bar.
    """

    def __init__(self, parts: Sequence[str]) -> None:
        families = zip(v.PARTS, ("bass", "tune", "drum"), strict=True)
        self.voices = ["chord", *(family for part, family in families if part in parts)]
        self.beats = 0
        self.state = "bar"
        self.at = 0
        self.opened = -1
        """Within an event: the last drum, or 0 for a chord or tone; -1 before its first word."""

    @property
    def steps(self) -> int:
        """Steps of the bar."""
        return self.beats * v.STEPS

    def allowed(self) -> list[int]:
        """Returns the numbers that may come next, rising."""
        if self.state in ("bar", "energy"):
            first = v.FIRST[self.state]
            return list(range(first, first + v.FAMILIES[self.state]))
        ends = range(v.FIRST["until"] + self.at, v.FIRST["until"] + self.steps)
        if self.state == "chord":
            return list(ends)[v.STEPS - 1 :: v.STEPS] if self.opened >= 0 else self._family("chord")
        if self.state == "drum":
            rest = [] if self.opened < 0 and self.at else list(ends)
            first = v.FIRST["drum"]
            return sorted([*rest, *range(first + self.opened + 1, first + v.FAMILIES["drum"])])
        return list(ends) if self.opened >= 0 else self._family(self.state)

    def _family(self, family: str) -> list[int]:
        return list(range(v.FIRST[family], v.FIRST[family] + v.FAMILIES[family]))

    def follow(self, number: int) -> None:
        """Takes the next word. Raises ValueError for one that may not come."""
        if number not in self.allowed():
            raise ValueError(f"{v.word(number)} may not follow here")
        family, value = v.word(number)
        if family == "bar":
            self.beats, self.state = value + 1, "energy"
        elif family == "energy":
            self.state, self.at, self.opened = self.voices[0], 0, -1
        elif family == "until":
            self.at, self.opened = value + 1, -1
            if self.at == self.steps:
                place = self.voices.index(self.state) + 1
                self.state, self.at = (self.voices[place], 0) if place < len(self.voices) else ("bar", 0)
        else:
            self.opened = value if family == "drum" else 0


def measures_from_numbers(numbers: Sequence[int], parts: Sequence[str]) -> Iterator[Measure]:
    """Yields the bars that words after the heading say; one that is not whole at the end is left out.

    Raises ValueError for words that no bar is made of.
    """
    grammar = Grammar(parts)
    voices: dict[str, list[tuple[list[int], int]]] = {}
    open_words: list[int] = []
    energy = 0
    for number in numbers:
        state = grammar.state
        grammar.follow(number)
        family, value = v.word(number)
        if family == "bar":
            voices = {}
        elif family == "energy":
            energy = value
        elif family == "until":
            voices.setdefault(state, []).append((open_words, value + 1))
            open_words = []
            if grammar.state == "bar":
                yield _measure(grammar.beats, energy, voices)
        else:
            open_words.append(value)


def _measure(beats: int, energy: int, voices: dict[str, list[tuple[list[int], int]]]) -> Measure:
    def cells(name: str) -> tuple[Cell, ...]:
        return tuple(Cell(words[0], until) for words, until in voices.get(name, []))

    chords = tuple(
        Chorded(Sounding(*divmod(words[0], len(v.QUALITIES))), until) for words, until in voices.get("chord", [])
    )
    drums = tuple(Hits(tuple(words), until) for words, until in voices.get("drum", []))
    return Measure(beats, energy, chords, cells("bass"), cells("tune"), drums)
