"""Melodies: motifs that return, questions and answers, chord tones where it counts, steps in between, and rests."""

from __future__ import annotations

from typing import NamedTuple

from scumble.music.chance import Chance
from scumble.music.plan import STEPS, Event, Plan, cells, strokes
from scumble.music.playing import loudness, metric_weight, takes_part
from scumble.music.score import Bar, Section
from scumble.music.style import Part, Tune
from scumble.music.theory import Chord, clashes, nearest_pitch, scale_over_chord

_PHRASE = 4
_DWELLS, _RUBS = 6, 3
"""Steps from which on a tone is long enough to belong to the chord, or to rub against it."""
_LIFTS = {"B": 3, "E": 3, "C": -2, "D": 1}
"""Semitones by which sections lie higher than others."""
_PLANS = ("abac", "aabc", "abab", "aaac", "a-ac", "ab-c")
"""Bars of a phrase: motif, its companion, a close, a rest."""
_SHAPES = {
    "arch": (1, 1, 1, -1, -1, -1),
    "valley": (-1, -1, 1, 1, 1, -1),
    "rise": (1, 1, -1, 1, 1, 0),
    "fall": (-1, -1, 1, -1, -1, 0),
    "turn": (1, -1, -1, 1, 0, 1),
    "pulse": (0, 1, 0, -1, 0, 1),
}
_GAPPED = {
    "major": (0, 2, 4, 7, 9),
    "mixolydian": (0, 2, 4, 7, 9),
    "minor": (0, 3, 5, 7, 10),
    "dorian": (0, 3, 5, 7, 10),
}
"""Pentatonic scales above the tonic."""


class _Motif(NamedTuple):
    """One bar of melody without its chord: strokes as (step, length), and moves in scale steps between them.

    An anchored one begins near the middle of the range, so that it is known again; others go on from where they are.
    """

    strokes: tuple[tuple[int, int], ...]
    moves: tuple[int, ...]
    anchored: bool


class _Line(NamedTuple):
    """What a melody is written with: the part's range and tune, the plan, and the section's own chance."""

    part: Part
    tune: Tune
    plan: Plan
    chance: Chance
    center: float


def melody_events(part: Part, plan: Plan) -> list[Event]:
    """Returns the melody of a piece; sections of one name share their motifs, later ones vary the answers."""
    events: list[Event] = []
    for section in plan.sections:
        if part.tune is not None and takes_part(part, section):
            events.extend(_section_events(part, part.tune, plan, section))
    return events


def _section_events(part: Part, tune: Tune, plan: Plan, section: Section) -> list[Event]:
    kind = "A" if section.name in ("intro", "outro") else section.name
    chance = plan.chance.at(part.name, "theme", kind)
    lift = _LIFTS.get(kind, 0)
    line = _Line(part, tune, plan, chance, (part.low + part.high) / 2 + lift)
    busy = plan.style.mood.energy * 0.5 + 0.5 * _piece_energy(plan)
    motif, companion = (_motif(line, busy - 0.15 * place, name) for place, name in enumerate(("a", "b")))
    order = chance.choice(_PLANS, "order")
    events: list[Event] = []
    previous = nearest_pitch(line.center, plan.harmony[0].chord.pitch_classes[:3], part.low, part.high)
    for place, bar in plan.playing_bars(section):
        phrase, within = divmod(place, _PHRASE)
        closing = within == _PHRASE - 1 or place == section.bars - 1
        letter = "c" if closing else order[within]
        varied = section.variant > 0 and within >= 2
        rests = letter == "-" or (letter == "b" and chance.happens(tune.rest, "rest", within))
        if rests and not varied:
            continue
        shape = companion if letter == "b" else motif
        if closing:
            shape = _closing(shape, bar)
        elif varied:
            shape = _varied(shape, line, section.variant)
        answer = closing and (phrase % 2 == 1 or (section.bars <= _PHRASE and section.variant % 2 == 1))
        written = _bar_events(line, shape, bar, previous, answer, plan.energy_of(section, place))
        events.extend(written)
        previous = written[-1].pitch if written else previous
    return events


def _piece_energy(plan: Plan) -> float:
    return sum(plan.energies) / len(plan.energies)


def _motif(line: _Line, busy: float, name: str) -> _Motif:
    """Draw a motif: a rhythm that suits the energy, a shape, and now and then a leap that a step answers."""
    rhythms = line.tune.rhythms
    near = busy * (len(rhythms) - 1)
    nearby = sorted(rhythms, key=lambda text: (abs(rhythms.index(text) - near), text))[:3]
    places = [(step, length) for step, length, _ in strokes(cells(line.chance.choice(nearby, name, "rhythm")))]
    signs = _SHAPES[line.chance.choice(sorted(_SHAPES), name, "shape")]
    moves: list[int] = []
    for place in range(len(places)):
        size = 1
        if place and abs(moves[-1]) > 1:
            moves.append(-1 if moves[-1] > 0 else 1)
            continue
        if line.chance.happens(line.tune.leap, name, "leap", place):
            size = 2 if line.tune.gapped else line.chance.choice((2, 2, 3), name, "size", place)
        moves.append(signs[place % len(signs)] * size)
    return _Motif(tuple(places), tuple(moves), name == "a")


def _closing(shape: _Motif, bar: Bar) -> _Motif:
    """The motif's beginning, then one long tone and a breath."""
    kept = [stroke for stroke in shape.strokes if stroke[0] < 6][:3] or [(0, 4)]
    last = kept[-1][0]
    breath = bar.beats * STEPS - 4
    kept[-1] = (last, max(breath - last, 4))
    return _Motif(tuple(kept), shape.moves[: len(kept)], False)


def _varied(shape: _Motif, line: _Line, variant: int) -> _Motif:
    """Another course through the same rhythm, or a long tone divided."""
    if line.chance.happens(0.5, "vary", variant):
        return shape._replace(moves=tuple(-move for move in shape.moves))
    longest = max(range(len(shape.strokes)), key=lambda place: shape.strokes[place][1], default=0)
    if not shape.strokes or shape.strokes[longest][1] < 4:
        return shape
    step, length = shape.strokes[longest]
    half = length // 2
    divided = ((step, half), (step + half, length - half))
    before, after = shape.strokes[:longest], shape.strokes[longest + 1 :]
    move = 1 if line.chance.happens(0.5, "neighbour", variant) else -1
    moves = (*shape.moves[: longest + 1], move, *shape.moves[longest + 1 :])
    return _Motif((*before, *divided, *after), moves, shape.anchored)


def _bar_events(line: _Line, shape: _Motif, bar: Bar, previous: int, answer: bool, energy: float) -> list[Event]:
    """A motif over the chords of a bar."""
    events: list[Event] = []
    plan, part = line.plan, line.part
    pitch = previous
    for place, (step, length) in enumerate(shape.strokes):
        if step >= bar.beats * STEPS:
            break
        beat = bar.start_beat + step / STEPS
        index = plan.chord_index(beat)
        span = plan.harmony[index]
        end = min(beat + length / STEPS, bar.end_beat)
        last = place == len(shape.strokes) - 1
        strong = step % 8 == 0 or length >= _DWELLS
        if place == 0:
            # Where a motif begins: near the middle of the range and not far from where the melody was.
            pull = 0.6 if shape.anchored else 0.25
            begin = previous + pull * (line.center - previous)
            pitch = nearest_pitch(begin, dwelling_tones(span.chord), part.low, part.high)
        else:
            pitch = _moved(line, pitch, shape.moves[place], span.chord, strong, length)
        if answer and last:
            # Root or third; over a minor ninth with a major seventh one may dwell on neither.
            dwelt = dwelling_tones(span.chord)
            rest = tuple(tone for tone in span.chord.pitch_classes[:2] if tone in dwelt) or dwelt
            pitch = nearest_pitch(pitch, rest, part.low, part.high)
        if end > span.end_beat and not _agrees(pitch, plan, index + 1):
            end = span.end_beat
        weight = metric_weight(step / STEPS) * loudness(energy) * part.level
        events.append(Event(beat, beat + (end - beat) * part.gate, pitch, weight))
    return events


def dwelling_tones(chord: Chord) -> tuple[int, ...]:
    """Returns the chord's tones on which a melody may dwell: none a semitone above another.

    Over a major seventh that leaves out the root.
    """
    return tuple(tone for tone in chord.pitch_classes if not clashes(tone, chord))


def _agrees(pitch: int, plan: Plan, index: int) -> bool:
    return index < len(plan.harmony) and pitch % 12 in dwelling_tones(plan.harmony[index].chord)


def _moved(line: _Line, pitch: int, move: int, chord: Chord, strong: bool, length: int) -> int:
    """The pitch that lies `move` scale steps away; on strong beats the nearest chord tone that way."""
    low, high = line.part.low, line.part.high
    around = scale_over_chord(line.plan.scale, chord)
    if line.tune.gapped:
        gapped = {(line.plan.key.tonic + step) % 12 for step in _GAPPED[line.plan.key.mode]}
        around = tuple(tone for tone in around if tone in gapped or tone in chord.pitch_classes)
    ladder = [step for step in range(low, high + 1) if step % 12 in around]
    here = min(range(len(ladder)), key=lambda place: abs(ladder[place] - pitch))
    if not 0 <= here + move < len(ladder):
        move = -move
    target = ladder[min(max(here + move, 0), len(ladder) - 1)]
    tones = dwelling_tones(chord)
    if strong and target % 12 not in tones:
        onward = target + (1 if move > 0 else -1)
        return nearest_pitch(onward, tones, low, high)
    if clashes(target % 12, chord) and length >= _RUBS:
        return nearest_pitch(target, tones, low, high)
    return target
