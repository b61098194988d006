"""Parameters: every kind brings values to one form, writes and reads them, and refuses the rest with a hint."""

from __future__ import annotations

import json
import math
import string
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble import params
from scumble.errors import ParamError
from scumble.params import HintPoint, Rgb

BYTE = st.integers(0, 255)
COLORS = st.builds(Rgb, BYTE, BYTE, BYTE)
PLACE = st.integers(0, 100_000)
WORDS = st.text(string.ascii_letters + " _-", min_size=1, max_size=12).map(str.strip).filter(bool)
POINTS = st.lists(st.builds(HintPoint, PLACE, PLACE, COLORS), max_size=4).map(tuple)
PATHS = st.text(string.ascii_letters + string.digits + "_- äß漢/.", min_size=1, max_size=30).map(Path)
PATHS = PATHS.filter(lambda path: bool(str(path).strip()))

KINDS: dict[str, tuple[params.Param, st.SearchStrategy[Any]]] = {
    "float": (params.FloatParam(0.5, min=-4, max=4), st.floats(-4, 4)),
    "int": (params.IntParam(7, min=-3, max=90), st.integers(-3, 90)),
    "bool": (params.BoolParam(True), st.booleans()),
    "choice": (params.ChoiceParam("auto", choices=("auto", "full")), st.sampled_from(["auto", "full"])),
    "color": (params.ColorParam("#102030"), COLORS),
    "palette": (params.PaletteParam(max_colors=4), st.lists(COLORS, max_size=4).map(tuple)),
    "text": (params.TextParam(max_length=30), st.text(string.printable[:-5] + "\n\t ä漢", max_size=30)),
    "seed": (params.SeedParam(), st.integers(0, params.SEED_MAX)),
    "points": (params.PointsParam(), POINTS),
    "region": (params.RegionParam((0, 0, 1, 1)), st.tuples(PLACE, PLACE, *[st.integers(1, 9999)] * 2)),
    "file": (params.FileParam("in.png"), PATHS),
}
OPTIONAL = [
    params.FloatParam(None),
    params.IntParam(None),
    params.BoolParam(None),
    params.ChoiceParam(None, choices=("a",)),
    params.ColorParam(None),
    params.PaletteParam(None),
    params.TextParam(None),
    params.SeedParam(None),
    params.PointsParam(None),
    params.RegionParam(None),
    params.FileParam(None),
]


def test_the_set_is_closed_and_every_kind_is_tried_here() -> None:
    kinds = [cls.kind for cls in get_args(params.Param)]
    assert sorted(kinds) == sorted(KINDS)
    assert [type(param) for param in OPTIONAL] == list(get_args(params.Param))


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_a_value_survives_check_text_and_json(kind: str, data: st.DataObject) -> None:
    param, values = KINDS[kind]
    value = data.draw(values)
    assert param.check(value) == value
    assert param.parse(param.text(value)) == value
    assert param.from_json(json.loads(json.dumps(param.to_json(value), allow_nan=False))) == value


@given(WORDS)
def test_a_choice_reads_back_any_word(word: str) -> None:
    param = params.ChoiceParam(word, choices=(word,))
    assert param.parse(f" {word} ") == word


@pytest.mark.parametrize("param", OPTIONAL, ids=lambda param: param.kind)
def test_none_is_a_value_exactly_where_it_is_the_default(param: params.Param) -> None:
    assert param.optional
    assert param.check(None) is None
    assert param.parse("") is None
    assert param.text(None) == ""
    assert param.from_json(param.to_json(None)) is None
    required, _ = KINDS[param.kind]
    with pytest.raises(ParamError):
        required.check(None)


WRONG: list[tuple[params.Param, object, str]] = [
    (KINDS["float"][0], 4.01, "param.range"),
    (KINDS["float"][0], math.nan, "param.range"),
    (KINDS["float"][0], math.inf, "param.range"),
    (KINDS["float"][0], True, "param.type"),
    (KINDS["float"][0], "1", "param.type"),
    (KINDS["float"][0], [], "param.type"),
    (KINDS["int"][0], 91, "param.range"),
    (KINDS["int"][0], 1.0, "param.type"),
    (KINDS["int"][0], False, "param.type"),
    (KINDS["seed"][0], -1, "param.range"),
    (KINDS["seed"][0], params.SEED_MAX + 1, "param.range"),
    (KINDS["bool"][0], 1, "param.type"),
    (KINDS["choice"][0], "fast", "param.choice"),
    (KINDS["choice"][0], 3, "param.type"),
    (KINDS["color"][0], "#12345", "param.type"),
    (KINDS["color"][0], (0, 0, 256), "param.type"),
    (KINDS["color"][0], (0, 0, True), "param.type"),
    (KINDS["palette"][0], "#112233", "param.type"),
    (KINDS["palette"][0], ["#112233", "red"], "param.type"),
    (KINDS["palette"][0], ["#112233"] * 5, "param.range"),
    (KINDS["text"][0], "a" * 31, "param.range"),
    (KINDS["text"][0], "bell\a", "param.type"),
    (KINDS["points"][0], [(1, 2)], "param.type"),
    (KINDS["points"][0], [(-1, 2, "#000")], "param.range"),
    (KINDS["points"][0], [(1.5, 2, "#000")], "param.type"),
    (params.PointsParam(max_points=1), [(1, 2, "#000")] * 2, "param.range"),
    (KINDS["region"][0], (0, 0, 0, 5), "param.range"),
    (KINDS["region"][0], (0, 0, 5), "param.type"),
    (KINDS["file"][0], "", "param.type"),
    (params.FileParam("a.png", suffixes=(".png",)), "a.jpg", "param.suffix"),
]


@pytest.mark.parametrize(("param", "value", "code"), WRONG)
def test_a_wrong_value_is_refused_with_range_and_hint(param: params.Param, value: object, code: str) -> None:
    with pytest.raises(ParamError) as caught:
        param.check(value)
    assert caught.value.code == code
    assert caught.value.hint == f"parameter takes {param.allowed()}"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("float", "half"),
        ("float", "nan"),
        ("int", "1.5"),
        ("int", "9" * 5000),
        ("bool", "maybe"),
        ("choice", "AUTO"),
        ("color", "red"),
        ("palette", "#112233,,#445566"),
        ("points", "1,2"),
        ("points", "a,2,#112233"),
        ("points", "1,2,#11223"),
        ("points", "-1,2,#112233"),
        ("region", "1,2,3"),
        ("region", "1,2,x,4"),
        ("file", " "),
    ],
)
def test_wrong_text_is_refused(kind: str, text: str) -> None:
    with pytest.raises(ParamError):
        KINDS[kind][0].parse(text)


@pytest.mark.parametrize("word", ["true", "Yes", " on ", "1"])
def test_bool_words(word: str) -> None:
    assert KINDS["bool"][0].parse(word) is True
    assert KINDS["bool"][0].parse({"true": "false", "Yes": "No", " on ": " off ", "1": "0"}[word]) is False


def test_colours_are_normalised() -> None:
    assert Rgb.from_hex("#AbC") == Rgb.from_hex("aabbcc") == Rgb(170, 187, 204)
    assert Rgb(1, 2, 255).hex == "#0102ff"
    assert params.ColorParam("#FFF").default == Rgb(255, 255, 255)
    assert params.PaletteParam(("#FFF", Rgb(1, 2, 3))).default == (Rgb(255, 255, 255), Rgb(1, 2, 3))


def test_the_message_names_parameter_and_value_and_stays_short() -> None:
    param = params.FloatParam(0.0, name="gain_db", min=-6, max=6, unit="dB")
    with pytest.raises(ParamError, match=r"^gain_db cannot be 7\nhint: gain_db takes a number from -6 to 6 dB$"):
        param.check(7)
    with pytest.raises(ParamError) as caught:
        params.TextParam(max_length=5).check("x" * 10_000)
    assert len(caught.value.message) < 100


@pytest.mark.parametrize(
    "declare",
    [
        lambda: params.FloatParam(0.0, min=1, max=1),
        lambda: params.FloatParam(0.0, max=math.inf),
        lambda: params.IntParam(0, step=0),
        lambda: params.ChoiceParam(None),
        lambda: params.ChoiceParam("a", choices=("a", "a")),
        lambda: params.ChoiceParam("a", choices=("a", " b")),
        lambda: params.FileParam(role="append"),
    ],
)
def test_an_impossible_declaration_is_a_type_error(declare: Any) -> None:
    with pytest.raises(TypeError):
        declare()


def test_a_default_outside_its_own_range_is_refused() -> None:
    with pytest.raises(ParamError):
        params.FloatParam(2.0, max=1)
