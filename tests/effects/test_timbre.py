"""Instruments of the timbre net: in tune, endless, the same bytes again, and played in a bed that says so."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scumble.effect import RenderContext
from scumble.effects.music_bed import MusicBed
from scumble.effects.music_bed.timbre import cache
from scumble.effects.music_bed.timbre.keymap import (
    Wish,
    grid_from_settings,
    inputs_for,
    instrument_from_wish,
    sound_from_picture,
)
from scumble.effects.music_bed.timbre.kinds import KINDS, voiced_tracks
from scumble.effects.music_bed.timbre.voicing import PRESET
from scumble.engine import Engine
from scumble.engine.sound import SoundFont, play_tracks
from scumble.errors import HashMismatch, ModelError, ParamError
from scumble.jobs import Progress
from scumble.models.store import find_asset
from scumble.music import Wishes, compose

RATE_HZ = 48_000
NOTE_S = 1.2
KEYS = (42, 50, 61, 68, 77, 85, 92)
Wave = NDArray[np.float64]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SCUMBLE_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept" / "timbres"


def context(workers: int = 1) -> RenderContext:
    return RenderContext({}, Progress(), Engine("cpu", workers=workers))


def played(content: bytes, keys: tuple[int, ...], note_s: float = NOTE_S) -> list[Wave]:
    """Plays keys one after the other on a font, mono, and returns each."""
    step = round((note_s + 0.8) * RATE_HZ)
    rows = [(at * step, at * step + round(note_s * RATE_HZ), key, 80) for at, key in enumerate(keys)]
    mix = np.zeros((step * len(keys), 2), np.float32)
    font = SoundFont(content, [PRESET])
    play_tracks(font, [(PRESET, np.array(rows, np.int64), 0.0, 0.0, 0.0, None)], mix)
    return [mix[at * step : at * step + round(note_s * RATE_HZ)].mean(1).astype(np.float64) for at in range(len(keys))]


def cents_off(wave: Wave, key: int) -> float:
    """Returns how far a note's period is from its key's, by the peak of its autocorrelation; octaves count."""
    part = wave[len(wave) // 4 :] * np.hanning(len(wave) - len(wave) // 4)
    size = 1 << (2 * len(part) - 1).bit_length()
    found = np.fft.irfft(np.abs(np.fft.rfft(part, size)) ** 2)
    found /= 1e-12 + np.fft.irfft(np.abs(np.fft.rfft(np.hanning(len(part)), size)) ** 2)
    lags = np.arange(RATE_HZ // 2200, RATE_HZ // 60)
    value = found[lags]
    peaks = lags[np.flatnonzero((value[1:-1] > value[:-2]) & (value[1:-1] >= value[2:])) + 1]
    best = int(peaks[np.argmax(found[peaks] > 0.9 * found[peaks].max())])
    below, here, above = found[best - 1 : best + 2]
    lag = best + 0.5 * (below - above) / (below - 2 * here + above)
    return float(1200 * np.log2(RATE_HZ / lag / (440 * 2 ** ((key - 69) / 12))))


def test_notes_of_every_kind_are_in_tune_on_keys_drawn_and_between() -> None:
    off = []
    for number, kind in enumerate(KINDS):
        content = instrument_from_wish(Wish(kind, number), context()).content
        off += [cents_off(wave, key) for wave, key in zip(played(content, KEYS), KEYS, strict=True)]
    within = np.mean(np.abs(off) < 50)
    assert within >= 0.95, off


def test_the_measure_of_pitch_hears_a_wrong_key() -> None:
    content = instrument_from_wish(Wish("flute", 1), context()).content
    (wave,) = played(content, (60,))
    assert abs(cents_off(wave, 60)) < 20
    assert cents_off(wave, 61) == pytest.approx(-100, abs=20)
    assert cents_off(wave, 48) == pytest.approx(1200, abs=20)


def test_the_same_wish_is_the_same_bytes_with_any_number_of_workers_and_without_a_cache(own_cache: Path) -> None:
    wish = Wish("keys", 5, "pad", 0.25)
    first = instrument_from_wish(wish, context(1)).content
    shutil.rmtree(own_cache)
    assert instrument_from_wish(wish, context(2)).content == first
    assert instrument_from_wish(wish._replace(seed=6), context()).content != first


def test_what_was_kept_is_taken_and_what_was_damaged_is_made_anew(own_cache: Path) -> None:
    wish = Wish("organ", 2)
    first = instrument_from_wish(wish, context())
    (kept,) = own_cache.iterdir()
    broken = context()
    broken.engine.session = None  # type: ignore[assignment, method-assign]
    assert instrument_from_wish(wish, broken).content == first.content
    for damage in (kept.read_bytes()[:-1], b"", kept.read_bytes()[:5000] + b"x" + kept.read_bytes()[5001:]):
        kept.write_bytes(damage)
        with pytest.raises(TypeError):
            instrument_from_wish(wish, broken)
        assert instrument_from_wish(wish, context()).content == first.content


def test_the_cache_is_limited_shared_and_not_needed(
    own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "LARGEST_BYTES", 3000)
    for number in range(3):
        cache.cached(f"{number:064}", lambda: bytes(1000))
        os.utime(own_cache / f"{number:064}.sf2", (number, number))
    cache.cached("f" * 64, lambda: bytes(1000))
    assert sorted(path.stem[-1] for path in own_cache.iterdir()) == ["2", "f"]
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda number: cache.cached("a" * 64, lambda: b"same" * 50), range(40)))
    assert found == {b"same" * 50}
    assert not [path for path in own_cache.iterdir() if path.suffix != ".sf2"]
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SCUMBLE_CACHE", str(tmp_path / "file"))
    assert cache.cached("b" * 64, lambda: b"made") == b"made"


def test_a_note_goes_on_without_a_click() -> None:
    ctx = context()
    asset = find_asset("timbre")
    grid = grid_from_settings(asset.manifest.settings)
    session = ctx.engine.session(asset.content, asset.manifest.asset.sha256)
    for kind in ("strings", "piano", "lead"):
        for key in (43, 60, 79):
            picture = session.run(inputs_for(Wish(kind, 3), key, asset.manifest.settings, ctx))["picture"]
            sound = sound_from_picture(picture, key, grid, Wish(kind, 3))
            loop = sound.wave[sound.loop_start :].astype(np.float64)
            usual = np.quantile(np.abs(np.diff(loop, 2)), 0.999)
            # A click is a jump in value or slope: the second difference across the seam shows either.
            around = np.concatenate([loop[-2:], loop[:2]])
            wrong = np.concatenate([loop[-2:], -loop[:2]])
            assert np.abs(np.diff(around, 2)).max() <= 1.5 * usual
            assert np.abs(np.diff(wrong, 2)).max() > np.abs(np.diff(around, 2)).max()


def test_a_held_note_lasts_and_what_fades_fades() -> None:
    levels = {}
    for kind in ("organ", "mallet"):
        (wave,) = played(instrument_from_wish(Wish(kind, 0), context()).content, (64,), note_s=8.0)
        early, late = wave[RATE_HZ // 2 : RATE_HZ], wave[-RATE_HZ:]
        levels[kind] = 10 * np.log10((late**2).mean() / (early**2).mean() + 1e-12)
    assert levels["organ"] > -6
    assert levels["mallet"] < -12


def test_a_blend_goes_evenly_from_one_kind_to_the_other() -> None:
    ctx, asset = context(), find_asset("timbre")
    session = ctx.engine.session(asset.content, asset.manifest.asset.sha256)

    def drawn(wish: Wish) -> Wave:
        inputs = inputs_for(wish, 64, asset.manifest.settings, ctx)
        return np.asarray(session.run(inputs)["picture"][0, 0], np.float64)

    for kind, other in (("piano", "pad"), ("flute", "brass"), ("strings", "lead")):
        path = [drawn(Wish(kind, 4, other, amount)) for amount in np.linspace(0, 1, 6)]
        away = [np.sqrt(((one - path[0]) ** 2).mean()) for one in path]
        assert all(b > a for a, b in itertools.pairwise(away))
        assert np.abs(path[-1] - drawn(Wish(other, 4))).max() < 0.01
        assert np.abs(path[0] - drawn(Wish(kind, 4))).max() < 0.01
        assert away[-1] > 1
    second = drawn(Wish("flute", 4, "flute", 1.0))
    assert np.sqrt(((second - drawn(Wish("flute", 4))) ** 2).mean()) > 1


def test_it_takes_over_the_melody_and_what_suits_it() -> None:
    score = compose(Wishes(20.0, "ambient"), 1)
    roles = {track.name: track.role for track in score.tracks}
    assert {roles[name] for name in voiced_tracks(score, "flute")} == {"melody", "pad"}
    assert {roles[name] for name in voiced_tracks(score, "mallet")} <= {"melody", "arpeggio"}
    alone = dataclasses.replace(score, tracks=tuple(t for t in score.tracks if t.role in ("chords", "bass", "drums")))
    assert {roles[name] for name in voiced_tracks(alone, "flute")} <= {"chords"}


def test_the_effect_knows_the_kinds_of_the_bundle_that_ships() -> None:
    assert str(find_asset("timbre").manifest.settings["kinds"]).split() == list(KINDS)


def test_a_bed_with_a_timbre_by_the_command_line_is_told_and_replayed(tmp_path: Path) -> None:
    bed, words = tmp_path / "bed.wav", tmp_path / "words.txt"
    scumble = [sys.executable, "-m", "scumble"]
    options = ["--duration", "6", "--style", "ambient", "--timbre", "choir", "--timbre-blend", "flute"]
    options += ["--timbre-amount", "0.3", "--statement", str(words)]
    subprocess.run([*scumble, "music-bed", str(bed), *options], check=True, capture_output=True)
    record = json.loads((tmp_path / "bed.wav.scumble.json").read_text("utf-8"))
    facts = find_asset("timbre").manifest
    assert facts.asset.sha256 in {model["sha256"] for model in record["models"]}
    assert facts.asset.sha256 in record["statement"]
    assert all(source.name in record["statement"] for source in facts.licence.sources)
    content = bed.read_bytes()
    bed.unlink()
    shutil.rmtree(tmp_path / "kept")
    subprocess.run([*scumble, "replay", str(tmp_path / "bed.wav.scumble.json")], check=True, capture_output=True)
    assert bed.read_bytes() == content


def test_only_the_voiced_tracks_sound_otherwise() -> None:
    values = {"duration": 4.0, "style": "ambient", "seed": 2}
    without, beside = MusicBed(**values)(), MusicBed(**values, timbre="lead")()  # type: ignore[arg-type]
    assert bytes(without.data) != bytes(beside.data)
    assert "timbre" not in MusicBed(**values).used_bundles()  # type: ignore[arg-type]
    assert "timbre" in MusicBed(**values, timbre="lead").used_bundles()  # type: ignore[arg-type]


def test_a_loop_with_a_timbre_flows_into_its_beginning() -> None:
    audio = MusicBed(duration=5, style="ambient", loop=True, timbre="pad", seed=3)()
    sound = np.frombuffer(audio.data, np.float32).reshape(-1, 2)
    steps = np.abs(np.diff(sound, axis=0)).max(1)
    assert np.abs(sound[0] - sound[-1]).max() <= np.quantile(steps, 0.99)


def test_a_blend_with_nothing_and_an_unknown_kind_are_refused() -> None:
    with pytest.raises(ParamError) as error:
        MusicBed(duration=2, timbre_blend="pad")()
    assert error.value.code == "param.timbre_blend"
    with pytest.raises(ParamError):
        MusicBed(duration=2, timbre="kazoo")


def test_a_bundle_that_does_not_fit_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "bundles" / "timbre"
    shutil.copytree(find_asset("timbre").folder, folder)
    monkeypatch.setenv("SCUMBLE_BUNDLES", str(tmp_path / "bundles"))
    manifest = (folder / "manifest.toml").read_text("utf-8")
    (folder / "manifest.toml").write_text(manifest.replace("bands = 512", "bands = 256"), "utf-8")
    with pytest.raises(ModelError):
        instrument_from_wish(Wish("flute"), context())
    (folder / "manifest.toml").write_text(manifest.replace("flute", "kazoo"), "utf-8")
    with pytest.raises(ModelError, match="flute"):
        instrument_from_wish(Wish("flute"), context())
    (folder / "manifest.toml").write_text(manifest, "utf-8")
    content = bytearray((folder / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.onnx").write_bytes(bytes(content))
    with pytest.raises(HashMismatch):
        instrument_from_wish(Wish("flute"), context())
