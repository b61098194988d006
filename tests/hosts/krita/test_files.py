"""Clips that are pictures of their own: a line for a file in the docker, read by result and preview alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.hosts.krita.conftest import Workplace, rgba_from_krita
from tests.hosts.krita.driver import Krita
from tests.hosts.krita.test_interface import PREVIEW, preview_pixels

LINE = "part('model').findChild(QLineEdit)"


def model_file(workplace: Workplace) -> Path:
    return workplace.save("modèle 1.png", np.full((1200, 7, 3), (255, 51, 0), np.uint8))


def test_a_file_of_any_size_is_read_named_and_remembered(krita: Krita, workplace: Workplace) -> None:
    source, model = workplace.photo(), model_file(workplace)
    krita.run(f"open_picture({str(source)!r}); choose('Kinds'); put('model', {str(model)!r})")
    after = krita.apply()
    assert after["layers"][1:] == ["Kinds (model modèle 1.png)"], after
    got = rgba_from_krita(krita.layer("Kinds (model modèle 1.png)"), 451, 300)
    np.testing.assert_array_equal(got, workplace.reference("kinds", source, "--model", str(model)))
    assert (got != workplace.reference("kinds", source)).any()
    krita.run("part('effect').setCurrentIndex(0); part('effect').setCurrentIndex(part('effect').findText('Kinds'))")
    assert krita.ask(f"{LINE}.text()") == str(model)
    krita.run("click('reset')")
    assert krita.ask(f"{LINE}.text()") == ""


def test_the_line_has_a_chooser_and_can_be_cleared(krita: Krita, workplace: Workplace) -> None:
    source, model = workplace.photo(), model_file(workplace)
    krita.run(f"open_picture({str(source)!r}); choose('Kinds')")
    assert krita.ask("parts('layer-model')") == []
    assert "any size" in krita.ask("part('model').toolTip()")
    krita.run("part('model').findChildren(QToolButton)[-1].click()")
    krita.wait(f"{LINE}.findChildren(QFileDialog)")
    krita.run(f"dialog = {LINE}.findChildren(QFileDialog)[0]; dialog.fileSelected.emit({str(model)!r}); dialog.close()")
    assert krita.ask(f"{LINE}.text()") == str(model)
    krita.run(f"next(each for each in {LINE}.findChildren(QToolButton) if each.isVisible()).click()")
    assert krita.ask(f"{LINE}.text()") == ""
    after = krita.apply()
    assert after["layers"][1:] == ["Kinds"], after


def test_the_preview_and_the_colours_at_the_pointer_know_the_file(krita: Krita, workplace: Workplace) -> None:
    model = model_file(workplace)
    krita.run(f"open_picture({str(workplace.photo())!r}); choose('Kinds'); click('preview')")
    krita.wait(PREVIEW)
    before = preview_pixels(krita, workplace.folder / "preview.png")
    krita.run(f"key = part('picture').pixmap().cacheKey(); put('model', {str(model)!r})")
    krita.wait("part('picture').pixmap().cacheKey() != key")
    after = preview_pixels(krita, workplace.folder / "preview.png")
    expected = before.astype(float) * (1.0, 0.2, 0.0)
    assert np.abs(after - expected).mean() < 2
    krita.run("put('model', '/gone/away.png')")
    krita.wait("'There is no file /gone/away.png' in part('picture').text()")


@pytest.mark.parametrize(
    ("content", "words"), [(None, "There is no file"), (b"no picture", "not a picture that is known")]
)
def test_a_file_that_cannot_be_read_is_said_and_nothing_changes(
    krita: Krita, workplace: Workplace, content: bytes | None, words: str
) -> None:
    model = workplace.folder / "broken ü.png"
    model.unlink(missing_ok=True)
    if content is not None:
        model.write_bytes(content)
    krita.run(f"open_picture({str(workplace.photo())!r}); choose('Kinds'); put('model', {str(model)!r})")
    before = krita.ask("state()")
    after = krita.apply()
    assert words in after["message"]
    assert "broken ü.png" in after["message"]
    assert "\n\n" in after["message"], "message and hint"
    assert [after[name] for name in ("layers", "undo", "active")] == [before[n] for n in ("layers", "undo", "active")]
    assert not list((krita.home.worker_runtime / "pixels").glob("*.pixels"))


def test_a_path_that_is_not_whole_is_said(krita: Krita, workplace: Workplace) -> None:
    krita.run(f"open_picture({str(workplace.photo())!r}); choose('Kinds'); put('model', 'cat.jpg')")
    after = krita.apply()
    assert "not absolute" in after["message"]
    assert len(after["layers"]) == 1
