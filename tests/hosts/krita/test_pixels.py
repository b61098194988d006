"""Every effect through the docker of a real Krita: the pixels are the command line's, and one undo takes them away."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.hosts.harness import COLOURS, LOOKS, options_of
from tests.hosts.krita.conftest import Workplace, rgba_from_krita
from tests.hosts.krita.driver import Krita

CAT = (451, 300)


@pytest.mark.parametrize(
    ("effect", "title", "values", "name"),
    [
        ("colorize", "Colorize", {}, "Colorize"),
        ("colorize", "Colorize", {"strength": 0.5, "detail": "full"}, "Colorize (strength 0.5, detail full)"),
        ("grade", "Grade", {"exposure_stops": 1.5, "warmth": -0.25}, "Grade (exposure stops 1.5, warmth -0.25)"),
        ("kinds", "Kinds", {"amount": 0.75, "steps": 4, "channel": "red"}, None),
        ("kinds", "Kinds", {"flip": "Yes", "tint": "#80ff40", "frame": "10,20,30,40", "seed": 7}, None),
        ("kinds", "Kinds", {"dots": "3,4,#ff0000 100,200,#00ff00", "note": "grün"}, None),
    ],
)
def test_a_filters_layer_has_the_command_lines_pixels(
    krita: Krita, workplace: Workplace, effect: str, title: str, values: dict[str, object], name: str | None
) -> None:
    source = workplace.photo()
    before = krita.run(f"result = open_picture({str(source)!r})")
    assert before["space"][:2] == ["RGBA", "U8"]
    whole = krita.layer(None)
    krita.run(f"choose({title!r})\n" + "\n".join(f"put({key!r}, {value!r})" for key, value in values.items()))
    after = krita.apply()
    assert len(after["layers"]) == 2, after
    assert after["layers"][0] == before["layers"][0]
    made = after["layers"][1]
    assert name is None or made == name
    options = [word for key, value in values.items() for word in _option(key, value)]
    expected = workplace.reference(effect, source, *options)
    np.testing.assert_array_equal(rgba_from_krita(krita.layer(made), *CAT), expected)
    np.testing.assert_array_equal(rgba_from_krita(krita.layer(None), *CAT), expected)
    undone = krita.undo()
    assert undone["layers"] == before["layers"]
    assert krita.layer(None) == whole
    assert krita.undo("edit_redo")["layers"] == after["layers"]
    np.testing.assert_array_equal(rgba_from_krita(krita.layer(None), *CAT), expected)


@pytest.mark.parametrize(("photo", "values"), COLOURS, ids=[photo for photo, _ in COLOURS])
def test_a_colorized_layer_is_the_command_lines(
    krita: Krita, workplace: Workplace, photo: str, values: dict[str, object]
) -> None:
    """The values that GIMP's and OBS's tests give, too: so all of them have the same pixels."""
    source = workplace.photo(photo)
    krita.run(f"open_picture({str(source)!r}); choose('Colorize')")
    fields = {name: "Yes" if value is True else value for name, value in values.items()}
    krita.run("\n".join(f"put({name!r}, {value!r})" for name, value in fields.items()))
    after = krita.apply()
    assert len(after["layers"]) == 2, after
    expected = workplace.reference("colorize", source, *options_of(values))
    got = rgba_from_krita(krita.layer(after["layers"][1]), expected.shape[1], expected.shape[0])
    np.testing.assert_array_equal(got, expected)


def _option(name: str, value: object) -> list[str]:
    if value == "Yes":
        return [f"--{name}"]
    if name == "dots":
        return [word for dot in str(value).split() for word in ("--dots", dot)]
    return [f"--{name.replace('_', '-')}", str(value)]


def test_alpha_stays_what_it_is(krita: Krita, workplace: Workplace) -> None:
    ramp = np.zeros((40, 60, 4), np.uint8)
    ramp[..., :3] = np.arange(60, dtype=np.uint8)[None, :, None] * 4
    ramp[..., 3] = np.arange(40, dtype=np.uint8)[:, None] * 6
    source = workplace.save("ramp.png", ramp)
    krita.run(f"open_picture({str(source)!r}); choose('Grade'); put('exposure_stops', 1.0)")
    made = krita.apply()["layers"][1]
    got, expected = (
        rgba_from_krita(krita.layer(made), 60, 40),
        workplace.reference("grade", source, "--exposure-stops", "1"),
    )
    shown = expected[..., 3] > 0
    np.testing.assert_array_equal(got[..., 3], ramp[..., 3])
    np.testing.assert_array_equal(got[shown], expected[shown])


@pytest.mark.parametrize("target", ["New layer", "New document"])
def test_a_generator_makes_a_layer_or_a_document(krita: Krita, workplace: Workplace, target: str) -> None:
    expected = workplace.reference("gradient", None, "--width", "64", "--height", "32", "--left", "#ff0010")
    krita.run(f"open_picture({str(workplace.photo())!r}); choose('Gradient')")
    krita.run(f"put('width', 64); put('height', 32); put('left', '#ff0010'); put('target', {target!r})")
    after = krita.apply()
    name = "Gradient (width 64, height 32, left #ff0010)"
    assert name in after["layers"]
    assert after["documents"] == (2 if target == "New document" else 1)
    assert len(after["layers"]) == (1 if target == "New document" else 2)
    width, height = (64, 32) if target == "New document" else CAT
    got = rgba_from_krita(krita.layer(name), width, height)
    np.testing.assert_array_equal(got[:32, :64], expected)
    assert not got[32:, :, 3].any()


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look["style"])
def test_a_background_is_the_command_lines(krita: Krita, workplace: Workplace, look: dict[str, object]) -> None:
    krita.run(f"open_picture({str(workplace.photo())!r}); choose('Background'); click('reset')")
    fields = {
        **look,
        **({"blend": int(str(look["blend"]))} if "blend" in look else {}),
        **({"seamless": "Yes"} if "seamless" in look else {}),
    }
    krita.run("\n".join(f"put({name!r}, {value!r})" for name, value in {**fields, "target": "New layer"}.items()))
    after = krita.apply()
    assert len(after["layers"]) == 2, after
    got = rgba_from_krita(krita.layer(after["layers"][1]), *CAT)
    expected = workplace.reference("background", None, *options_of(look))
    width, height = int(str(look["width"])), int(str(look["height"]))
    np.testing.assert_array_equal(got[:height, :width], expected)
    assert not got[height:, :, 3].any()
    assert krita.undo()["layers"] == after["layers"][:1]


@pytest.mark.parametrize("target", ["New layer", "New document"])
def test_the_layers_of_a_background_are_a_group(krita: Krita, workplace: Workplace, target: str) -> None:
    look = LOOKS[1]
    krita.run(f"open_picture({str(workplace.photo())!r}); choose('Background'); click('reset')")
    fields = {**look, "blend": 9, "layers": "Yes", "target": target}
    krita.run("\n".join(f"put({name!r}, {value!r})" for name, value in fields.items()))
    before = krita.ask("state()")["layers"]
    after = krita.apply()
    name, parts = after["layers"][-1]
    assert parts == ["Background", "Scrim", "Subject"]
    assert "layers" not in name, "that there are layers is seen, and not said"
    assert len(after["layers"]) == (1 if target == "New document" else 2)
    width, height = (320, 180) if target == "New document" else CAT
    got = rgba_from_krita(krita.layer(name), width, height).astype(int)
    expected = workplace.reference("background", None, *options_of(look))
    assert np.abs(got[:180, :320] - expected).max() <= 1
    shown = rgba_from_krita(krita.layer(None), width, height).astype(int)
    assert np.abs(shown[:180, :320] - expected).max() <= 1
    assert not list(workplace.home.worker_runtime.glob("layers-*"))
    if target == "New layer":
        assert krita.undo()["layers"] == before, "one step back"


DEEP = [
    ("U16", "sRGB-elle-V2-srgbtrc.icc"),
    ("U16", "sRGB-elle-V2-g10.icc"),
    ("F16", "sRGB-elle-V2-g10.icc"),
    ("F32", "sRGB-elle-V2-g10.icc"),
    ("F32", "sRGB-elle-V2-srgbtrc.icc"),
]


def in_deep_document(krita: Krita, workplace: Workplace, depth: str, profile: str, layers: str) -> str:
    """Makes a background in a document of that space, and returns the name of its layer or group."""
    krita.run(f"open_picture({str(workplace.photo())!r})")
    krita.run(f"app.activeDocument().setColorSpace('RGBA', {depth!r}, {profile!r})")
    krita.settled()
    krita.run("choose('Background'); click('reset')")
    fields = {**LOOKS[1], "blend": 9, "layers": layers, "target": "New layer"}
    krita.run("\n".join(f"put({name!r}, {value!r})" for name, value in fields.items()))
    after = krita.apply()
    assert len(after["layers"]) == 2, after
    assert after["space"] == ["RGBA", depth, profile]
    return str(after["layers"][1] if layers == "No" else after["layers"][1][0])


def in_eight_bits(krita: Krita, name: str) -> np.ndarray:
    """Turns the document into 8 bits, and returns the upper left of a layer or group as RGBA."""
    krita.run("app.activeDocument().setColorSpace('RGBA', 'U8', 'sRGB-elle-V2-srgbtrc.icc')")
    krita.settled()
    return rgba_from_krita(krita.layer(name), *CAT)[:180, :320].astype(int)


@pytest.mark.parametrize(("depth", "profile"), DEEP)
def test_a_background_in_a_deep_document_is_the_same(
    krita: Krita, workplace: Workplace, depth: str, profile: str
) -> None:
    name = in_deep_document(krita, workplace, depth, profile, "No")
    expected = workplace.reference("background", None, *options_of(LOOKS[1]))
    assert np.abs(in_eight_bits(krita, name) - expected).max() <= 1


@pytest.mark.parametrize(("depth", "profile"), DEEP)
def test_the_layers_of_a_background_in_a_deep_document(
    krita: Krita, workplace: Workplace, depth: str, profile: str
) -> None:
    """Each is of the document's depth; the group looks like the picture, but where Krita mixes light, not codes."""
    name = in_deep_document(krita, workplace, depth, profile, "Yes")
    parts = krita.ask(f"[[n.name(), n.colorDepth()] for n in app.activeDocument().nodeByName({name!r}).childNodes()]")
    assert parts == [["Background", depth], ["Scrim", depth], ["Subject", depth]]
    shown = codes_from_krita(krita.layer(name), depth, "g10" in profile)[:180, :320]
    expected = workplace.reference("background", None, *options_of(LOOKS[1]))[..., :3].astype(int)
    assert np.abs(shown - expected).max() <= (48 if "g10" in profile else 1.01)
    assert np.median(np.abs(shown - expected)) < 1, "there, only what is half transparent differs"
    assert np.abs(in_eight_bits(krita, name)[..., :3] - expected).max() <= 1, "the layers themselves are the same"


def codes_from_krita(pixels: bytes, depth: str, linear: bool) -> np.ndarray:
    """Returns the raw bytes of a deep layer of the cat's size as sRGB codes 0..255, RGB."""
    values = np.frombuffer(pixels, {"U16": np.uint16, "F16": np.float16, "F32": np.float32}[depth])
    values = values.reshape(CAT[1], CAT[0], 4)[..., [2, 1, 0] if depth == "U16" else [0, 1, 2]].astype(np.float64)
    values /= 65535 if depth == "U16" else 1
    if linear:
        values = np.where(values <= 0.0031308, 12.92 * values, 1.055 * np.abs(values) ** (1 / 2.4) - 0.055)
    return 255 * values


def test_a_background_that_cannot_be_is_said(krita: Krita, workplace: Workplace) -> None:
    krita.run(f"open_picture({str(workplace.photo())!r}); choose('Background'); click('reset')")
    krita.run("put('text_area', '1200,10,300,80')")
    after = krita.apply()
    assert len(after["layers"]) == 1
    assert "text area" in after["message"].lower()
    assert "\n\n" in after["message"], "message and hint"


def test_a_generator_needs_no_document(krita: Krita) -> None:
    krita.run("choose('Gradient'); put('width', 50); put('height', 40)")
    after = krita.apply()
    assert after["layers"] == ["Gradient (width 50, height 40)"], after


@pytest.mark.parametrize(
    ("depth", "profile", "dtype"),
    [("U16", "", np.uint16), ("F16", "sRGB-elle-V2-g10.icc", np.float16), ("F32", "sRGB-elle-V2-g10.icc", np.float32)],
)
def test_deep_layers_keep_their_depth(
    krita: Krita, workplace: Workplace, depth: str, profile: str, dtype: type[np.generic]
) -> None:
    """Deeper results are those of 8 bits but for the rounding of those, and show more than 256 levels."""
    krita.run(f"open_picture({str(workplace.photo())!r})")
    krita.run("app.activeDocument().setColorSpace('RGBA', 'U8', 'sRGB-elle-V2-srgbtrc.icc')")
    krita.settled()
    krita.run("choose('Grade'); put('exposure_stops', 0.7); put('warmth', 0.3)")
    shallow = rgba_from_krita(krita.layer(krita.apply()["layers"][1]), *CAT)
    krita.undo()
    krita.run(f"app.activeDocument().setColorSpace('RGBA', {depth!r}, {profile or 'sRGB-elle-V2-srgbtrc.icc'!r})")
    krita.settled()
    after = krita.apply()
    assert len(after["layers"]) == 2, after
    assert krita.ask(f"app.activeDocument().nodeByName({after['layers'][1]!r}).colorDepth()") == depth
    deep = np.frombuffer(krita.layer(after["layers"][1]), dtype).reshape(300, 451, 4)
    assert len(np.unique(deep[..., :3])) > 256
    krita.run("app.activeDocument().setColorSpace('RGBA', 'U8', 'sRGB-elle-V2-srgbtrc.icc')")
    krita.settled()
    again = rgba_from_krita(krita.layer(after["layers"][1]), *CAT)
    assert np.abs(again.astype(int) - shallow).max() <= 2


@pytest.mark.parametrize(("model", "depth"), [("CMYKA", "U8"), ("LABA", "U16")])
def test_other_models_are_converted_there_and_back(krita: Krita, workplace: Workplace, model: str, depth: str) -> None:
    krita.run(f"open_picture({str(workplace.photo('coffee.jpg'))!r})")
    krita.run(f"app.activeDocument().setColorSpace({model!r}, {depth!r}, app.profiles({model!r}, {depth!r})[0])")
    before = krita.settled()
    krita.run("choose('Grade'); put('saturation', 0.0)")
    after = krita.apply()
    assert len(after["layers"]) == 2, after
    assert after["documents"] == 1
    assert krita.ask(f"app.activeDocument().nodeByName({after['layers'][1]!r}).colorModel()") == model
    krita.settled()  # Krita crashed here once, in its own conversion
    krita.run("app.activeDocument().setColorSpace('RGBA', 'U8', 'sRGB-elle-V2-srgbtrc.icc')")
    krita.settled()
    gray = rgba_from_krita(krita.layer(after["layers"][1]), 600, 400).astype(int)
    assert gray[..., 3].min() == 255
    assert np.percentile(np.ptp(gray[..., :3], axis=2), 99) <= 6
    assert gray[..., 0].std() > 20
    krita.undo()
    assert krita.undo()["layers"] == before["layers"]


def test_colours_of_a_grayscale_document_go_into_a_new_one(krita: Krita, workplace: Workplace) -> None:
    source = workplace.photo("astronaut.jpg", "L")
    before = krita.run(f"result = open_picture({str(source)!r})")
    assert before["space"][0] == "GRAYA"
    krita.run("choose('Colorize')")
    after = krita.apply()
    assert after["documents"] == 2
    assert after["space"][:2] == ["RGBA", "U8"]
    assert "grayscale" in after["message"]
    expected = workplace.reference("colorize", source)
    np.testing.assert_array_equal(rgba_from_krita(krita.layer(after["layers"][0]), 512, 512), expected)


def test_every_effect_there_is_is_in_the_list(krita: Krita, workplace: Workplace) -> None:
    """Whoever installs an effect finds it in the docker, which names none; sounds have no place in Krita."""
    titles = krita.ask("[part('effect').itemText(place) for place in range(part('effect').count())]")
    assert {"Background", "Colorize", "Grade", "Gradient", "Kinds"} <= set(titles)
    assert not {"Music bed", "Tone"} & set(titles)
    assert json.dumps(titles) == json.dumps(sorted(titles))
