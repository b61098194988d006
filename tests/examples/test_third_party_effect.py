"""An effect by somebody else: found through its real entry point, and reported when it is broken."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scumble.effect import discover
from scumble.media.image import Image

if TYPE_CHECKING:
    from collections.abc import Iterator

TWIN = """
from scumble_grade import Grade

class Twin(Grade, id="grade", title="Twin", context="filter"):
    "Takes a name that is taken."
"""
BROKEN = {
    "crash": ("raise RuntimeError('no such library')", "Effect", "RuntimeError: no such library"),
    "leave": ("raise SystemExit(3)", "Effect", "SystemExit: 3"),
    "absent": ("", "Effect", "AttributeError"),
    "number": ("Effect = 3", "Effect", "number_plugin:Effect is no Effect"),
    "alias": ("from scumble_grade import Grade", "Grade", "the effect calls itself 'grade'"),
    "grade": (TWIN, "Twin", "another effect has that name already"),
}


@pytest.fixture
def site(installed_grade: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder with the installed example, on the path for one test."""
    from_source = sys.modules.pop("scumble_grade", None)
    monkeypatch.syspath_prepend(str(installed_grade))
    yield installed_grade
    for name in [name for name in sys.modules if name.endswith("_plugin") or name == "scumble_grade"]:
        del sys.modules[name]
    if from_source is not None:
        sys.modules["scumble_grade"] = from_source


def install_plugin(folder: Path, name: str, source: str, target: str) -> None:
    """Lay down what pip leaves of a distribution with one module and one entry point."""
    (folder / f"{name}_plugin.py").write_text(source, encoding="utf-8")
    facts = folder / f"zz_{name}-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: zz-{name}\nVersion: 1.0\n", encoding="utf-8")
    entry = f"[scumble.effects]\n{name} = {name}_plugin:{target}\n"
    (facts / "entry_points.txt").write_text(entry, encoding="utf-8")


def test_it_is_found_through_its_entry_point_and_runs(site: Path) -> None:
    found = discover()
    assert [problem for problem in found.problems if problem.distribution == "scumble-grade"] == []
    grade = found.effects["grade"]
    assert Path(sys.modules[grade.__module__].__file__ or "").is_relative_to(site)
    assert [param.name for param in grade.declaration().params] == [
        "exposure_stops",
        "contrast",
        "saturation",
        "warmth",
    ]
    result = grade.from_params_json({"exposure_stops": 1})(Image(bytes([10] * 12), 2, 2))
    assert min(bytes(result.data)) > 10


def test_without_it_there_is_no_such_effect() -> None:
    assert "grade" not in discover().effects


def test_another_process_finds_it_too(site: Path) -> None:
    code = "from scumble.effect import discover; print(discover().effects['grade'].declaration().title)"
    path = f"import sys; sys.path[:0] = {[str(site), *sys.path]!r}; "
    printed = subprocess.run([sys.executable, "-c", path + code], capture_output=True, text=True, check=True).stdout
    assert printed == "Grade\n"


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plug_in_is_reported_and_the_others_work(
    name: str, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target, reason = BROKEN[name]
    install_plugin(tmp_path, name, source, target)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = discover()
    reported = [problem for problem in found.problems if problem.distribution == f"zz-{name}"]
    assert [problem.name for problem in reported] == [name]
    assert reason in reported[0].reason
    assert found.effects["grade"].title == "Grade"
