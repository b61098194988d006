"""The interactive side under a display: menu, dialog, progress, cancel, undo; its pictures are those of the guide."""

from __future__ import annotations

import contextlib
import time

from PIL import Image as Picture
from tests.hosts.gimp.conftest import Workplace
from tests.hosts.gimp.screen import FILTERS, Screen, until
from tests.hosts.harness import SUBJECT

PICTURES = "answer = len([each for each in Gimp.get_images() if each.get_layers()])"
PICKER, PALETTE_ROW, REGION_ROW = 34, 412, 264
"""Places in the dialog of every kind: from its right edge the buttons that fill a row, and from its bottom the rows."""
STROKES = (("#3c8c3c", 172, 110), ("#3c8c3c", 318, 133), ("#e08020", 240, 45), ("#e08020", 60, 215),
           ("#d07080", 258, 240), ("#3a78d0", 420, 60), ("#3a78d0", 400, 230))  # fmt: skip
"""Colours, and places of the cat at which a short stroke is painted."""
CANCEL = (998, 842)
"""GIMP's own button in the status bar, there while a plug-in runs."""


def state(screen: Screen) -> dict[str, object]:
    code = "answer = {**facts(image), 'pixels': [hash(pixels(layer, None)) for layer in image.get_layers()]}"
    return dict(screen.gimp.run(code))


def layers(screen: Screen) -> list[str]:
    return list(screen.gimp.run("answer = [layer.get_name() for layer in image.get_layers()]"))


def test_menu_dialog_result_and_undo_in_one_step(screen: Screen, workplace: Workplace) -> None:
    source = workplace.photo("cat.jpg", "L")
    screen.show(source)
    before = state(screen)
    assert before["base"] == "gray"
    screen.menu(FILTERS, "Up", "Right")
    screen.picture("gimp-menu")
    screen.keys(*["Escape"] * 3)
    window = screen.filter_dialog("Colorize")
    screen.picture("gimp-dialog")
    screen.confirm(window)
    until(lambda: layers(screen) == ["Colorize", "cat L é.png"] or "Colorize" in layers(screen))
    time.sleep(1.0)
    screen.picture("gimp-result")
    out = workplace.folder / "shown"
    assert screen.gimp.run(
        "save(image.get_layers()[0], out); answer = image.get_base_type().value_nick", out=str(out)
    ) == ("rgb")
    assert out.read_bytes() == workplace.reference("colorize", source)
    screen.undo(lambda: len(layers(screen)) == 1)
    time.sleep(0.3)
    assert state(screen) == before, "one step back is the document as it was, gray again"


def test_in_place_too_is_one_step_and_leaves_the_selection(screen: Screen, workplace: Workplace) -> None:
    screen.show(workplace.photo("coffee.jpg"))
    before = state(screen)
    code = """
image.select_ellipse(Gimp.ChannelOps.REPLACE, 100, 100, 200, 150)
bounds = Gimp.Selection.bounds(image)[1:]
back = call("scumble-kinds", image, image.get_layers(), result="in-place")
answer = [back["status"], Gimp.Selection.bounds(image)[1:] == bounds, len(image.get_channels())]
"""
    assert screen.gimp.run(code) == ["success", True, 0]
    assert state(screen)["pixels"] != before["pixels"]
    screen.undo(lambda: state(screen)["pixels"] == before["pixels"])
    assert screen.gimp.run("answer = Gimp.Selection.bounds(image)[1:] == bounds"), "the selection came before"


def test_a_generator_is_in_the_create_menu_and_opens_an_image(screen: Screen, workplace: Workplace) -> None:
    screen.show(workplace.photo("cat.jpg"))
    count = screen.gimp.run("answer = len(Gimp.get_images())")
    screen.confirm(screen.generator_dialog("Gradient"))
    until(lambda: screen.gimp.run(PICTURES) == count + 1)
    code = """
made = max(Gimp.get_images(), key=lambda each: each.get_id())
answer = [made.get_width(), made.get_height(), made.get_layers()[0].get_name()]
save(made.get_layers()[0], out)
"""
    out = workplace.folder / "made"
    assert screen.gimp.run(code, out=str(out)) == [640, 360, "Gradient"], "the dialog's defaults are the schema's"
    assert out.read_bytes() == workplace.reference("gradient", None)
    time.sleep(0.5)
    screen.keys("ctrl+w")
    time.sleep(0.5)
    screen.keys("ctrl+d")


def test_a_background_is_made_by_menu_and_dialog(screen: Screen, workplace: Workplace) -> None:
    screen.show(workplace.photo("cat.jpg"))
    count = screen.gimp.run(PICTURES)
    window = screen.generator_dialog("Background", "gimp-create")
    screen.xdotool("windowmove", window, "400", "20")
    time.sleep(0.6)
    screen.picture("gimp-generator")
    screen.confirm(window)
    until(lambda: screen.gimp.run(PICTURES) == count + 1)
    code = """
made = max(Gimp.get_images(), key=lambda each: each.get_id())
answer = [made.get_layers()[0].get_name(), len(made.get_layers())]
save(made.get_layers()[0], out)
"""
    out = workplace.folder / "made"
    assert screen.gimp.run(code, out=str(out)) == ["Background", 1]
    assert out.read_bytes() == workplace.reference("background", None), "the dialog's defaults are the command line's"
    time.sleep(0.5)
    screen.picture("gimp-background")
    screen.keys("ctrl+w")
    time.sleep(0.5)
    screen.keys("ctrl+d")


def test_a_generators_layers_are_one_step_back(screen: Screen, workplace: Workplace) -> None:
    screen.show(workplace.photo("cat.jpg", "L"))
    before = state(screen)
    code = """
values = {"width": 451, "height": 300, "style": "waves", "seed": 3, "text_area": "20,60,240,160", "layers": True,
          "result": "new-layer", "subject": Gio.File.new_for_path(subject)}
answer = call("scumble-background", image, [], **values)["status"]
"""
    assert screen.gimp.run(code, subject=str(SUBJECT)) == "success"
    assert state(screen)["base"] == "rgb"
    assert len(layers(screen)) == 2
    time.sleep(1.0)
    screen.picture("gimp-layers")
    screen.undo(lambda: len(layers(screen)) == 1)
    time.sleep(0.3)
    assert state(screen) == before


def test_every_kind_of_parameter_has_its_widget(screen: Screen, workplace: Workplace) -> None:
    screen.show(workplace.photo("cat.jpg"))
    window = screen.filter_dialog("Kinds")
    screen.picture("gimp-kinds")
    screen.confirm(window)
    until(lambda: len(layers(screen)) == 2)
    assert layers(screen)[0] == "Kinds", "nothing differs from the defaults"


def test_colours_and_bounds_need_no_typing(screen: Screen, workplace: Workplace) -> None:
    """A palette's row has a button to choose a colour, a region's one that takes the selection's bounds."""
    screen.show(workplace.photo("cat.jpg"))
    rectangle = "image.select_rectangle(Gimp.ChannelOps.REPLACE, 20, 30, 100, 50)"
    screen.gimp.run(f"image.get_layers()[0].set_offsets(5, -7); {rectangle}")
    window = screen.filter_dialog("Kinds")
    right, _, bottom = screen.corner(window)
    for color in ("ff8000", "102030"):
        screen.click(right - PICKER, bottom - PALETTE_ROW)
        chooser = screen.dialog("Add a colour", move=False)  # GIMP's own
        edge, _, end = screen.corner(chooser)
        screen.xdotool("mousemove", str(edge - 120), str(end - 80), "click", "--repeat", "3", "1")
        screen.xdotool("type", color)
        screen.keys("Return")
        screen.click(edge - 60, end - 28)
        until(lambda: not screen.has("Add a colour"))
    screen.click(right - PICKER, bottom - REGION_ROW)
    time.sleep(0.3)
    screen.picture("gimp-picked")
    screen.confirm(window)
    until(lambda: len(layers(screen)) == 2)
    assert layers(screen)[0].partition(" #1")[0] == "Kinds (colors #ff8000,#102030, frame 15,37,100,50)"
    window = screen.filter_dialog("Kinds")  # GIMP keeps what was set for the tests that follow
    right, _, bottom = screen.corner(window)
    for row in (PALETTE_ROW, REGION_ROW):
        screen.xdotool("mousemove", str(right - 150), str(bottom - row), "click", "--repeat", "3", "1")
        screen.keys("BackSpace")
    screen.confirm(window)
    until(lambda: len(layers(screen)) == 3)
    assert layers(screen)[0] == "Kinds"


def test_strokes_on_the_layer_of_the_menu_guide_the_colours(screen: Screen, workplace: Workplace) -> None:
    """The way of the guide: the menu makes the layer, a few short strokes are painted, and the dialog follows."""
    source = workplace.photo("cat.jpg", "L")
    screen.show(source)
    screen.filter("Colorize: hints (new layer)")
    until(lambda: len(layers(screen)) == 2)
    paint = """
brush = Gimp.Brush.new("Round")  # the tree has none
brush.set_shape(Gimp.BrushGeneratedShape.CIRCLE)
brush.set_radius(7.0)
brush.set_hardness(1.0)
Gimp.context_set_brush(brush)
Gimp.context_set_brush_size(14.0)
for color, x, y in strokes:
    Gimp.context_set_foreground(Gegl.Color.new(color))
    Gimp.pencil(image.get_layers()[0], [x - 8.0, y, x + 8.0, y])
Gimp.displays_flush()
"""
    screen.gimp.run(paint, strokes=STROKES)
    time.sleep(1.0)
    screen.picture("gimp-hints")
    strokes = workplace.folder / "by-hand"
    screen.gimp.run("save(image.get_layers()[0], out, RGBA)", out=str(strokes))
    with Picture.open(source) as picture:
        painted = Picture.frombytes("RGBA", picture.size, strokes.read_bytes())
    painted.save(workplace.folder / "by-hand.png")
    alpha = painted.getchannel("A")
    assert [alpha.getpixel((x, y)) for _, x, y in STROKES] == [255] * len(STROKES)
    screen.confirm(screen.filter_dialog("Colorize"))
    until(lambda: len(layers(screen)) == 3)
    screen.gimp.run("image.get_layers()[0].set_visible(False); Gimp.displays_flush()")
    time.sleep(1.0)
    screen.picture("gimp-hints-result")
    out = workplace.folder / "guided"
    screen.gimp.run("save(image.get_layers()[1], out)", out=str(out))
    with Picture.open(source) as picture:
        picture.convert("RGB").save(workplace.folder / "rgb.png")
    hints = str(workplace.folder / "by-hand.png")
    assert out.read_bytes() == workplace.reference("colorize", workplace.folder / "rgb.png", "--hints", hints)


def test_progress_is_shown_and_cancel_stops_the_job_at_once(screen: Screen, workplace: Workplace) -> None:
    screen.show(workplace.photo("rocket.jpg"))
    before, pixels = state(screen), workplace.home.worker_runtime / "pixels"
    others = set(pixels.glob("*.pixels"))
    window = screen.filter_dialog("Slow")
    screen.type_first_number(window, "30")
    screen.confirm(window)
    time.sleep(2.0)
    screen.picture("gimp-progress")
    assert set(pixels.glob("*.pixels")) > others, "the job is under way"
    heard = len(workplace.home.worker_log())
    screen.xdotool("mousemove", *map(str, CANCEL))
    time.sleep(0.3)
    took_ms = float("inf")
    for _ in range(3):  # a click may be lost
        began = time.monotonic()
        screen.xdotool("click", "1")
        with contextlib.suppress(AssertionError):
            until(lambda: "slow was cancelled" in workplace.home.worker_log()[heard:], 5)
            took_ms = 1000 * (time.monotonic() - began)
            break
    print(f"cancelled {took_ms:.0f} ms after the click began")  # noqa: T201 - a figure for the reader
    assert took_ms <= 2000, "the job has 28 seconds left"
    until(lambda: set(pixels.glob("*.pixels")) <= others, 2)
    assert state(screen) == before
    assert not before["dirty"]


def test_a_refusal_is_shown_in_words(screen: Screen, workplace: Workplace) -> None:
    screen.show(workplace.photo("rocket.jpg"))
    screen.gimp.run("image.insert_layer(Gimp.Layer.copy(image.get_layers()[0]), None, 0)")
    screen.gimp.run("image.get_layers()[0].add_mask(image.get_layers()[0].create_mask(Gimp.AddMaskType.WHITE))")
    screen.filter("Colorize…")
    time.sleep(2.5)
    assert not screen.has("Colorize"), "refused before the dialog"
    screen.picture("gimp-refusal")
    assert "Traceback" not in screen.gimp.log.read_text("utf-8")


def test_gimp_has_nothing_to_complain_of(screen: Screen) -> None:
    complaints = [line for line in screen.gimp.log.read_text("utf-8").splitlines() if "scumble_gimp" in line]
    assert [line for line in complaints if "CRITICAL" in line or "Traceback" in line] == []
