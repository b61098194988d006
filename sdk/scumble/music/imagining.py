"""The composer in a form: bars written by the net under the plan's chords, ranges and sections, which return."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from scumble.music import vocabulary as v
from scumble.music.hearing import sounding_from_tones
from scumble.music.imagining_bars import Ongoing, Task, energy_of_bar, written_bar
from scumble.music.notation import Chorded, Measure, numbers_from_measure
from scumble.music.playing import takes_part
from scumble.music.score import Bar, Section
from scumble.music.writing import Writer

_CLOSING_BARS = 3
"""At the end of a piece the form's own chords stand in so many bars."""


def imagined(task: Task, writer: Writer) -> Iterator[tuple[int, Measure]]:
    """Yields the number and the content of each bar that is written, in order.

    Bars in which no voice takes part are left out when the chords are the form's own. A section that returns has the
    bars of its first time where its chords are the same, but for the last of each four, which are written anew.
    """
    memory: dict[tuple[str, int], Measure] = {}
    state = Ongoing()
    for section in task.plan.sections:
        present = [name for name, part in task.voices.items() if takes_part(part, section)]
        if not present and not task.harmony:
            continue
        for place, bar in task.plan.playing_bars(section):
            number = section.first_bar + place
            fixed = _chords_of_plan(task, bar) if _is_fixed(task, section, place) else None
            before = memory.get((section.name, place))
            measure = _returned(task, before, bar, fixed, section, place)
            if measure is None:
                chance = task.chance.at(section.name, section.variant, place)
                measure = written_bar(task, writer, bar, fixed or (), present, chance, state, number)
            else:
                writer.tell(numbers_from_measure(measure, tuple(task.voices)))
            state.note(measure)
            memory.setdefault((section.name, place), measure)
            yield number, measure


def _is_fixed(task: Task, section: Section, place: int) -> bool:
    last = place == section.bars - 1
    closing = not task.plan.loop and section.first_bar + place >= len(task.plan.bars) - _CLOSING_BARS
    return not task.harmony or last or closing


def _chords_of_plan(task: Task, bar: Bar) -> tuple[Chorded, ...]:
    """The form's chords in a bar, in the composer's words."""
    plan = task.plan
    chords: list[Chorded] = []
    for beat in range(bar.start_beat, bar.end_beat):
        chord = plan.harmony[plan.chord_index(beat)].chord
        sounding = sounding_from_tones(chord.root, chord.pitch_classes, plan.key.tonic)
        until = (beat + 1 - bar.start_beat) * v.STEPS
        if chords and chords[-1].chord == sounding:
            chords[-1] = Chorded(sounding, until)
        else:
            chords.append(Chorded(sounding, until))
    return tuple(chords)


def _returned(
    task: Task, before: Measure | None, bar: Bar, fixed: tuple[Chorded, ...] | None, section: Section, place: int
) -> Measure | None:
    """The bar of the section's first time, if it fits here."""
    if before is None or before.beats != bar.beats or (fixed is not None and fixed != before.chords):
        return None
    if section.variant and place % 4 == 3:
        return None
    return dataclasses.replace(before, energy=energy_of_bar(task, section.first_bar + place))
