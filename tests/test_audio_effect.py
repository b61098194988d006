"""Effects that make sound, effects in named folders, and files rendered from them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile

from scumble.effect import AudioEffect, Effect, Input, Output, RenderContext, discover
from scumble.errors import MediaError, ParamError, ScumbleError
from scumble.media.audio import Audio
from scumble.media.image import Image
from scumble.media.sound import SOUND_FORMATS, write_audio

ROOT = Path(__file__).parents[1]
FAKES = ROOT / "tests" / "fakes" / "effects"


class Beep(AudioEffect, id="beep", title="Beep", context="generator"):
    """Beeps."""

    beep: Audio = Output(doc="A beep.")

    def render(self, ctx: RenderContext) -> Audio:
        return Audio(np.zeros(10, np.float32).tobytes(), 2, 100)


def test_a_sound_is_returned_and_declared() -> None:
    sound = Beep()()
    assert (sound.frames, sound.duration_s) == (5, 0.05)
    assert (Beep.declaration().output.name, Beep.declaration().output.media) == ("beep", "audio")
    assert (
        type(Beep.declaration()).from_json(json.loads(json.dumps(Beep.declaration().to_json()))) == Beep.declaration()
    )


def test_without_a_named_output_it_is_audio_all_the_same() -> None:
    class Hum(AudioEffect, id="hum", title="Hum", context="generator"):
        """Hums."""

        def render(self, ctx: RenderContext) -> Audio:
            return None  # type: ignore[return-value]

    assert Hum.declaration().output.media == "audio"
    with pytest.raises(ScumbleError, match="instead of a new sound"):
        Hum()()


def test_a_picture_effect_cannot_promise_sound() -> None:
    with pytest.raises(TypeError, match="annotate it as Image"):

        class Wrong(Effect, id="wrong", title="Wrong", context="filter"):
            """Wrong."""

            source: Image = Input()
            sound: Audio = Output()

            def render(self, ctx: RenderContext) -> Image:
                return self.source


def test_an_effect_without_suggestions_says_so() -> None:
    image = Image(bytes(3), 1, 1)
    with pytest.raises(ParamError, match="suggests no colours"):
        Beep().suggestions(image, 0, 0)
    assert Beep.declaration().suggests == ""


@pytest.mark.parametrize(("channels", "rate", "size"), [(0, 100, 8), (1, 0, 8), (2, 100, 12), (2, 100, 0)])
def test_impossible_sounds_are_refused(channels: int, rate: int, size: int) -> None:
    with pytest.raises(MediaError):
        Audio(bytes(size), channels, rate)


@pytest.mark.parametrize("suffix", SOUND_FORMATS)
def test_sounds_are_written_whole(tmp_path: Path, suffix: str) -> None:
    samples = (0.5 * np.sin(np.arange(9600) / 20)).astype(np.float32)
    path = tmp_path / f"Ton ü{suffix}"
    write_audio(path, Audio(np.repeat(samples, 2).tobytes(), 2, 48000))
    back, rate = soundfile.read(path, dtype="float32")
    assert (rate, back.shape) == (48000, (9600, 2))
    assert np.abs(back[:, 1] - samples).max() < (0.05 if suffix == ".ogg" else 2**-22)


@pytest.mark.parametrize(
    ("name", "sample_format", "subtype"),
    [
        ("a.wav", "16-bit", "PCM_16"),
        ("a.wav", "24-bit", "PCM_24"),
        ("a.wav", "float", "FLOAT"),
        ("a.flac", "16-bit", "PCM_16"),
        ("a.ogg", "24-bit", "VORBIS"),
    ],
)
def test_the_same_sound_is_the_same_bytes(tmp_path: Path, name: str, sample_format: str, subtype: str) -> None:
    samples = np.linspace(-1, 1, 50_000, dtype=np.float32)
    written = set()
    for _ in range(2):
        write_audio(tmp_path / name, Audio(samples.tobytes(), 1, 8000, sample_format))
        written.add((tmp_path / name).read_bytes())
    assert len(written) == 1
    assert soundfile.info(tmp_path / name).subtype == subtype
    assert soundfile.read(tmp_path / name)[0].shape == (50_000,)


def test_an_ogg_file_keeps_the_hi_hats(tmp_path: Path) -> None:
    times = np.arange(4 * 48_000) / 48_000
    noise = np.random.default_rng(0).normal(size=(len(times), 2))
    beats = 0.15 * noise * np.exp(-(times % 0.125) / 0.03)[:, None] + 0.1 * np.sin(2 * np.pi * 110 * times)[:, None]
    write_audio(tmp_path / "a.ogg", Audio(beats.astype(np.float32).tobytes(), 2, 48_000))
    back = soundfile.read(tmp_path / "a.ogg")[0]
    meter = pyloudnorm.Meter(48_000)
    assert meter.integrated_loudness(back) == pytest.approx(meter.integrated_loudness(beats), abs=0.2)


def test_flac_holds_no_float(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no float"):
        write_audio(tmp_path / "a.flac", Audio(bytes(8), 1, 8000, "float"))
    with pytest.raises(MediaError, match="8-bit"):
        Audio(bytes(8), 1, 8000, "8-bit")


@pytest.mark.parametrize("name", ["a.mp3", "a", "nowhere/a.wav"])
def test_sounds_that_cannot_be_written_leave_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(MediaError):
        write_audio(tmp_path / name, Audio(bytes(4), 1, 8000))
    assert not list(tmp_path.iterdir())


def test_named_folders_add_effects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.setenv("SCUMBLE_EFFECTS", f"{FAKES}:{ROOT / 'examples' / 'third_party_effect'}:/nowhere")
    found = discover()
    assert {"colorize", "grade", "tone", "gradient"} <= found.effects.keys()
    assert not found.problems


def test_the_command_line_writes_sound_with_its_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCUMBLE_EFFECTS", str(FAKES))
    scumble = (sys.executable, "-m", "scumble")
    tone = tmp_path / "tone.flac"
    subprocess.run((*scumble, "tone", str(tone), "--seconds", "0.5"), check=True, capture_output=True)
    assert soundfile.info(tone).frames == 24000
    record = tone.with_name("tone.flac.scumble.json")
    assert json.loads(record.read_text())["params"]["seconds"] == 0.5
    tone.unlink()
    subprocess.run((*scumble, "replay", str(record)), check=True, capture_output=True)
    refused = subprocess.run((*scumble, "tone", str(tmp_path / "tone.png")), capture_output=True, text=True)
    assert refused.returncode == 3
    assert "media.unknown_format" in refused.stderr
