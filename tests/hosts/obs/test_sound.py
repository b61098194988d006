"""A sound in a media source, and OBS's compressor that turns it down under speech, as OBS's own meters see it."""

from __future__ import annotations

import json
import logging
import math
import time
import wave
from collections import defaultdict
from pathlib import Path
from typing import Any

import obsws_python
from tests.hosts.harness import options_of, pictures_folder, screenshot
from tests.hosts.obs.conftest import Workplace
from tests.hosts.obs.studio import Studio

from scumble.provenance import sha256_of_file

_log = logging.getLogger(__name__)

BED = "Tone (Scumble)"
VOICE = "Zoës Mikrofon"
FILTER = "Scumble ducking"
BESIDE = {"midi": "Bett.mid", "stems": "Spuren", "plot": "Bild.png", "statement": "Erklärung.txt"}


def _levels_db(studio: Studio, seconds: float) -> dict[str, float]:
    """Returns the loudest level of each source over that time, in dB below full scale."""
    found: dict[str, float] = defaultdict(float)

    def on_input_volume_meters(data: Any) -> None:
        for row in data.inputs:
            peaks = [channel[1] for channel in row["inputLevelsMul"]]
            found[row["inputName"]] = max([found[row["inputName"]], *peaks])

    events = obsws_python.EventClient(
        host="127.0.0.1", port=studio.port, password=studio.password, subs=obsws_python.Subs.INPUTVOLUMEMETERS
    )
    events.callback.register(on_input_volume_meters)
    time.sleep(seconds)
    events.disconnect()
    return {name: 20 * math.log10(level) if level else -math.inf for name, level in found.items()}


def _speaking(studio: Studio, workplace: Workplace) -> Path:
    """Adds a media source that is heard all the time, in place of a microphone."""
    voice = workplace.folder / "Stimme.wav"
    if not voice.exists():
        voice.write_bytes(workplace.reference("tone", ".wav", None, "--seconds", "4", "--hertz", "180"))
    settings = {"local_file": str(voice), "looping": True}
    studio.socket.create_input("Scene", VOICE, "ffmpeg_source", settings, True)
    return voice


def _filters(studio: Studio, name: str = BED) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = studio.socket.get_source_filter_list(name).filters
    return found


def test_a_sound_becomes_a_media_source_that_loops(studio: Studio, workplace: Workplace) -> None:
    file = studio.rendered("tone", BED, seconds=1.5, hertz=330.0)
    assert file.read_bytes() == workplace.reference("tone", ".wav", None, "--seconds", "1.5", "--hertz", "330")
    with wave.open(str(file)) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getnframes()) == (2, 48000, 72000)
    settings = studio.socket.get_input_settings(BED).input_settings
    assert studio.sources() == {BED: "ffmpeg_source"}
    assert settings["is_local_file"]
    assert settings["looping"]
    assert _filters(studio) == []
    time.sleep(2)
    assert studio.socket.get_media_input_status(BED).media_state == "OBS_MEDIA_STATE_PLAYING", "after its end"
    studio.rendered("tone", BED, **{"/loop": False})
    assert not studio.socket.get_input_settings(BED).input_settings["looping"]


def test_the_bed_is_turned_down_while_somebody_speaks(studio: Studio, workplace: Workplace) -> None:
    _speaking(studio, workplace)
    assert studio.page()["tone//voice"]["label"] == "Duck in OBS under"
    studio.rendered("tone", BED, seconds=3.0, **{"/voice": VOICE})
    [filter_] = _filters(studio)
    assert (filter_["filterName"], filter_["filterKind"]) == (FILTER, "compressor_filter")
    settings = filter_["filterSettings"]
    assert settings["sidechain_source"] == VOICE
    assert settings == {**settings, "ratio": 10, "threshold": -30, "attack_time": 60, "release_time": 800}
    studio.socket.open_input_filters_dialog(BED)
    window = studio.window("^Filters for")
    time.sleep(1.5)
    folder = pictures_folder()
    screenshot(studio.display, folder / "obs-ducking.png", window)
    under = _levels_db(studio, 1.5)
    studio.click_tool("windowfocus", window)
    studio.keys("Escape")
    studio.socket.set_input_mute(VOICE, True)
    time.sleep(2.5)
    alone = _levels_db(studio, 1.5)
    _log.info("bed alone %.1f dB, under speech %.1f dB, speech %.1f dB", alone[BED], under[BED], under[VOICE])
    assert abs(alone[BED] - 20 * math.log10(0.25)) < 0.5
    assert 10 <= alone[BED] - under[BED] <= 20


def test_ducking_is_set_up_and_ended_by_a_button_and_keeps_what_the_user_tuned(
    studio: Studio, workplace: Workplace
) -> None:
    _speaking(studio, workplace)
    studio.choose("tone", **{"/voice": VOICE})
    assert f"There is no source “{BED}” yet" in studio.press("tone//duck")["status"]["label"]
    studio.rendered("tone", BED, **{"/voice": ""})
    assert _filters(studio) == []
    studio.choose("tone", **{"/voice": VOICE})
    assert f"“{BED}” is turned down under “{VOICE}”" in studio.press("tone//duck")["status"]["label"]
    assert len(_filters(studio)) == 1
    studio.socket.set_source_filter_settings(BED, FILTER, {"threshold": -40.0})
    studio.rendered("tone", BED, hertz=200.0)
    [filter_] = _filters(studio)
    assert filter_["filterSettings"]["threshold"] == -40.0
    assert filter_["filterSettings"]["sidechain_source"] == VOICE
    studio.choose("tone", **{"/voice": ""})
    assert "not turned down any more" in studio.press("tone//duck")["status"]["label"]
    assert _filters(studio) == []


def test_a_music_bed_is_the_command_lines_with_its_files_beside(studio: Studio, workplace: Workplace) -> None:
    studio.choose("music-bed")
    labels = [row["label"] for name, row in studio.page().items() if name.startswith("music-bed/")]
    assert len(labels) == len(set(labels)), "the effect's own loop and ducking are told from OBS's"
    values: dict[str, object] = {"duration": "4.5", "style": "house", "mood": "happy", "seed": 3, "strict": True}
    values |= {"markers": "2.1", "sample_format": "16-bit"}
    places = {name: str(workplace.folder / file) for name, file in BESIDE.items()}
    file = studio.rendered("music-bed", "Music bed (Scumble)", **values, **places)
    assert file.read_bytes() == workplace.reference("music-bed", ".wav", None, *options_of(values))
    with wave.open(str(file)) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getnframes()) == (2, 48000, 216000)
    assert studio.sources() == {"Music bed (Scumble)": "ffmpeg_source"}
    record = json.loads(Path(f"{file}.scumble.json").read_text("utf-8"))
    assert {places["midi"], places["plot"]} < set(record["extras"])
    stems = [Path(name) for name in record["extras"] if Path(name).parent == Path(places["stems"])]
    assert len(stems) >= 3
    assert all(sha256_of_file(Path(fact["path"])) == fact["sha256"] for fact in record["extras"].values())
    assert Path(places["midi"]).read_bytes()[:4] == b"MThd"
    assert record["output"]["sha256"] in Path(places["statement"]).read_text("utf-8")
    time.sleep(1)
    assert studio.socket.get_media_input_status("Music bed (Scumble)").media_state == "OBS_MEDIA_STATE_PLAYING"
    heard = _levels_db(studio, 3.0)["Music bed (Scumble)"]
    assert -20 <= heard <= 0, "OBS plays it, and not above full scale"


def test_the_music_bed_is_turned_down_while_somebody_speaks(studio: Studio, workplace: Workplace) -> None:
    """The level of music changes from moment to moment: the loudest one of a whole round is compared."""
    _speaking(studio, workplace)
    name, values = "Music bed (Scumble)", {"duration": "4", "style": "house", "seed": 3, "loop": True}
    file = studio.rendered("music-bed", name, **values, **{"/voice": VOICE})
    assert file.read_bytes() == workplace.reference("music-bed", ".wav", None, *options_of(values))
    assert studio.sources() == {name: "ffmpeg_source", VOICE: "ffmpeg_source"}
    [filter_] = _filters(studio, name)
    assert (filter_["filterKind"], filter_["filterSettings"]["sidechain_source"]) == ("compressor_filter", VOICE)
    time.sleep(1)
    under = _levels_db(studio, 5.0)
    studio.socket.set_input_mute(VOICE, True)
    time.sleep(2.5)
    alone = _levels_db(studio, 5.0)
    _log.info("music bed alone %.1f dB, under speech %.1f dB", alone[name], under[name])
    assert alone[name] > -20
    assert 8 <= alone[name] - under[name] <= 20


def test_a_music_bed_goes_down_under_a_file_too(studio: Studio, workplace: Workplace) -> None:
    voice = workplace.folder / "Stimme.wav"
    voice.write_bytes(workplace.reference("tone", ".wav", None, "--seconds", "3", "--hertz", "180"))
    file = studio.rendered("music-bed", "Music bed (Scumble)", mix_with=str(voice))
    assert file.read_bytes() == workplace.reference("music-bed", ".wav", None, "--mix-with", str(voice))
    with wave.open(str(file)) as sound:
        assert sound.getnframes() == 3 * 48000, "as long as the voice"
