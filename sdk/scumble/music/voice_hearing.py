"""Voices of a score on the grid of sixteenths: which notes are the melody and the bass, and what a bar has of them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from scumble.music import vocabulary as v
from scumble.music.groove import unswung
from scumble.music.notation import Cell, Hits
from scumble.music.score import Bar, Score, Track
from scumble.music.style import Style

_DRUM_OF_KEY = {key: place for place, keys in enumerate(v.DRUMS.values()) for key in keys}


class Stepped(NamedTuple):
    """A note on the grid: first step, step after the last, MIDI pitch, velocity 0 to 1."""

    start: int
    end: int
    pitch: int
    velocity: float


def stepped_notes(track: Track, score: Score, swings: Style | None) -> list[Stepped]:
    """Returns a track's notes on the grid, heard straight where the style `swings`."""

    def step(time_s: float) -> int:
        beat = score.tempo.beat_from_seconds(time_s)
        return round((beat if swings is None else unswung(beat, swings)) * v.STEPS)

    notes = []
    for note in track.notes:
        start = step(note.start_s)
        notes.append(Stepped(start, max(step(note.end_s), start + 1), note.pitch, note.velocity))
    return notes


def melody_line(tracks: list[tuple[Track, list[Stepped]]]) -> list[Stepped]:
    """Returns the line of the track that is likest to a melody: one tone at a time, high, and present."""
    best: tuple[float, list[Stepped]] = (0.0, [])
    longest = max((len(notes) for _, notes in tracks), default=0)
    for track, notes in tracks:
        if track.is_drums or track.role in ("bass", "pad", "arpeggio") or not notes:
            continue
        line = _line(notes, highest=True)
        mean = sum(note.pitch for note in line) / len(line)
        stated = 2.0 * (track.role == "melody")
        score = stated + 2.0 * len(line) / len(notes) + (mean - 48) / 24 + min(4 * len(line) / longest, 1.0)
        if mean >= 52 and score > best[0]:
            best = score, line
    return best[1]


def bass_line(tracks: list[tuple[Track, list[Stepped]]]) -> list[Stepped]:
    """Returns the line of the bass, or the lowest of everything below middle C."""
    stated = [notes for track, notes in tracks if track.role == "bass"]
    if stated:
        return _line(max(stated, key=len), highest=False)
    low = [note for track, notes in tracks if not track.is_drums for note in notes if note.pitch < 60]
    return _line(sorted(low), highest=False)


def _line(notes: Sequence[Stepped], *, highest: bool) -> list[Stepped]:
    """One tone at a time: the highest or lowest of those that begin together; what goes on outside of it stays."""
    sign = 1 if highest else -1
    line: list[Stepped] = []
    for start, together in itertools.groupby(sorted(notes), key=lambda note: note.start):
        chosen = max(together, key=lambda note: (sign * note.pitch, note.end))
        if line and line[-1].end > start:
            if sign * (line[-1].pitch - chosen.pitch) > 0:
                continue
            line[-1] = line[-1]._replace(end=start)
        line.append(chosen)
    return line


def cells_of_bar(line: list[Stepped], bar: Bar, centre: int, low: int, high: int) -> tuple[Cell, ...]:
    """Returns a bar of a line: tones, rests between them, and what sounds on from the bar before."""
    first, last = bar.start_beat * v.STEPS, bar.end_beat * v.STEPS
    cells: list[Cell] = []
    at = first
    for note in line:
        if note.end <= first or note.start >= last:
            continue
        start, end = max(note.start, first), min(note.end, last)
        # The breath between two tones is the playing's, not the notation's.
        if start - at >= 2 or (start > at and not cells):
            cells.append(Cell(v.REST, start - first))
        elif start > at:
            cells[-1] = cells[-1]._replace(until=start - first)
        value = v.HOLD if note.start < first else 2 + _folded(note.pitch - centre, low, high) - low
        cells.append(Cell(value, end - first))
        at = end
    if last - at >= 2 or not cells:
        cells.append(Cell(v.REST, last - first))
    elif last > at:
        cells[-1] = cells[-1]._replace(until=last - first)
    return tuple(cells)


def _folded(tone: int, low: int, high: int) -> int:
    """A tone brought into the range by octaves."""
    while tone < low:
        tone += 12
    while tone > high:
        tone -= 12
    return tone


def hits_of_bar(notes: list[Stepped], bar: Bar) -> tuple[Hits, ...]:
    """Returns a bar of drums: what is struck together, and until when nothing else is."""
    first, last = bar.start_beat * v.STEPS, bar.end_beat * v.STEPS
    struck: dict[int, set[int]] = {0: set()}
    for note in notes:
        if first <= note.start < last and note.pitch in _DRUM_OF_KEY:
            struck.setdefault(note.start - first, set()).add(_DRUM_OF_KEY[note.pitch])
    starts = sorted(struck)
    ends = [*starts[1:], last - first]
    return tuple(Hits(tuple(sorted(struck[start])), end) for start, end in zip(starts, ends, strict=True))
