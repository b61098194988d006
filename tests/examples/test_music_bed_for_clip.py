"""The example for films: the picture as it was, music for as long as it lasts, and down under a voice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

EXAMPLE = Path(__file__).parents[2] / "examples" / "music_bed_for_clip.py"
SPEECH = EXAMPLE.parents[1] / "tests" / "fixtures" / "speech.ogg"
FRAMES_PER_S, LENGTH_S, RATE_HZ = 10, 8, 48_000
Samples = NDArray[np.float32]


def film(path: Path, sound: Samples | None) -> list[bytes]:
    """Writes a film of some grays, with or without a sound; returns its packets of pictures."""
    with av.open(str(path), "w") as made:
        pictures = made.add_stream("mpeg4", rate=FRAMES_PER_S)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        track = None if sound is None else made.add_stream("aac", rate=RATE_HZ)
        for number in range(FRAMES_PER_S * LENGTH_S):
            gray = np.full((48, 64, 3), 3 * number, np.uint8)
            made.mux(pictures.encode(av.VideoFrame.from_ndarray(gray, format="rgb24")))
        made.mux(pictures.encode())
        if track is not None and sound is not None:
            frame = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
            frame.rate, frame.pts = RATE_HZ, 0
            made.mux(track.encode(frame))
            made.mux(track.encode())
    return packets(path)


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as made:
        return [bytes(packet) for packet in made.demux(made.streams.video[0]) if packet.dts is not None]


def sound_of(path: Path) -> Samples:
    with av.open(str(path)) as made:
        blocks: list[Samples] = [frame.to_ndarray().mean(0) for frame in made.decode(audio=0)]
    sound: Samples = np.concatenate(blocks)
    return sound


def voice() -> Samples:
    samples, rate_hz = soundfile.read(SPEECH, dtype="float32")
    places = np.arange(LENGTH_S * RATE_HZ) * rate_hz / RATE_HZ
    spoken = np.interp(places, np.arange(len(samples)), samples).astype(np.float32)
    spoken[: 2 * RATE_HZ] = 0
    loud: Samples = 2.2 * spoken
    return loud


@pytest.mark.parametrize("kind", ["mute", "speech", "hiss"])
def test_a_film_gets_its_music(tmp_path: Path, kind: str) -> None:
    clip, made = tmp_path / "clip.mp4", tmp_path / "made.mp4"
    hiss = np.random.default_rng(0).normal(0, 0.01, LENGTH_S * RATE_HZ).astype(np.float32)
    pictures = film(clip, {"mute": None, "speech": voice(), "hiss": hiss}[kind])
    command = (sys.executable, EXAMPLE, clip, made, "--style", "ambient")
    subprocess.run(command, check=True, timeout=500, capture_output=True)
    assert packets(made) == pictures
    sound = sound_of(made)
    assert len(sound) / RATE_HZ == pytest.approx(LENGTH_S, abs=0.1)
    before = float(np.sqrt(np.mean(sound[RATE_HZ : 2 * RATE_HZ] ** 2)))
    assert before > 0.01, "music where nobody speaks"
    if kind == "speech":
        heard, spoken = (whole[3 * RATE_HZ : 7 * RATE_HZ] for whole in (sound, voice()))
        assert np.corrcoef(heard, spoken)[0, 1] > 0.8
        bed = heard - spoken * np.sum(heard * spoken) / np.sum(spoken**2)
        assert np.sqrt(np.mean(bed**2)) < before / 2, "it goes down"
    assert ("mixed together" in made.with_suffix(".txt").read_text("utf-8")) == (kind != "mute")


def test_without_files_it_makes_a_clip_of_its_own() -> None:
    folder = EXAMPLE.parent / "out"
    subprocess.run((sys.executable, EXAMPLE, "--style", "piano"), check=True, timeout=500, capture_output=True)
    assert packets(folder / "clip.mp4") == packets(folder / "clip-with-music.mp4")
    assert np.abs(sound_of(folder / "clip-with-music.mp4")).max() > 0.1
