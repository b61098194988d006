"""A note as a picture: log-magnitude on mel bands, and how far each band's frequency is from the pitch's harmonic.

GANSynth (Engel et al. 2019, section 2.2) learns log-magnitude and instantaneous frequency, the phase's step from frame
to frame, on mel bands. Here the second plane is what that frequency lacks to the nearest harmonic of the key: since the
key is given, a perfect tone is a plane of zeros, and what a net must learn are detuning, inharmonicity and vibrato. Its
range, one turn of phase a frame, is 15.6 Hz up and down. Frames begin with the note, so none sees what is before it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RATE_HZ = 16_000
WINDOW, HOP = 2048, 512
BANDS, FRAMES = 512, 64
LENGTH = WINDOW + (FRAMES - 1) * HOP
"""Samples that a picture shows."""
FLOOR_DB = -80.0
"""Magnitudes are in decibels below the loudest band of the note; less than this is nothing."""
HARMONICS = 64
"""Harmonics that are told apart; higher ones count as noise."""
LOWEST_KEY, HIGHEST_KEY = 40, 96
RESIDUAL_HZ = RATE_HZ / HOP / 2
BIN_HZ = RATE_HZ / WINDOW
_MEL_SCALE, _MEL_CORNER_HZ = 1127.0, 700.0


def hz_from_key(key: float | Floats) -> Floats:
    """Returns the frequency of a MIDI key; 69 is 440 Hz."""
    return np.asarray(440.0 * 2.0 ** ((np.asarray(key, np.float64) - 69.0) / 12.0))


def centres_hz() -> Floats:
    """Returns the middle frequency of each band: equal steps of mel (O'Shaughnessy 1987) up to half the rate."""
    top = np.log1p(RATE_HZ / 2 / _MEL_CORNER_HZ)
    return np.asarray(_MEL_CORNER_HZ * np.expm1(top * (np.arange(BANDS) + 0.5) / BANDS))


def widths_hz() -> Floats:
    """Returns half the base of each band's triangle: the way to the next band, or to the next bin if that is longer."""
    return np.maximum(np.gradient(centres_hz()), BIN_HZ)


def band_weights() -> Floats:
    """Returns each band's triangle over the bins of the spectrum, sum 1: (BANDS, WINDOW // 2 + 1)."""
    bins = np.arange(WINDOW // 2 + 1) * BIN_HZ
    weights = np.clip(1 - np.abs(bins - centres_hz()[:, None]) / widths_hz()[:, None], 0, None)
    return np.asarray(weights / weights.sum(1, keepdims=True))


def lobe_table(reach_hz: float = 120.0, step_hz: float = 1.0) -> tuple[Floats, Floats]:
    """Returns offsets in Hz and the power that each band shows of a steady tone so far from its middle.

    (offsets,), (BANDS, offsets); a tone of amplitude 1 has power 1 at the middle of a bin.
    """
    offsets = np.arange(-reach_hz, reach_hz + step_hz / 2, step_hz)
    bins = np.arange(WINDOW // 2 + 1) * BIN_HZ
    tones = centres_hz()[:, None] + offsets
    weights = band_weights()
    powers = np.empty(tones.shape)
    for band in range(BANDS):
        used = np.flatnonzero(weights[band])
        distance = (bins[used, None] - tones[band]) / BIN_HZ
        powers[band] = weights[band, used] @ _hann_lobe(distance) ** 2
    return offsets, powers


def _hann_lobe(bins: Floats) -> Floats:
    """Returns the magnitude of the Hann window's spectrum so many bins from its middle, 1 in the middle."""
    return np.asarray(np.abs(np.sinc(bins) + 0.5 * (np.sinc(bins - 1) + np.sinc(bins + 1))))


def nearest_harmonic(key: float) -> NDArray[np.int64]:
    """Returns the number of the harmonic nearest to each band, 1 to HARMONICS."""
    return np.clip(np.round(centres_hz() / float(hz_from_key(key))), 1, HARMONICS).astype(np.int64)


class Analysis:
    """Makes pictures of notes."""

    def __init__(self) -> None:
        self._window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
        self._weights = band_weights()
        self._turn = np.exp(1j * np.pi * np.arange(WINDOW // 2 + 1))

    def spectra(self, wave: Floats) -> NDArray[np.complex128]:
        """Returns the frames' spectra, phases counted from the frame's middle, 1 for a tone of amplitude 1."""
        padded = np.pad(np.asarray(wave, np.float64), (0, max(0, LENGTH - len(wave))))
        rows = np.arange(FRAMES)[:, None] * HOP + np.arange(WINDOW)
        spectra = np.fft.rfft(padded[rows] * self._window, axis=1) * self._turn
        return np.asarray(spectra.T / (WINDOW / 4))

    def picture(self, wave: Floats, key: float) -> tuple[NDArray[np.float32], float]:
        """Returns magnitudes in dB and residual frequencies, -1 to 1 of RESIDUAL_HZ, and the loudest band in dB.

        (2, BANDS, FRAMES); magnitudes are FLOOR_DB to 0. A wave of silence has a loudest band below -100 dB.
        """
        spectra = self.spectra(wave)
        power = self._weights @ np.abs(spectra) ** 2
        loudest = float(power.max()) + 1e-14
        magnitude = 10 * np.log10(np.maximum(power / loudest, 10 ** (FLOOR_DB / 10)))
        expected = 2 * np.pi * nearest_harmonic(key) * float(hz_from_key(key)) * HOP / RATE_HZ
        steps = self._weights @ (spectra[:, 1:] * spectra[:, :-1].conj())
        residual = np.angle(steps * np.exp(-1j * expected)[:, None]) / np.pi
        residual = np.concatenate([residual[:, :1], residual], axis=1)
        return np.stack([magnitude, residual]).astype(np.float32), float(10 * np.log10(loudest))
