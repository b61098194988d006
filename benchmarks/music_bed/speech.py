"""Under speech: where it is found, how far and how fast the bed goes down there, and how loud it is then."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from benchmarks.figures import Values, figure, percent, share, shown, table
from benchmarks.music_bed.bars import Bar, Part
from benchmarks.music_bed.hearing import RATE_HZ, Sound, loudness_lufs
from benchmarks.music_bed.playing import sound_of
from scumble.errors import MediaError

BEDS = (("ambient", 6.0), ("ambient", 12.0), ("synthwave", 12.0), ("synthwave", 18.0))
"""Styles and depths in dB by which going down is judged."""
NEAR_DB, LONGEST_ATTACK_S, TARGET_LUFS = 1.0, 0.15, -28.0
NOISES_DB = (None, 20.0, 10.0, 5.0)
"""Signal to noise of the mixtures; None is without noise."""
_FRAME_S, _BREATH_S = 0.02, 0.5
_QUIET_DB, _ABOVE_NOISE_DB = -35.0, 8.0
_STARTS_S, _MOST_S = (2.0, 14.0, 26.0), 8.0
_WHOLE_S = 36.0
_LEAST = 0.003
_DEEP_DB = 18.0
_FINDER: dict[str, Any] = {"style": "synthwave", "energy": "0.8", "seed": 3, "duration": _WHOLE_S}
"""A bed that never pauses, by which one sees where it goes down."""

Mono = NDArray[np.float64]


class Mixture(NamedTuple):
    """A sound with speech at known places: mono at 48 kHz, and for each frame of 20 ms whether somebody speaks."""

    sound: Mono
    speaking: NDArray[np.bool_]


def frame_levels_db(sound: Mono) -> Values:
    """Returns the level of each 20 ms."""
    size = round(_FRAME_S * RATE_HZ)
    return np.asarray(10 * np.log10((sound[: len(sound) // size * size].reshape(-1, size) ** 2).mean(1) + 1e-12))


def labels_from_clean(voice: Mono) -> NDArray[np.bool_]:
    """Returns where a clean recording speaks, short pauses closed.

    That is within 35 dB of its loud frames, and 8 dB or more above the noise that the recording itself has.
    """
    levels = frame_levels_db(voice)
    noise, loud = np.quantile(levels, (0.05, 0.95))
    return closed(levels > max(loud + _QUIET_DB, noise + _ABOVE_NOISE_DB))


def closed(speaking: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Returns the frames with pauses shorter than a breath counted as speech."""
    whole, last = speaking.copy(), -1
    for number in np.flatnonzero(speaking).tolist():
        if last >= 0 and (number - last) * _FRAME_S < _BREATH_S:
            whole[last:number] = True
        last = number
    return whole


def mixture(voices: list[Mono], noise_db: float | None, seed: int) -> Mixture:
    """Returns three stretches of clean speech in 36 s, with pink noise so far below it; the labels are exact."""
    sound = np.zeros(round(_WHOLE_S * RATE_HZ))
    speaking = np.zeros(round(_WHOLE_S / _FRAME_S), bool)
    for place, start_s in enumerate(_STARTS_S):
        voice = voices[(place + seed) % len(voices)]
        first = min(3 * seed, max(int(len(voice) / RATE_HZ - _MOST_S), 0)) * RATE_HZ
        part = voice[first : first + round(_MOST_S * RATE_HZ)]
        at, frame = round(start_s / _FRAME_S), round(first / RATE_HZ / _FRAME_S)
        own = labels_from_clean(voice)[frame : frame + round(_MOST_S / _FRAME_S)]
        sound[round(start_s * RATE_HZ) :][: len(part)] += part
        speaking[at : at + len(own)] |= own
    if noise_db is not None:
        loud = float(np.mean(sound[np.repeat(speaking, round(_FRAME_S * RATE_HZ))] ** 2))
        noise = pink(len(sound), seed)
        sound += noise * np.sqrt(loud * 10 ** (-noise_db / 10) / np.mean(noise**2))
    return Mixture(sound / max(np.abs(sound).max(), 1e-9) * 0.7, speaking)


def pink(samples: int, seed: int) -> Mono:
    """Returns noise with the same power in each octave."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=samples))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    return np.asarray(np.fft.irfft(spectrum, samples), np.float64)


def gains_db(down: Sound, up: Sound) -> Values:
    """Returns by how much a bed is lower than the same bed that was not ducked, by frame of 20 ms; NaN in silence."""
    size = round(_FRAME_S * RATE_HZ)
    powers = [
        (one[: len(one) // size * size].astype(np.float64).reshape(-1, size * 2) ** 2).mean(1) for one in (down, up)
    ]
    heard = powers[1] > _LEAST**2 * 0.1
    return np.where(heard, 10 * np.log10(np.maximum(powers[0], 1e-15) / np.maximum(powers[1], 1e-15)), np.nan)


def attacks_s(gains: Values, depth_db: float) -> list[float]:
    """Returns how long each way down takes, from a tenth of the depth to nine tenths of it."""
    found, began = [], None
    known = np.flatnonzero(~np.isnan(gains))
    for number in known.tolist():
        if gains[number] > -0.1 * depth_db:
            began = number
        elif began is not None and gains[number] <= -0.9 * depth_db:
            found.append((number - began) * _FRAME_S)
            began = None
    return found


def scores(found: NDArray[np.bool_], labels: NDArray[np.bool_]) -> tuple[float, float]:
    """Returns the shares of frames that are missed speech, and that are not speech but taken for it."""
    size = min(len(found), len(labels))
    found, labels = found[:size], labels[:size]
    return float((labels & ~found).sum() / max(labels.sum(), 1)), float(
        (found & ~labels).sum() / max((~labels).sum(), 1)
    )


def by_threshold(sound: Mono) -> NDArray[np.bool_]:
    """Returns the plain way, for comparison: frames halfway (in dB) between the quiet and the loud ones and above."""
    levels = frame_levels_db(sound)
    return closed(levels > np.quantile(levels, (0.1, 0.95)).mean())


def detected(mixed: Mixture, up: Sound, folder: Path) -> NDArray[np.bool_]:
    """Returns where a bed goes down by half of its depth or more against `up`, by 20 ms; nowhere if refused."""
    path = folder / "voice.wav"
    soundfile.write(path, mixed.sound, RATE_HZ)
    try:
        down = sound_of(duck_under=path, duck_depth=_DEEP_DB, duck_attack=0.0, duck_release=0.0, **_FINDER)
    except MediaError:
        return np.zeros(len(mixed.speaking), bool)
    gains = gains_db(down, up)
    places = np.arange(len(gains))
    known = ~np.isnan(gains)
    return np.asarray(np.interp(places, places[known], gains[known]) <= -_DEEP_DB / 2, bool)


def measured(folder: Path) -> Part:
    """Returns the bars and tables, of the sounds in a folder."""
    voices = []
    for path in sorted(one for one in folder.iterdir() if one.suffix in (".ogg", ".wav", ".flac")):
        samples, rate_hz = soundfile.read(path, always_2d=True)
        voices.append(resample_poly(samples.mean(1), RATE_HZ, rate_hz))
    depths, attacks, late, under = [], [], [], []
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "voice.wav"
        mixed = mixture(voices, None, 0)
        soundfile.write(path, mixed.sound, RATE_HZ)
        for style, depth in BEDS:
            plain = {"style": style, "seed": 5, "duration": _WHOLE_S}
            down = sound_of(duck_under=path, duck_depth=depth, **plain)
            gains = gains_db(down, sound_of(loudness=TARGET_LUFS + depth, **plain))
            spoken = gains[: len(mixed.speaking)][mixed.speaking[: len(gains)]]
            depths.append(float(np.nanmedian(spoken)) + depth)
            attacks += attacks_s(gains, depth)
            starts = np.flatnonzero(np.diff(mixed.speaking.astype(int)) == 1) + 1
            late += [bool(np.nanmin(gains[at : at + 8]) <= -depth + NEAR_DB) for at in starts.tolist()]
            frames = np.repeat(mixed.speaking, round(_FRAME_S * RATE_HZ))[: len(down)]
            under.append(loudness_lufs(down[: len(frames)][frames]))
        rows, up = [], sound_of(loudness=TARGET_LUFS + _DEEP_DB, **_FINDER)
        for noise in NOISES_DB:
            pairs = []
            for seed in range(2):
                one = mixture(voices, noise, seed)
                pairs.append((scores(detected(one, up, Path(scratch)), one.speaking),
                              scores(by_threshold(one.sound), one.speaking)))  # fmt: skip
            own, plainly = np.array(pairs).transpose(1, 0, 2)
            cells = [f"{100 * value:.1f}" for value in (*own.mean(0), *plainly.mean(0))]
            rows.append(["no noise" if noise is None else f"{noise:.0f} dB", str(len(pairs)), *cells])
    depth_off, took = np.array(depths), np.array(attacks)
    loud, in_time = figure(np.array(under)), share(sum(late), len(late))
    bars = [
        Bar("ducking depth", "± 1 dB", f"worst {depth_off[np.abs(depth_off).argmax()]:+.2f} dB", f"{len(depths)} beds",
            bool(np.abs(depth_off).max() <= NEAR_DB)),
        Bar("ducking attack", "≤ 150 ms", f"longest {1000 * took.max():.0f} ms" if len(took) else "none",
            f"{len(took)} ways down", bool(len(took) and took.max() <= LONGEST_ATTACK_S)),
        Bar("down in time", "within 150 ms of the first word", f"{percent(in_time)} %", f"{len(late)} onsets",
            in_time.value == 1),
        Bar("loudness while somebody speaks", f"{TARGET_LUFS:.0f} LUFS ± 1", f"{shown(loud, digits=1)} LUFS",
            f"{loud.samples} beds", bool(np.abs(np.array(under) - TARGET_LUFS).max() <= 1)),
    ]  # fmt: skip
    lines = [
        f"Two readers of LibriSpeech (CC BY 4.0), three stretches of {_MOST_S:.0f} s in {_WHOLE_S:.0f} s, so the "
        "labels are exact: a frame of 20 ms is speech where the *clean* recording is within 35 dB of its loud frames "
        "and 8 dB above its own noise, pauses "
        "below half a second closed. What the bed does is read from the finished sound: frame by frame against the "
        "same bed mastered to the same loudness and not ducked.",
        "",
        f"**Going down.** {', '.join(f'{style} by {depth:.0f} dB' for style, depth in BEDS)}: off "
        f"by at most {np.abs(depth_off).max():.2f} dB in the median labelled frame; the way from a tenth to nine "
        f"tenths of the depth takes {1000 * np.median(took) if len(took) else 0:.0f} ms in the median; within 150 ms "
        f"of the first word it is down in {percent(in_time)} % of {len(late)} onsets. While somebody speaks the bed "
        f"has {shown(loud, digits=1)} LUFS (pyloudnorm over the labelled frames alone).",
        "",
        "**Finding speech.** Frames that are speech and missed, and that are none and taken for it, in percent, in "
        "pink noise so far below the speech; beside a plain threshold on the level, halfway between quiet and loud.",
        "",
        *table(["noise below speech", "mixtures", "missed", "false", "threshold: missed", "false"], rows),
    ]
    return Part(bars, lines)
