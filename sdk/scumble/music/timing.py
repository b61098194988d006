"""From a length and its markers to bars and tempo: whole bars, exact samples, markers on downbeats."""

from __future__ import annotations

import itertools
from typing import NamedTuple

from scumble.errors import ParamError
from scumble.music.score import SAMPLE_RATE_HZ, Bar, TempoMap

MIN_BPM, MAX_BPM = 40.0, 240.0
_CANDIDATES = 24
_SAMPLES_A_MINUTE = 60 * SAMPLE_RATE_HZ


class Pulse(NamedTuple):
    """The tempo that is wanted: best at `bpm`, well between `low` and `high`, at all between MIN_BPM and MAX_BPM."""

    bpm: float
    low: float
    high: float
    metre: int


class Grid(NamedTuple):
    """Bars on their tempo map; `marked` are the bars that begin at the markers, in order."""

    tempo: TempoMap
    bars: tuple[Bar, ...]
    marked: tuple[int, ...]


def grid_from_length(length: int, markers: tuple[int, ...], pulse: Pulse, *, loop: bool) -> Grid:
    """Returns bars that fill `length` samples, with a bar beginning at each marker (sample positions, rising).

    The tempo is chosen near the pulse's so that everything is whole; between two markers it is constant. Raises
    ParamError when markers stand closer than a beat at MAX_BPM.
    """
    cuts = (0, *markers, length)
    choices = [_choices(end - start, pulse) for start, end in itertools.pairwise(cuts)]
    for place, options in enumerate(choices):
        if not options:
            message = (
                f"No beat fits between {cuts[place] / SAMPLE_RATE_HZ:g} s and {cuts[place + 1] / SAMPLE_RATE_HZ:g} s"
            )
            hint = f"Leave {60 / MAX_BPM:g} s or more between markers, and before the end."
            raise ParamError(message, hint, "param.markers")
    counts = _smoothest(cuts, choices, pulse, loop=loop)
    return _grid(list(zip(cuts[1:], counts, strict=True)), pulse.metre)


def grid_from_tempo(length: int, pulse: Pulse) -> Grid:
    """Returns bars at exactly the pulse's tempo, the last bar, in which the ending rings, taking what is left."""
    beat = _SAMPLES_A_MINUTE / pulse.bpm
    in_tempo = max(int(length / (beat * pulse.metre) - 0.75), 0) * pulse.metre
    start = round(in_tempo * beat)
    last = max(round((length - start) / beat), 1)
    pieces = [(start, in_tempo)] if in_tempo else []
    bars = [Bar(beat, pulse.metre) for beat in range(0, in_tempo, pulse.metre)] + [Bar(in_tempo, last)]
    return Grid(_tempo([*pieces, (length, last)]), tuple(bars), ())


def _choices(samples: int, pulse: Pulse) -> list[int]:
    """Numbers of beats that may fill so many samples, those nearest to the wanted tempo."""
    wanted = samples * pulse.bpm / _SAMPLES_A_MINUTE
    for low, high in ((pulse.low, pulse.high), (MIN_BPM, MAX_BPM)):
        first = max(-int(-samples * low // _SAMPLES_A_MINUTE), 1)
        last = int(samples * high // _SAMPLES_A_MINUTE)
        if first <= last:
            return sorted(range(first, last + 1), key=lambda beats: abs(beats - wanted))[:_CANDIDATES]
    return []


def _smoothest(cuts: tuple[int, ...], choices: list[list[int]], pulse: Pulse, *, loop: bool) -> list[int]:
    """The beats of each piece: near the wanted tempo, whole phrases, no jumps from piece to piece (Viterbi)."""
    best: list[dict[int, tuple[float, int]]] = []
    for place, options in enumerate(choices):
        samples = cuts[place + 1] - cuts[place]
        costs: dict[int, tuple[float, int]] = {}
        for beats in options:
            bpm = beats * _SAMPLES_A_MINUTE / samples
            ringing = 1 if place == len(choices) - 1 and not loop else 0
            own = 60 * (bpm / pulse.bpm - 1) ** 2 + _raggedness(
                beats, pulse.metre, ringing, 1.0 if len(choices) > 1 else 8.0
            )
            if place == 0:
                costs[beats] = (own, 0)
                continue
            before = cuts[place] - cuts[place - 1]
            costs[beats] = min(
                (cost + own + 150 * (bpm * before / (earlier * _SAMPLES_A_MINUTE) - 1) ** 2, earlier)
                for earlier, (cost, _) in best[-1].items()
            )
        best.append(costs)
    counts = [min(best[-1], key=lambda beats: best[-1][beats][0])]
    for costs in reversed(best[1:]):
        counts.append(costs[counts[-1]][1])
    return counts[::-1]


def _raggedness(beats: int, metre: int, ringing: int, odd_bar: float) -> float:
    """What it costs that beats are no whole bars, and bars no whole phrases of four beside the one that rings."""
    bars, odd_beats = divmod(beats, metre)
    if odd_beats:
        return odd_bar
    phrase = bars - ringing
    return 0.0 if phrase % 8 == 0 else 0.03 if phrase % 4 == 0 else 0.2 if phrase % 2 == 0 else 0.35


def _grid(pieces: list[tuple[int, int]], metre: int) -> Grid:
    bars: list[Bar] = []
    marked: list[int] = []
    beat = 0
    for place, (_, beats) in enumerate(pieces):
        if place:
            marked.append(len(bars))
        for size in _bar_sizes(beats, metre):
            bars.append(Bar(beat, size))
            beat += size
    return Grid(_tempo(pieces), tuple(bars), tuple(marked))


def _bar_sizes(beats: int, metre: int) -> list[int]:
    """Bars of the metre; what is left over is a bar of its own, or lengthens the last one by a beat."""
    whole, odd_beats = divmod(beats, metre)
    if odd_beats == 1 and whole:
        return [metre] * (whole - 1) + [metre + 1]
    return [metre] * whole + [odd_beats] * bool(odd_beats)


def _tempo(pieces: list[tuple[int, int]]) -> TempoMap:
    anchors = [(0, 0)]
    for sample, beats in pieces:
        anchors.append((anchors[-1][0] + beats, sample))
    return TempoMap(tuple(anchors))
