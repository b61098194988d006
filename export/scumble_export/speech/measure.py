"""Measures the speech detector as the music bed uses it: under music, as loud as music, and where nobody speaks.

python -m scumble_export.speech.measure ../tests/fixtures/speech.ogg scores.json
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from scumble.effect import RenderContext
from scumble.effects.music_bed import MusicBed
from scumble.effects.music_bed.speech import Region, speech_regions
from scumble.engine import Engine
from scumble.engine.sound import RATE_HZ, Resampler
from scumble.errors import MediaError
from scumble.jobs import Progress
from scumble.music import STYLES

Sound = NDArray[np.float32]
NOISE_S = 60


def regions(sound: Sound, folder: Path) -> list[Region]:
    """Returns where there is speech in a sound at 48 kHz."""
    path = folder / "sound.wav"
    soundfile.write(path, sound, RATE_HZ, subtype="FLOAT")
    try:
        return speech_regions(path, len(sound) / RATE_HZ, RenderContext({}, Progress(), Engine()))
    except MediaError as error:
        if error.code != "media.no_speech":
            raise
        return []


def seconds(found: list[Region]) -> float:
    """Returns how long somebody speaks."""
    return sum(region.end_s - region.start_s for region in found)


def shared(one: list[Region], other: list[Region]) -> float:
    """Returns for how many seconds both say so."""
    return sum(max(0.0, min(a.end_s, b.end_s) - max(a.start_s, b.start_s)) for a in one for b in other)


def measured(voice: Sound, folder: Path, bed_s: float) -> dict[str, float]:
    """Returns the scores, for a voice at 48 kHz."""
    clean = regions(voice, folder)
    taken, kept = 0.0, {12: 0.0, 0: 0.0}
    for style in STYLES:
        bed = np.frombuffer(MusicBed(duration=max(bed_s, len(voice) / RATE_HZ), style=style)().data, np.float32)
        music = bed.reshape(-1, 2).mean(1)
        taken += seconds(regions(music, folder)) * RATE_HZ / len(music)
        below = music[: len(voice)] * np.sqrt(np.mean(voice**2) / np.mean(music[: len(voice)] ** 2))
        for over_db in kept:
            kept[over_db] += shared(clean, regions(voice + below * 10 ** (-over_db / 20), folder)) / seconds(clean)
    noise = np.random.default_rng(0).normal(0, 0.1, NOISE_S * RATE_HZ).astype(np.float32)
    count = len(STYLES)
    return {
        "music_seconds": round(count * max(bed_s, len(voice) / RATE_HZ), 1),
        "music_taken_for_speech": round(taken / count, 4),
        "speech_seconds": round(seconds(clean), 1),
        "recall_12_db_over_music": round(kept[12] / count, 4),
        "recall_0_db_over_music": round(kept[0] / count, 4),
        "noise_taken_for_speech": round(seconds(regions(noise, folder)) / NOISE_S, 4),
    }


def main() -> None:
    """Measures and writes the scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("voice", type=Path)
    parser.add_argument("scores", type=Path)
    parser.add_argument("--bed-s", type=float, default=30)
    options = parser.parse_args()
    samples, rate_hz = soundfile.read(options.voice, dtype="float32", always_2d=True)
    resampler = Resampler(rate_hz, RATE_HZ)
    voice = np.concatenate([resampler.push(np.ascontiguousarray(samples.mean(1))), resampler.finish()])
    with tempfile.TemporaryDirectory() as scratch:
        scores = measured(voice, Path(scratch), options.bed_s)
    options.scores.write_text(json.dumps(scores, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
