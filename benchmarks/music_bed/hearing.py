"""Measures of a sound, by means that the product does not use: pyloudnorm, SciPy's resampler, Fourier transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyloudnorm
from numpy.typing import NDArray
from scipy.signal import lfilter, resample_poly

from benchmarks.figures import Values

RATE_HZ = 48_000
Sound = NDArray[np.float32]
"""Frames of left and right at 48 kHz, (n, 2); full scale is ±1."""

SILENT_DBFS = -60.0
OCTAVES_HZ = (63, 125, 250, 500, 1000, 2000, 4000, 8000)
TILTED = slice(1, 7)
"""The octaves whose tilt is judged: 125 Hz to 4 kHz."""
TILT_DB = (-5.0, 1.0)
"""Decibels an octave in octave bands: Pestana et al. 2013 (AES 135) found about -5 dB an octave a hertz between 100 Hz
and 4 kHz in sixty years of hits, which is -2 in octave bands; three to either side are taken as music's."""
_FLOOR_DB = -150.0
_BLOCK, _MARGIN = 1 << 16, 256
_PACE = 480
_K_WEIGHTING = (
    ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1, -1.69065929318241, 0.73248077421585)),
    ((1.0, -2.0, 1.0), (1, -1.99004745483398, 0.99007225036621)),
)
"""ITU-R BS.1770-4, tables 1 and 2: the head's shelf and the low cut, numerators and denominators at 48 kHz."""
_WINDOW = 1024


def sound_from_bytes(data: Any) -> Sound:
    """Returns the frames of an Audio's buffer."""
    return np.frombuffer(data, np.float32).reshape(-1, 2)


def db(power: float) -> float:
    """Returns decibels of a power, not below -150."""
    return float(max(10 * np.log10(max(power, 1e-15)), _FLOOR_DB))


def level_dbfs(sound: Sound) -> float:
    """Returns the root mean square in dB of full scale; -150 for silence."""
    return db(float(np.mean(sound.astype(np.float64) ** 2))) if len(sound) else _FLOOR_DB


def loudness_lufs(sound: Sound) -> float:
    """Returns the integrated loudness, ITU-R BS.1770-4, by pyloudnorm."""
    return float(pyloudnorm.Meter(RATE_HZ).integrated_loudness(sound.astype(np.float64)))


def table_loudness_lufs(sound: Sound) -> float:
    """Returns the integrated loudness by the letter of ITU-R BS.1770-4: its own filters for 48 kHz, its two gates.

    pyloudnorm designs its filters anew, which reads a few hundredths of a unit lower. A sound needs 0.4 s at least.
    """
    weighted = sound.astype(np.float64)
    for above, below in _K_WEIGHTING:
        weighted = lfilter(above, below, weighted, axis=0)
    sums = np.pad(np.cumsum((weighted**2).sum(1)), (1, 0))
    block, step = round(0.4 * RATE_HZ), round(0.1 * RATE_HZ)
    starts = np.arange(0, len(sound) - block + 1, step)
    powers = (sums[starts + block] - sums[starts]) / block
    heard = powers[powers > 10 ** ((-70 + 0.691) / 10)]
    if not len(heard):
        return -np.inf
    return float(-0.691 + 10 * np.log10(heard[heard > 0.1 * heard.mean()].mean()))


def true_peak_dbtp(sound: Sound, times: int = 8) -> float:
    """Returns the highest value between the samples too, by `times` as many of them; in blocks with margins."""
    peak = 0.0
    for first in range(0, len(sound), _BLOCK):
        start, end = max(first - _MARGIN, 0), min(first + _BLOCK + _MARGIN, len(sound))
        finer = resample_poly(sound[start:end].astype(np.float64), times, 1, axis=0)
        # Where a block was cut the resampler rings: its margins belong to its neighbours.
        own = finer[(first - start) * times : (first - start + _BLOCK) * times]
        peak = max(peak, float(np.abs(own).max()))
    return db(peak**2)


def dc_dbfs(sound: Sound) -> float:
    """Returns the larger channel's mean in dB of full scale."""
    return db(float(np.abs(sound.mean(0, dtype=np.float64)).max()) ** 2)


def flat_tops(sound: Sound, length: int = 4) -> int:
    """Returns how many runs of `length` equal samples lie within 1 dB of the sound's highest one: clipping's mark."""
    if len(sound) < length:
        return 0
    near = np.abs(sound) >= np.abs(sound).max() * 10 ** (-1 / 20)
    same = near[1:] & (sound[1:] == sound[:-1]) & (sound[1:] != 0)
    runs = np.lib.stride_tricks.sliding_window_view(same, length - 1, axis=0).all(-1)
    return int(runs.sum())


def window_levels_db(sound: Sound, window_s: float = 0.05) -> Values:
    """Returns the level of each stretch of so many seconds."""
    size = round(window_s * RATE_HZ)
    whole = sound[: len(sound) // size * size].astype(np.float64).reshape(-1, size, 2)
    return np.asarray(10 * np.log10(np.maximum((whole**2).mean((1, 2)), 1e-15)), np.float64)


def longest_silence_s(sound: Sound, window_s: float = 0.05) -> float:
    """Returns the longest time below -60 dBFS before the last sound."""
    loud = np.flatnonzero(window_levels_db(sound, window_s) > SILENT_DBFS)
    if not len(loud):
        return len(sound) / RATE_HZ
    return float(np.diff(loud, prepend=-1).max() - 1) * window_s


def correlation(sound: Sound) -> float:
    """Returns the correlation of left and right, -1 to 1; 1 for silence."""
    left, right = sound.astype(np.float64).T
    power = float(np.sqrt((left @ left) * (right @ right)))
    return float(left @ right) / power if power > 0 else 1.0


def least_correlation(sound: Sound, window_s: float = 1.0) -> float:
    """Returns the lowest correlation of left and right of any second that is not silent."""
    size = round(window_s * RATE_HZ)
    parts = [sound[first : first + size] for first in range(0, max(len(sound) - size, 0) + 1, size)]
    return min((correlation(part) for part in parts if level_dbfs(part) > SILENT_DBFS), default=1.0)


def octave_levels_db(sound: Sound) -> Values:
    """Returns the level of each octave of OCTAVES_HZ, both channels together."""
    power = (np.abs(np.fft.rfft(sound.astype(np.float64), axis=0)) ** 2).sum(1)
    pitches = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    bands = [power[(pitches >= mid / 2**0.5) & (pitches < mid * 2**0.5)].sum() for mid in OCTAVES_HZ]
    return np.array([db(2 * float(band) / len(sound) ** 2) for band in bands])


def tilt_db(levels_db: Values) -> tuple[float, float]:
    """Returns a straight line's fall in dB an octave, 125 Hz to 4 kHz, and how far an octave is off it at most."""
    own = levels_db[TILTED]
    places = np.arange(len(own))
    slope, base = np.polyfit(places, own, 1)
    return float(slope), float(np.abs(own - slope * places - base).max())


def onset_times_s(sound: Sound) -> Values:
    """Returns when sounds begin: peaks of the rise of a log spectrum above their surroundings (Bello et al. 2005)."""
    mono = sound.mean(1).astype(np.float64)
    if len(mono) < 4 * _WINDOW:
        return np.zeros(0)
    frames = np.lib.stride_tricks.sliding_window_view(mono, _WINDOW)[::_PACE] * np.hanning(_WINDOW)
    seen = np.log1p(1000 * np.abs(np.fft.rfft(frames, axis=1)) / _WINDOW)
    rise = np.maximum(np.diff(seen, axis=0), 0).sum(1)
    near = np.lib.stride_tricks.sliding_window_view(np.pad(rise, 10, mode="edge"), 21)
    high = np.lib.stride_tricks.sliding_window_view(np.pad(rise, 3, mode="edge"), 7).max(1)
    found = np.flatnonzero((rise == high) & (rise > 1.4 * np.median(near, axis=1) + 0.1 * rise.std()))
    return np.asarray((found + 1) * _PACE / RATE_HZ, np.float64)
