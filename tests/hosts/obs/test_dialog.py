"""The page in the real Scripts dialog, clicked as a user does; SCUMBLE_PICTURES=docs/hosts keeps its pictures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture
from tests.hosts.harness import Display, pictures_folder, screenshot
from tests.hosts.obs.conftest import Workplace
from tests.hosts.obs.studio import MAIN_WINDOW, Studio

DIALOG = "^Scripts$"
# Places in the dialog, which is given the size of 1000 by 780 pixels; in the main window for the menu.
TOOLS, SCRIPTS = (358, 12), (368, 138)
CHOOSER, APPLY, CANCEL, REFRESH, RELOAD = (700, 135), (630, 177), (630, 219), (630, 261), (122, 700)


class Dialog:
    """The Scripts dialog of a running OBS."""

    def __init__(self, studio: Studio, folder: Path) -> None:
        self.studio, self.folder = studio, folder

    def open(self) -> None:
        """Opens it from the Tools menu; a busy machine may need the clicks again."""
        for _ in range(5):
            self.studio.click(*TOOLS, MAIN_WINDOW)
            self.studio.click(*SCRIPTS, MAIN_WINDOW)
            if self.studio.click_tool("search", "--onlyvisible", "--name", DIALOG).strip():
                break
            self.studio.keys("Escape")
        self._window = self.studio.window(DIALOG)
        words = ("windowmove", self._window, "100", "20", "windowsize", self._window, "1000", "780", "sleep", "1")
        self.studio.click_tool(*words)

    def press(self, place: tuple[int, int], happened: Callable[[], Any] | None = None) -> None:
        """Presses a button; until something is true, if that is told."""
        if happened is None:
            self.studio.click(*place, DIALOG)
        else:
            self.studio.click_until(*place, DIALOG, happened)

    def apply(self, title: str) -> None:
        """Presses Apply until the log says that another job of that effect is under way."""
        words = f"] {title} is under way (Refresh shows how far)\n"
        before = self.studio.log().count(words)
        self.press(APPLY, lambda: self.studio.log().count(words) > before)

    def wheel(self, button: int) -> None:
        """Turns the wheel to the page's end (button 5) or its beginning (4), the pointer beside all fields."""
        self.studio.click_tool("mousemove", "--window", self._window, "516", "600")
        self.studio.click_tool("click", "--repeat", "40", "--delay", "20", str(button), "sleep", "0.5")

    def choose(self, letter: str) -> None:
        """Chooses the effect whose title begins with the letter, again if its page does not come."""
        before = self._page()
        for _ in range(3):  # the page is made anew a while after a job or its script: keys before that reach nobody
            self.press(CHOOSER)
            self.studio.click_tool("windowfocus", self._window)
            self.studio.keys(letter, "Return")
            after = self._page()
            if after.std() > 1 and (after != before).sum() > 500:
                return
        raise AssertionError(f"the page shows no other effect after {letter!r}; {self.studio.log()[-3000:]}")

    def close(self) -> None:
        """Closes it."""
        self.studio.click_tool("windowfocus", self._window)
        self.studio.keys("Escape")

    def _page(self) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        """Returns what stands on the page below its buttons, once two pictures in a row show the same."""
        found: list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]] = []

        def calm() -> bool:
            found.append(self.picture("page")[280:, 500:])
            return len(found) > 1 and bool((found[-1] == found[-2]).all())

        self.studio.wait(calm, 20)
        return found[-1]

    def picture(self, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        """Keeps what the dialog shows, and returns its pixels."""
        path = screenshot(self.studio.display, self.folder / f"obs-{name}.png", self._window)
        with Picture.open(path) as picture:
            return np.asarray(picture.convert("RGB"))


@pytest.fixture(scope="module")
def dialog(workplace: Workplace, xvfb: Display) -> Iterator[Dialog]:
    """OBS with our script alone, whose first settings lie in the scene collection; its Scripts dialog is open."""
    environment = {**workplace.environment, "DISPLAY": xvfb.name}
    workplace.folder = workplace.home.folder / "Fotos für später"  # in letters that every font has
    workplace.folder.mkdir()
    studio = Studio(workplace.home, xvfb, environment, driver=False)
    collection = studio.saved()
    [entry] = collection["modules"]["scripts-tool"]
    entry["settings"] = {"effect": "colorize", "colorize/source": str(workplace.photo("cat.jpg"))}
    entry["settings"]["slow/source"] = str(workplace.photo("rocket.jpg"))
    entry["settings"]["slow/seconds"] = 60.0  # cancelled long before
    studio.collection.write_text(json.dumps(collection), "utf-8")
    studio.start(effects=False)
    studio.wait((workplace.home.cache / "scumble" / "effects.json").exists)
    found = Dialog(studio, pictures_folder())
    found.open()
    yield found
    studio.kill()


def test_a_picture_is_colorized_by_clicks(dialog: Dialog, workplace: Workplace) -> None:
    studio = dialog.studio
    before = dialog.picture("done")
    dialog.apply("Colorize")
    studio.wait(lambda: "Colorize (Scumble)" in studio.sources())
    dialog.press(REFRESH)
    after = dialog.picture("done")
    assert (before[205:225, 596:900] != after[205:225, 596:900]).any(), "the page says that it is done"
    file = studio.file_of("Colorize (Scumble)")
    assert file.read_bytes() == workplace.reference("colorize", ".png", workplace.photo("cat.jpg"))
    dialog.close()
    screenshot(studio.display, dialog.folder / "obs-scene.png", studio.window(MAIN_WINDOW))
    dialog.open()


def test_another_effect_is_chosen_by_clicks(dialog: Dialog, workplace: Workplace) -> None:
    dialog.choose("m")
    page = dialog.picture("music")
    dialog.wheel(5)
    dialog.picture("sound")
    dialog.wheel(4)
    dialog.apply("Music bed")
    dialog.studio.wait(lambda: "Music bed (Scumble)" in dialog.studio.sources(), 120)
    assert dialog.studio.file_of("Music bed (Scumble)").read_bytes() == workplace.reference("music-bed", ".wav", None)
    dialog.press(REFRESH)
    dialog.choose("b")
    assert (page[400:, 500:] != dialog.picture("generator")[400:, 500:]).sum() > 10000, "other values to set"
    dialog.apply("Background")
    dialog.studio.wait(lambda: "Background (Scumble)" in dialog.studio.sources())
    made = dialog.studio.file_of("Background (Scumble)").read_bytes()
    assert made == workplace.reference("background", ".png", None)
    dialog.press(REFRESH)
    dialog.close()
    screenshot(dialog.studio.display, dialog.folder / "obs-background.png", dialog.studio.window(MAIN_WINDOW))
    dialog.open()


def test_progress_cancel_and_errors_are_seen(dialog: Dialog, workplace: Workplace) -> None:
    studio = dialog.studio
    dialog.choose("s")
    dialog.apply("Slow")
    dialog.press(REFRESH)
    dialog.picture("progress")
    dialog.press(CANCEL, lambda: "Slow was cancelled; nothing was changed" in studio.log())
    assert "Slow (Scumble)" not in studio.sources()
    workplace.photo("rocket.jpg").unlink()
    dialog.press(APPLY, lambda: "é.png" in studio.log().rpartition("under way")[2])
    assert studio.window("Script Log"), "OBS opens it for an error"
    studio.click_tool("windowfocus", studio.window("Script Log"))
    studio.keys("Escape")
    dialog.press(REFRESH)
    error = dialog.picture("error").astype(int)
    red = (error[..., 0] > 150) & (error[..., 1] < 120) & (error[..., 2] < 120)
    assert red[200:260, 590:980].sum() > 50, "in red"


def test_the_script_is_reloaded_in_the_middle_of_a_job(dialog: Dialog, workplace: Workplace) -> None:
    studio = dialog.studio
    workplace.photo("rocket.jpg")  # back again
    dialog.apply("Slow")
    dialog.press(RELOAD, lambda: studio.log().count("Loaded python script: scumble_obs.py") == 2)
    assert "Unloaded python script: scumble_obs.py" in studio.log()
    dialog.choose("g")
    dialog.apply("Gradient")
    studio.wait(lambda: "Gradient (Scumble)" in studio.sources())
    assert "Slow (Scumble)" not in studio.sources()
    dialog.close()
    assert studio.stop() == 0
    assert "Traceback" not in studio.log()
