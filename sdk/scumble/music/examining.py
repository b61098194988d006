"""Examining a score as a listener with a pencil would: does it agree, move, breathe, return and grow."""

from __future__ import annotations

import bisect
import itertools
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from scumble.music.score import Note, Score
from scumble.music.theory import scale_from_key

_CLASH_BEATS = 0.5
_NEAR = 0.2
"""Share of a beat by which players may be off it."""


class Findings(NamedTuple):
    """What was found; shares are 0 to 1, 0 where there is nothing to share.

    Attributes:
        in_key: of tones, drums and effects aside, those of the key's scale.
        chord_tones: of melody notes on the first and third beat, those of the chord, where chords are known.
        steps: of melodic intervals, those of two semitones or fewer.
        wide_leaps: of melodic intervals, those beyond an octave.
        returns: of bars with a melody, those whose rhythm and contour occur in another bar too.
        melodies: distinct bars of melody.
        clashes: of the melody's sounding time, that with a chord's tone a semitone away, or a minor ninth below, for
            half a beat or more; a major seventh is none.
        mud: of the time, that with two tones below C3 nearer than a fifth.
        longest_silence_s: longest time without a sounding note before the last one ends.
        densities: onsets a second by section.
        loudness: mean velocity times simultaneous onsets a second by section.
    """

    in_key: float
    chord_tones: float
    steps: float
    wide_leaps: float
    returns: float
    melodies: int
    clashes: float
    mud: float
    longest_silence_s: float
    densities: tuple[float, ...]
    loudness: tuple[float, ...]


def findings_from_score(score: Score) -> Findings:
    """Returns what an examination of the notes finds."""
    melody = sorted(note for track in score.tracks if track.role == "melody" for note in track.notes)
    tones = [note for track in score.tracks if track.role not in ("drums", "effects") for note in track.notes]
    harmony = [note for track in score.tracks if track.role in ("chords", "pad", "arpeggio") for note in track.notes]
    scale = set(scale_from_key(score.key, score.mode))
    intervals = [
        abs(later.pitch - earlier.pitch)
        for earlier, later in itertools.pairwise(melody)
        if later.start_s - earlier.end_s < 1.0 and later.start_s > earlier.start_s + 0.02
    ]
    bars = _melody_bars(score, melody)
    counts = Counter(bars)
    everything = sorted(note for track in score.tracks for note in track.notes)
    return Findings(
        in_key=_share(note.pitch % 12 in scale for note in tones),
        chord_tones=_chord_tone_share(score, melody),
        steps=_share(interval <= 2 for interval in intervals),
        wide_leaps=_share(interval > 12 for interval in intervals),
        returns=_share(counts[bar] > 1 for bar in bars),
        melodies=len(counts),
        clashes=_clash_share(score, melody, harmony),
        mud=_mud_share(tones, score.length_s),
        longest_silence_s=_longest_silence(everything),
        densities=tuple(
            sum(section.start_s <= note.start_s < section.end_s for note in everything)
            / (section.end_s - section.start_s)
            for section in score.sections
        ),
        loudness=tuple(
            sum(note.velocity for note in everything if section.start_s <= note.start_s < section.end_s)
            / (section.end_s - section.start_s)
            for section in score.sections
        ),
    )


def _share(facts: Iterable[bool]) -> float:
    known = list(facts)
    return sum(known) / len(known) if known else 0.0


def _chord_tone_share(score: Score, melody: list[Note]) -> float:
    bars = [bar.start_beat for bar in score.bars]
    chords = [chord.start_s for chord in score.chords]
    agreeing = []
    for note in melody if chords else []:
        beat = score.tempo.beat_from_seconds(note.start_s)
        within = beat - bars[max(bisect.bisect_right(bars, beat + _NEAR) - 1, 0)]
        if min(abs(within), abs(within - 2)) < _NEAR:
            chord = score.chords[max(bisect.bisect_right(chords, note.start_s + 0.05) - 1, 0)]
            agreeing.append(note.pitch % 12 in chord.pitch_classes)
    return _share(agreeing)


def _melody_bars(score: Score, melody: list[Note]) -> list[tuple[tuple[int, int], ...]]:
    """Each bar with a melody as its sixteenths and the directions it moves in."""
    starts = [bar.start_beat for bar in score.bars]
    bars: dict[int, list[tuple[int, int]]] = {}
    for note in melody:
        sixteenth = round(score.tempo.beat_from_seconds(note.start_s) * 4)
        index = bisect.bisect_right(starts, sixteenth / 4) - 1
        bars.setdefault(index, []).append((sixteenth - starts[index] * 4, note.pitch))
    shapes = []
    for notes in bars.values():
        pitches = [pitch for _, pitch in notes]
        ways = [0] + [(b > a) - (b < a) for a, b in itertools.pairwise(pitches)]
        shapes.append(tuple((place, way) for (place, _), way in zip(notes, ways, strict=True)))
    return shapes


def _clash_share(score: Score, melody: list[Note], harmony: list[Note]) -> float:
    ordered = sorted(harmony)
    starts = [note.start_s for note in ordered]
    longest = max((note.end_s - note.start_s for note in ordered), default=0.0)
    clashing = whole = 0.0
    for note in melody:
        whole += note.end_s - note.start_s
        worst = 0.0
        first = bisect.bisect_left(starts, note.start_s - longest)
        for other in ordered[first : bisect.bisect_left(starts, note.end_s)]:
            apart = note.pitch - other.pitch
            if apart == -1 or (apart > 0 and apart % 12 == 1):
                worst = max(worst, min(note.end_s, other.end_s) - max(note.start_s, other.start_s))
        if worst * score.tempo.bpm_at(score.tempo.beat_from_seconds(note.start_s)) / 60 >= _CLASH_BEATS:
            clashing += worst
    return clashing / whole if whole else 0.0


def _mud_share(tones: list[Note], length_s: float) -> float:
    low = sorted(note for note in tones if note.pitch < 48)
    muddy = 0.0
    for index, note in enumerate(low):
        for other in low[index + 1 :]:
            if other.start_s >= note.end_s:
                break
            if 0 < abs(note.pitch - other.pitch) < 7:
                muddy += min(note.end_s, other.end_s) - other.start_s
    return min(muddy / length_s, 1.0)


def _longest_silence(notes: list[Note]) -> float:
    longest = sounding_until = 0.0
    for note in notes:
        longest = max(longest, note.start_s - sounding_until)
        sounding_until = max(sounding_until, note.end_s)
    return longest
