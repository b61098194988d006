"""The music bed's guide: it names every control, style and mood, and its commands and programs are possible ones."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from scumble.cli.commands import values_from_options
from scumble.effects.music_bed import MusicBed
from scumble.music import MOODS, STYLES
from scumble.params import BoolParam

PAGE = (Path(__file__).parents[2] / "docs" / "music-bed.md").read_text("utf-8")
COMMANDS = [line for line in PAGE.splitlines() if line.startswith("scumble music-bed ")]


def test_every_control_style_and_mood_is_explained() -> None:
    flags = [param.name.replace("_", "-") for param in MusicBed.declaration().params]
    assert [flag for flag in flags if not re.search(rf"--(no-)?{flag}\b", PAGE)] == []
    assert [name for name in (*STYLES, *MOODS) if f"`{name}`" not in PAGE] == []
    assert all(f"{style.bpm[0]:g} to {style.bpm[3]:g}" in PAGE for style in STYLES.values())


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_line_takes_each_command(command: str) -> None:
    params = {param.name: param for param in MusicBed.declaration().params}
    options: dict[str, Any] = {
        name: param.default if isinstance(param, BoolParam) else None for name, param in params.items()
    }
    words = iter(shlex.split(command, comments=True)[2:])
    assert Path(next(words)).suffix in (".wav", ".flac", ".ogg")
    for word in words:
        name = word.removeprefix("--").replace("-", "_")
        if name.startswith("no_") or isinstance(params[name], BoolParam):
            options[name.removeprefix("no_")] = not name.startswith("no_")
        else:
            options[name] = next(words)
    MusicBed(**values_from_options(tuple(params.values()), options))


def test_the_programs_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    programs = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    for program in programs:
        exec(program, names)  # noqa: S102 - our own page
    assert {path.name for path in tmp_path.iterdir()} == {"bed.wav", "bed.mid", "waltz.mid"}
    assert names["slower"].groove == 0
