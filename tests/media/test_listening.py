"""Sounds are read from sound files and from videos, block by block; what is damaged or has none says so."""

from __future__ import annotations

import sys
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from scumble.errors import MediaError
from scumble.media.listening import mono, opened_sound, stereo

RATE_HZ = 16_000
TONE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE_HZ) / RATE_HZ)).astype(np.float32)


def video(path: Path, *, with_sound: bool = True) -> Path:
    with av.open(str(path), "w") as container:
        picture = container.add_stream("mpeg4", rate=10)
        picture.width, picture.height, picture.pix_fmt = 32, 32, "yuv420p"
        if with_sound:
            sound = container.add_stream("pcm_s16le", rate=RATE_HZ, layout="stereo")
            samples = np.repeat((TONE * 32767).astype(np.int16), 2).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
            frame.sample_rate, frame.pts = RATE_HZ, 0
            container.mux([*sound.encode(frame), *sound.encode(None)])
        for number in range(20):
            still = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            still.pts = number
            container.mux(picture.encode(still))
        container.mux(picture.encode(None))
    return path


def heard(path: Path) -> tuple[int, NDArray[np.float32]]:
    with opened_sound(path) as sound:
        return sound.rate_hz, np.concatenate(list(sound.blocks))


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_a_sound_file_is_read_as_it_is(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"Ton ü.{suffix}"
    soundfile.write(path, TONE, RATE_HZ, "PCM_16")
    rate, samples = heard(path)
    assert (rate, samples.shape) == (RATE_HZ, (2 * RATE_HZ, 1))
    assert np.abs(samples[:, 0] - TONE).max() < 1e-4


def test_a_videos_sound_is_read(tmp_path: Path) -> None:
    rate, samples = heard(video(tmp_path / "film.mkv"))
    assert rate == RATE_HZ
    assert samples.shape == (2 * RATE_HZ, 2)
    assert np.abs(samples[:, 1] - TONE).max() < 1e-3


def test_without_pyav_a_video_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = video(tmp_path / "film.mkv")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MediaError, match="without PyAV") as refused:
        heard(path)
    assert "scumble[video]" in refused.value.hint


def test_what_has_no_sound_is_refused(tmp_path: Path) -> None:
    text, empty, cut = tmp_path / "a.wav", tmp_path / "b.wav", tmp_path / "c.mp4"
    text.write_text("no sound")
    soundfile.write(empty, np.zeros(0), RATE_HZ)
    cut.write_bytes(video(tmp_path / "film.mkv").read_bytes()[:40])
    silent = video(tmp_path / "silent.mkv", with_sound=False)
    for path, code in (
        (text, "media.unknown_format"),
        (empty, "media.no_sound"),
        (cut, "media.unknown_format"),
        (silent, "media.no_sound"),
        (tmp_path / "none.wav", "media.missing"),
        (tmp_path, "media.missing"),
    ):
        with pytest.raises(MediaError) as refused:
            heard(path)
        assert refused.value.code == code


def test_what_is_no_number_is_silence(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.array([0.5, np.nan, np.inf, -0.5], np.float32), RATE_HZ, "FLOAT")
    assert heard(path)[1].ravel().tolist() == [0.5, 0.0, 0.0, -0.5]


def test_channels_become_one_or_two() -> None:
    surround = np.array([[0.2, 0.4, 1.0, 0.0]], np.float32)
    assert mono(surround).tolist() == pytest.approx([0.4])
    assert stereo(surround)[0].tolist() == pytest.approx([0.2 + 0.5**0.5, 0.4 + 0.5**0.5])
    assert stereo(surround[:, :1])[0].tolist() == pytest.approx([0.2, 0.2])
