"""Clips that are pictures of their own: a file in procedure and dialog, of any size; clear words when it is none."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PIL import Image as Picture
from tests.hosts.gimp.conftest import Workplace
from tests.hosts.gimp.screen import Screen, until
from tests.hosts.gimp.test_screen import layers, state
from tests.hosts.gimp.tree import Gimp

CHOOSER, CLEAR, MODEL_ROW = 260, 30, 184
"""Places in the dialog: from its right edge the two buttons of the row for the file, and from its bottom that row."""

RUN = """
image = load(source)
layer = image.get_layers()[0]
image.clean_all()
before = pixels(layer)
back = call("scumble-kinds", image, [layer], **({"model": Gio.File.new_for_path(model)} if model else {}))
answer = {**back, **facts(image), "same": before == pixels(layer)}
if back["layer"]:
    save(Gimp.Layer.get_by_id(back["layer"]), out)
image.delete()
"""


def model_file(workplace: Workplace, color: str = "#ff3300", size: tuple[int, int] = (7, 1200)) -> Path:
    path = workplace.folder / "modèle 1.png"
    Picture.new("RGB", size, color).save(path)
    return path


def dialog(screen: Screen, column: int | None = None) -> str:
    """Opens the dialog, clicks at one of the row's buttons, and returns the dialog's number."""
    window = screen.filter_dialog("Kinds")
    right, _, bottom = screen.corner(window)
    if column is not None:
        screen.click(right - column, bottom - MODEL_ROW)
        time.sleep(0.3)
    return window


def test_a_file_of_any_size_is_read_and_named(gimp: Gimp, workplace: Workplace) -> None:
    source, model, out = workplace.photo("cat.jpg"), model_file(workplace), workplace.folder / "out"
    back = gimp.run(RUN, source=str(source), model=str(model), out=str(out))
    assert back["status"] == "success", back
    assert [layer[0] for layer in back["layers"]] == ["Kinds (model modèle 1.png)", "Background"]
    assert back["same"]
    assert out.read_bytes() == workplace.reference("kinds", source, "--model", str(model))
    assert out.read_bytes() != workplace.reference("kinds", source)


def test_without_a_file_there_is_none(gimp: Gimp, workplace: Workplace) -> None:
    source, out = workplace.photo("cat.jpg"), workplace.folder / "out"
    back = gimp.run(RUN, source=str(source), model="", out=str(out))
    assert [layer[0] for layer in back["layers"]] == ["Kinds", "Background"]
    assert out.read_bytes() == workplace.reference("kinds", source)


def test_there_is_no_layer_to_paint_it_on(gimp: Gimp) -> None:
    names = gimp.run('answer = Gimp.get_pdb().query_procedures("scumble-kinds.*", *[".*"] * 7)')
    assert sorted(names) == ["scumble-kinds", "scumble-kinds-strokes-layer"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "There is no file"),
        (b"", "is empty"),
        (b"no picture", "not a picture that is known"),
        (b"\x89PNG\r\n\x1a\n", "is cut short"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_and_nothing_changes(
    gimp: Gimp, workplace: Workplace, content: bytes | None, words: str
) -> None:
    model = workplace.folder / "broken ü.png"
    model.unlink(missing_ok=True)
    if content is not None:
        model.write_bytes(content)
    back = gimp.run(RUN, source=str(workplace.photo("cat.jpg")), model=str(model), out="")
    assert back["status"] == "execution-error", back
    assert words in back["error"]
    assert str(model) in back["error"]
    assert "\n\n" in back["error"], "message and hint"
    assert "Traceback" not in back["error"]
    assert back["same"]
    assert not back["dirty"]
    assert len(back["layers"]) == 1
    assert not list((workplace.home.worker_runtime / "pixels").glob("*.pixels"))


def test_in_the_dialog_it_is_chosen_remembered_missed_and_cleared(screen: Screen, workplace: Workplace) -> None:
    model = workplace.home.runtime / "model.png"  # a name that xdotool can type
    model_file(workplace).rename(model)
    screen.show(workplace.photo("cat.jpg"))
    window = dialog(screen, CHOOSER)
    screen.dialog("Select a File", move=False)  # GTK's own
    # One key after the other: GTK makes its line for the path at the first, and loses those that come too soon.
    screen.xdotool("key", "slash")
    time.sleep(1.5)
    screen.xdotool("type", "--delay", "60", str(model)[1:])
    time.sleep(1.5)
    screen.keys("Return")
    time.sleep(1.5)
    screen.picture("gimp-file")
    screen.confirm(window)
    until(lambda: layers(screen) == ["Kinds (model model.png)", "Background"])
    window = dialog(screen)
    screen.picture("gimp-remembered")
    screen.confirm(window)
    until(lambda: layers(screen)[:1] == ["Kinds (model model.png) #1"])
    model.unlink()
    before = state(screen)
    screen.xdotool("windowfocus", screen.window)
    screen.keys("ctrl+f")  # Repeat, which asks for nothing
    screen.dialog("GIMP Message", move=False)
    screen.picture("gimp-missed")
    screen.dismiss("GIMP Message")
    assert state(screen) == before
    assert layers(screen)[0] == "Kinds (model model.png) #1"
    window = dialog(screen, CLEAR)
    screen.picture("gimp-cleared")
    screen.confirm(window)
    until(lambda: layers(screen)[:1] == ["Kinds"])
