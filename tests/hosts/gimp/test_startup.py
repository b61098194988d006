"""Starts of GIMP: a new effect is there at the next one with nothing reinstalled, and a broken set-up says why."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.hosts.gimp.conftest import Workplace, inside
from tests.hosts.gimp.tree import Gimp
from tests.hosts.harness import REPO, throw_away_home

NAMES = 'answer = Gimp.get_pdb().query_procedures("scumble-.*", *[".*"] * 7)'


@pytest.fixture
def fresh(tree: Path) -> Iterator[Workplace]:
    with throw_away_home() as home:
        yield Workplace(home)


def asked(tree: Path, place: Workplace, code: str, **names: Any) -> Any:
    gimp = Gimp(tree, place.environment(), place.log)
    try:
        gimp.run(inside())
        return gimp.run(code, **names)
    finally:
        gimp.stop()


def test_a_new_effect_appears_at_the_next_start_and_a_removed_one_goes(tree: Path, fresh: Workplace) -> None:
    adapter = {path: path.read_bytes() for path in fresh.adapter.rglob("*.py")}
    assert "scumble-grade" not in asked(tree, fresh, NAMES)
    fresh.add_effect(REPO / "examples/third_party_effect/scumble_grade")
    code = f"""
{NAMES}
names = answer
image = load(source)
back = call("scumble-grade", image, image.get_layers(), warmth=0.5)
save(Gimp.Layer.get_by_id(back["layer"]), out)
answer = [names, back["status"]]
"""
    source, out = fresh.photo("coffee.jpg"), fresh.folder / "out"
    names, status = asked(tree, fresh, code, source=str(source), out=str(out))
    assert "scumble-grade" in names
    assert status == "success"
    assert out.read_bytes() == fresh.reference("grade", source, "--warmth", "0.5")
    assert adapter == {path: path.read_bytes() for path in fresh.adapter.rglob("*.py")}, "nothing was reinstalled"
    own = " ".join(path.read_text("utf-8") for path in fresh.adapter.glob("*.py"))
    words = {name.removeprefix("scumble-").partition("-")[0] for name in names}
    assert [word for word in words if re.search(rf"[\"'“`]{word}\b", own, re.IGNORECASE)] == [], "no effect is named"


def test_a_scumble_that_is_gone_has_a_menu_entry_that_says_why(tree: Path, fresh: Workplace) -> None:
    setup = fresh.adapter / "scumble-host.json"
    setup.write_text(json.dumps({**json.loads(setup.read_text("utf-8")), "python": "/gone/python"}), "utf-8")
    code = f"""
{NAMES}
procedure = Gimp.get_pdb().lookup_procedure("scumble-problem")
status = procedure.run(procedure.create_config()).index(0).value_nick
answer = [answer, status, Gimp.get_pdb().get_last_error(), procedure.get_menu_label(), procedure.get_menu_paths()]
"""
    names, status, error, label, menus = asked(tree, fresh, code)
    assert names == ["scumble-problem"]
    assert status == "execution-error"
    assert "worker did not start" in error
    assert "scumble doctor" in error
    assert "Traceback" not in error
    assert label == "Why are there no effects?"
    assert menus == ["<Image>/Filters/Scumble"]
