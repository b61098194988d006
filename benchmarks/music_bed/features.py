"""What a score shows by counting: its key, its bars, and what tells styles apart; the plainest classifier there is."""

from __future__ import annotations

from collections import Counter

import numpy as np

from benchmarks.figures import Figure, Values, share
from scumble.music import Score
from scumble.music.score import Note, Role

_ROLES: tuple[Role, ...] = ("drums", "bass", "chords", "pad", "arpeggio", "melody")
_DRUMS = ((35, 36), (38, 40), (37, 39), (42, 44, 46), (49, 51, 57, 59))
_THIRDS = (3, 4)
SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}
"""Semitones above the tonic, said again here so that the product's own table is judged too."""


def features_of(score: Score) -> Values:
    """Returns tempo, metre, density, place and length by role, drums, off-beats and chords' richness: no programs."""
    beats = score.tempo.beats
    values = [np.log2(60 * beats / score.length_s), Counter(bar.beats for bar in score.bars).most_common(1)[0][0]]
    for role in _ROLES:
        notes = [note for track in score.tracks if track.role == role for note in track.notes]
        values += [len(notes) / beats, *_shape(notes, score)]
    drums = [note for track in score.tracks if track.is_drums for note in track.notes]
    values += [sum(note.pitch in keys for note in drums) / beats for keys in _DRUMS]
    values.append(float(np.mean([len(chord.pitch_classes) for chord in score.chords])) if score.chords else 0.0)
    return np.array(values, np.float64)


def _shape(notes: list[Note], score: Score) -> list[float]:
    """Mean pitch, log length in beats, and shares of onsets on the first, second, third and fourth sixteenth."""
    if not notes:
        return [0.0] * 6
    places = [score.tempo.beat_from_seconds(note.start_s) for note in notes]
    lengths = [score.tempo.beat_from_seconds(note.end_s) - place for note, place in zip(notes, places, strict=True)]
    steps = [round(4 * place) % 4 for place in places]
    return [
        float(np.mean([note.pitch for note in notes])) / 12,
        float(np.log2(np.maximum(lengths, 0.05)).mean()),
        *(steps.count(step) / len(steps) for step in range(4)),
    ]


def told_apart(rows: Values, names: list[str]) -> tuple[Figure, dict[str, Counter[str]]]:
    """Returns how often the nearest mean of the others' features is the own style's, and for which it is taken.

    One out at a time; features (n, k) in units of their deviations over all.
    """
    scaled = (rows - rows.mean(0)) / np.maximum(rows.std(0), 1e-9)
    labels = np.array(names)
    styles = sorted(set(names))
    taken: dict[str, Counter[str]] = {style: Counter() for style in styles}
    hits = 0
    for number, own in enumerate(scaled):
        others = np.arange(len(scaled)) != number
        means = np.stack([scaled[others & (labels == style)].mean(0) for style in styles])
        nearest = styles[int(((means - own) ** 2).sum(1).argmin())]
        taken[names[number]][nearest] += 1
        hits += nearest == names[number]
    return share(hits, len(scaled)), taken


def heard_major(score: Score) -> float:
    """Returns by how much the major third above the tonic sounds longer than the minor one, -1 to 1; 0 for neither."""
    lengths = np.zeros(12)
    for track in score.tracks:
        if not track.is_drums and track.role != "effects":
            for note in track.notes:
                lengths[(note.pitch - score.key) % 12] += note.end_s - note.start_s
    minor, major = (float(lengths[third]) for third in _THIRDS)
    return (major - minor) / (major + minor) if major + minor else 0.0


def in_key(score: Score) -> float:
    """Returns the share of a score's tones, drums and effects aside, in the scale of its key and mode."""
    scale = {(score.key + step) % 12 for step in SCALES[score.mode]}
    tones = [
        note.pitch % 12 in scale
        for track in score.tracks
        if track.role not in ("drums", "effects")
        for note in track.notes
    ]
    return float(np.mean(tones)) if tones else 1.0


def complete_bars(score: Score) -> float:
    """Returns the share of a score's bars that are whole and sound.

    Whole: it begins where the one before it ends, on a whole beat, and has two beats or more; the last one ends with
    the piece. Sounding: some note is held in it.
    """
    edges = [score.tempo.seconds_from_beat(bar.start_beat) for bar in score.bars]
    ends = [score.tempo.seconds_from_beat(bar.end_beat) for bar in score.bars]
    following = [*edges[1:], score.length_s]
    spans = [(note.start_s, note.end_s) for track in score.tracks for note in track.notes]
    fine = [
        abs(end - after) < 1e-6 and bar.beats >= 2 and any(first < end and last > start for first, last in spans)
        for bar, start, end, after in zip(score.bars, edges, ends, following, strict=True)
    ]
    return float(np.mean(fine))
