"""A user's hands and eyes on GIMP's window: keys, clicks, dialogs by their titles, pictures of the screen."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.hosts.gimp.tree import Gimp
from tests.hosts.harness import Display, pictures_folder, program, screenshot

WIDTH, HEIGHT = 1280, 860
FILTERS, FILE = (426, 12), (19, 12)
"""Where two menus of the menu bar are."""


def until(wanted: Callable[[], object], limit_s: float = 20.0) -> None:
    """Waits until something is true. Raises AssertionError."""
    deadline = time.monotonic() + limit_s
    while not wanted():
        assert time.monotonic() < deadline, f"waited {limit_s} s in vain"
        time.sleep(0.02)


class Screen:
    """The only window of a GIMP that runs on a display of its own."""

    def __init__(self, display: Display, gimp: Gimp) -> None:
        self.display, self.gimp, self.window = display, gimp, ""

    def xdotool(self, *words: str) -> str:
        """Runs xdotool and returns what it says."""
        variables = {**os.environ, "DISPLAY": self.display.name}
        command = [str(program("xdotool")), *words]
        return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=20, check=False).stdout

    def keys(self, *names: str) -> None:
        """Presses keys one after the other, as slowly as menus need."""
        for name in names:
            self.xdotool("key", name)
            time.sleep(0.25)

    def click(self, x: int, y: int) -> None:
        """Clicks at a place on the screen."""
        self.xdotool("mousemove", str(x), str(y), "click", "1")

    def picture(self, name: str) -> Path:
        """Keeps what the screen shows; SCUMBLE_PICTURES=docs/hosts renews what the guide shows."""
        return screenshot(self.display, pictures_folder() / f"{name}.png")

    def show(self, path: Path) -> None:
        """Opens a picture, as `image` and `display` inside GIMP, in a window as large as the screen."""
        code = """
if "display" in globals() and display.is_valid():
    display.delete()
image = load(source)
image.clean_all()
display = Gimp.Display.new(image)
"""
        self.gimp.run(code, source=str(path))
        self.window = self.dialog("GIMP", move=False)
        self.xdotool("windowsize", self.window, str(WIDTH), str(HEIGHT))
        time.sleep(1.0)
        self.xdotool("windowfocus", self.window)

    def menu(self, place: tuple[int, int], *names: str) -> None:
        """Opens a menu of the menu bar and walks through it by keys."""
        self.xdotool("windowfocus", self.window)
        self.click(*place)
        time.sleep(0.5)
        self.keys(*names)

    def filter(self, label: str) -> None:
        """Chooses an entry of Filters > Scumble."""
        self.menu(FILTERS, "Up", "Right", *self._way("<Image>/Filters/Scumble", label), "Return")

    def filter_dialog(self, title: str) -> str:
        """Chooses a filter and returns the number of its dialog."""
        return self._opened(title, lambda: self.filter(f"{title}…"))

    def generator_dialog(self, title: str, picture: str = "") -> str:
        """Chooses an entry of File > Create > Scumble; a name keeps what the menu looks like. As `filter_dialog`."""

        def choose() -> None:
            way = self._way("<Image>/File/Create/Scumble", f"{title}…")
            self.menu(FILE, "Down", "Down", "Right", "Up", "Right", *way)
            if picture:
                self.picture(picture)
            self.keys("Return")

        return self._opened(title, choose)

    def _opened(self, title: str, choose: Callable[[], None]) -> str:
        """Chooses again where GIMP, busy with its window, has lost keys."""
        for _ in range(2):
            choose()
            with contextlib.suppress(AssertionError):
                return self.dialog(title)
            self.keys(*["Escape"] * 3)
        choose()
        return self.dialog(title)

    def _way(self, path: str, label: str) -> list[str]:
        """Returns the keys from a menu's first entry to that of the label; GIMP sorts by label."""
        code = """
pdb = Gimp.get_pdb()
found = [pdb.lookup_procedure(name) for name in pdb.query_procedures("scumble-.*", *[".*"] * 7)]
answer = [one.get_menu_label() for one in found if path in one.get_menu_paths()]
"""
        labels = sorted(self.gimp.run(code, path=path), key=lambda each: each.rstrip("…"))
        return ["Down"] * labels.index(label)

    def dialog(self, title: str, *, move: bool = True) -> str:
        """Waits for a window whose title ends so, puts it over the picture, and returns its number."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            found = self.xdotool("search", "--onlyvisible", "--name", f"(^|. ){title}$").split()
            if found:
                if move:
                    self.xdotool("windowmove", found[0], "430", "250")
                time.sleep(0.6)
                self.xdotool("windowfocus", found[0])
                return found[0]
            time.sleep(0.1)
        raise AssertionError(f"no window {title!r}; the screen is in {self.picture('gimp-failed')}")

    def has(self, title: str) -> bool:
        """Returns whether a window of that very title is open."""
        return bool(self.xdotool("search", "--onlyvisible", "--name", f"^{title}$").split())

    def dismiss(self, title: str) -> None:
        """Closes a message by its button's key, again where the key was lost. Raises AssertionError."""
        for _ in range(5):
            self.dialog(title, move=False)
            self.keys("Return")
            time.sleep(0.5)
            if not self.has(title):
                return
        raise AssertionError(f"{title!r} stays; the screen is in {self.picture('gimp-failed')}")

    def corner(self, window: str) -> tuple[int, int, int]:
        """Returns a window's right edge, its top and its bottom, in pixels of the screen."""
        lines = self.xdotool("getwindowgeometry", "--shell", window).split()
        at = {name: int(value) for name, _, value in (line.partition("=") for line in lines)}
        return at["X"] + at["WIDTH"], at["Y"], at["Y"] + at["HEIGHT"]

    def confirm(self, window: str) -> None:
        """Clicks a dialog's OK, at its bottom right, again where the click was lost. Raises AssertionError."""
        right, _, bottom = self.corner(window)
        for _ in range(3):
            self.click(right - 68, bottom - 42)
            with contextlib.suppress(AssertionError):
                until(lambda: window not in self.xdotool("search", "--onlyvisible", "--name", ".").split(), 8)
                return
        raise AssertionError(f"a dialog stays; the screen is in {self.picture('gimp-failed')}")

    def undo(self, happened: Callable[[], object]) -> None:
        """Takes one step back by its key, again where that was lost; raises AssertionError unless it happened."""
        self.xdotool("windowfocus", self.window)
        for _ in range(2):
            self.keys("ctrl+z")
            with contextlib.suppress(AssertionError):
                until(happened, 8)
                return
        self.keys("ctrl+z")
        until(happened)

    def type_first_number(self, window: str, text: str) -> None:
        """Writes into the number beside the slider in a dialog's first row."""
        right, top, _ = self.corner(window)
        self.xdotool("mousemove", str(right - 113), str(top + 28), "click", "--repeat", "3", "1")
        self.xdotool("type", text)
