"""Players of the accompaniment: from patterns and harmony to the notes of chords, bass, arpeggios and pads."""

from __future__ import annotations

from scumble.music.plan import STEPS, Event, Plan, bar_of_ladder, cells, strokes
from scumble.music.score import Bar, Section
from scumble.music.style import Ladder, Part
from scumble.music.theory import Chord, clashes, nearest_pitch, scale_over_chord
from scumble.music.voicing import voicings_from_chords

_STRUM_S = 0.011
_PAD_MAX_BEATS = 16
_ACCENTS = {"X": 1.12, "x": 1.0, "o": 0.72}


def takes_part(part: Part, section: Section) -> bool:
    """True when a part plays in a section."""
    return section.energy >= part.enter - 1e-9 and section.name not in part.away


def loudness(energy: float) -> float:
    """Returns the factor upon velocities that an energy of 0 to 1 asks for."""
    return 0.5 + 0.5 * energy


def metric_weight(beat_in_bar: float) -> float:
    """Returns how much a place in the bar is stressed, about 1."""
    if beat_in_bar == 0:
        return 1.06
    return 1.0 if beat_in_bar == int(beat_in_bar) else 0.93 if beat_in_bar * 2 == int(beat_in_bar * 2) else 0.87


def ladder_for(part: Part, section: Section, plan: Plan) -> Ladder:
    """Returns the pattern that a part plays in sections of that kind: of two, choruses have the busier one."""
    pair = "DE" if section.name in ("D", "E") else "AB"
    drawn = [plan.chance.choice(part.patterns, part.name, "pattern", kind) for kind in pair]
    return (max if section.name in ("B", "E") else min)(drawn, key=_busyness)


def _busyness(ladder: Ladder) -> float:
    """Strokes a beat, mean over the levels."""
    texts = [cells(level.text) for level in ladder]
    return sum(sum(1 for _ in strokes(text)) / len(text) for text in texts) / len(texts)


def bass_events(part: Part, plan: Plan) -> list[Event]:
    """Returns a bass line: roots near to the last one, other tones above them, approaches to the next root."""
    events: list[Event] = []
    for section in plan.sections:
        if not takes_part(part, section):
            continue
        root = (part.low + part.high) // 2 - 3
        ladder = ladder_for(part, section, plan)
        for place, bar in plan.playing_bars(section):
            energy = plan.energy_of(section, place)
            for step, length, mark in strokes(bar_of_ladder(ladder, energy, place, bar, plan.style.metre)):
                beat = bar.start_beat + step / STEPS
                index = plan.chord_index(beat)
                chord = plan.harmony[index].chord
                root = _near_root(chord.bass, root, part)
                pitch = _bass_pitch(mark, root, chord, plan, index, part)
                end = min(beat + length / STEPS * part.gate, plan.harmony[index].end_beat)
                weight = metric_weight(step / STEPS) * loudness(energy) * part.level
                events.append(Event(beat, end, pitch, weight))
    return events


def chord_events(part: Part, plan: Plan) -> list[Event]:
    """Returns chords in rhythm, struck or strummed, their tones led from one chord to the next."""
    events: list[Event] = []
    laid = voicings_from_chords([span.chord for span in plan.harmony], part.low, part.high, part.voices)
    for section in plan.sections:
        if not takes_part(part, section):
            continue
        ladder = ladder_for(part, section, plan)
        for place, bar in plan.playing_bars(section):
            energy = plan.energy_of(section, place)
            for step, length, mark in strokes(bar_of_ladder(ladder, energy, place, bar, plan.style.metre)):
                beat = bar.start_beat + step / STEPS
                index = plan.chord_index(beat)
                end = min(beat + length / STEPS * part.gate, plan.harmony[index].end_beat)
                pitches = {"b": laid[index][:1], "t": laid[index][1:]}.get(mark, laid[index])
                weight = metric_weight(step / STEPS) * loudness(energy) * part.level * _ACCENTS.get(mark, 0.9)
                upwards = step % 4 != 2
                events.extend(_struck(pitches, beat, end, weight, part.playing == "strum", upwards))
    return events


def arpeggio_events(part: Part, plan: Plan) -> list[Event]:
    """Returns broken chords, which count a chord's tones from the lowest and go on an octave higher."""
    events: list[Event] = []
    laid = voicings_from_chords([span.chord for span in plan.harmony], part.low, part.high - 12, part.voices)
    for section in plan.sections:
        if not takes_part(part, section):
            continue
        ladder = ladder_for(part, section, plan)
        for place, bar in plan.playing_bars(section):
            energy = plan.energy_of(section, place)
            for step, length, mark in strokes(bar_of_ladder(ladder, energy, place, bar, plan.style.metre)):
                beat = bar.start_beat + step / STEPS
                index = plan.chord_index(beat)
                octave, tone = divmod(int(mark), len(laid[index]))
                end = min(beat + length / STEPS * part.gate, plan.harmony[index].end_beat)
                weight = metric_weight(step / STEPS) * loudness(energy) * part.level
                pitch = laid[index][tone] + 12 * octave
                while pitch > part.high:
                    pitch -= 12
                events.append(Event(beat, end, pitch, weight))
    return events


def pad_events(part: Part, plan: Plan) -> list[Event]:
    """Returns held chords; a tone that the next chord has too is held on."""
    events: list[Event] = []
    laid = voicings_from_chords([span.chord for span in plan.harmony], part.low, part.high, part.voices)
    for section in plan.sections:
        if not takes_part(part, section):
            continue
        first, last = plan.bars[section.first_bar], plan.bars[section.first_bar + section.bars - 1]
        end = last.start_beat if last is plan.ending else last.end_beat
        held: dict[int, tuple[float, float]] = {}
        for index in range(plan.chord_index(first.start_beat), len(plan.harmony)):
            span = plan.harmony[index]
            if span.start_beat >= end:
                break
            for pitch in [pitch for pitch in held if pitch not in laid[index]]:
                events.append(_held(pitch, *held.pop(pitch), span.start_beat))
            for pitch in laid[index]:
                if pitch in held and span.end_beat - held[pitch][0] > _PAD_MAX_BEATS:
                    events.append(_held(pitch, *held.pop(pitch), span.start_beat))
                weight = loudness(plan.energy_of(section, 0)) * part.level
                held.setdefault(pitch, (max(span.start_beat, first.start_beat), weight))
        events.extend(_held(pitch, *begun, end) for pitch, begun in held.items())
    return events


def ending_events(part: Part, plan: Plan, last_pitch: int | None) -> list[Event]:
    """Returns what a part adds to the last chord, which rings through the last bar."""
    bar = plan.ending
    if bar is None:
        return []
    section = plan.sections[-1]._replace(energy=plan.energies[-1])
    if not takes_part(part, section._replace(name="outro") if len(plan.bars) > 1 else section):
        return []
    chord = plan.harmony[-1].chord
    weight = part.level * loudness(plan.energies[-1])
    end = bar.start_beat + bar.beats
    if part.playing == "bass":
        return [
            Event(
                bar.start_beat, end, nearest_pitch(last_pitch or part.low, (chord.root,), part.low, part.high), weight
            )
        ]
    if part.playing == "melody":
        if last_pitch is None:
            if len(plan.bars) > 1:
                return []
            last_pitch = (part.low + part.high) // 2
        tones = tuple(tone for tone in chord.pitch_classes[:2] if not clashes(tone, chord))
        return [Event(bar.start_beat, end, nearest_pitch(last_pitch, tones, part.low, part.high), weight)]
    top = part.high - 12 if part.playing == "arpeggio" else part.high
    spans = [span.chord for span in plan.harmony]
    pitches = voicings_from_chords(spans, part.low, top, part.voices)[-1]
    if part.playing == "arpeggio":
        return _rising(pitches, bar, weight)
    return _struck(pitches, bar.start_beat, end, weight, part.playing == "strum", True)


def _rising(pitches: tuple[int, ...], bar: Bar, weight: float) -> list[Event]:
    """The broken chord comes to rest: its tones one after the other, all held."""
    step = 0.5 if bar.beats * 2 > len(pitches) else 0.25
    starts = [bar.start_beat + place * step for place in range(len(pitches))]
    return [Event(start, bar.end_beat, pitch, weight) for start, pitch in zip(starts, pitches, strict=True)]


def _struck(
    pitches: tuple[int, ...], beat: float, end: float, weight: float, strummed: bool, upwards: bool
) -> list[Event]:
    order = pitches if upwards else pitches[::-1]
    return [
        Event(beat, end, pitch, weight * (1 - 0.03 * place * strummed), place * _STRUM_S * strummed)
        for place, pitch in enumerate(order)
    ]


def _held(pitch: int, start: float, weight: float, end: float) -> Event:
    return Event(start, end, pitch, weight)


def _near_root(pitch_class: int, before: int, part: Part) -> int:
    """The root near to the last one, drawn to the lower half of the bass's range."""
    target = (before * 2 + part.low + 5) / 3
    return nearest_pitch(target, (pitch_class,), part.low, max(part.high - 7, part.low + 11))


def _bass_pitch(mark: str, root: int, chord: Chord, plan: Plan, index: int, part: Part) -> int:
    if mark == "8":
        return root + 12 if root + 12 <= part.high else root
    if mark == "a":
        following = plan.chord_after(index).chord
        target = _near_root(following.bass, root, part)
        scale = scale_over_chord(plan.scale, chord)
        side = target - 3 if target > root else target + 3
        near = [pitch for pitch in range(target - 3, target + 4) if pitch % 12 in scale and pitch != target]
        return min(near, key=lambda pitch: (abs(pitch - side) + 2 * abs(pitch - target), pitch))
    third, fifth, seventh = _tones_above(chord, plan.scale)
    above = {"3": third, "5": fifth, "7": seventh}.get(mark, 0)
    pitch = root + above
    return pitch if pitch <= part.high else pitch - 12 if pitch - 12 >= part.low - 3 else root


def _tones_above(chord: Chord, scale: tuple[int, ...]) -> tuple[int, int, int]:
    """Third, fifth and seventh above the chord's bass; of what the chord has not, the nearest that it has."""
    tones = sorted({(tone - chord.bass) % 12 for tone in chord.pitch_classes} - {0})
    third, fifth = _nearest(tones, 4), _nearest(tones, 7)
    seventh = [tone for tone in (10, 11, 9) if (chord.bass + tone) % 12 in scale_over_chord(scale, chord)]
    return third, fifth, seventh[0] if seventh else fifth


def _nearest(tones: list[int], wish: int) -> int:
    return min(tones, key=lambda tone: abs(tone - wish))
