"""From a score to the composer's notation: which track is the melody, which the bass, which chords, how much energy."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from collections.abc import Iterable, Sequence

from scumble.music import vocabulary as v
from scumble.music.chord_hearing import chords_from_beats, in_key_share, key_from_weights
from scumble.music.notation import Chorded, Heading, Measure, Sounding, numbers_from_measure
from scumble.music.score import Bar, Mode, Score
from scumble.music.styles import STYLES
from scumble.music.voice_hearing import (
    Stepped,
    bass_line,
    cells_of_bar,
    hits_of_bar,
    melody_line,
    stepped_notes,
)

CHUNK_BARS = 32
"""Longer music is heard in pieces of so many bars, each with its own key."""
_OFF_GRID_BEATS, _MOST_OFF_GRID = 0.07, 0.25
_LEAST_IN_KEY = 0.8
_ENERGY_EDGES = (1.0, 2.0, 3.2, 4.8)
"""Velocities struck a beat, summed, where one energy ends and the next begins in music that does not say it."""


@dataclasses.dataclass(frozen=True)
class Heard:
    """Some bars in the composer's notation, under their heading."""

    heading: Heading
    measures: tuple[Measure, ...]

    def numbers(self) -> list[int]:
        """Returns the words of heading and bars."""
        return self.heading.numbers() + self.words_of_bars()

    def words_of_bars(self) -> list[int]:
        """Returns the words of the bars."""
        return [number for bar in self.measures for number in numbers_from_measure(bar, self.heading.parts)]


def heard_from_score(
    score: Score, style: str, mood: str = "", *, keyed: bool = False, key: tuple[int, Mode] | None = None
) -> list[Heard]:
    """Returns what can be notated of a score, in pieces of at most CHUNK_BARS bars.

    With `keyed` the score is one of the style engine's own: its key, chords and swing are known. Else they are found
    by ear, but for the key where it is given. Left out is what is off the grid, in no key, in bars of more than
    MOST_BEATS beats, or silent.
    """
    swings = STYLES.get(score.style) if keyed else None
    tracks = [(track, stepped_notes(track, score, swings)) for track in score.tracks if track.role != "effects"]
    tones = sorted(note for track, notes in tracks if not track.is_drums for note in notes)
    drums = sorted(note for track, notes in tracks if track.is_drums for note in notes)
    melody, bass = melody_line(tracks), bass_line(tracks)
    found = []
    for first in range(0, len(score.bars), CHUNK_BARS):
        bars = score.bars[first : first + CHUNK_BARS]
        if max(bar.beats for bar in bars) > v.MOST_BEATS or (not keyed and _off_grid(score, bars) > _MOST_OFF_GRID):
            continue
        inside = _between(tones, bars)
        if not inside and not _between(drums, bars):
            continue
        weights = _weights(inside)
        known = (score.key, score.mode) if keyed else key
        found_key = known or key_from_weights(weights, _signature(score))
        if known is None and in_key_share(weights, *found_key) < _LEAST_IN_KEY:
            continue
        voices = {"bass": _between(bass, bars), "melody": _between(melody, bars), "drums": _between(drums, bars)}
        parts = tuple(name for name in v.PARTS if voices[name])
        chords = (
            _known_chords(score, bars, found_key[0]) if keyed and score.chords else _chords(inside, bars, found_key[0])
        )
        energies = _energies(score, bars, keyed)
        centre = v.centre(found_key[0])
        measures = []
        for bar, chorded, energy in zip(bars, chords, energies, strict=True):
            cells = {
                "bass": cells_of_bar(voices["bass"], bar, centre, v.LOWEST_BASS, v.HIGHEST_BASS),
                "melody": cells_of_bar(voices["melody"], bar, centre, v.LOWEST_TUNE, v.HIGHEST_TUNE),
            }
            hits = hits_of_bar(voices["drums"], bar) if "drums" in parts else ()
            bass_cells, tune_cells = (cells[name] if name in parts else () for name in ("bass", "melody"))
            measures.append(Measure(bar.beats, energy, chorded, bass_cells, tune_cells, hits))
        bpm = score.tempo.bpm_at(bars[0].start_beat)
        found.append(Heard(Heading(style, mood, found_key[0], found_key[1], bpm, parts), tuple(measures)))
    return found


def _off_grid(score: Score, bars: Sequence[Bar]) -> float:
    """Share of the onsets that are too far from every sixteenth, such as those of triplets."""
    seconds = score.tempo.seconds_from_beat
    start_s, end_s = seconds(bars[0].start_beat), seconds(bars[-1].end_beat)
    far = count = 0
    for track in score.tracks:
        first = bisect.bisect_left(track.notes, start_s, key=lambda note: note.start_s)
        for note in itertools.takewhile(lambda note: note.start_s < end_s, track.notes[first:]):
            steps = score.tempo.beat_from_seconds(note.start_s) * v.STEPS
            far += abs(steps - round(steps)) > _OFF_GRID_BEATS * v.STEPS
            count += 1
    return far / count if count else 0.0


def _between(notes: Sequence[Stepped], bars: Sequence[Bar]) -> list[Stepped]:
    start, end = bars[0].start_beat * v.STEPS, bars[-1].end_beat * v.STEPS
    return [note for note in notes if note.start < end and note.end > start]


def _weights(notes: Iterable[Stepped]) -> list[float]:
    weights = [0.0] * 12
    for note in notes:
        weights[note.pitch % 12] += min(note.end - note.start, 16)
    return weights


def _signature(score: Score) -> tuple[int, Mode] | None:
    return (score.key, score.mode) if (score.key, score.mode) != (0, "major") else None


def _chords(notes: list[Stepped], bars: Sequence[Bar], tonic: int) -> list[tuple[Chorded, ...]]:
    origin = bars[0].start_beat
    count = bars[-1].end_beat - origin
    weights = [[0.0] * 12 for _ in range(count)]
    basses: list[tuple[int, int] | None] = [None] * count
    for note in notes:
        for beat in range(max(note.start // v.STEPS - origin, 0), min(-(-note.end // v.STEPS) - origin, count)):
            start = (beat + origin) * v.STEPS
            weights[beat][(note.pitch - tonic) % 12] += min(note.end, start + v.STEPS) - max(note.start, start)
            lowest = basses[beat]
            if lowest is None or note.pitch < lowest[0]:
                basses[beat] = note.pitch, (note.pitch - tonic) % 12
    starts = [bar.start_beat - origin for bar in bars]
    lowest_tones = [bass[1] if bass else None for bass in basses]
    found = chords_from_beats(weights, lowest_tones, starts, [bar.beats for bar in bars])
    return [_grouped(found[start : start + bar.beats]) for start, bar in zip(starts, bars, strict=True)]


def _grouped(by_beat: Sequence[Sounding]) -> tuple[Chorded, ...]:
    groups: list[Chorded] = []
    for beat, chord in enumerate(by_beat):
        if groups and groups[-1].chord == chord:
            groups[-1] = groups[-1]._replace(until=(beat + 1) * v.STEPS)
        else:
            groups.append(Chorded(chord, (beat + 1) * v.STEPS))
    return tuple(groups)


def _known_chords(score: Score, bars: Sequence[Bar], tonic: int) -> list[tuple[Chorded, ...]]:
    starts = [score.tempo.beat_from_seconds(span.start_s) for span in score.chords]

    def at(beat: int) -> Sounding:
        span = score.chords[max(bisect.bisect_right(starts, beat + 0.01) - 1, 0)]
        return sounding_from_tones(span.root, span.pitch_classes, tonic)

    return [_grouped([at(beat) for beat in range(bar.start_beat, bar.end_beat)]) for bar in bars]


def sounding_from_tones(root: int, pitch_classes: Sequence[int], tonic: int) -> Sounding:
    """Returns the chord in the composer's words that is nearest to one on a root."""
    tones = {(tone - root) % 12 for tone in pitch_classes}
    qualities = tuple(v.QUALITIES.values())

    def miss(quality: int) -> tuple[int, int]:
        own = set(qualities[quality])
        return 2 * len(own - tones) + len(tones - own), quality

    return Sounding((root - tonic) % 12, min(range(len(qualities)), key=miss))


def _energies(score: Score, bars: Sequence[Bar], keyed: bool) -> list[int]:
    """Energy by bar: as the form has it, or how many notes there are a beat, weighed by how hard they are struck."""
    if keyed:
        firsts = [section.first_bar for section in score.sections]
        numbers = [score.bars.index(bar) for bar in bars]
        return [v.energy_word(score.sections[bisect.bisect_right(firsts, bar) - 1].energy) for bar in numbers]
    loud = [0.0] * len(bars)
    starts = [bar.start_beat for bar in bars]
    for track in score.tracks:
        for note in track.notes:
            beat = score.tempo.beat_from_seconds(note.start_s) + _OFF_GRID_BEATS
            if bars[0].start_beat <= beat < bars[-1].end_beat:
                loud[bisect.bisect_right(starts, beat) - 1] += note.velocity
    shares = [heard / bar.beats for heard, bar in zip(loud, bars, strict=True)]
    return [sum(share >= edge for edge in _ENERGY_EDGES) for share in shares]
