"""The page for plug-in developers: every example of it runs as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests import foreign_nets

PAGE = Path(__file__).resolve().parents[2] / "docs" / "engine.md"
PHOTO = PAGE.parents[1] / "examples" / "photos" / "cat.jpg"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL) for line in block.splitlines()
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "denoiser.onnx").write_bytes(foreign_nets.plain())
    (tmp_path / "upscaler.onnx").write_bytes(foreign_nets.upscaler(2))
    (tmp_path / "level.onnx").write_bytes(foreign_nets.with_level())
    (tmp_path / "in.png").write_bytes(PHOTO.read_bytes())
    return tmp_path


@pytest.mark.parametrize("index", range(len(EXAMPLES)))
def test_an_example_runs(folder: Path, index: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", EXAMPLES[index]], cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr


def test_every_command_runs_and_inspect_says_what_the_page_says(folder: Path) -> None:
    assert COMMANDS
    for command in COMMANDS:
        words = [sys.executable, "-m", *command.split()]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        if "inspect" in words:
            (shown,) = re.findall(r"```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
            vague = re.compile(r"sha256 \S+|memory: \S+ bytes")
            assert vague.sub("", done.stdout) == vague.sub("", shown)
