"""Groove: swing, players' looseness and touch; from notes on the beat grid to notes in time."""

from __future__ import annotations

from scumble.music.plan import STEPS, Event, Plan
from scumble.music.score import SAMPLE_RATE_HZ, Note
from scumble.music.style import Part, Style

_SHORTEST_S = 0.03
_MERGE_S = 0.02
_LAST_START_S = 0.3
_MARKER_ACCENT = 1.15
_TAIL_SHARE, _TAIL_MAX_S = 0.28, 1.8
"""Keys are up this share of the last bar before the end, so that the sound dies away inside."""


def notes_from_events(events: list[Event], part: Part, plan: Plan) -> tuple[Note, ...]:
    """Returns the notes as a player with some freedom plays them; the same for the same seed."""
    length_s = plan.grid.tempo.sample_from_beat(plan.beats) / SAMPLE_RATE_HZ
    last_start, last_end = _limits(plan, length_s)
    notes: list[Note] = []
    chance = plan.chance.at(part.name, "groove")
    marked = {plan.bars[bar].start_beat for bar in plan.grid.marked}
    tight = marked | {plan.bars[section.first_bar].start_beat for section in plan.sections}
    for event in sorted(events):
        start = plan.grid.tempo.seconds_from_beat(swung(event.start, plan)) + event.delay_s
        end = plan.grid.tempo.seconds_from_beat(swung(event.end, plan)) + event.delay_s
        step = round(event.start * STEPS)
        if part.playing not in ("pad", "riser") and event.start not in tight:
            shared, own = chance.bell("time", step), chance.bell("time", step, event.pitch)
            moved = part.late_s + plan.groove * plan.style.loose * (0.7 * shared + 0.4 * own)
            start, end = start + moved, end + moved
        touch = 1 + 0.05 * plan.groove * chance.bell("touch", step, event.pitch)
        touch *= _MARKER_ACCENT if event.start in marked else 1.0
        start = max(start, 0.0)
        if start >= last_start:
            continue
        end = min(max(end, start + _SHORTEST_S), last_end)
        notes.append(Note(start, end, event.pitch, min(max(event.velocity * touch, 0.04), 1.0)))
    return _one_at_a_time(notes)


def swung(beat: float, plan: Plan) -> float:
    """Returns where a place on the straight grid lies when every second step comes late."""
    cell = 2.0 / plan.style.swing_steps
    whole = int(beat / cell)
    share = beat / cell - whole
    middle = 0.5 + plan.style.swing / 2
    bent = share / 0.5 * middle if share < 0.5 else middle + (share - 0.5) / 0.5 * (1 - middle)
    return (whole + bent) * cell


def unswung(beat: float, style: Style) -> float:
    """Returns where on the straight grid lies what is heard at a beat of a style that swings."""
    cell = 2.0 / style.swing_steps
    whole = int(beat / cell)
    share = beat / cell - whole
    middle = 0.5 + style.swing / 2
    straight = share / middle * 0.5 if share < middle else 0.5 + (share - middle) / (1 - middle) * 0.5
    return (whole + straight) * cell


def _limits(plan: Plan, length_s: float) -> tuple[float, float]:
    """From when on no note begins, and when the last one ends."""
    if plan.ending is None:
        return length_s - 0.001, length_s * 2
    ringing_s = length_s - plan.grid.tempo.seconds_from_beat(plan.ending.start_beat)
    last_end = length_s - min(_TAIL_SHARE * ringing_s, _TAIL_MAX_S)
    return min(length_s - min(_LAST_START_S, length_s / 3), last_end - _SHORTEST_S), last_end


def _one_at_a_time(notes: list[Note]) -> tuple[Note, ...]:
    """Notes of one pitch cut where the next begins; of two that begin together the louder one is kept."""
    by_pitch: dict[int, list[Note]] = {}
    for note in sorted(notes):
        column = by_pitch.setdefault(note.pitch, [])
        if column and note.start_s - column[-1].start_s < _MERGE_S:
            if note.velocity > column[-1].velocity:
                column[-1] = column[-1]._replace(velocity=note.velocity, end_s=max(note.end_s, column[-1].end_s))
            continue
        if column and column[-1].end_s > note.start_s:
            column[-1] = column[-1]._replace(end_s=note.start_s)
        column.append(note)
    return tuple(sorted(note for column in by_pitch.values() for note in column))
