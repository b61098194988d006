"""Hints on a painted layer: the menu item makes it, the effect reads it where it lies, hidden or not."""

from __future__ import annotations

from pathlib import Path

from PIL import Image as Picture
from tests.hosts.gimp.conftest import Workplace
from tests.hosts.gimp.tree import Gimp

PAINT = """
image = load(source)
layer = image.get_layers()[0]
made = call("scumble-colorize-hints-layer", image, [layer])
hints = Gimp.Layer.get_by_id(made["layer"])
new = [hints.get_name(), hints.type().value_nick, any(pixels(hints, "A u8")), hints.get_width(), hints.get_height(),
       [item.get_name() for item in image.get_selected_layers()]]
size = hints.get_width(), hints.get_height()
Gimp.context_set_foreground(Gegl.Color.new("#c02020"))
image.select_rectangle(Gimp.ChannelOps.REPLACE, 220, 130, 60, 40)
hints.edit_fill(Gimp.FillType.FOREGROUND)
Gimp.Selection.none(image)
strokes = save(hints, out + ".strokes", RGBA)
exec(prepare)
back = call("scumble-colorize", image, [hints if through_hints else layer])
result = Gimp.Layer.get_by_id(back["layer"])
answer = {**back, **facts(image), "new": new, "file": save(result, out), "made": made,
          "chosen": [item.get_name() for item in image.get_selected_layers()]}
image.delete()
"""


def painted(gimp: Gimp, workplace: Workplace, prepare: str = "", *, through_hints: bool = False) -> dict[str, object]:
    source, out = workplace.photo("cat.jpg"), workplace.folder / "out"
    back = gimp.run(PAINT, source=str(source), out=str(out), prepare=prepare, through_hints=through_hints)
    assert back["status"] == back["made"]["status"] == "success", back
    return dict(back)


def reference(workplace: Workplace, dx: int = 0, dy: int = 0) -> bytes:
    source, strokes = workplace.photo("cat.jpg"), workplace.folder / "strokes.png"
    with Picture.open(source) as picture:
        raw = Picture.frombytes("RGBA", picture.size, (workplace.folder / "out.strokes").read_bytes())
        moved = Picture.new("RGBA", picture.size)
    moved.paste(raw, (dx, dy))
    moved.save(strokes)
    return workplace.reference("colorize", source, "--hints", str(strokes))


def test_the_menu_item_makes_a_transparent_layer_to_paint_on(gimp: Gimp, workplace: Workplace) -> None:
    back = painted(gimp, workplace)
    assert back["new"] == ["Colorize: hints", "rgba-image", False, 451, 300, ["Colorize: hints"]]


def test_strokes_change_the_colours_where_they_lie_as_on_the_command_line(gimp: Gimp, workplace: Workplace) -> None:
    back = painted(gimp, workplace)
    made = Path(str(back["file"])).read_bytes()
    assert made == reference(workplace)
    plain = workplace.reference("colorize", workplace.photo("cat.jpg"))

    def redness(picture: bytes, x: int, y: int) -> int:
        at = 3 * (451 * y + x)
        return picture[at] - picture[at + 1]

    assert redness(made, 250, 150) > redness(plain, 250, 150) + 30, "the stroke's own place turns red"
    assert abs(redness(made, 20, 20) - redness(plain, 20, 20)) < 30, "a far corner keeps about its colours"


def test_a_hidden_and_moved_layer_of_strokes_still_counts(gimp: Gimp, workplace: Workplace) -> None:
    back = painted(gimp, workplace, "hints.set_visible(False); hints.set_offsets(-60, 45)")
    assert Path(str(back["file"])).read_bytes() == reference(workplace, -60, 45)


def test_with_the_strokes_chosen_the_picture_below_is_meant(gimp: Gimp, workplace: Workplace) -> None:
    back = painted(gimp, workplace, through_hints=True)
    assert Path(str(back["file"])).read_bytes() == reference(workplace)
    names = [layer[0] for layer in back["layers"]]  # type: ignore[attr-defined]
    assert names[:2] == ["Colorize: hints", "Colorize"], "the result lies below the strokes"
    assert back["chosen"] == ["Colorize: hints"], "the next stroke goes where the last one went"


def test_a_gray_document_becomes_rgb_so_that_colours_can_be_painted(gimp: Gimp, workplace: Workplace) -> None:
    code = """
image = load(source)
back = call("scumble-colorize-hints-layer", image, image.get_layers())
answer = {**back, **facts(image)}
image.delete()
"""
    back = gimp.run(code, source=str(workplace.photo("cat.jpg", "L")))
    assert back["base"] == "rgb"
    assert back["layers"][0][3] == "rgba-image"
