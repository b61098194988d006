"""What the command line offers for effects that make pictures from nothing: size, variations, layers, limits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scumble import read_image, write_image
from scumble.errors import MediaError
from scumble.media.arrays import array_from_image, image_from_array
from scumble.provenance import sha256_of_file

CUTOUT = Path(__file__).parents[2] / "examples" / "photos" / "astronaut-cutout.webp"


def scumble(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scumble", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


def test_layers_are_written_recorded_and_replayed(tmp_path: Path) -> None:
    options = ["--size", "320x180", "--style", "low-poly", "--text-area", "10,10,100,60", "--subject", str(CUTOUT)]
    done = scumble(tmp_path, "background", "out.png", *options, "--layers", "parts", "--seed", "4", "--json")
    assert done.returncode == 0, done.stderr
    names = ["1-background.png", "2-scrim.png", "3-subject.png"]
    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == names
    parts = [array_from_image(read_image(tmp_path / "parts" / name)) for name in names]
    assert [part.shape for part in parts] == [(180, 320, 3), (180, 320, 4), (180, 320, 4)]
    stacked: Any = parts[0].astype(np.uint32)
    for part in parts[1:]:
        alpha = part[..., 3:].astype(np.uint32)
        stacked = (stacked * (255 - alpha) + part[..., :3] * alpha + 127) // 255
    assert np.array_equal(stacked, array_from_image(read_image(tmp_path / "out.png")))
    record = json.loads((tmp_path / "out.png.scumble.json").read_text())
    written = {f"parts/{name}": sha256_of_file(tmp_path / "parts" / name) for name in names}
    assert {name: fact["sha256"] for name, fact in record["extras"].items()} == written
    assert record["models"] == []
    again = scumble(tmp_path, "replay", "out.png.scumble.json", "again.png")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "out.png").read_bytes()
    assert json.loads((tmp_path / "again.png.scumble.json").read_text())["extras"] == {}, "the picture alone"


def test_variations_are_files_of_their_own_and_a_sheet(tmp_path: Path) -> None:
    done = scumble(tmp_path, "background", "look.jpg", "--variations", "3", "--size", "160x90", "--seed", "2147483646")
    assert done.returncode == 0, done.stderr
    files = [f"look-{number}.jpg" for number in (1, 2, 3)]
    assert done.stdout.split() == [*files, "look-sheet.png"]
    seeds = [json.loads((tmp_path / f"{name}.scumble.json").read_text())["params"]["seed"] for name in files]
    assert seeds == [2147483646, 2147483647, 0]
    sheet = read_image(tmp_path / "look-sheet.png")
    assert (sheet.width, sheet.height) == (2 * 160 + 36, 2 * 90 + 36)


def test_a_thumbnail_has_its_size_and_fits_its_limit(tmp_path: Path) -> None:
    done = scumble(tmp_path, "background", "thumb.png", "--thumbnail", "--style", "paper", "--energy", "1")
    assert done.returncode == 0, done.stderr
    picture = read_image(tmp_path / "thumb.png")
    assert (picture.width, picture.height) == (1280, 720)
    assert (tmp_path / "thumb.png").stat().st_size <= 2_000_000


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--size", "0x10"], "param.range"),
        (["--size", "1000000x10"], "param.range"),
        (["--size", "12by10"], "param.size"),
        (["--size", "128x128", "--width", "64"], "param.size"),
        (["--palette", "#12345"], "param.type"),
        (["--style", "oil"], "param.choice"),
        (["--text-area", "1270,0,20,20"], "param.text_area"),
        (["--variations", "0"], "param.variations"),
        (["--variations", "2", "--layers", "parts"], "param.variations"),
        (["--layers", "none/parts"], "media.no_folder"),
        (["--subject", "none.png"], "media.missing"),
    ],
)
def test_bad_input_gives_a_code_and_leaves_nothing(tmp_path: Path, arguments: list[str], code: str) -> None:
    done = scumble(tmp_path, "background", "out.png", *arguments, "--json")
    assert done.returncode in (2, 3)
    error = json.loads(done.stdout)["error"]
    assert (error["code"], bool(error["hint"])) == (code, True)
    assert not list(tmp_path.iterdir())


def test_effects_without_a_seed_or_layers_do_not_offer_them(tmp_path: Path) -> None:
    text = scumble(tmp_path, "colorize", "--help").stdout
    assert "--strength" in text
    assert not [option for option in ("--variations", "--layers", "--size") if option in text]


def test_a_file_that_may_not_be_large_loses_quality_or_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    picture = image_from_array(noise)
    write_image(tmp_path / "free.jpg", picture)
    write_image(tmp_path / "small.jpg", picture, most_bytes=90_000)
    assert (tmp_path / "small.jpg").stat().st_size <= 90_000 < (tmp_path / "free.jpg").stat().st_size
    with pytest.raises(MediaError) as caught:
        write_image(tmp_path / "small.png", picture, most_bytes=90_000)
    assert caught.value.code == "media.bytes"
    assert not (tmp_path / "small.png").exists()
