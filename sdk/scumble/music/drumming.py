"""The drummer: grooves that thicken with energy, fills before a new section, crashes where it begins."""

from __future__ import annotations

from scumble.music.plan import STEPS, Event, Plan, bar_of_ladder, cells
from scumble.music.playing import loudness, metric_weight, takes_part
from scumble.music.score import Bar, Section
from scumble.music.style import Kit, Part

_STRENGTHS = {"x": 7, "X": 9, "o": 3} | {str(number): number for number in range(1, 10)}
_KICK = 36
_HIT_BEATS = 0.22
_GHOST = 3
_FILL_ENERGY = 0.25
_CRASH_ENERGY = 0.4


def drum_events(part: Part, plan: Plan) -> list[Event]:
    """Returns the drums of a piece. A stroke that is a ghost is left out now and then, as a drummer would."""
    kit = part.kit
    if kit is None:
        return []
    groove = plan.chance.choice(kit.grooves, part.name, "groove")
    events: list[Event] = []
    marked = set(plan.grid.marked)
    for number, section in enumerate(plan.sections):
        if not takes_part(part, section):
            continue
        fill = _fill(kit, plan, number, section)
        for place, bar in plan.playing_bars(section):
            energy = plan.energy_of(section, place)
            silenced: set[int] = set()
            if fill and place == section.bars - 1:
                filled, silenced = _fill_events(fill, bar, energy, plan.style.metre)
                events.extend(filled)
            for voice in groove:
                steps = bar_of_ladder(voice.ladder, energy, place, bar, plan.style.metre)
                for step, mark in enumerate(steps):
                    strength = _STRENGTHS.get(mark, 0)
                    beat = bar.start_beat + step / STEPS
                    heard = strength > _GHOST or plan.chance.happens(
                        0.75, part.name, "ghost", bar.start_beat, step, voice.key
                    )
                    if strength and heard and step not in silenced:
                        events.append(_hit(beat, voice.key, strength / 9 * voice.level, energy, step))
            begins = place == 0 and number > 0 and energy >= _CRASH_ENERGY
            if kit.crash is not None and (begins or section.first_bar + place in marked):
                events.append(_hit(bar.start_beat, kit.crash, 0.72, energy, 0))
                events.append(_hit(bar.start_beat, _KICK, 0.75, energy, 0))
    return events + last_hits(part, plan)


def _fill(kit: Kit, plan: Plan, number: int, section: Section) -> tuple[tuple[int, str], ...] | None:
    last = number == len(plan.sections) - 1 and not plan.loop
    if not kit.fills or last or section.bars < 2 or section.energy < _FILL_ENERGY:
        return None
    return plan.chance.choice(kit.fills, "fill", section.name, section.variant)


def _fill_events(
    fill: tuple[tuple[int, str], ...], bar: Bar, energy: float, metre: int
) -> tuple[list[Event], set[int]]:
    """The fill's strokes, laid at the bar's end, and the steps at which the groove is silent for it."""
    events: list[Event] = []
    silenced: set[int] = set()
    shift = (bar.beats - metre) * STEPS
    for key, text in fill:
        for place, mark in enumerate(cells(text)):
            step = place + shift
            if step < 0 or mark == "_":
                continue
            silenced.add(step)
            if mark in _STRENGTHS:
                strength = _STRENGTHS[mark] / 9 * 0.85
                events.append(_hit(bar.start_beat + step / STEPS, key, strength, energy, step))
    return events, silenced


def last_hits(part: Part, plan: Plan) -> list[Event]:
    """Returns what is struck where the last chord begins."""
    bar, kit = plan.ending, part.kit
    if bar is None or kit is None or not takes_part(part, plan.sections[-1]) or plan.energies[-1] < _FILL_ENERGY:
        return []
    keys = [_KICK] if kit.crash is None else [_KICK, kit.crash]
    return [_hit(bar.start_beat, key, 0.65, plan.energies[-1], 0) for key in keys]


def _hit(beat: float, key: int, strength: float, energy: float, step: int) -> Event:
    return Event(beat, beat + _HIT_BEATS, key, strength * metric_weight(step / STEPS) * loudness(energy))
