"""Reads a picture of a note, log-magnitude and residual frequency on mel bands, as partials and noise.

A picture that a net drew has no exact phases. Inverting it bin by bin, as GANSynth does (Engel et al. 2019, section
2.2), lets the bins of one partial drift apart, which beats; so each harmonic of the known pitch is read as one partial
with one amplitude and one frequency a frame, what is left between them as noise (spectral modelling: Serra and Smith
1990, "A sound analysis/synthesis system based on a deterministic plus stochastic decomposition").
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MEL_CORNER_HZ = 700.0
_REACH_HZ = 96
_NEAR_SHARE, _NEAR_HZ = 0.3, 24.0
_LOW_HARMONICS = 6
_BETWEEN, _NOISE_REACH = 0.3, 0.75
_LOG_BIAS = 1.5
_STEADY_FRAMES = 9
_TINY = 1e-12


class Grid(NamedTuple):
    """What a picture's rows and columns are; the manifest's settings say it."""

    rate_hz: int
    window: int
    hop: int
    bands: int
    frames: int
    harmonics: int
    floor_db: int

    @property
    def residual_hz(self) -> float:
        """What 1 means in the plane of residual frequencies: half a turn of phase a frame."""
        return self.rate_hz / self.hop / 2


class Partials(NamedTuple):
    """A note: amplitudes and frequencies of its partials, (partials, frames), power of noise, (bands, frames)."""

    amplitude: Floats
    hz: Floats
    noise: Floats


def hz_from_key(key: float) -> float:
    """Returns the frequency of a MIDI key; 69 is 440 Hz."""
    return float(440.0 * 2.0 ** ((key - 69.0) / 12.0))


@functools.cache
def centres_hz(grid: Grid) -> Floats:
    """Returns the middle frequency of each band: equal steps of mel up to half the rate."""
    top = np.log1p(grid.rate_hz / 2 / _MEL_CORNER_HZ)
    return np.asarray(_MEL_CORNER_HZ * np.expm1(top * (np.arange(grid.bands) + 0.5) / grid.bands))


@functools.cache
def band_weights(grid: Grid) -> Floats:
    """Returns each band's triangle over the bins of the spectrum, sum 1: (bands, window / 2 + 1)."""
    centres, bin_hz = centres_hz(grid), grid.rate_hz / grid.window
    widths = np.maximum(np.gradient(centres), bin_hz)
    bins = np.arange(grid.window // 2 + 1) * bin_hz
    weights = np.clip(1 - np.abs(bins - centres[:, None]) / widths[:, None], 0, None)
    return np.asarray(weights / weights.sum(1, keepdims=True))


@functools.cache
def lobes(grid: Grid) -> Floats:
    """Returns the power that each band shows of a tone of amplitude 1, from -96 to 96 Hz off its middle, by 1 Hz.

    (bands, 193). The Hann window's lobe, averaged by the band's triangle.
    """
    offsets = np.arange(-_REACH_HZ, _REACH_HZ + 1)
    centres, weights, bin_hz = centres_hz(grid), band_weights(grid), grid.rate_hz / grid.window
    powers = np.zeros((grid.bands, len(offsets)))
    for band in range(grid.bands):
        used = np.flatnonzero(weights[band])
        distance = (used[:, None] * bin_hz - centres[band] - offsets) / bin_hz
        lobe = np.sinc(distance) + 0.5 * (np.sinc(distance - 1) + np.sinc(distance + 1))
        powers[band] = weights[band, used] @ lobe**2
    return powers


def partials_from_picture(picture: NDArray[np.float32], key: float, grid: Grid) -> Partials:
    """Returns the partials and the noise of a picture, (2, bands, frames), of a note at a MIDI key.

    Magnitudes are decibels, at most 0; residuals are in units of `residual_hz`, whole turns of no account. Amplitudes
    are such that a tone of amplitude 1 shows as 0 dB.
    """
    pitch_hz = hz_from_key(key)
    power = np.where(picture[0] <= grid.floor_db + 0.5, 0.0, 10 ** (picture[0].astype(np.float64) / 10))
    count = max(1, min(grid.harmonics, int((centres_hz(grid)[-1] - 20) / pitch_hz)))
    harmonics = np.arange(1, count + 1)
    turns = _turns(power, picture[1].astype(np.float64), pitch_hz, harmonics, grid)
    hz = harmonics[:, None] * pitch_hz + _deviations(turns, harmonics) * grid.residual_hz
    responses = [_responses(hz[number], grid) for number in range(count)]
    highest = lobes(grid).max(1)[:, None]
    near = [_near(pitch_hz, int(harmonic), grid) for harmonic in harmonics]
    # The strongest band near it, wherever: a drawn partial need not lie where its drawn frequency says.
    amplitude_squared = np.stack([(power[bands] / highest[bands]).max(0) for bands in near])
    noise = _noise(power, amplitude_squared, responses, pitch_hz, grid)
    return Partials(np.sqrt(amplitude_squared), hz, noise)


def _near(pitch_hz: float, harmonic: int, grid: Grid) -> NDArray[np.intp]:
    """Returns the bands in which a harmonic is looked for."""
    distance = np.abs(centres_hz(grid) - harmonic * pitch_hz)
    near = np.flatnonzero(distance <= min(_NEAR_SHARE * pitch_hz, _NEAR_HZ))
    return near if len(near) else np.array([distance.argmin()])


def _turns(
    power: Floats, plane: Floats, pitch_hz: float, harmonics: NDArray[np.int64], grid: Grid
) -> NDArray[np.complex128]:
    """Returns the harmonics' residuals as phasors, as long as they are strong: (harmonics, frames).

    A band's residual is counted from the harmonic nearest to that band; all bands near a harmonic have it.
    """
    turns = np.exp(1j * np.pi * plane)
    near = [_near(pitch_hz, int(harmonic), grid) for harmonic in harmonics]
    return np.stack([((power[bands] + _TINY) * turns[bands]).sum(0) for bands in near])


def _deviations(turns: NDArray[np.complex128], harmonics: NDArray[np.int64]) -> Floats:
    """Returns what the harmonics lack, in units of the plane: (harmonics, frames).

    The low harmonics tell how the pitch bends from frame to frame; each harmonic goes with it, and may be off by what
    it is off for some frames, which keeps inharmonic partials and lets none jitter.
    """
    low = turns[:_LOW_HARMONICS]
    number = harmonics[: len(low), None]
    weight = np.abs(low)
    bend = (weight * np.angle(low) / number).sum(0) / weight.sum(0) / np.pi
    expected = bend * harmonics[:, None]
    still = turns * np.exp(-1j * np.pi * expected)
    window = np.hanning(_STEADY_FRAMES + 2)[1:-1]
    steady = np.stack([np.convolve(row, window, "same") for row in still])
    return np.asarray(expected + np.angle(steady) / np.pi)


def _responses(hz: Floats, grid: Grid) -> tuple[NDArray[np.intp], Floats]:
    """Returns the bands that a partial reaches, and how much of its power each shows: (bands, frames)."""
    centres = centres_hz(grid)
    first = np.searchsorted(centres, hz.min() - _REACH_HZ)
    bands = np.arange(first, max(first + 1, np.searchsorted(centres, hz.max() + _REACH_HZ)))
    bands = bands[bands < grid.bands]
    offset = np.clip(np.round(hz - centres[bands, None]) + _REACH_HZ, 0, 2 * _REACH_HZ).astype(np.intp)
    return bands, lobes(grid)[bands[:, None], offset]


def _noise(
    power: Floats,
    amplitude_squared: Floats,
    responses: list[tuple[NDArray[np.intp], Floats]],
    pitch_hz: float,
    grid: Grid,
) -> Floats:
    """Returns the noise: the mean level, in decibels, of bands between harmonics, carried on over those near them.

    Not the mean power: what vibrato spreads beside a harmonic is far louder than noise, and is none.
    """
    tonal = np.zeros_like(power)
    for squared, (bands, gain) in zip(amplitude_squared, responses, strict=True):
        tonal[bands] += squared * gain
    centres = centres_hz(grid)
    away = np.abs(centres / pitch_hz - np.round(centres / pitch_hz))
    free = np.clip(1 - 4 * tonal / (power + _TINY), 0, 1) ** 2 * (away > _BETWEEN)[:, None] + 1e-6
    least = 10 ** (grid.floor_db / 10)
    reach = max(_NOISE_REACH * pitch_hz, 60.0)
    kernel = np.clip(1 - np.abs(centres[:, None] - centres) / reach, 0, None)
    level = (kernel @ (free * np.log(np.maximum(power, least)))) / (kernel @ free)
    # The mean of decibels of noise is below the decibels of its mean power.
    noise = np.exp(level) * _LOG_BIAS
    return np.asarray(np.where(noise > 1.5 * _LOG_BIAS * least, noise, 0.0))
