"""One bar written by the net: what is given is told, and what may be chosen goes with key, chords and range."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from scumble.music import vocabulary as v
from scumble.music.chance import Chance
from scumble.music.imagined_parts import chord_from_sounding
from scumble.music.notation import Cell, Chorded, Hits, Measure, Sounding, numbers_from_measure
from scumble.music.plan import Plan
from scumble.music.score import Bar
from scumble.music.style import Part
from scumble.music.theory import SCALES
from scumble.music.writing import Writer

_MOST_EMPTY_BARS = 1
"""After so many bars in which no tone of the melody begins, one must begin."""
_MOST_EQUAL_BARS = 2
"""So many bars at most stand on one root before another one is written."""
_PASSING_STEPS = 2
"""A tone that rubs against its chord is at most so long."""
_RUBS = frozenset((1, 11))


@dataclasses.dataclass(frozen=True)
class Task:
    """What the composer is to write.

    Attributes:
        plan: form, harmony and style.
        voices: the style's part for each of "bass", "melody" and "drums" that is to be written.
        harmony: True to write the chords too, but for those that close sections and the piece.
        chance: what choices are drawn from, by section, bar and place, never by how many were drawn before.
    """

    plan: Plan
    voices: dict[str, Part]
    harmony: bool
    chance: Chance

    @property
    def strict(self) -> bool:
        """True when only tones of the key are welcome."""
        return self.plan.key.strict


class Ongoing:
    """What goes on from bar to bar: the tones that sound, how long no tone of the melody began, and the last roots."""

    def __init__(self) -> None:
        self.sounding: dict[str, int | None] = {"bass": None, "melody": None}
        self.empty = 0
        self.roots: list[set[int]] = []

    def note(self, measure: Measure) -> None:
        """Takes note of a bar."""
        for name, cells in (("bass", measure.bass), ("melody", measure.melody)):
            for cell in cells:
                if cell.value != v.HOLD:
                    self.sounding[name] = None if cell.value == v.REST else cell.value
        self.empty = self.empty + 1 if all(cell.value in (v.REST, v.HOLD) for cell in measure.melody) else 0
        self.roots = [*self.roots, {chorded.chord.root for chorded in measure.chords}][-_MOST_EQUAL_BARS:]

    @property
    def stale(self) -> int | None:
        """The root on which the last bars have stood long enough, or None."""
        first = self.roots[0] if len(self.roots) == _MOST_EQUAL_BARS else set()
        return next(iter(first)) if len(first) == 1 and all(roots == first for roots in self.roots) else None


def energy_of_bar(task: Task, number: int) -> int:
    """Returns a bar's energy as a word."""
    return v.energy_word(task.plan.energies[number])


def written_bar(
    task: Task,
    writer: Writer,
    bar: Bar,
    chords: tuple[Chorded, ...],
    present: Sequence[str],
    chance: Chance,
    state: Ongoing,
    number: int,
) -> Measure:
    """Has the writer write a bar: what is given is told, and the rest is chosen."""
    energy = energy_of_bar(task, number)
    writer.tell([v.number("bar", bar.beats - 1), v.number("energy", energy)])
    given = numbers_from_measure(Measure(bar.beats, energy, chords), ())[2:] if chords else []
    writer.tell(given)
    if not given:
        chords = tuple(_new_chords(task, writer, bar, chance.at("chord"), state.stale))
    steps = bar.beats * v.STEPS
    lines: dict[str, tuple[Cell, ...]] = {"bass": (), "melody": ()}
    for name, family in (("bass", "bass"), ("melody", "tune")):
        if name in task.voices and name in present:
            line = _Line(task, name, family, chords, state, steps)
            lines[name] = tuple(line.cells(writer, chance.at(name)))
        elif name in task.voices:
            lines[name] = (Cell(v.REST, steps),)
            writer.tell([v.number(family, v.REST), v.number("until", steps - 1)])
    hits: tuple[Hits, ...] = ()
    if "drums" in task.voices:
        hits = (Hits((), steps),)
        if "drums" in present:
            hits = tuple(_hits(task, writer, steps, chance.at("drums")))
        else:
            writer.tell([v.number("until", steps - 1)])
    return Measure(bar.beats, energy, chords, lines["bass"], lines["melody"], hits)


def _new_chords(task: Task, writer: Writer, bar: Bar, chance: Chance, stale: int | None) -> Iterator[Chorded]:
    """Chords that change at the bar line or its middle; strict ones have no foreign tone, free ones at most one.

    None is on the `stale` root, and none comes twice.
    """
    scale = set(SCALES[task.plan.key.mode])
    foreign = 0 if task.strict else 1
    qualities = len(v.QUALITIES)
    welcome = [
        v.number("chord", root * qualities + quality)
        for root in range(12)
        if root != stale
        for quality in range(qualities)
        if len(set(Sounding(root, quality).tones) - scale) <= foreign
    ]
    steps = bar.beats * v.STEPS
    ends = [steps // 2, steps] if bar.beats % 2 == 0 else [steps]
    at = 0
    while at < steps:
        value = writer.choose(welcome, chance.at(at)) - v.FIRST["chord"]
        welcome = [number for number in welcome if number != value + v.FIRST["chord"]]
        at = writer.choose([v.number("until", end - 1) for end in ends], chance.at(at, "until")) - v.FIRST["until"] + 1
        yield Chorded(Sounding(*divmod(value, qualities)), at)


class _Line:
    """What is welcome in a bar of bass or melody: its part's range, the key, and what goes with the chords."""

    def __init__(
        self, task: Task, name: str, family: str, chords: tuple[Chorded, ...], state: Ongoing, steps: int
    ) -> None:
        self.name, self.family, self.chords, self.steps = name, family, chords, steps
        self.held = state.sounding[name]
        self.must_sing = name == "melody" and state.empty >= _MOST_EMPTY_BARS
        self.low = v.LOWEST_BASS if name == "bass" else v.LOWEST_TUNE
        scale = set(SCALES[task.plan.key.mode])
        part, centre = task.voices[name], v.centre(task.plan.key.tonic)
        high = v.HIGHEST_BASS if name == "bass" else v.HIGHEST_TUNE
        self.tones = [
            tone
            for tone in range(max(part.low - centre, self.low), min(part.high - centre, high) + 1)
            if not task.strict or tone % 12 in scale
        ]
        self.scale = scale
        self.plan = task.plan
        self.played: dict[Sounding, frozenset[int]] = {}

    def cells(self, writer: Writer, chance: Chance) -> Iterator[Cell]:
        """Yields the bar's cells as they are chosen."""
        at = 0
        while at < self.steps:
            value = writer.choose([v.number(self.family, value) for value in self.welcome(at)], chance.at(at))
            value -= v.FIRST[self.family]
            ends = [v.number("until", end - 1) for end in range(at + 1, self.longest(at, value) + 1)]
            at = writer.choose(ends, chance.at(at, "until")) - v.FIRST["until"] + 1
            yield Cell(value, at)

    def chord_at(self, step: int) -> Chorded:
        """Returns the chord that stands at a step."""
        return next(chorded for chorded in self.chords if step < chorded.until)

    def welcome(self, at: int) -> list[int]:
        """Returns the values that may begin at a step."""
        chord = self.chord_at(at).chord
        tones = self.tones
        if self.name == "bass" and (at == 0 or any(chorded.until == at for chorded in self.chords)):
            tones = [tone for tone in tones if tone % 12 in chord.tones] or tones
        values = [2 + tone - self.low for tone in tones]
        if not (self.must_sing and at == 0):
            values.append(v.REST)
        if at == 0 and self.held is not None and not self.must_sing and not self.rubs(self.held, chord):
            values.append(v.HOLD)
        return sorted(values)

    def longest(self, at: int, value: int) -> int:
        """Returns the last step until which a value may go on: as long as it goes with the chords."""
        if value == v.REST:
            return self.steps
        tone = self.held if value == v.HOLD else value
        until = at
        while tone is not None and until < self.steps:
            standing = self.chord_at(until)
            if self.rubs(tone, standing.chord):
                return min(max(until, at + _PASSING_STEPS), self.steps)
            until = standing.until
        return max(until, at + 1)

    def rubs(self, value: int, chord: Sounding) -> bool:
        """True for a tone beside the chord that is foreign to the key, or a semitone from one of the chord's.

        A melody rubs too against what the style adds to the chord, as the root does over a major seventh.
        """
        tone = (value - 2 + self.low) % 12
        if self.name == "melody" and (tone - 1) % 12 in self.colored(chord):
            return True
        if tone in chord.tones:
            return False
        return tone not in self.scale or any((tone - other) % 12 in _RUBS for other in chord.tones)

    def colored(self, chord: Sounding) -> frozenset[int]:
        """Returns the chord's tones as the style plays them, in semitones above the tonic."""
        if chord not in self.played:
            tonic = self.plan.key.tonic
            tones = chord_from_sounding(chord, self.plan).pitch_classes
            self.played[chord] = frozenset((tone - tonic) % 12 for tone in tones)
        return self.played[chord]


def _hits(task: Task, writer: Writer, steps: int, chance: Chance) -> Iterator[Hits]:
    """Drums that the style's kit has, struck together at each place, and never silent for more than half a bar."""
    kit = task.voices["drums"].kit
    keys = {voice.key for groove in kit.grooves for voice in groove} if kit else set()
    known = [place for place, own in enumerate(v.DRUMS.values()) if keys & set(own)]
    at = 0
    while at < steps:
        drums: list[int] = []
        longest = max(steps // 2, 1)
        ends = [v.number("until", end - 1) for end in range(at + 1, min(at + longest, steps) + 1)]
        while True:
            more = [v.number("drum", drum) for drum in known if not drums or drum > drums[-1]]
            # A stroke is there before its end, but for a rest at the bar's beginning.
            welcome = (ends if drums or at == 0 else []) + more
            number = writer.choose(welcome or ends, chance.at(at, len(drums)))
            if number >= v.FIRST["drum"]:
                drums.append(number - v.FIRST["drum"])
                continue
            at = number - v.FIRST["until"] + 1
            yield Hits(tuple(drums), at)
            break
