"""The edits of kritarc and of OBS's scene collections: one entry comes and goes, every other byte stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble.errors import HostError
from scumble.hosts import kritarc, scenes

NAME = "scumble_krita"
LINE = f"enable_{NAME}=true"
SCRIPT = '/home/Zoë’s hôme 日本/scumble "obs".py'

KRITARC = [
    ("", f"[python]\n{LINE}\n"),
    ("a=1\n", f"a=1\n\n[python]\n{LINE}\n"),
    ("a=1", f"a=1\n\n[python]\n{LINE}\n"),
    ("[python]\nenable_ten=true\n[x]\nb=2\n", f"[python]\n{LINE}\nenable_ten=true\n[x]\nb=2\n"),
    ("[python]", f"[python]\n{LINE}\n"),
    ("[python]\r\nenable_ten=true\r\n", f"[python]\r\n{LINE}\r\nenable_ten=true\r\n"),
    ("[pythonx]\nq=1\n", f"[pythonx]\nq=1\n\n[python]\n{LINE}\n"),
    ("[a][python]\nq=1\n", f"[a][python]\nq=1\n\n[python]\n{LINE}\n"),
    (f"[python]\nenable_{NAME}=false\nz=1\n", f"[python]\n{LINE}\nz=1\n"),
    (f"[other]\nenable_{NAME}=true\n", f"[other]\nenable_{NAME}=true\n\n[python]\n{LINE}\n"),
    ("# [python]\n k = v \n", f"# [python]\n k = v \n\n[python]\n{LINE}\n"),
    ("\udcff=\udcfe\n", f"\udcff=\udcfe\n\n[python]\n{LINE}\n"),
]


@pytest.mark.parametrize(("before", "after"), KRITARC)
def test_kritarc_gets_one_line(before: str, after: str) -> None:
    assert not kritarc.is_enabled(before, NAME)
    assert kritarc.with_enabled(before, NAME) == after
    assert kritarc.is_enabled(after, NAME)
    assert kritarc.with_enabled(after, NAME) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"a=1\n\n[python]\n{LINE}\n", "a=1\n"),
        (f"[python]\n{LINE}\nenable_ten=true\n", "[python]\nenable_ten=true\n"),
        (f"[python]\nenable_ten=true\n{LINE}", "[python]\nenable_ten=true\n"),
        (f"[python]\r\n{LINE}\r\nq=1\r\n", "[python]\r\nq=1\r\n"),
        (f"[a]\nb=1\n\n[python]\n{LINE}\n\n[z]\nc=1\n", "[a]\nb=1\n\n[z]\nc=1\n"),
        (f"[python]\n{LINE}\n", ""),
        ("[python]\nenable_ten=true\n", "[python]\nenable_ten=true\n"),
        (f"[other]\n{LINE}\n", f"[other]\n{LINE}\n"),
    ],
)
def test_kritarc_loses_that_line_and_a_group_that_is_empty_then(before: str, after: str) -> None:
    assert kritarc.without_enabled(before, NAME) == after


SETTINGS = st.text(st.sampled_from("ab=[]# \n\r\\é") | st.characters(codec="utf-8"), max_size=60)


@given(SETTINGS)
def test_kritarc_of_any_text_can_be_switched_on(text: str) -> None:
    on = kritarc.with_enabled(text, NAME)
    assert kritarc.is_enabled(on, NAME)
    assert not kritarc.is_enabled(kritarc.without_enabled(on, NAME), NAME)
    kept = [line for line in on.splitlines() if line.strip() and line not in (LINE, "[python]")]
    assert kept == [line for line in text.splitlines() if line.strip() and line not in (LINE, "[python]")]


COLLECTIONS = [
    "{}",
    ' { "modules" : { } , "x":1.50e+3 }\n',
    '{"modules":{"scripts-tool":[]},"a":[1,2]}',
    '{\n\t"a": "\\u00e9{[",\n\t"modules": {\n\t\t"scripts-tool": [\n\t\t\t{"path": "b.lua"}\n\t\t],\n\t\t"z": 0}}\n',
    '{"modules":{"output-timer":{"n":1e999}},"b":1.0,"b":2.000}',
]


@pytest.mark.parametrize("text", COLLECTIONS)
def test_a_collection_gets_one_entry_and_loses_it_again(text: str) -> None:
    listed = scenes.scripts(text)
    with_ours = scenes.with_script(text, SCRIPT)
    assert scenes.scripts(with_ours) == [*listed, SCRIPT]
    assert scenes.with_script(with_ours, SCRIPT) == with_ours
    before, after = json.loads(text), json.loads(with_ours)
    modules = before.setdefault("modules", {})
    modules["scripts-tool"] = [*modules.get("scripts-tool", []), {"path": SCRIPT, "settings": {}}]
    assert after == before
    without = scenes.without_script(with_ours, SCRIPT)
    assert scenes.scripts(without) == listed
    if "scripts-tool" in text:
        assert without == text
    added = len(with_ours) - len(text)
    where = next((index for index, pair in enumerate(zip(text, with_ours, strict=False)) if pair[0] != pair[1]), 0)
    assert with_ours[:where] + with_ours[where + added :] == text, "nothing else moved"


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text(max_size=5), JSONS, max_size=3),
    st.lists(st.dictionaries(st.sampled_from(["path", "settings"]), st.text(max_size=5), max_size=2), max_size=3),
    st.sampled_from([None, 1, "\t"]),
)
def test_any_collection_keeps_all_else(other: dict[str, Any], listed: list[Any], indent: Any) -> None:
    text = json.dumps({**other, "modules": {"q": other, "scripts-tool": listed}}, indent=indent)
    with_ours = scenes.with_script(text, SCRIPT)
    assert json.loads(with_ours)["modules"]["scripts-tool"] == [*listed, {"path": SCRIPT, "settings": {}}]
    assert scenes.without_script(with_ours, SCRIPT) == text


@pytest.mark.parametrize("text", ["", "[]", "{", "nonsense", '{"modules":[]}', '{"modules":{"scripts-tool":{}}}'])
def test_what_is_no_collection_is_refused(text: str) -> None:
    with pytest.raises(HostError, match="scene collection cannot be read") as caught:
        scenes.with_script(text, SCRIPT)
    assert caught.value.code == "host.scenes"
    assert ".json.bak" in caught.value.hint
