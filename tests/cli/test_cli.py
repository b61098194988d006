"""The command line as a user types it: results, records, replay, and errors that leave nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PHOTOS = ROOT / "examples" / "photos"
BUNDLE = ROOT / "sdk" / "scumble" / "bundles" / "colorize"


def scumble(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scumble", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=300)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "Bilder & Töne"
    place.mkdir()
    shutil.copy(PHOTOS / "cat.jpg", place / "cat.jpg")
    return place


def test_a_photo_becomes_a_picture_with_its_record_and_replays_to_the_same_bytes(folder: Path) -> None:
    done = scumble(folder, "colorize", "cat.jpg", "out.png", "--hint", "100,200,#aa5522", "--strength", "0.9", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["provider"] == "CPUExecutionProvider"
    record = json.loads((folder / "out.png.scumble.json").read_text())
    assert record["params"]["strength"] == 0.9
    assert record["models"][0]["bundle"] == "colorize"
    again = scumble(folder, "replay", "out.png.scumble.json", "again.png")
    assert again.returncode == 0, again.stderr
    assert (folder / "again.png").read_bytes() == (folder / "out.png").read_bytes()


def test_replay_refuses_a_changed_source(folder: Path) -> None:
    assert scumble(folder, "colorize", "cat.jpg", "out.png").returncode == 0
    shutil.copy(PHOTOS / "rocket.jpg", folder / "cat.jpg")
    done = scumble(folder, "replay", "out.png.scumble.json", "again.png")
    assert done.returncode == 3
    assert "provenance.input_changed" in done.stderr
    assert not (folder / "again.png").exists()


def test_a_replay_with_other_bytes_is_an_error(folder: Path) -> None:
    assert scumble(folder, "colorize", "cat.jpg", "out.png").returncode == 0
    sidecar = folder / "out.png.scumble.json"
    record = json.loads(sidecar.read_text())
    record["params"]["strength"] = 0.3
    sidecar.write_text(json.dumps(record))
    done = scumble(folder, "replay", "out.png.scumble.json", "again.png", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["code"] == "provenance.differs"


def test_describe_tells_every_parameter_as_json(folder: Path) -> None:
    done = scumble(folder, "describe", "colorize", "--json")
    (schema,) = json.loads(done.stdout)
    names = {param["name"] for param in schema["params"]}
    assert {"strength", "vividness", "hint", "detail"} <= names
    assert schema["clips"][0]["name"] == "source"


def test_help_states_range_and_default(folder: Path) -> None:
    done = scumble(folder, "colorize", "--help")
    text = " ".join(done.stdout.replace("│", " ").split())
    assert "0 to 1" in text
    assert "default 0.6" in text


def test_help_and_description_say_that_a_clip_is_a_picture_of_its_own(folder: Path) -> None:
    env = {**os.environ, "SCUMBLE_EFFECTS": str(ROOT / "tests" / "fakes" / "effects")}
    shown = scumble(folder, "kinds", "--help", env=env).stdout
    assert "of any size" in " ".join(shown.replace("│", " ").split())
    described = scumble(folder, "describe", "kinds", env=env).stdout.splitlines()
    model = next(line for line in described if line.startswith("  model: "))
    assert model.endswith(" [optional; of any size]")
    (schema,) = json.loads(scumble(folder, "describe", "kinds", "--json", env=env).stdout)
    assert {clip["name"]: clip["separate"] for clip in schema["clips"]} == {
        "source": False,
        "strokes": False,
        "model": True,
    }


def png_header_of(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


BAD = {
    "truncated": (["half.jpg", "out.png"], 3, "media.truncated"),
    "empty": (["zero.png", "out.png"], 3, "media.empty_file"),
    "huge": (["huge.png", "out.png"], 3, "media.too_large"),
    "text": (["text.png", "out.png"], 3, "media.unknown_format"),
    "missing": (["none.jpg", "out.png"], 3, "media.missing"),
    "no folder": (["cat.jpg", "none/out.png"], 3, "media.no_folder"),
    "unwritable": (["cat.jpg", "/proc/out.png"], 3, "media.unwritable"),
    "hint syntax": (["cat.jpg", "out.png", "--hint", "3,red"], 2, "param.type"),
    "hint outside": (["cat.jpg", "out.png", "--hint", "5000,3,#ff0000"], 2, "param.hint_outside"),
    "tampered model": (["cat.jpg", "out.png"], 4, "bundle.hash_mismatch"),
    "wrong device": (["cat.jpg", "out.png", "--device", "tpu"], 2, "param.device"),
    "no such device": (["cat.jpg", "out.png", "--device", "cuda"], 5, "device.provider_unavailable"),
    "suffix": (["cat.jpg", "out.gif"], 3, "media.suffix"),
    "onto itself": (["cat.jpg", "cat.jpg"], 2, "param.same_file"),
    "out of range": (["cat.jpg", "out.png", "--strength", "7"], 2, "param.range"),
}


def test_an_empty_name_of_a_file_is_not_taken_for_none(tmp_path: Path) -> None:
    done = scumble(tmp_path, "music-bed", "out.wav", "--duration", "1", "--duck-under", "")
    assert done.returncode == 2
    assert "param.duck_under" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gives_code_and_hint_and_leaves_nothing(folder: Path, case: str) -> None:
    arguments, exit_code, code = BAD[case]
    (folder / "half.jpg").write_bytes((PHOTOS / "cat.jpg").read_bytes()[:20_000])
    (folder / "zero.png").write_bytes(b"")
    (folder / "huge.png").write_bytes(png_header_of(70_000, 70_000))
    (folder / "text.png").write_text("no picture")
    env = None
    if case == "tampered model":
        fake = folder / "bundles" / "colorize"
        shutil.copytree(BUNDLE, fake)
        content = bytearray((fake / "model.onnx").read_bytes())
        content[len(content) // 2] ^= 1
        (fake / "model.onnx").write_bytes(content)
        env = {"SCUMBLE_BUNDLES": str(fake.parent), "HOME": str(folder)}
    before = sorted(path.name for path in folder.rglob("*"))
    cat = (folder / "cat.jpg").read_bytes()
    done = scumble(folder, "colorize", *arguments, "--json", env=env)
    assert done.returncode == exit_code, done.stdout + done.stderr
    error = json.loads(done.stdout)["error"]
    assert error["code"] == code
    assert error["message"]
    assert error["hint"]
    assert sorted(path.name for path in folder.rglob("*")) == before
    assert (folder / "cat.jpg").read_bytes() == cat


def test_an_error_for_people_names_code_and_hint_on_stderr(folder: Path) -> None:
    done = scumble(folder, "colorize", "none.jpg", "out.png")
    assert done.returncode == 3
    assert done.stdout == ""
    assert "[media.missing]" in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr
