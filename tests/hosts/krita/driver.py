"""A real Krita for the tests: started once, driven through the console, ended by its number."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.hosts.harness import Display, Home, program, screenshot

_HERE = Path(__file__).resolve().parent
_START_TIMEOUT_S = 180.0  # of a busy machine; it takes about five


class KritaError(AssertionError):
    """What was sent failed inside Krita; the message is its traceback."""


class Krita:
    """Krita with the docker installed, and a console to it."""

    def __init__(self, home: Home, display: Display, environment: dict[str, str]) -> None:
        """Starts it and waits until the docker has its effects."""
        self.home, self.display = home, display
        self._socket = home.runtime / "console"
        plugins = home.data / "krita" / "pykrita"
        shutil.copytree(_HERE / "scumble_console", plugins / "scumble_console", dirs_exist_ok=True)
        shutil.copy(_HERE / "scumble_console.desktop", plugins)
        settings = home.config / "kritarc"
        text = settings.read_text("utf-8")
        settings.write_text(text.replace("[python]\n", "[python]\nenable_scumble_console=true\n"), "utf-8")
        self.log = home.folder / "krita.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(program("krita")), "--nosplash"],
                env={**environment, "SCUMBLE_CONSOLE": str(self._socket), "DISPLAY": display.name},
                cwd=home.path,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + _START_TIMEOUT_S
        while not self._answers():
            assert self._process.poll() is None, self.log.read_text(errors="replace")[-2000:]
            assert time.monotonic() < until, "Krita does not answer"
            time.sleep(0.1)
        self.run((_HERE / "inside.py").read_text("utf-8"))
        self.run(
            "app.setBatchmode(True); window = app.activeWindow().qwindow(); window.move(0, 0); window.resize(1270, 880)"
        )
        time.sleep(0.5)
        self.run("arrange()")
        self.wait('part("effect").count() > 0')

    def _answers(self) -> bool:
        try:
            self.run("result = app.activeWindow() is not None")
        except (OSError, ValueError, KritaError):
            return False
        return True

    def run(self, source: str, timeout_s: float = 60.0) -> Any:
        """Runs Python in Krita's thread and returns its `result`. Raises KritaError."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(timeout_s)
            line.connect(str(self._socket))
            line.sendall(source.encode())
            line.shutdown(socket.SHUT_WR)
            with line.makefile("rb") as stream:
                said = json.loads(stream.read())
        if "error" in said:
            raise KritaError(said["error"])
        return said["result"]

    def ask(self, expression: str) -> Any:
        """Returns an expression's value."""
        return self.run(f"result = {expression}")

    def wait(self, expression: str, timeout_s: float = 40.0) -> Any:
        """Waits until an expression is true, and returns its value. Raises AssertionError."""
        until = time.monotonic() + timeout_s
        while not (value := self.ask(expression)):
            if time.monotonic() > until:
                raise AssertionError(f"{expression} is still {value!r}; {self.ask('state()')}")
            time.sleep(0.05)
        return value

    def apply(self, timeout_s: float = 60.0) -> dict[str, Any]:
        """Clicks Apply and returns the state once that has ended."""
        self.run('click("apply")')
        self.wait("not state()['busy']", timeout_s)
        return self.settled()

    def settled(self) -> dict[str, Any]:
        """Returns the state when Krita has nothing more to do for the document."""
        self.run("app.activeDocument() and app.activeDocument().waitForDone()")
        time.sleep(0.1)
        state: dict[str, Any] = self.ask("state()")
        return state

    def layer(self, name: str | None) -> bytes:
        """Returns a layer's raw pixels within the document, or the whole picture's."""
        path = self.home.folder / "pixels"
        self.run(f"dump({str(path)!r}, {name!r})")
        return path.read_bytes()

    def undo(self, action: str = "edit_undo") -> dict[str, Any]:
        """Undoes one step, or does it again ("edit_redo"); returns the state then."""
        self.run(f"app.action({action!r}).trigger()")
        time.sleep(0.3)
        return self.settled()

    def shoot(self, path: Path, box: list[int] | None = None) -> None:
        """Keeps a picture of the display, or of a part of it."""
        screenshot(self.display, path)
        if box is not None:
            subprocess.run(
                [str(program("convert")), str(path), "-crop", "{2}x{3}+{0}+{1}".format(*box), "+repage", str(path)],
                check=True,
                timeout=30,
            )

    def mouse(self, *words: str) -> None:
        """Has xdotool move and click."""
        command = [str(program("xdotool")), *words]
        subprocess.run(command, check=True, timeout=20, env={"DISPLAY": self.display.name, "PATH": "/usr/bin:/bin"})

    def stop(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.wait(20)
        self._socket.unlink(missing_ok=True)
