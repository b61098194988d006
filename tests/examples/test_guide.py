"""The guide for photo editors: its commands run, its pictures come from them, and its example does what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from scumble import Image, Rgb, read_image
from scumble.media.arrays import array_from_image

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "colorize.md"
PRINTED = re.compile(r"```text\n.*?```", re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)\)")


def run(example: str, *arguments: str) -> str:
    command = (sys.executable, str(ROOT / "examples" / example), *arguments)
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=600).stdout


def colourfulness(image: Image) -> float:
    return float(np.ptp(array_from_image(image)[..., :3].astype(int), axis=2).mean())


def test_every_command_of_the_page_runs_and_makes_its_pictures(tmp_path: Path) -> None:
    copy = tmp_path / "colorize.md"
    copy.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    run("guide_pictures.py", str(copy))
    renewed = copy.read_text(encoding="utf-8")
    assert PRINTED.sub("", renewed) == PRINTED.sub("", PAGE.read_text(encoding="utf-8"))
    (printed,) = PRINTED.findall(renewed)
    assert re.search(r"\n#[0-9a-f]{6} +\d+ %\n", printed)
    made = {path.name: read_image(path) for path in (tmp_path / "colorize").iterdir()}
    assert set(made) == {path.name for path in (PAGE.parent / "colorize").iterdir()}
    assert colourfulness(made["cautious.jpg"]) < colourfulness(made["usual.jpg"]) < colourfulness(made["vivid.jpg"])
    suit = {name: array_from_image(made[name])[300, 80].astype(int) for name in ("points.jpg", "recoloured.jpg")}
    assert suit["points.jpg"][0] > suit["points.jpg"][2] + 40
    assert suit["recoloured.jpg"][2] > suit["recoloured.jpg"][0] + 40
    outside = array_from_image(made["only-suit.jpg"])[:100, 150:300].astype(int)
    assert np.ptp(outside, axis=2).max() <= 2  # JPEG's own rounding


def test_every_link_of_the_page_leads_somewhere() -> None:
    links = LINK.findall(PAGE.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (PAGE.parent / link).exists()] == []


def test_the_guided_example_takes_a_suggestion_and_hands_its_colours_on(tmp_path: Path) -> None:
    printed = run("colorize_guided.py", str(tmp_path)).split()
    chosen = Rgb.from_hex(printed[0])
    guided = array_from_image(read_image(tmp_path / "guided.png"))
    assert np.abs(guided[300, 90].astype(int) - np.array(chosen)).max() <= 1
    like_it = read_image(tmp_path / "like-it.png")
    cup = read_image(ROOT / "examples" / "photos" / "coffee.jpg")
    assert (like_it.width, like_it.height) == (cup.width, cup.height)
    assert colourfulness(like_it) > 5
