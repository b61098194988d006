"""The guide to backgrounds: its commands run, and its pictures are those that they make."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from scumble import read_image
from scumble.media.arrays import array_from_image

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "background.md"
LINK = re.compile(r"\]\(([^)#]+)\)")


def test_every_command_runs_and_every_picture_is_fresh(tmp_path: Path) -> None:
    copy = tmp_path / PAGE.name
    copy.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    command = (sys.executable, str(ROOT / "examples" / "guide_pictures.py"), str(copy))
    subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=1800)
    assert copy.read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")
    shown = PAGE.parent / PAGE.stem
    made = sorted(path.name for path in (tmp_path / PAGE.stem).iterdir())
    assert made == sorted(path.name for path in shown.iterdir())
    for name in made:
        new, old = (array_from_image(read_image(folder / name)) for folder in (tmp_path / PAGE.stem, shown))
        assert np.abs(new.astype(int) - old).mean() <= 1, name


def test_every_link_leads_somewhere() -> None:
    links = LINK.findall(PAGE.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
