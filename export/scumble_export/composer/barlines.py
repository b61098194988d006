"""Bar lines put right: files that begin with an upbeat often count their bars from it, which moves them all."""

from __future__ import annotations

import dataclasses

from scumble.music import SAMPLE_RATE_HZ, Score
from scumble.music.score import Bar, TempoMap

_SURE = 1.2
"""How many times as much must begin at another place of the bar than where the file has its bar lines."""
_LONGEST_BEATS = 2.0
_NEAR_BEATS = 0.05
_LOW_PITCH = 57
_LOW_WEIGHT = 2.0
"""What lies below this pitch counts so much more: basses tell where bars begin."""


def realigned(score: Score) -> Score:
    """Returns the score with its bar lines where most begins, at one tempo; as it is where nothing is to be moved.

    Only music of one metre is looked at. Places are half beats; tones count as long as they sound, two beats at most.
    """
    metres = {bar.beats for bar in score.bars[:-1]}
    if len(metres) != 1:
        return score
    (metre,) = metres
    places = 2 * metre
    weights = [0.0] * places
    beat_of = score.tempo.beat_from_seconds
    for track in score.tracks:
        for note in track.notes if not track.is_drums else ():
            half = 2 * beat_of(note.start_s)
            if abs(half - round(half)) < 2 * _NEAR_BEATS:
                length = min(beat_of(note.end_s) - half / 2, _LONGEST_BEATS)
                weights[round(half) % places] += length * (_LOW_WEIGHT if note.pitch < _LOW_PITCH else 1.0)
    best = max(range(places), key=weights.__getitem__)
    if weights[best] < _SURE * weights[0] or not best:
        return score
    return _moved(score, metre, metre - best / 2)


def _moved(score: Score, metre: int, beats: float) -> Score:
    """The music so many beats later, at the mean tempo, in whole bars."""
    whole = -(-(score.tempo.beats + round(beats + 0.5)) // metre)
    samples_a_beat = max(round(score.length_samples / score.tempo.beats), 1)
    beat_s = samples_a_beat / SAMPLE_RATE_HZ
    tracks = []
    for track in score.tracks:
        notes = []
        for note in track.notes:
            start, end = (score.tempo.beat_from_seconds(time_s) + beats for time_s in (note.start_s, note.end_s))
            notes.append(note._replace(start_s=start * beat_s, end_s=end * beat_s))
        tracks.append(dataclasses.replace(track, notes=tuple(notes), expression=()))
    length = whole * metre * samples_a_beat
    return dataclasses.replace(
        score,
        tracks=tuple(tracks),
        tempo=TempoMap(((0, 0), (whole * metre, length))),
        bars=tuple(Bar(metre * number, metre) for number in range(whole)),
        sections=(),
        length_samples=length,
    )
