"""The same parameters give the same pixels in GIMP as on the command line, in a layer of the right name and place."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.hosts.gimp.conftest import Workplace
from tests.hosts.gimp.tree import Gimp
from tests.hosts.harness import COLOURS, LOOKS, options_of

RUN = """
image = load(source)
layer = image.get_layers()[0]
before = pixels(layer)
back = call(procedure, image, [layer], **values)
result = Gimp.Layer.get_by_id(back["layer"]) if back["layer"] else None
answer = {**back, **facts(image), "name": result and result.get_name(), "same": before == pixels(layer),
          "file": result and save(result, out)}
image.delete()
"""

GIVEN = """
values = {name: Gio.File.new_for_path(value) if str(value).startswith("/") else value for name, value in given.items()}
"""
CASES = [
    ("colorize", "cameraman.png", {}, [], "Colorize"),
    ("colorize", "cat.jpg", {"strength": 0.8, "vividness": 0.25}, ["--strength", "0.8", "--vividness", "0.25"],
     "Colorize (strength 0.8, vividness 0.25)"),
    ("colorize", "rocket.jpg", {"detail": "full"}, ["--detail", "full"], "Colorize (detail full)"),
    ("colorize", "coffee.jpg", {"hint": "40,300,#cf5a2b 500,60,#2244aa"},
     ["--hint", "40,300,#cf5a2b", "--hint", "500,60,#2244aa"], "Colorize (hint 40,300,#cf5a2b 500,60,#…)"),
    ("kinds", "astronaut.jpg", {"amount": 0.7, "steps": 5, "flip": True, "frame": "10,20,100,90"},
     ["--amount", "0.7", "--steps", "5", "--flip", "--frame", "10,20,100,90"],
     "Kinds (amount 0.7, steps 5, flip true, frame 10,20,100,90)"),
    ("kinds", "rocket.jpg", {"channel": "green", "dots": "3,4,#ff0000", "note": "ünï — 文", "seed": 2147483647},
     ["--channel", "green", "--dots", "3,4,#ff0000", "--note", "ünï — 文", "--seed", "2147483647"], None),
    ("grade", "cat.jpg", {"exposure_stops": 0.5, "warmth": 0.4}, ["--exposure-stops", "0.5", "--warmth", "0.4"],
     "Grade (exposure stops 0.5, warmth 0.4)"),
]  # fmt: skip


@pytest.mark.parametrize(("photo", "values"), COLOURS, ids=[photo for photo, _ in COLOURS])
def test_a_colorized_layer_is_the_command_lines(
    gimp: Gimp, workplace: Workplace, photo: str, values: dict[str, object]
) -> None:
    """The values that Krita's and OBS's tests give, too: so all of them have the same pixels."""
    source, out = workplace.photo(photo), workplace.folder / "out"
    back = gimp.run(f"{GIVEN}{RUN}", source=str(source), procedure="scumble-colorize", given=values, out=str(out))
    assert back["status"] == "success", back
    assert back["same"], "the source must stay as it is"
    assert out.read_bytes() == workplace.reference("colorize", source, *options_of(values))


@pytest.mark.parametrize(("effect", "photo", "values", "options", "name"), CASES)
@pytest.mark.parametrize("in_place", [False, True], ids=["new layer", "in place"])
def test_a_layer_becomes_what_the_command_line_makes(
    gimp: Gimp,
    workplace: Workplace,
    effect: str,
    photo: str,
    values: dict[str, object],
    options: list[str],
    name: str | None,
    in_place: bool,
) -> None:
    source = workplace.photo(photo)
    where = {"result": "in-place"} if in_place else {}
    back = gimp.run(
        RUN,
        source=str(source),
        procedure=f"scumble-{effect}",
        values={**values, **where},
        out=str(workplace.folder / "out"),
    )
    assert back["status"] == "success", back
    assert Path(back["file"]).read_bytes() == workplace.reference(effect, source, *options)
    if in_place:
        assert [layer[0] for layer in back["layers"]] == [back["name"]]
        assert not back["same"]
    else:
        assert len(back["layers"]) == 2
        assert back["layers"][0] == [back["name"], 0, 0, "rgb-image"]
        assert back["same"], "the source must stay as it is"
        assert name in (None, back["name"])


def test_colour_and_file_arguments_reach_the_effect(gimp: Gimp, workplace: Workplace) -> None:
    source, note = workplace.photo("cat.jpg"), workplace.folder / "bêside.txt"
    note.write_text("x")
    given = 'values = {"tint": Gegl.Color.new("#80c040"), "extra": Gio.File.new_for_path(note)}'
    code = RUN.replace("back = call", f"{given}\nback = call")
    back = gimp.run(
        code, source=str(source), procedure="scumble-kinds", note=str(note), out=str(workplace.folder / "o")
    )
    assert back["status"] == "success", back
    made = workplace.reference("kinds", source, "--tint", "#80c040", "--extra", str(note))
    assert Path(back["file"]).read_bytes() == made


def test_a_generator_makes_a_new_image_or_a_layer_in_an_open_one(gimp: Gimp, workplace: Workplace) -> None:
    code = """
before = {image.get_id() for image in Gimp.get_images()}
open_image = load(source)
new = call("scumble-gradient", None, [], width=301, height=7)
made = Gimp.Layer.get_by_id(new["layer"])
on_top = call("scumble-gradient", open_image, [], width=301, height=7, result="new-layer")
layer = Gimp.Layer.get_by_id(on_top["layer"])
answer = {"new": new, "facts": facts(made.get_image()), "file": save(made, out), "on_top": on_top,
          "open": facts(open_image), "same": pixels(layer) == pixels(made),
          "size": [made.get_image().get_width(), made.get_image().get_height()],
          "precision": made.get_image().get_precision().value_nick}
"""
    back = gimp.run(code, source=str(workplace.photo("cat.jpg", "L")), out=str(workplace.folder / "out"))
    assert back["new"]["status"] == back["on_top"]["status"] == "success", back
    assert Path(back["file"]).read_bytes() == workplace.reference("gradient", None, "--width", "301", "--height", "7")
    name = "Gradient (width 301, height 7)"
    assert back["facts"]["layers"] == [[name, 0, 0, "rgb-image"]]
    assert back["size"] == [301, 7]
    assert back["precision"] == "u8-non-linear"
    assert back["open"]["base"] == "rgb", "a gray image becomes RGB for a colour layer"
    assert back["open"]["layers"][0][0] == name
    assert back["same"]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look["style"])
def test_a_background_is_the_command_lines(gimp: Gimp, workplace: Workplace, look: dict[str, object]) -> None:
    code = f"""{GIVEN}
back = call("scumble-background", None, [], **values)
made = Gimp.Layer.get_by_id(back["layer"])
answer = {{**back, "layers": len(made.get_image().get_layers()), "file": save(made, out),
          "size": [made.get_width(), made.get_height()]}}
made.get_image().delete()
"""
    back = gimp.run(code, given=look, out=str(workplace.folder / "out"))
    assert back["status"] == "success", back
    assert back["layers"] == 1
    assert back["size"] == [look["width"], look["height"]]
    assert Path(back["file"]).read_bytes() == workplace.reference("background", None, *options_of(look))


def test_a_background_that_cannot_be_is_said(gimp: Gimp, workplace: Workplace) -> None:
    code = """
count = len(Gimp.get_images())
answer = {**call("scumble-background", None, [], text_area="1200,10,300,80"), "same": count == len(Gimp.get_images())}
"""
    back = gimp.run(code)
    assert back["status"] == "execution-error"
    assert "text area" in back["error"].lower()
    assert "\n\n" in back["error"], "message and hint"
    assert back["same"]


def test_what_makes_sound_is_no_procedure(gimp: Gimp) -> None:
    names = gimp.run('answer = Gimp.get_pdb().query_procedures("scumble-.*", *[".*"] * 7)')
    assert "scumble-background" in names
    assert not [name for name in names if "music" in name or "tone" in name]


def test_files_beside_the_result_are_no_arguments(gimp: Gimp) -> None:
    code = """
arguments = Gimp.get_pdb().lookup_procedure("scumble-background").get_arguments()
answer = {each.get_name(): each.value_type.name for each in arguments}
"""
    kinds = gimp.run(code)
    assert (kinds["layers"], kinds["subject"], kinds["palette-from"]) == ("gboolean", "GFile", "GFile")
    assert [name for name, kind in kinds.items() if kind == "GFile"] == ["palette-from", "subject"]
