"""The docker as people use it in a real Krita: fields, preview, painted hints, colours at the pointer; all is shown."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture
from tests.hosts.harness import SUBJECT, options_of, pictures_folder
from tests.hosts.krita.conftest import Workplace, rgba_from_krita
from tests.hosts.krita.driver import Krita

CAT = (451, 300)
PREVIEW = "part('picture').pixmap() is not None and not part('picture').pixmap().isNull()"


def preview_pixels(krita: Krita, path: Path) -> np.ndarray:
    """Returns the preview as shown, RGB."""
    krita.run(f"part('picture').pixmap().save({str(path)!r})")
    with Picture.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def until_preview_stays(krita: Krita) -> None:
    """Waits until the preview is there and nothing is going to change it; Krita may activate the canvas again."""
    idle = "not docker()._tasks and not docker()._later.isActive()"
    key = 0
    for _ in range(20):
        krita.wait(idle)
        krita.wait(PREVIEW)
        before, key = key, krita.ask("part('picture').pixmap().cacheKey()")
        if key == before:
            return
        time.sleep(0.7)
    raise AssertionError("the preview changes again and again")


def test_every_kind_has_a_field(krita: Krita, workplace: Workplace) -> None:
    krita.run(f"open_picture({str(workplace.photo())!r}); choose('Grade'); choose('Kinds')")
    names = ["amount", "steps", "flip", "channel", "tint", "colors", "note", "seed", "dots", "frame", "extra"]
    names.append("model")
    facts = krita.run(
        f"result = {{name: [part(name).toolTip(), part(name).height(), part(name).width()] for name in {names}}}"
    )
    assert "Posterises" in facts["steps"][0]
    assert "from 0 to 16" in facts["steps"][0]
    assert all(height >= 16 and width >= 150 for _, height, width in facts.values()), facts
    assert krita.ask("part('steps').findChild(QAbstractSpinBox).text()") == "0 steps"
    assert krita.ask("part('frame').findChild(QLineEdit).placeholderText()") == "not set"
    krita.run("select(10, 20, 30, 40)")
    buttons = "part({!r}).findChild(QToolButton).click()"
    krita.run(buttons.format("frame"))
    assert krita.ask("part('frame').findChild(QLineEdit).text()") == "10,20,30,40"
    krita.run(buttons.format("colors") + ";" + buttons.format("colors"))
    assert krita.ask("part('colors').findChild(QLineEdit).text()") == "#000000,#000000"
    krita.run("put('steps', 5); click('reset')")
    assert krita.ask("part('steps').findChild(QAbstractSpinBox).text()") == "0 steps"
    assert krita.ask("part('frame').findChild(QLineEdit).text()") == ""
    krita.run("put('model', '/home/zoe/Pictures/sunset.jpg')")
    time.sleep(0.5)  # the line's button to clear it fades in
    krita.shoot(pictures_folder() / "krita-every-kind.png", krita.ask("box_of_docker()"))


def test_the_preview_follows_the_parameters(krita: Krita, workplace: Workplace) -> None:
    krita.run(f"open_picture({str(workplace.photo('coffee.jpg'))!r}); choose('Grade'); click('preview')")
    krita.wait(PREVIEW)
    before = preview_pixels(krita, workplace.folder / "preview.png")
    assert max(before.shape) <= 384
    krita.run("key = part('picture').pixmap().cacheKey(); put('exposure_stops', 2.0)")
    krita.wait("part('picture').pixmap().cacheKey() != key")
    after = preview_pixels(krita, workplace.folder / "preview.png")
    assert after.mean() > before.mean() + 20
    small = Picture.fromarray(workplace.reference("grade", workplace.photo("coffee.jpg"), "--exposure-stops", "2"))
    shown = np.asarray(small.convert("RGB").resize(after.shape[1::-1], Picture.Resampling.BOX)).astype(int)
    assert np.abs(shown - after).mean() < 6
    assert len(krita.ask("state()")["layers"]) == 1


def test_a_new_value_cancels_the_preview_that_is_under_way(krita: Krita, workplace: Workplace) -> None:
    krita.run(f"open_picture({str(workplace.photo())!r}); choose('Slow'); put('seconds', 20.0); click('preview')")
    krita.wait("docker()._adapter.client._jobs")
    krita.run("first = next(iter(docker()._adapter.client._jobs.values())); put('seconds', 0.1)")
    krita.wait("first.state.finished")
    assert krita.ask("first.state.value") == "cancelled"
    krita.wait(PREVIEW)


@pytest.mark.parametrize(("depth", "profile"), [("U16", "srgbtrc"), ("F32", "g10")])
def test_the_preview_of_a_deep_picture_has_its_colours(
    krita: Krita, workplace: Workplace, depth: str, profile: str
) -> None:
    source = workplace.photo("astronaut.jpg")
    krita.run(f"open_picture({str(source)!r})")
    krita.run(f"app.activeDocument().setColorSpace('RGBA', {depth!r}, 'sRGB-elle-V2-{profile}.icc')")
    krita.settled()
    krita.run("choose('Grade'); click('preview')")
    krita.wait(PREVIEW)
    shown = preview_pixels(krita, workplace.folder / "preview.png").astype(int)
    with Picture.open(source) as picture:
        small = np.asarray(picture.resize(shown.shape[1::-1], Picture.Resampling.BOX)).astype(int)
    assert np.abs(shown - small).mean() < 6


def test_painted_hints_are_read_from_their_layer(krita: Krita, workplace: Workplace) -> None:
    source = workplace.photo("coffee.jpg")
    krita.run(f"open_picture({str(source)!r}); choose('Colorize'); click('layer-hints')")
    krita.wait("app.activeDocument().nodeByName('Colorize: hints') is not None")
    state = krita.settled()
    assert state["layers"][1] == "Colorize: hints"
    assert state["active"] == "Colorize: hints"
    strokes = np.zeros((400, 600, 4), np.uint8)
    strokes[180:220, 250:350] = (30, 60, 220, 255)
    path = workplace.save("strokes.png", strokes)
    krita.run(
        "layer = app.activeDocument().nodeByName('Colorize: hints')\n"
        "layer.setPixelData(bytes((220, 60, 30, 255)) * 4000, 250, 180, 100, 40)\n"
        "app.activeDocument().refreshProjection()"
    )
    after = krita.apply()
    assert after["layers"][1:] == ["Colorize", "Colorize: hints"], after
    got = rgba_from_krita(krita.layer("Colorize"), 600, 400)
    np.testing.assert_array_equal(got, workplace.reference("colorize", source, "--hints", str(path)))
    assert (got != workplace.reference("colorize", source)).any()
    krita.run("click('layer-hints')")
    assert krita.settled()["layers"][1:] == ["Colorize", "Colorize: hints"]


@pytest.mark.parametrize(
    ("zoom", "turn", "mirror"), [(1.0, 0, False), (2.6, 30, False), (0.7, -75, True), (1.7, 0, True)]
)
def test_the_pointers_pixel_is_the_one_that_a_brush_paints(
    krita: Krita, workplace: Workplace, zoom: float, turn: int, mirror: bool
) -> None:
    krita.run(f"open_picture({str(workplace.photo())!r}); add_layer('Dots')")
    krita.run(f"view = app.activeWindow().activeView(); view.canvas().setZoomLevel({zoom})")
    krita.run(f"view.canvas().setRotation({turn}); view.canvas().setMirror({mirror}); view.setBrushSize(3)")
    krita.settled()
    krita.run("activate('Dots'); app.action('KritaShape/KisToolBrush').trigger()")
    left, top = krita.run("place = canvas().mapToGlobal(QPoint(330, 300)); result = [place.x(), place.y()]")
    krita.mouse("mousemove", str(left - 3), str(top - 3), "mousemove", str(left), str(top))
    time.sleep(0.4)
    found = krita.run(
        "from scumble_krita.cursor import pixel_at_pointer; result = pixel_at_pointer(app.activeWindow())"
    )
    krita.mouse("click", "1")
    krita.wait("not app.activeDocument().nodeByName('Dots').bounds().isEmpty()")
    krita.settled()
    box = krita.run("box = app.activeDocument().nodeByName('Dots').bounds(); result = box.getRect()")
    assert found is not None
    assert abs(found[0] + 0.5 - (box[0] + box[2] / 2)) <= 1.5, (found, box)
    assert abs(found[1] + 0.5 - (box[1] + box[3] / 2)) <= 1.5, (found, box)


def test_colours_at_the_pointer_become_the_foreground(krita: Krita, workplace: Workplace) -> None:
    krita.run(f"open_picture({str(workplace.photo('coffee.jpg'))!r}); choose('Colorize'); click('suggest')")
    krita.settled()
    left, top = krita.run("place = canvas().mapToGlobal(QPoint(330, 300)); result = [place.x(), place.y()]")
    krita.mouse("mousemove", str(left - 9), str(top), "mousemove", str(left), str(top))
    krita.wait("part('swatch-0').accessibleName()")
    colors = krita.ask("[part(f'swatch-{place}').accessibleName() for place in range(6)]")
    assert len({color for color in colors if color}) >= 3, colors
    krita.run("click('swatch-1')")
    chosen = krita.run(
        "view = app.activeWindow().activeView()\nresult = view.foregroundColor().colorForCanvas(view.canvas()).name()"
    )
    assert chosen == colors[1]
    assert "%" in krita.ask("part('swatch-0').toolTip()")


def test_pictures_of_it_in_use(krita: Krita, workplace: Workplace) -> None:
    """The pictures in the documentation: everything on, then the result."""
    krita.run(f"open_picture({str(workplace.photo('astronaut.jpg'))!r}); choose('Grade'); choose('Colorize')")
    krita.run("click('preview'); click('suggest')")
    krita.wait(PREVIEW)
    left, top = krita.run("place = canvas().mapToGlobal(QPoint(300, 500)); result = [place.x(), place.y()]")
    krita.mouse("mousemove", str(left - 9), str(top), "mousemove", str(left), str(top))
    krita.wait("part('swatch-0').accessibleName()")
    until_preview_stays(krita)
    krita.shoot(pictures_folder() / "krita-preview.png")
    after = krita.apply()
    assert after["layers"][1:] == ["Colorize"]
    until_preview_stays(krita)
    krita.shoot(pictures_folder() / "krita-result.png")
    krita.run("choose('Slow'); put('seconds', 20.0); click('apply')")
    krita.wait("part('progress').value() > 150")
    krita.shoot(pictures_folder() / "krita-progress.png", krita.ask("box_of_docker(230)"))
    krita.run("click('cancel')")
    krita.run("choose('Crash'); click('apply')")
    krita.wait("not state()['busy']")
    krita.shoot(pictures_folder() / "krita-error.png", krita.ask("box_of_docker(260)"))
    assert (pictures_folder() / "krita-error.png").stat().st_size > 5000


def test_pictures_of_a_generator_in_use(krita: Krita, workplace: Workplace) -> None:
    """A background with room for text and a subject: the preview, which writes nothing, then its layers."""
    look = {"style": "low-poly", "width": 512, "height": 400, "seed": 12, "text_area": "20,40,240,300"}
    krita.run(f"open_picture({str(workplace.photo('astronaut.jpg'))!r}); choose('Background'); click('reset')")
    fields = {**look, "subject": str(SUBJECT), "layers": "Yes", "target": "New document"}
    krita.run("\n".join(f"put({name!r}, {value!r})" for name, value in fields.items()) + "; click('preview')")
    krita.wait(PREVIEW)
    until_preview_stays(krita)
    shown = preview_pixels(krita, workplace.folder / "preview.png")
    whole = Picture.fromarray(workplace.reference("background", None, *options_of({**look, "subject": SUBJECT})))
    small = np.asarray(whole.convert("RGB").resize(shown.shape[1::-1], Picture.Resampling.BOX)).astype(int)
    assert np.abs(small - shown).mean() < 6
    after = krita.apply()
    assert after["layers"][0][1] == ["Background", "Scrim", "Subject"], after
    krita.run("app.activeWindow().activeView().canvas().setZoomLevel(1.0)")
    until_preview_stays(krita)
    krita.shoot(pictures_folder() / "krita-generator.png")
