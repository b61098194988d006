"""`scumble suggest` as a user types it: a table, JSON, hints that lead, and errors with a code and what to do."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from skimage.color import rgb2lab

from scumble import Colorize, HintPoint, Rgb, read_image

ROOT = Path(__file__).parents[2]
PHOTO = ROOT / "examples" / "photos" / "cat.jpg"
FAKES = ROOT / "tests" / "fakes" / "effects"
ROW = re.compile(r"#[0-9a-f]{6}  [ \d]{2}\d %")


def suggest(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "NO_COLOR")}
    command = [sys.executable, "-m", "scumble", "suggest", *arguments]
    return subprocess.run(command, cwd=folder, env=kept | variables, capture_output=True, text=True, timeout=300)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "Bilder & Töne"
    place.mkdir()
    shutil.copy(PHOTO, place / "cat.jpg")
    return place


def colours(done: subprocess.CompletedProcess[str]) -> list[tuple[str, float]]:
    assert done.returncode == 0, done.stdout + done.stderr
    return [(entry["color"], entry["weight"]) for entry in json.loads(done.stdout)["suggestions"]]


def test_people_get_a_table_and_programs_the_same_as_json(folder: Path) -> None:
    table = suggest(folder, "cat.jpg", "--at", "200,150")
    assert table.returncode == 0, table.stderr
    head, *rows = table.stdout.splitlines()
    assert head.split() == ["colour", "share"]
    assert all(ROW.fullmatch(row) for row in rows)
    data = suggest(folder, "cat.jpg", "--at", "200,150", "--json")
    found = colours(data)
    assert [(color, f"{round(100 * weight)}") for color, weight in found] == [tuple(row.split()[:2]) for row in rows]
    whole = json.loads(data.stdout)
    assert (whole["effect"], whole["at"], whole["provider"]) == ("colorize", [200, 150], "CPUExecutionProvider")


def test_it_is_what_python_suggests(folder: Path) -> None:
    hint = HintPoint(50, 60, Rgb(200, 40, 30))
    own = Colorize(hint=(hint,)).suggestions(read_image(PHOTO), 200, 150, count=4)
    found = suggest(folder, "cat.jpg", "--at", "200,150", "--count", "4", "--hint", "50,60,#c8281e", "--json")
    assert colours(found) == [(suggestion.color.hex, suggestion.weight) for suggestion in own]


def test_count_is_how_many_at_most(folder: Path) -> None:
    few, five, many = (
        colours(suggest(folder, "cat.jpg", "--at", "200,150", "--json", *count))
        for count in (["--count", "1"], [], ["--count", "9"])
    )
    assert len(few) == 1
    assert 1 < len(five) <= 5
    assert len(five) <= len(many) <= 9


def test_hints_given_more_than_once_lead(folder: Path) -> None:
    free = colours(suggest(folder, "cat.jpg", "--at", "200,150", "--json"))
    hints = ("--hint", "190,150,#3060d0", "--hint", "200,150,#3060d0")
    led = colours(suggest(folder, "cat.jpg", "--at", "200,150", "--json", *hints))
    assert blueness(led[0][0]) > blueness(free[0][0]) + 10


def blueness(color: str) -> float:
    return -float(rgb2lab(np.array([[Rgb.from_hex(color)]]) / 255)[0, 0, 2])


def test_a_terminal_with_colours_shows_them(folder: Path) -> None:
    arguments = ("cat.jpg", "--at", "200,150", "--quiet")
    shown = suggest(folder, *arguments, FORCE_COLOR="1", COLORTERM="truecolor", TERM="xterm-256color").stdout
    color = Rgb.from_hex(shown.splitlines()[1][:7])
    assert f"\x1b[48;2;{color.red};{color.green};{color.blue}m" in shown.splitlines()[1]
    for plain in ({}, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, {"FORCE_COLOR": "1", "TERM": "dumb"}):
        assert "\x1b" not in suggest(folder, *arguments, **plain).stdout


BAD = {
    "outside": (["cat.jpg", "--at", "451,0"], 2, "param.outside"),
    "negative": (["cat.jpg", "--at", "-1,0"], 2, "param.outside"),
    "far outside": (["cat.jpg", "--at", f"{10**30},0"], 2, "param.outside"),
    "one number": (["cat.jpg", "--at", "7"], 2, "param.type"),
    "fraction": (["cat.jpg", "--at", "1.5,2"], 2, "param.type"),
    "words": (["cat.jpg", "--at", "left,top"], 2, "param.type"),
    "empty": (["cat.jpg", "--at", ""], 2, "param.type"),
    "no colours": (["cat.jpg", "--at", "1,2", "--count", "0"], 2, "param.range"),
    "too many": (["cat.jpg", "--at", "1,2", "--count", "10"], 2, "param.range"),
    "count in words": (["cat.jpg", "--at", "1,2", "--count", "five"], 2, "param.type"),
    "hint": (["cat.jpg", "--at", "1,2", "--hint", "3,red"], 2, "param.type"),
    "hint outside": (["cat.jpg", "--at", "1,2", "--hint", "5000,3,#ff0000"], 2, "param.hint_outside"),
    "missing": (["none.jpg", "--at", "1,2"], 3, "media.missing"),
    "missing strokes": (["cat.jpg", "--at", "1,2", "--hints", "none.png"], 3, "media.missing"),
    "text": (["text.png", "--at", "1,2"], 3, "media.unknown_format"),
    "too large": (["cat.jpg", "--at", "1,2", "--max-megapixels", "0.01"], 3, "media.too_large"),
    "device": (["cat.jpg", "--at", "1,2", "--device", "tpu"], 2, "param.device"),
    "unknown effect": (["cat.jpg", "--at", "1,2", "--effect", "none"], 2, "param.effect"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gives_code_and_hint(folder: Path, case: str) -> None:
    arguments, exit_code, code = BAD[case]
    (folder / "text.png").write_text("no picture")
    before = sorted(path.name for path in folder.iterdir())
    done = suggest(folder, *arguments, "--json")
    assert done.returncode == exit_code, done.stdout + done.stderr
    error = json.loads(done.stdout)["error"]
    assert error["code"] == code
    assert error["message"]
    assert error["hint"]
    assert sorted(path.name for path in folder.iterdir()) == before


def test_without_a_pixel_it_says_what_is_missing(folder: Path) -> None:
    done = suggest(folder, "cat.jpg")
    assert done.returncode == 2
    assert "--at" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("written", [["--effect", "kinds"], ["--effect=kinds"]])
def test_with_more_effects_one_is_chosen_and_has_its_own_options(folder: Path, written: list[str]) -> None:
    fakes = {"SCUMBLE_EFFECTS": str(FAKES)}
    options = ["--json", "--amount", "0.5"]  # of kinds; colorize has none of that name
    found = colours(suggest(folder, "cat.jpg", "--at", "3,4", *written, *options, **fakes))
    assert [weight for _, weight in found] == [0.75, 0.25]
    one = suggest(folder, "cat.jpg", "--at", "3,4", *written, "--count", "1", "--json", **fakes)  # it knows of no count
    assert colours(one) == found[:1]
    assert suggest(folder, "cat.jpg", "--at", "3,4", "--effect", "colorize", "--amount", "1", **fakes).returncode == 2


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], "param.effect"),
        (["--hint", "1,2,#ffffff"], "param.effect"),
        (["--effect", "none"], "param.effect"),
        (["--effect", "tone"], "param.no_suggestions"),
    ],
)
def test_which_effect_must_be_clear(folder: Path, options: list[str], code: str) -> None:
    done = suggest(folder, "cat.jpg", "--at", "3,4", "--json", *options, SCUMBLE_EFFECTS=str(FAKES))
    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert error["code"] == code
    assert "colorize, kinds" in error["hint"]


def test_help_shows_the_effects_options(folder: Path) -> None:
    text = " ".join(suggest(folder, "--help").stdout.replace("│", " ").split())
    for flag in ("--at", "--count", "--effect", "--hint", "--hints", "--device", "default 5"):
        assert flag in text
