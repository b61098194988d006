"""Pictures of beds: the product's own score picture with a spectrogram below, and the sheet of them all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures

from benchmarks.music_bed.hearing import RATE_HZ, Sound
from scumble.media.arrays import array_from_image
from scumble.media.audio import Audio
from scumble.music import Score, picture_from_score
from scumble.music.lettering import dots_from_text

Picture = NDArray[np.uint8]

WIDTH, ROLL, SPECTRUM, LABEL = 480, 320, 110, 16
COLUMNS = 4
LOW_HZ, HIGH_HZ, RANGE_DB = 40.0, 16_000.0, 80.0
_WINDOW = 4096
_COLOURS = 128
_MAP = np.array([(8, 8, 20), (60, 16, 90), (170, 40, 90), (245, 130, 50), (255, 240, 170)], np.float64)


def spectrogram_db(sound: Sound, width: int, height: int) -> NDArray[np.float64]:
    """Returns levels in dB below the loudest, (height, width): rows from high to low, even in the log of frequency."""
    mono = sound.mean(1).astype(np.float64)
    starts = np.linspace(0, max(len(mono) - _WINDOW, 0), width).astype(int)
    padded = np.pad(mono, (0, _WINDOW))
    frames = padded[starts[:, None] + np.arange(_WINDOW)] * np.hanning(_WINDOW)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    edges = np.geomspace(LOW_HZ, HIGH_HZ, height + 1) * _WINDOW / RATE_HZ
    sums = np.pad(np.cumsum(power, axis=1), ((0, 0), (1, 0)))
    places = np.arange(sums.shape[1])
    rows = np.stack([np.interp(edges, places, one) for one in sums])
    levels = 10 * np.log10(np.maximum(np.diff(rows, axis=1) / np.diff(edges), 1e-12))
    return np.asarray((levels - levels.max()).T[::-1], np.float64)


def tile(score: Score, sound: Sound, name: str) -> Picture:
    """Returns one bed's picture with its name, 8-bit RGB."""
    roll = np.asarray(
        array_from_image(picture_from_score(score, Audio(sound.data, 2, RATE_HZ), width=WIDTH, height=ROLL))
    )
    share = np.clip(1 + spectrogram_db(sound, WIDTH, SPECTRUM) / RANGE_DB, 0, 1) * (len(_MAP) - 1)
    low = np.minimum(share.astype(int), len(_MAP) - 2)
    part = (share - low)[..., None]
    colours = _MAP[low] * (1 - part) + _MAP[low + 1] * part
    label = np.full((LABEL, WIDTH, 3), 12, np.uint8)
    dots = dots_from_text(name)
    label[4 : 4 + dots.shape[0], 8 : 8 + dots.shape[1]][dots] = 230
    return np.concatenate((label, roll[..., :3].astype(np.uint8), np.rint(colours).astype(np.uint8)))


def put_sheet(tiles: Sequence[Picture], path: Path) -> None:
    """Writes pictures of one size in rows of four, in 128 colours."""
    blank = np.zeros_like(tiles[0])
    filled = [*tiles, *[blank] * (-len(tiles) % COLUMNS)]
    rows = [np.concatenate(filled[first : first + COLUMNS], axis=1) for first in range(0, len(filled), COLUMNS)]
    sheet = Pictures.fromarray(np.concatenate(rows))
    sheet.quantize(_COLOURS, dither=Pictures.Dither.NONE).save(path, optimize=True)
