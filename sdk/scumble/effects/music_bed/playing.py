"""From a score to sound: what the native mix bus needs of it, and the bed it makes of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scumble.effects.music_bed.timbre.voicing import PRESET as VOICED_PRESET
from scumble.engine.sound import RATE_HZ, Frames, SoundFont, cores, empty_frames, play_tracks
from scumble.music.instruments import trim_db

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scumble.effects.music_bed.timbre.voicing import Voicing
    from scumble.jobs import Progress
    from scumble.music import Score, Track
    from scumble.music.score import ControlPoint

DRUM_BANK = 128
FADE_OUT_S = (0.25, 2.0)
"""Shortest and longest fade at the end."""
VOICED_TRIM_DB = 3.0
"""Brings drawn instruments to the loudness that `trim_db` brings others to."""
_HARDEST = 127
_STEPS = 8

Preset = tuple[int, int]


class Played(NamedTuple):
    """A score as sound, before mastering: the mix, and each track's share of it where it was asked for."""

    mix: Frames
    stems: dict[str, Frames]


def preset_of(track: Track) -> Preset:
    """Returns (bank, program)."""
    return (DRUM_BANK if track.is_drums else 0, track.program)


def played(score: Score, font: SoundFont, voicing: Voicing, *, stems: bool, progress: Progress) -> Played:
    """Plays a score, exactly as long as it says, some tracks on a voicing's font. Raises what the core raises."""
    mix = empty_frames(score.length_samples)
    parts: dict[str, Frames] = {}
    for track in score.tracks if stems else ():
        progress.report(0.0)  # room on a disk can take its time
        parts[track.name] = empty_frames(score.length_samples)
    tracks = [
        (
            VOICED_PRESET if track.name in voicing.tracks else preset_of(track),
            _notes(track),
            track.gain_db + (_voiced_db(track) if track.name in voicing.tracks else 0.0),
            track.pan,
            track.reverb,
            points_from_expression(track.expression),
        )
        for track in score.tracks
    ]
    fonts = [voicing.font if voicing.font and track.name in voicing.tracks else font for track in score.tracks]
    fade_out = min(round(_fade_out_s(score) * RATE_HZ), score.length_samples // 4)
    play_tracks(
        font,
        tracks,
        mix,
        list(parts.values()),
        cyclic=score.loop,
        fade_out=fade_out,
        fonts=fonts,
        workers=cores(),
        progress=progress.report,
    )
    return Played(mix, parts)


def _fade_out_s(score: Score) -> float:
    """Returns over how long the end fades: half of what follows the last tone to begin.

    So held chords die away rather than stop, and nothing is faded before it was heard.
    """
    begun_s = max((note.start_s for track in score.tracks for note in track.notes), default=0.0)
    return min(max((score.length_s - begun_s) / 2, FADE_OUT_S[0]), FADE_OUT_S[1])


def _voiced_db(track: Track) -> float:
    """Returns what makes a drawn instrument as loud as the one whose fader it is given."""
    return VOICED_TRIM_DB - trim_db(track.role, track.program)


def _notes(track: Track) -> NDArray[np.int64]:
    """Returns start and end in frames, key, velocity: (n, 4)."""
    rows = [
        (
            round(note.start_s * RATE_HZ),
            round(note.end_s * RATE_HZ),
            note.pitch,
            max(1, round(_HARDEST * note.velocity)),
        )
        for note in track.notes
    ]
    return np.array(rows, np.int64).reshape(-1, 4)


def points_from_expression(expression: Sequence[ControlPoint]) -> NDArray[np.float64] | None:
    """Returns frames and factors, (n, 2): General MIDI's curve, by which the factor is the value's square."""
    if not expression:
        return None
    times = np.array([point.time_s for point in expression])
    values = np.array([point.value for point in expression])
    # Straight lines of the value are curves of the factor: each gets some points on it.
    shares = np.arange(_STEPS) / _STEPS
    fine = np.unique(np.append((times[:-1, None] + shares * np.diff(times)[:, None]).ravel(), times[-1]))
    points = np.stack([np.round(fine * RATE_HZ), np.interp(fine, times, values) ** 2], axis=1)
    rising: NDArray[np.float64] = points[np.append(True, np.diff(points[:, 0]) > 0)]
    return rising
