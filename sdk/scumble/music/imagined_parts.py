"""From the composer's bars to what a plan and its players take: its chords, events of bass, melody and drums."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from scumble.music import vocabulary as v
from scumble.music.harmony import Harmonized
from scumble.music.notation import Cell, Hits, Measure, Sounding
from scumble.music.plan import STEPS, Event, Plan
from scumble.music.playing import loudness, metric_weight
from scumble.music.score import Role
from scumble.music.style import Part
from scumble.music.theory import SCALES, Chord, chord_from_numeral

_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")
_STRENGTHS = {"kick": 0.86, "snare": 0.8, "side": 0.7, "closed": 0.5, "open": 0.55, "crash": 0.72, "ride": 0.55}
_STRENGTH = 0.6
_HIT_BEATS = 0.22


def plan_with_harmony(plan: Plan, measures: Mapping[int, Measure]) -> Plan:
    """Returns the plan with the chords of those bars that are given; in the others its own stay."""
    spans: list[Harmonized] = []
    for number, bar in enumerate(plan.bars):
        if number not in measures:
            for start, end, chord in plan.harmony:
                if start < bar.end_beat and end > bar.start_beat:
                    spans.append(Harmonized(max(start, bar.start_beat), min(end, bar.end_beat), chord))
            continue
        at = float(bar.start_beat)
        for sounding, until in measures[number].chords:
            end = bar.start_beat + until / v.STEPS
            own = plan.harmony[plan.chord_index(at)].chord
            kept = own.root == (sounding.root + plan.key.tonic) % 12 and _third(own) == sounding.tones[1]
            spans.append(Harmonized(at, end, own if kept else chord_from_sounding(sounding, plan)))
            at = end
    return dataclasses.replace(plan, harmony=tuple(spans))


def _third(chord: Chord) -> int:
    return (chord.pitch_classes[1] - chord.root) % 12


def chord_from_sounding(sounding: Sounding, plan: Plan) -> Chord:
    """Returns a chord of the composer's as the style colours it, with its Roman numeral."""
    key, tones = plan.key, [(tone - sounding.root) % 12 for tone in sounding.tones]
    quality = list(v.QUALITIES)[sounding.quality]
    scale = SCALES[key.mode]
    flat = "" if sounding.root in scale else "b"
    degree = (
        scale.index(sounding.root)
        if not flat
        else next((place for place, step in enumerate(scale) if step == sounding.root + 1), -1)
    )
    small = tones[1] == 3
    if degree >= 0 and quality in ("", "m", "7", "maj7", "m7", "sus2", "sus4"):
        numeral = flat + (_NUMERALS[degree].lower() if small else _NUMERALS[degree])
        suffix = "7" if quality in ("7", "m7") else quality if quality.startswith("sus") else ""
        chord = chord_from_numeral(numeral + suffix, key.tonic, key.mode, plan.style.color, strict=key.strict)
        wanted = {(tone + key.tonic) % 12 for tone in sounding.tones[:3]}
        if wanted <= set(chord.pitch_classes):
            return chord
    symbol = f"{flat}{_NUMERALS[degree] if degree >= 0 else '?'}{quality}"
    pitch_classes = tuple((tone + key.tonic) % 12 for tone in sounding.tones)
    return Chord(pitch_classes[0], pitch_classes, pitch_classes[0], symbol)


def events_from_measures(plan: Plan, measures: Mapping[int, Measure], name: Role, part: Part) -> tuple[Event, ...]:
    """Returns what a part plays of the bars: "bass", "melody" or "drums"."""
    if name == "drums":
        return tuple(_struck(plan, measures, part))
    low = v.LOWEST_BASS if name == "bass" else v.LOWEST_TUNE
    centre = v.centre(plan.key.tonic)
    events: list[Event] = []
    for number in sorted(measures):
        bar, measure = plan.bars[number], measures[number]
        cells: tuple[Cell, ...] = measure.bass if name == "bass" else measure.melody
        at = 0
        for value, until in cells:
            start, end = bar.start_beat + at / STEPS, bar.start_beat + until / STEPS
            if value == v.HOLD:
                if events and events[-1].end == start:
                    events[-1] = events[-1]._replace(end=end)
            elif value != v.REST:
                weight = metric_weight(at / STEPS) * loudness(plan.energies[number]) * part.level
                events.append(Event(start, end, centre + low + value - 2, weight))
            at = until
    return tuple(event._replace(end=event.start + (event.end - event.start) * part.gate) for event in events)


def _struck(plan: Plan, measures: Mapping[int, Measure], part: Part) -> list[Event]:
    kit = part.kit
    groove = plan.chance.choice(kit.grooves, part.name, "groove") if kit else ()
    levels = {voice.key: voice.level for voice in groove}
    used = [voice.key for voice in groove] + [voice.key for other in (kit.grooves if kit else ()) for voice in other]
    events: list[Event] = []
    for number in sorted(measures):
        bar = plan.bars[number]
        hits: tuple[Hits, ...] = measures[number].drums
        at = 0
        for drums, until in hits:
            for drum in drums:
                name, keys = list(v.DRUMS.items())[drum]
                key = next((key for key in used if key in keys), keys[0])
                strength = _STRENGTHS.get(name, _STRENGTH) * levels.get(key, 0.8) / 0.8
                beat = bar.start_beat + at / STEPS
                weight = strength * metric_weight(at / STEPS) * loudness(plan.energies[number])
                events.append(Event(beat, beat + _HIT_BEATS, key, min(weight, 1.0)))
            at = until
    return events
