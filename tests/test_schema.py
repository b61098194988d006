"""Schemas: every kind of parameter survives JSON exactly, and a malformed one is an error with a hint."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble import params
from scumble.errors import ParamError
from scumble.schema import ClipSchema, EffectSchema

EVERY_KIND: tuple[params.Param, ...] = (
    params.FloatParam(0.5, "How much.", "Strength", "strength", min=-1, max=2, step=0.25, unit="dB"),
    params.IntParam(3, name="count", min=1, max=9, unit="px"),
    params.BoolParam(True, name="loop"),
    params.ChoiceParam("b", name="mood", choices=("a", "b")),
    params.ColorParam("#123456", name="ink"),
    params.PaletteParam(("#123456", "#fff"), name="palette", max_colors=3),
    params.TextParam("Grüße\n", name="words", max_length=20),
    params.SeedParam(7, name="seed"),
    params.PointsParam((params.HintPoint(1, 2, params.Rgb(3, 4, 5)),), name="hint", max_points=5),
    params.RegionParam((1, 2, 3, 4), name="area"),
    params.FileParam(Path("x.mid"), name="midi", role="write", suffixes=(".MID",)),
)
SCHEMA = EffectSchema(
    id="every",
    title="Every",
    context="filter",
    doc="Has every kind.\n\nTwice.",
    version="2",
    bundles=("one",),
    params=EVERY_KIND,
    clips=(
        ClipSchema("source"),
        ClipSchema("mask", optional=True, doc="Where."),
        ClipSchema("model", optional=True, doc="What it shall look like.", separate=True),
    ),
    output=ClipSchema("output", doc="Everything."),
)


def test_every_kind_is_in_the_example() -> None:
    assert [type(param) for param in EVERY_KIND] == list(get_args(params.Param))


def test_a_schema_survives_json_exactly() -> None:
    plain = json.loads(json.dumps(SCHEMA.to_json(), allow_nan=False))
    again = EffectSchema.from_json(plain)
    assert again == SCHEMA
    assert again.to_json() == plain
    assert [type(param) for param in again.params] == [type(param) for param in SCHEMA.params]


def test_optional_parameters_survive_json() -> None:
    unset = tuple(dataclasses.replace(param, default=None) for param in EVERY_KIND)
    schema = dataclasses.replace(SCHEMA, params=unset)
    again = EffectSchema.from_json(json.loads(json.dumps(schema.to_json())))
    assert again == schema
    assert all(param.optional for param in again.params)


def test_a_schema_from_before_there_were_separate_clips_is_read() -> None:
    plain = SCHEMA.to_json()
    for clip in (*plain["clips"], plain["output"]):
        del clip["separate"]
    again = EffectSchema.from_json(plain)
    assert [clip.name for clip in again.clips] == ["source", "mask", "model"]
    assert not any(clip.separate for clip in again.clips)


@given(st.floats(-1e12, 1e12), st.floats(0, 1), st.text(max_size=40))
def test_any_number_and_any_words_survive(low: float, share: float, words: str) -> None:
    high = low + abs(low) * 0.5 + 1
    param = params.FloatParam(min(high, low + share * (high - low)), words, words, "x", min=low, max=high)
    schema = dataclasses.replace(SCHEMA, doc=words, params=(param,))
    assert EffectSchema.from_json(json.loads(json.dumps(schema.to_json()))) == schema


def changed(**changes: Any) -> dict[str, Any]:
    return {**SCHEMA.to_json(), **changes}


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "schema",
        {},
        changed(format=2),
        changed(id=3),
        changed(context="transition"),
        changed(extra=1),
        changed(bundles=None),
        changed(clips=[{"title": "no name"}]),
        changed(output=None),
        changed(params=[{"kind": "angle", "name": "x", "default": 0}]),
        changed(params=[{"name": "x", "default": 0}]),
        changed(params=[{"kind": "float"}]),
        changed(params=[{"kind": "float", "default": 5.0, "max": 1.0}]),
        changed(params=[{"kind": "float", "default": 0.0, "min": "low"}]),
        changed(params=["float"]),
    ],
)
def test_a_malformed_schema_is_an_error(data: object) -> None:
    with pytest.raises(ParamError) as caught:
        EffectSchema.from_json(data)
    assert caught.value.hint


@pytest.mark.parametrize("module", ["schema", "params", "jobs", "errors", "media.image", "media.region"])
def test_a_host_loads_the_standard_library_and_no_more(module: str) -> None:
    code = (
        f"import sys; before = set(sys.modules); import scumble.{module}\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new - set(sys.stdlib_module_names) - {'scumble'}))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
