"""Music beds: exact length, wanted loudness, a place under the voice, and files that can be made again."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyloudnorm
import pytest
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly
from tests.native.font_builder import sound_font

from scumble.effect import Extras
from scumble.effects.music_bed import MusicBed
from scumble.effects.music_bed.playing import points_from_expression
from scumble.effects.music_bed.speech import Region, duck_points, regions_from_probabilities
from scumble.engine import Engine
from scumble.errors import JobCancelled, MediaError, ParamError
from scumble.jobs import Progress
from scumble.media.audio import Audio
from scumble.music.score import ControlPoint
from scumble.rendering import render_files

SPEECH = Path(__file__).parents[1] / "fixtures" / "speech.ogg"
RATE_HZ = 48_000
Frames = NDArray[np.float32]


def frames(audio: Audio) -> Frames:
    return np.frombuffer(audio.data, np.float32).reshape(-1, 2)


def lufs(sound: Frames) -> float:
    return float(pyloudnorm.Meter(RATE_HZ).integrated_loudness(sound.astype(np.float64)))


def level_db(sound: Frames) -> float:
    return float(10 * np.log10(np.mean(sound.astype(np.float64) ** 2)))


@pytest.fixture
def font(tmp_path: Path) -> Path:
    path = tmp_path / "own.sf2"
    path.write_bytes(sound_font())
    return path


@pytest.mark.parametrize(("duration", "style"), [(1.0, "lofi"), (4.73, "trailer"), (6.00001, "ambient")])
def test_a_bed_is_as_long_and_as_loud_as_asked(duration: float, style: str) -> None:
    sound = frames(MusicBed(duration=duration, style=style, seed=2)())
    assert len(sound) == round(duration * RATE_HZ)
    assert np.isfinite(sound).all()
    assert lufs(sound) == pytest.approx(-14.0, abs=0.1)
    assert 20 * np.log10(np.abs(resample_poly(sound.astype(np.float64), 8, 1, axis=0)).max()) <= -1.0
    assert np.abs(sound.mean(0)).max() < 1e-3
    assert np.abs(sound[-1]).max() < 1e-3


@pytest.mark.parametrize("style", ["trailer", "playful", "ambient"])
def test_the_last_chord_dies_away(style: str) -> None:
    sound = frames(MusicBed(duration=20, style=style, seed=5)())
    parts = [level_db(sound[-start : len(sound) - start + 4800]) for start in (24_000, 14_400, 4_800)]
    assert parts[0] > parts[1] > parts[2]
    assert parts[2] < level_db(sound) - 25


def test_without_a_melody_there_is_none(font: Path) -> None:
    extras, bare = Extras(), Extras()
    common: dict[str, Any] = {"duration": 12, "style": "lofi", "soundfont": font, "stems": Path("stems")}
    MusicBed(**common)(extras=extras)
    MusicBed(**common, melody=False)(extras=bare)
    assert {path.stem for path in extras.paths} - {path.stem for path in bare.paths} == {"melody"}


def test_the_same_seed_is_the_same_bytes_and_another_is_not(font: Path) -> None:
    same = [bytes(MusicBed(duration=2, seed=seed, soundfont=font)().data) for seed in (1, 1, 2)]
    assert same[0] == same[1] != same[2]


def test_a_loop_flows_into_its_beginning() -> None:
    sound = frames(MusicBed(duration=4, style="house", loop=True)())
    steps = np.abs(np.diff(sound, axis=0)).max(1)
    assert np.abs(sound[0] - sound[-1]).max() <= np.quantile(steps, 0.99)
    assert lufs(np.tile(sound, (3, 1))) == pytest.approx(-14.0, abs=0.5)


def test_it_goes_down_while_somebody_speaks(font: Path) -> None:
    extras = Extras()
    bed = MusicBed(duck_under=SPEECH, duck_depth=12, soundfont=font, style="ambient")
    down = frames(bed(extras=extras))
    up = frames(MusicBed(duration=soundfile.info(SPEECH).duration, loudness=-16, soundfont=font, style="ambient")())
    assert len(down) == len(up) == round(soundfile.info(SPEECH).duration * RATE_HZ)
    loud = np.abs(up).max(1) > 0.02
    gain_db = np.full(len(up), np.nan)
    gain_db[loud] = 20 * np.log10(np.abs(down).max(1)[loud] / np.abs(up).max(1)[loud])
    assert np.nanmin(gain_db) == pytest.approx(-12, abs=0.1)
    voice, rate = soundfile.read(SPEECH)
    speaking = np.convolve(np.abs(voice), np.ones(2205) / 2205, "same") > 0.02
    places = np.minimum((np.arange(len(up)) * rate / RATE_HZ).astype(int), len(voice) - 1)
    assert np.nanmedian(gain_db[speaking[places]]) == pytest.approx(-12, abs=1)
    assert np.nanmean(gain_db[speaking[places]] < -11) > 0.95
    assert np.nanmax(gain_db[: RATE_HZ // 5]) == pytest.approx(0, abs=0.1)
    assert lufs(up) - 12 == pytest.approx(-28, abs=0.1)


def test_the_finished_mix_has_the_voice_in_it(font: Path) -> None:
    mix = frames(MusicBed(duration=5, mix_with=SPEECH, loudness=-40, soundfont=font)())
    voice, rate = soundfile.read(SPEECH, dtype="float32")
    wanted = resample_poly(voice, 320, 147)[: 5 * RATE_HZ] if rate == 22_050 else voice
    assert np.corrcoef(mix[:, 0], wanted)[0, 1] > 0.95
    assert 20 * np.log10(np.abs(resample_poly(mix.astype(np.float64), 8, 1, axis=0)).max()) <= -1.0


def test_ramps_end_where_speech_begins_and_start_where_it_ends() -> None:
    points = duck_points([Region(2.0, 3.0), Region(3.2, 4.0)], 20, 0.1, 0.5)

    def read(second: float) -> float:
        return float(np.interp(second * RATE_HZ, points[:, 0], points[:, 1]))

    assert [read(second) for second in (0, 1.89, 2.0, 2.5, 3.0, 3.2, 4.0)] == pytest.approx(
        [1, 1, 0.1, 0.1, 0.1, 0.1, 0.1]
    )
    assert read(4.5) == pytest.approx(1)
    assert 0.1 < read(3.1) < 0.32
    assert (np.diff(points[:, 0]) > 0).all()


@pytest.mark.parametrize(("attack_s", "release_s"), [(0.0, 0.0), (0.0, 0.6), (0.12, 0.0)])
def test_ramps_of_no_length_come_up_again(attack_s: float, release_s: float) -> None:
    points = duck_points([Region(2.0, 3.0), Region(6.0, 7.0)], 20, attack_s, release_s)
    levels = np.interp(np.array([1.0, 2.5, 4.5, 6.5, 9.0]) * RATE_HZ, points[:, 0], points[:, 1])
    assert levels.tolist() == pytest.approx([1, 0.1, 1, 0.1, 1])
    assert (np.diff(points[:, 0]) > 0).all()


def test_regions_close_breaths_and_leave_out_clicks() -> None:
    probabilities = np.array([0, 0.9, 0, 0, *[0.9] * 10, *[0.1] * 5, *[0.6, 0.4] * 5, 0, 0], np.float32)
    assert regions_from_probabilities(probabilities, 0.032, 10) == [pytest.approx((4 * 0.032, 29 * 0.032))]
    assert regions_from_probabilities(np.ones(100, np.float32), 0.032, 2.0) == [(0.0, 2.0)]


def test_expression_is_the_square_that_midi_means() -> None:
    points = points_from_expression((ControlPoint(0.0, 0.5), ControlPoint(1.0, 1.0)))
    assert points is not None
    assert points[0].tolist() == [0, 0.25]
    assert np.interp(24_000, points[:, 0], points[:, 1]) == pytest.approx(0.75**2, abs=0.005)
    assert points_from_expression(()) is None


def test_the_command_line_writes_everything_and_replays_it(tmp_path: Path, font: Path) -> None:
    out, stems = tmp_path / "Bett ü.wav", tmp_path / "stems"
    scumble = (sys.executable, "-m", "scumble")
    files = {"--midi": tmp_path / "n.mid", "--plot": tmp_path / "p.png", "--statement": tmp_path / "s.txt"}
    beside = ["--stems", str(stems), *[str(word) for pair in files.items() for word in pair]]
    call = (*scumble, "music-bed", out, "--duration", "3", "--loudness", "-30", "--soundfont", font)
    subprocess.run((*call, "--sample-format", "float", *beside), check=True, capture_output=True)
    sound, _ = soundfile.read(out)
    parts = [soundfile.read(path)[0] for path in sorted(stems.glob("*.wav"))]
    assert len(sound) == 3 * RATE_HZ
    assert np.abs(np.sum(parts, axis=0) - sound).max() <= 1e-6
    record = json.loads(out.with_name(out.name + ".scumble.json").read_text("utf-8"))
    assert set(record["extras"]) >= {str(tmp_path / "n.mid"), str(tmp_path / "p.png")}
    for fact in record["extras"].values():
        assert hashlib.sha256(Path(fact["path"]).read_bytes()).hexdigest() == fact["sha256"]
    assert record["inputs"]["soundfont"]["sha256"] == hashlib.sha256(font.read_bytes()).hexdigest()
    assert (record["models"], record["provider"]) == ([], "none")
    assert record["statement"] == (tmp_path / "s.txt").read_text("utf-8")
    assert record["output"]["sha256"] in record["statement"]
    assert hashlib.sha256((tmp_path / "n.mid").read_bytes()).hexdigest() in record["statement"]
    before = {path: path.stat().st_mtime_ns for path in stems.iterdir()}
    again = tmp_path / "again.wav"
    sidecar = out.with_name(out.name + ".scumble.json")
    subprocess.run((*scumble, "replay", sidecar, again), check=True, capture_output=True)
    assert again.read_bytes() == out.read_bytes()
    assert before == {path: path.stat().st_mtime_ns for path in stems.iterdir()}


def test_extras_are_written_whole_or_not_at_all(tmp_path: Path, font: Path) -> None:
    blocked = tmp_path / "stems"
    blocked.write_text("a file")
    with pytest.raises(MediaError):
        MusicBed(duration=1, soundfont=font, midi=tmp_path / "n.mid", stems=blocked)()
    assert {path.name for path in tmp_path.iterdir()} == {"own.sf2", "stems"}


def test_the_statement_speaks_of_the_music_alone_where_a_voice_is_mixed_in(font: Path) -> None:
    texts = []
    for voice in (None, SPEECH):
        extras = Extras()
        MusicBed(duration=2, soundfont=font, mix_with=voice)(extras=extras)
        texts.append(extras.statement)
    sha256 = hashlib.sha256(SPEECH.read_bytes()).hexdigest()
    assert [sha256 in text and SPEECH.name in text for text in texts] == [False, True]


def test_a_broken_soundfont_is_named(tmp_path: Path, font: Path) -> None:
    broken = tmp_path / "cut off.sf2"
    broken.write_bytes(font.read_bytes()[:300])
    with pytest.raises(MediaError, match=r"cut off\.sf2") as refused:
        MusicBed(duration=1, soundfont=broken)()
    assert refused.value.code == "media.soundfont"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"duration": 0}, "param.range"),
        ({"duration": 36_000}, "param.range"),
        ({"style": "polka"}, "param.choice"),
        ({"energy": "much"}, "param.energy"),
        ({"energy": "0:0.3,0.5"}, "param.energy"),
        ({"markers": "soon"}, "param.markers"),
        ({"loop": True, "duck_under": SPEECH}, "param.loop"),
        ({"duck_under": SPEECH, "duck_depth": 40, "loudness": -20}, "param.loudness"),
        ({"soundfont": "none.sf2"}, "media.missing"),
        ({"soundfont": "own.wav"}, "param.suffix"),
        ({"duck_under": "none.wav"}, "media.missing"),
        ({"duck_under": __file__}, "media.unknown_format"),
        ({"mix_with": __file__}, "media.unknown_format"),
    ],
)
def test_what_cannot_be_is_refused_in_words(values: dict[str, Any], code: str) -> None:
    with pytest.raises((ParamError, MediaError)) as refused:
        MusicBed(**{"duration": 2, **values})()
    assert refused.value.code == code
    assert refused.value.hint


@pytest.mark.parametrize(("seconds", "level", "code"), [(3, 0.0, "media.no_speech"), (0, 0.0, "media.no_sound")])
def test_a_voice_that_says_nothing_is_refused(tmp_path: Path, seconds: int, level: float, code: str) -> None:
    path = tmp_path / "silent.wav"
    soundfile.write(path, np.full(seconds * 8000, level), 8000)
    with pytest.raises(MediaError) as refused:
        MusicBed(duration=2, duck_under=path)()
    assert refused.value.code == code


def test_the_bundled_instruments_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from scumble.errors import HashMismatch
    from scumble.models.store import find_asset

    shipped = find_asset("instruments")
    folder = tmp_path / "instruments"
    folder.mkdir()
    for path in shipped.folder.iterdir():
        content = path.read_bytes()
        (folder / path.name).write_bytes(content[:-1] + b"x" if path.suffix == ".sf3" else content)
    monkeypatch.setenv("SCUMBLE_BUNDLES", str(tmp_path))
    with pytest.raises(HashMismatch):
        MusicBed(duration=1)()
    (folder / "LICENCE").unlink()
    with pytest.raises(Exception, match="licences"):
        MusicBed(duration=1)()


def test_a_file_that_cannot_hold_the_samples_is_refused_before_any_work(tmp_path: Path, font: Path) -> None:
    heard: list[str] = []
    progress = Progress(lambda fraction, note: heard.append(note))
    effect = MusicBed(duration=1, soundfont=font, sample_format="float")
    common: dict[str, Any] = {"engine": Engine(), "progress": progress, "max_megapixels": 1}
    for name, code in (("b.flac", "media.sound"), ("b.mp3", "media.unknown_format")):
        with pytest.raises(MediaError) as refused:
            render_files(effect, {}, tmp_path / name, **common)
        assert (refused.value.code, heard) == (code, [])
    render_files(effect, {}, tmp_path / "b.wav", **common)
    assert heard


def test_cancelling_writes_nothing(tmp_path: Path, font: Path) -> None:
    progress = Progress()
    progress.cancel()
    with pytest.raises(JobCancelled):
        MusicBed(duration=1, soundfont=font, midi=tmp_path / "n.mid")(progress=progress)
    assert [path.name for path in tmp_path.iterdir()] == ["own.sf2"]


def test_a_tonic_may_be_written_either_way() -> None:
    sharp, flat = (MusicBed(duration=2, key=key) for key in ("C#", "Db"))
    assert np.array_equal(np.frombuffer(sharp().data, np.float32), np.frombuffer(flat().data, np.float32))
    assert sharp().data != MusicBed(duration=2, key="D")().data
