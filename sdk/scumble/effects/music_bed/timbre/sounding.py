"""Makes a note's sound of its partials and noise, with an end that repeats without a seam.

Within the loop every partial completes whole cycles, so that its end is its beginning by construction: the pitch is
moved by less than half a cycle a loop for that, and the rate at which the sound is to be played takes it back.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scumble.effects.music_bed.timbre.reading import Floats, Grid, Partials, band_weights

OVERSAMPLING = 2
"""Sounds have twice the picture's rate: a sampler that interpolates linearly then mirrors nothing into hearing."""
LOOP_FRAMES, BLEND_FRAMES, LAST_FRAME = 32, 8, 60
_LEVEL_FROM = 24
_STEADY_DB_PER_S, _DYING_DB_PER_S = -3.0, -15.0
_MOST_RISE, _MOST_FALL = 12.0, 9.0
_LEAD = 2
_LOW_PARTIALS = 6
_OTHERS = 0.35
"""How loud the two other players are: levels then waver as much as those of real ensembles."""
_GOLDEN = 0.6180339887498949
_STRUCK_S, _BLOWN_S, _SLOWEST_S, _SLOWER_S_PER_DB = 0.003, 0.04, 0.15, 0.02
_FALL_FRAMES, _FALL_DB = 6, 2.0
_SEAM = 512


class Sound(NamedTuple):
    """A note, mono, at most 1; from `loop_start` on it repeats for ever.

    `rate_hz` is what it must be played at to be in tune; `decay_db_per_s`, 0 or less, is how fast it goes on to fade
    from the loop on, in which its level is kept.
    """

    wave: NDArray[np.float32]
    loop_start: int
    rate_hz: int
    decay_db_per_s: float


def sound_from_partials(
    note: Partials, grid: Grid, seed: int, *, sustains: bool = False, spread_cents: float = 0.0
) -> Sound:
    """Returns the note; `seed` draws the noise. What sustains keeps its level from the loop on, unless it is dying.

    With a spread, three play it, one in tune and the others so far below and above. That several players beat against
    each other no picture of levels tells: a net learns their mean, which stands still.
    """
    frames_per_s = grid.rate_hz / grid.hop
    given = note
    note, decay = _endless(given, frames_per_s, _DYING_DB_PER_S if sustains else _STEADY_DB_PER_S)
    rise = round(_onset_s(given, decay) * OVERSAMPLING * grid.rate_hz)
    loop_start = note.amplitude.shape[1] - LOOP_FRAMES - 1
    loop_s = LOOP_FRAMES / frames_per_s
    hz, stretch = _closed(note, loop_start, loop_s)
    out_hz = OVERSAMPLING * grid.rate_hz
    hop = OVERSAMPLING * grid.hop
    lead = OVERSAMPLING * grid.window // 2
    wave = np.zeros(lead + (note.amplitude.shape[1] - 1) * hop)
    players = ((0.0, 1.0), (-spread_cents, _OTHERS), (spread_cents, _OTHERS)) if spread_cents else ((0.0, 1.0),)
    for number, (cents, level) in enumerate(players):
        away = np.round(hz[:, -1:] * (2 ** (cents / 1200) - 1) * loop_s) / loop_s
        wave += level * _tones(_led(note.amplitude), _led(hz + away, hold=True), hop, lead, out_hz, number)
    start, end = lead + loop_start * hop, lead + (loop_start + LOOP_FRAMES) * hop
    wave = wave[:end] + _noise(_led(note.noise), grid, (start, end), seed)
    wave[:rise] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(rise) / rise)
    peak = max(float(np.abs(wave).max()), 1e-9)
    return Sound((wave / peak).astype(np.float32), start, round(out_hz / stretch), decay)


def _onset_s(note: Partials, decay_db_per_s: float) -> float:
    """Returns how long the note takes to begin, which its first frame, 128 ms long, does not show.

    What fades was struck, and what falls from its first frames on. Else it was blown or bowed, the longer the more it
    still rises; as measured on the notes that the net learnt from.
    """
    level_db = _level_db(note)
    if decay_db_per_s < 0 or level_db[0] - level_db[_FALL_FRAMES] > _FALL_DB:
        return _STRUCK_S
    return float(np.clip(_BLOWN_S + _SLOWER_S_PER_DB * (level_db[2] - level_db[0]), _STRUCK_S, _SLOWEST_S))


def _level_db(note: Partials) -> Floats:
    return np.asarray(10 * np.log10((note.amplitude**2).sum(0) + 1e-12))


def _endless(note: Partials, frames_per_s: float, fading_db_per_s: float) -> tuple[Partials, float]:
    """Returns the note with an end that fits the loop's beginning, and its decay in dB a second.

    A steady note's last second is its loop, levelled and crossfaded; one that falls faster than `fading_db_per_s` goes
    on as its last frames are.
    """
    level_db = _level_db(note)
    times = np.arange(_LEVEL_FROM, LAST_FRAME)
    slope = float(np.polyfit(times, level_db[_LEVEL_FROM:LAST_FRAME], 1)[0]) * frames_per_s
    if slope < fading_db_per_s:
        return Partials(
            *(_held(part, positive) for part, positive in zip(note, (True, False, True), strict=True))
        ), slope
    frames = np.arange(note.amplitude.shape[1])
    level = 10 ** (-slope / frames_per_s * np.maximum(0, frames - _LEVEL_FROM) / 20)
    levelled = Partials(note.amplitude * level, note.hz, note.noise * level**2)
    return Partials(*(_crossfaded(part) for part in levelled)), 0.0


def _held(plane: Floats, positive: bool) -> Floats:
    """Returns frames up to the last one that counts, and then LOOP_FRAMES + 1 of the mean of those before it."""
    last = plane[:, LAST_FRAME - BLEND_FRAMES : LAST_FRAME]
    mean = np.exp(np.log(last + 1e-9).mean(1)) if positive else last.mean(1)
    share = np.clip((np.arange(LAST_FRAME) - LAST_FRAME + BLEND_FRAMES) / (BLEND_FRAMES - 1), 0, 1)
    eased = plane[:, :LAST_FRAME] * (1 - share) + mean[:, None] * share
    return np.concatenate([eased, np.repeat(mean[:, None], LOOP_FRAMES + 1, axis=1)], axis=1)


def _crossfaded(plane: Floats) -> Floats:
    """Returns frames whose last LOOP_FRAMES + 1 begin as they end."""
    share = np.clip((np.arange(LAST_FRAME + 1) - LAST_FRAME + BLEND_FRAMES) / BLEND_FRAMES, 0, 1)
    before = np.concatenate([plane[:, :1].repeat(LOOP_FRAMES, 1), plane[:, : LAST_FRAME + 1 - LOOP_FRAMES]], axis=1)
    return np.asarray(plane[:, : LAST_FRAME + 1] * (1 - share) + before * share)


def _closed(note: Partials, loop_start: int, loop_s: float) -> tuple[Floats, float]:
    """Returns frequencies of whole cycles in the loop, and how much higher the pitch became."""
    steps = 0.5 * (note.hz[:, loop_start:-1] + note.hz[:, loop_start + 1 :])
    mean = steps.mean(1)
    strength = note.amplitude[:, loop_start:].mean(1) ** 2
    strength = strength / max(float(strength.max()), 1e-30) + 1e-6  # silence has a pitch too
    number = np.arange(1, len(mean) + 1)
    low = number <= _LOW_PARTIALS
    pitch = float((strength * mean / number)[low].sum() / strength[low].sum())
    stretch = max(1.0, round(pitch * loop_s)) / (pitch * loop_s)
    hz = note.hz * stretch
    wanted = np.round(mean * stretch * loop_s) / loop_s
    hz[:, loop_start:] += (wanted - mean * stretch)[:, None]
    return hz, stretch


def _led(plane: Floats, hold: bool = False) -> Floats:
    """Returns frames with _LEAD more before the first, back to the onset: as it begins, so it began."""
    if hold:
        return np.concatenate([plane[:, :1].repeat(_LEAD, 1), plane], axis=1)
    level = 20 * np.log10(plane[:, :2] + 1e-9)
    rise = np.clip(level[:, 0] - level[:, 1], -_MOST_RISE, _MOST_FALL)
    before = plane[:, :1] * 10 ** (rise[:, None] * np.arange(_LEAD, 0, -1) / 20)
    return np.concatenate([before, plane], axis=1)


def _tones(amplitude: Floats, hz: Floats, hop: int, lead: int, rate_hz: int, player: int) -> Floats:
    """Returns the sum of the partials, straight lines between frames; frame _LEAD is at sample `lead`."""
    knots = lead + (np.arange(amplitude.shape[1]) - _LEAD) * hop
    times = np.arange(knots[-1])
    wave = np.zeros(len(times))
    for number in range(len(amplitude)):
        if amplitude[number].max() < 1e-4:
            continue
        cycles = np.interp(times, knots, hz[number]) / rate_hz
        phase = np.cumsum(cycles) + 0.5 * (number + 1) ** 2 / len(amplitude) + _GOLDEN * player * (number + 1)
        phase -= np.floor(phase)
        wave += np.interp(times, knots, amplitude[number]) * np.cos((2 * np.pi * phase).astype(np.float32))
    return wave


def _noise(power: Floats, grid: Grid, loop: tuple[int, int], seed: int) -> Floats:
    """Returns noise of the bands' powers, (bands, frames with lead), that ends where the loop does, as it began.

    White noise, shaped frame by frame. The noise itself repeats with the loop, from a window before it on.
    """
    size, hop = OVERSAMPLING * grid.window, OVERSAMPLING * grid.hop
    start, end = loop
    bands = band_weights(grid)
    density = bands.T @ power / (bands.sum(0)[:, None] + 1e-9)
    gains = np.sqrt(np.concatenate([density, density[:, -LOOP_FRAMES:][:, :_LEAD]], axis=1))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    white = np.random.default_rng(seed).standard_normal(end + 2 * size)
    again = max(0, start - size // 2)
    white[again + end - start :] = white[again : len(white) - (end - start)]
    wave = np.zeros(len(white))
    for frame in range(gains.shape[1]):
        part = slice(frame * hop, frame * hop + size)
        spectrum = np.fft.rfft(white[part] * window)
        spectrum[: len(gains)] *= gains[:, frame] * (size / 4) / np.sqrt(0.375 * size)
        spectrum[len(gains) :] = 0
        wave[part] += np.fft.irfft(spectrum, size) * window / 1.5
    wave = wave[size // 2 :][:end]
    share = np.arange(_SEAM) / _SEAM
    wave[end - _SEAM :] += share * (wave[start - _SEAM : start] - wave[end - _SEAM :])
    return wave
