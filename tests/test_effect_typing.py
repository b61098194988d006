"""The typing of effects, proved by mypy: constructors are typed from the declaration and wrong types are found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mypy import api

SNIPPET = """
from __future__ import annotations

from pathlib import Path
from typing import Literal

from scumble.effect import Bool, Choice, Effect, File, Float, Input, Output, Points, RenderContext
from scumble.media.image import Image
from scumble.params import HintPoint, Rgb


class Tint(Effect, id="tint", title="Tint", context="filter", bundles=("tint",)):
    '''Tints a picture.'''

    source: Image = Input(doc="Picture to tint.")
    mask: Image | None = Input(default=None, doc="Where.")
    tinted: Image = Output(doc="The picture with a tint.")
    strength: float = Float(default=1.0, min=0, max=1, step=0.01, doc="0 keeps the source.")
    invert: bool = Bool(default=False)
    detail: Literal["fast", "full"] = Choice(default="fast", choices=("fast", "full"))
    hint: tuple[HintPoint, ...] = Points(default=())
    midi: Path | None = File(default=None, role="write", suffixes=(".mid",))

    def render(self, ctx: RenderContext) -> Image:
        reveal_type(self.source)
        reveal_type(self.mask)
        reveal_type(self.hint)
        return self.source.replace()


picture = Image(b"", 1, 1)
reveal_type(Tint)
reveal_type(Tint(strength=0.5, hint=(HintPoint(1, 2, Rgb(3, 4, 5)),))(picture, mask=picture))
"""

WRONG = {
    'Tint(strength="much")': '[arg-type] "str"; expected "float"',
    "Tint(0.5)": "[call-arg] Too many positional arguments",
    "Tint(stength=0.5)": '[call-arg] "stength"',
    'Tint(detail="slow")': '[arg-type] "Literal',
    "Tint(source=picture)": '[call-arg] "source"',
    "Tint().strength = 0.5": '[misc] "strength" defined in "Tint" is read-only',
    'Tint()("picture.png")': '[arg-type] "str"; expected "Image | None"',
    "Float(default=0.0, minimum=3)": '[call-arg] "minimum"',
    'Float(default="half")': '[arg-type] "str"; expected "float | None"',
    'class Bad(Effect, id="bad", title="Bad", context="transition"): "Bad."': '[arg-type] expected "Literal',
    'class Bare(Effect, title="Bare", context="filter"): "Bare."': '[call-arg] Missing named argument "id"',
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What mypy says about the snippet, with one wrong line after another at its end."""
    folder = tmp_path_factory.mktemp("typing")
    (folder / "snippet.py").write_text(SNIPPET + "\n".join(WRONG) + "\n", encoding="utf-8")
    config = Path(__file__).resolve().parent.parent / "pyproject.toml"
    cache = folder / "cache"
    arguments = ["--config-file", str(config), "--cache-dir", str(cache), "--no-pretty", str(folder / "snippet.py")]
    out, err, _ = api.run(arguments)
    assert err == ""
    return out.splitlines()


def test_the_constructor_is_typed_and_takes_no_clips(report: list[str]) -> None:
    revealed = next(line for line in report if "def (" in line).replace("builtins.", "")
    assert "def (*, " in revealed
    for part in (
        r"strength: float =",
        r"invert: bool =",
        r"hint: tuple\[.*HintPoint\], \.\.\.\] =",
        r"midi: .*Path \| None =",
    ):
        assert re.search(part, revealed), revealed
    assert "source" not in revealed
    assert "tinted" not in revealed


def test_clips_and_results_are_typed(report: list[str]) -> None:
    revealed = [line.split("Revealed type is ")[1] for line in report if "Revealed type is" in line]
    assert revealed[0] == '"scumble.media.image.Image"'
    assert revealed[1] == '"scumble.media.image.Image | None"'
    assert "HintPoint" in revealed[2]
    assert revealed[-1] == '"scumble.media.image.Image"'


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_line_is_found(report: list[str], line: str) -> None:
    number = SNIPPET.count("\n") + 1 + list(WRONG).index(line)
    found = [entry for entry in report if f"snippet.py:{number}: error:" in entry]
    code, words = WRONG[line].split(" ", 1)
    assert any(code in entry and words in entry for entry in found), report


def test_nothing_else_is_wrong(report: list[str]) -> None:
    first = SNIPPET.count("\n") + 1
    errors = [entry for entry in report if ": error:" in entry]
    assert all(int(entry.split(":")[1]) >= first for entry in errors), errors
