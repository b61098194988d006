"""What adapters share: set-up, cached effects, names of layers, words for errors; with the standard library alone."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scumble import Colorize
from scumble.errors import HostError, ParamError
from scumble.hosts.adapter import (
    SETUP_FILE,
    Adapter,
    Setup,
    asked_params,
    clip_layer_name,
    error_text,
    layer_files,
    layer_name,
    painted_clips,
    separate_clips,
    setup_from_file,
)
from scumble.params import FileParam, FloatParam
from scumble.schema import ClipSchema, EffectSchema

COLORIZE = Colorize.declaration()
TINT = EffectSchema(
    id="tint",
    title="Tint",
    context="filter",
    doc="Tints.",
    version="1",
    bundles=(),
    params=(
        FloatParam(0.5, name="amount", title="Amount"),
        FileParam(Path("/a/b.txt"), name="table", title="Table"),
    ),
    clips=(
        ClipSchema("source"),
        ClipSchema("mask", optional=True),
        ClipSchema("strokes", optional=True),
        ClipSchema("color_model", optional=True, doc="Whose colours.", separate=True),
    ),
    output=ClipSchema("output"),
)


def test_a_setup_is_read_as_it_was_written(tmp_path: Path) -> None:
    setup = Setup("gimp", "/opt/Ümlaut dir/python", ("flatpak-spawn", "--host"), "1.2", "/run/x", ("/a", "/b"))
    (tmp_path / SETUP_FILE).write_text(json.dumps(setup.to_json()), encoding="utf-8")
    assert setup_from_file(str(tmp_path / "adapter.py")) == setup


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 9, "host": "x", "python": "p"}', '{"format": 1}'])
def test_a_damaged_setup_says_what_to_do(tmp_path: Path, content: str) -> None:
    (tmp_path / SETUP_FILE).write_text(content, encoding="utf-8")
    with pytest.raises(HostError, match="set-up") as raised:
        setup_from_file(str(tmp_path / "adapter.py"))
    assert "scumble install" in raised.value.hint


def test_a_layers_name_says_what_differs() -> None:
    assert layer_name(COLORIZE, {}) == "Colorize"
    assert layer_name(COLORIZE, {"strength": 1.0, "detail": "auto"}) == "Colorize"
    assert layer_name(COLORIZE, {"strength": 0.8, "detail": "full"}) == "Colorize (strength 0.8, detail full)"
    many = [[index, index, "#ff0000"] for index in range(50)]
    assert len(layer_name(COLORIZE, {"hint": many})) < 50


def test_the_selections_clip_is_not_painted() -> None:
    assert [clip.name for clip in painted_clips(COLORIZE)] == ["hints"]
    assert clip_layer_name(COLORIZE, painted_clips(COLORIZE)[0]) == "Colorize: hints"


def test_a_separate_clip_is_asked_for_as_a_file_and_never_painted() -> None:
    assert [clip.name for clip in painted_clips(TINT)] == ["strokes"]
    assert [clip.name for clip in separate_clips(TINT)] == ["color_model"]
    assert asked_params(TINT)[:2] == TINT.params
    (file,) = asked_params(TINT)[2:]
    assert (file.name, file.title, file.kind, file.default) == ("color_model", "Color model", "file", None)
    assert file.doc == "Whose colours. A picture file, of any size."
    assert asked_params(COLORIZE)[: len(COLORIZE.params)] == COLORIZE.params


PLACES = (
    FileParam(None, name="notes", title="Notes", role="write"),
    FileParam(None, name="parts", title="Parts", role="folder"),
    FileParam(None, name="layers", title="Layers", role="layers"),
)


def test_what_is_written_beside_a_result_is_not_asked_for_but_a_generators_layers_are() -> None:
    schema = dataclasses.replace(TINT, params=(*TINT.params, *PLACES))
    assert [param.name for param in asked_params(schema)] == ["amount", "table", "color_model"]
    maker = dataclasses.replace(schema, context="generator")
    asked = asked_params(maker)
    assert [param.name for param in asked] == ["amount", "table", "layers", "color_model"]
    assert (asked[2].kind, asked[2].title, asked[2].default) == ("bool", "Layers", False)
    assert layer_name(maker, {"amount": 1.0, "layers": True}) == "Tint (amount 1.0)"


def test_layers_come_in_a_folder_that_is_gone_afterwards(adapter: Adapter, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(adapter.client, "submit", lambda _, params, *__, **___: asked.append(params["layers"]))
    schema = dataclasses.replace(TINT, context="generator", params=(*TINT.params, *PLACES))
    with adapter.layers_folder() as folder:
        for name in ("10-top.png", "2-scrim.png", "1-background.png"):
            (folder / name).touch()
        adapter.submit(schema, {"layers": True}, {}, layers=folder)
        adapter.submit(schema, {"layers": False}, {}, layers=folder)
        adapter.submit(schema, {"layers": True}, {})  # a preview
        found = layer_files(folder)
    assert asked == [str(folder), None, None]
    assert found == [
        ("Background", str(folder / "1-background.png")),
        ("Scrim", str(folder / "2-scrim.png")),
        ("Top", str(folder / "10-top.png")),
    ]
    assert not folder.exists()


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"color_model": None, "table": "/a/b.txt"}, "Tint"),
        ({"color_model": "/home/zoë/Größe 1.jpg"}, "Tint (color model Größe 1.jpg)"),
        ({"amount": 1.0, "color_model": "/x.png"}, "Tint (amount 1.0, color model x.png)"),
        ({"color_model": f"/{'x' * 40}.png"}, f"Tint (color model {'x' * 23}…)"),
        ({"table": "/c/d.txt"}, "Tint (table d.txt)"),
    ],
)
def test_a_layers_name_tells_a_file_by_its_name(values: dict[str, Any], name: str) -> None:
    assert layer_name(TINT, values) == name


def test_values_and_files_part_on_their_way_to_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []
    adapter = Adapter(Setup("gimp", "/nowhere/python"))
    for name in ("submit", "suggest"):
        monkeypatch.setattr(adapter.client, name, lambda *words, **_: asked.append(words))
    values, source = {"amount": 0.5, "table": "/a/b.txt", "color_model": "/c.png"}, "/source.png"
    adapter.submit(TINT, values, {"source": source})
    adapter.submit(TINT, {**values, "color_model": None}, {"source": source})
    adapter.suggest(TINT, values, {"source": source}, 3, 4)
    params = {"amount": 0.5, "table": "/a/b.txt"}
    assert asked == [
        ("tint", params, {"source": source, "color_model": "/c.png"}),
        ("tint", params, {"source": source, "color_model": None}),
        ("tint", params, {"source": source, "color_model": "/c.png"}, 3, 4),
    ]


def test_errors_are_words_for_people() -> None:
    assert error_text(ParamError("It is wrong", "Mend it.")) == "It is wrong.\n\nMend it."
    assert "ValueError: seven" in error_text(ValueError("seven"))
    assert "Traceback" not in error_text(ValueError("seven"))


@pytest.fixture
def adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Adapter:
    for name in ("CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("SCUMBLE_RUNTIME", str(tmp_path / "run"))
    watched = tmp_path / "watched"
    watched.mkdir()
    return Adapter(Setup("gimp", sys.executable, watch=(str(watched),)))


def test_effects_come_from_the_cache_until_something_is_installed(
    adapter: Adapter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = adapter.effects()
    assert COLORIZE in first
    unused = Adapter(adapter.setup)
    assert unused.effects() == first
    assert unused.client._connection is None
    monkeypatch.setenv("SCUMBLE_EFFECTS", str(Path(__file__).parents[2] / "examples" / "third_party_effect"))
    address = json.loads((tmp_path / "run" / "worker.json").read_text())
    subprocess.run(["kill", "-9", str(address["pid"])], check=True)
    assert Adapter(Setup("krita", "/nowhere")).effects() == first  # old, but better than none
    renewed = Adapter(adapter.setup)
    assert {schema.id for schema in renewed.effects()} == {"grade", *(schema.id for schema in first)}
    for used in (adapter, renewed):
        used.client.close()
    address = json.loads((tmp_path / "run" / "worker.json").read_text())
    subprocess.run(["kill", "-9", str(address["pid"])], check=True)


def test_without_worker_and_cache_the_reason_is_told(adapter: Adapter) -> None:
    with pytest.raises(HostError) as raised:
        Adapter(Setup("gimp", "/nowhere/python")).effects()
    assert raised.value.code == "host.worker_start"


def test_a_host_process_loads_the_standard_library_alone() -> None:
    code = (
        "import sys, scumble.hosts.adapter as a; "
        "heavy = {'numpy', 'msgspec', 'OpenImageIO', 'typer', 'scumble.engine', 'scumble._native'} & set(sys.modules); "
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
