"""The builder of instruments: what it writes is what it read, smaller, and the same bytes every time."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.native.font_builder import KEY, sound_font

from scumble._native import SoundFont, play_tracks
from scumble.models.asset import asset_from_folder
from scumble_export.assets import Source, write_asset
from scumble_export.bundle import BundleError
from scumble_export.instruments import soundfont
from scumble_export.instruments.build import compressed
from scumble_export.instruments.choice import presets
from scumble_export.instruments.vorbis import stream_from_wave


def played(content: bytes) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    mix = np.zeros((9000, 2), np.float32)
    notes = np.array([[0, 8000, KEY, 100]], np.int64)
    play_tracks(SoundFont(content, [(0, 3)]), [((0, 3), notes, 0.0, 0.0, 0.0, None)], mix)
    return mix


def test_a_font_written_again_sounds_the_same() -> None:
    wave = (20_000 * np.sin(2 * np.pi * 440 * np.arange(24_000) / 48_000)).astype("<i2")
    content = sound_font(program=3, wave=wave.tobytes())
    font = soundfont.trimmed(soundfont.chosen(soundfont.read(content), [(0, 3)]), 64)
    assert len(font.samples[0].wave) == font.samples[0].loop_end + 64
    plain = soundfont.written(font, {"INAM": "x"}, lambda wave, rate: None)
    assert np.array_equal(played(plain), played(content))
    small = soundfont.written(soundfont.read(content), {"INAM": "odd"}, lambda w, r: stream_from_wave(w, r, 0.8))
    assert np.corrcoef(played(small)[:, 0], played(content)[:, 0])[0, 1] > 0.99


def test_missing_presets_are_told() -> None:
    with pytest.raises(ValueError, match=r"\(0, 77\)"):
        soundfont.chosen(soundfont.read(sound_font()), [(0, 77)])
    with pytest.raises(ValueError, match="no SoundFont"):
        soundfont.read(b"RIFF" + bytes(20))


def test_streams_are_the_same_bytes_and_can_be_read() -> None:
    wave = (3000 * np.random.default_rng(0).standard_normal(20_000)).astype(np.int16)
    first, again = (stream_from_wave(wave, 22_050, 0.4) for _ in range(2))
    assert first == again
    samples, rate = soundfile.read(io.BytesIO(first))
    assert (rate, len(samples)) == (22_050, 20_000)
    assert compressed(wave[:1000], 22_050, 0.4) is None


def test_a_bundle_needs_its_licence_and_sources(tmp_path: Path) -> None:
    facts = {"name": "x", "version": "1", "summary": "", "recipe": "", "settings": {}}
    facts["asset"] = {"file": "x.sf3", "format": "sf3"}
    source = Source("package", "1", "0" * 64, "MIT", "somebody")
    for text, sources in (("", [source]), ("terms", [])):
        with pytest.raises(BundleError):
            write_asset(
                tmp_path / "x", b"1", facts=facts, licence="MIT", licence_text=text, sources=sources, largest_mb=1
            )
    write_asset(tmp_path / "x", b"1", facts=facts, licence="MIT", licence_text="terms", sources=[source], largest_mb=1)
    assert asset_from_folder(tmp_path / "x").content() == b"1"


def test_each_preset_is_chosen_once() -> None:
    assert len(presets()) == len(set(presets()))
