"""The real OBS on a display that nobody sees, in a home of its own: started, asked by websocket, clicked, ended."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import obsws_python
from PIL import Image as Picture
from tests.hosts.harness import REPO, Display, Home, cli, program

CANVAS = (1280, 720)
PASSWORD = "nobody else"  # noqa: S105 - of a throw-away OBS
_START_S = 60.0
_NAME = "Tests"
MAIN_WINDOW = "OBS .*Profile"
_EXIT_BUTTON = (979, 684)
_ENDING = "== Shutting down =="  # in OBS's log as soon as its main window closes
_CLICKS, _CLICK_S, _END_S = 3, 10, 60


class Studio:
    """One OBS; `start` and `stop` may follow each other, the home stays."""

    def __init__(self, home: Home, display: Display, environment: dict[str, str], *, driver: bool = True) -> None:
        """Writes the settings and installs the script as a user does, and the `driver` beside; nothing is started."""
        self.home, self.display = home, display
        self.environment = {**environment, "LIBGL_ALWAYS_SOFTWARE": "1", "QT_QPA_PLATFORM": "xcb"}
        self.config = home.config / "obs-studio"
        self.collection = self.config / "basic" / "scenes" / f"{_NAME}.json"
        self.driver = home.folder / "driver"
        self.recordings = home.folder / "Vidéos"
        self.process: subprocess.Popen[bytes] | None = None
        self.socket: Any = None
        self.port, self.password = _free_port(), PASSWORD
        self._duration = 300
        self.end_s = 0.0
        self._write_settings()
        done = cli(["install", "obs"], environment)
        assert done.returncode == 0, done.stdout + done.stderr
        self.scripts = self.config / "scripts" / "scumble_obs"
        if driver:
            self._add_driver()

    def start(self, *, effects: bool = True) -> None:
        """Starts OBS and waits until its websocket answers and the script was loaded, and knows of `effects`."""
        options = ["--multi", "--disable-updater", "--disable-missing-files-check", "--verbose"]
        command = [str(program("obs")), *options, "--collection", _NAME, "--profile", _NAME]
        with (self.home.folder / "obs.out").open("ab") as stream:
            self.process = subprocess.Popen(command, env=self.environment, stdout=stream, stderr=stream)
        self.wait(self._listens, _START_S)
        self.socket = obsws_python.ReqClient(host="127.0.0.1", port=self.port, password=PASSWORD, timeout=20)
        self.wait(lambda: "Loaded python script: scumble_obs.py" in self.log(), 20)
        if effects:
            self.wait(lambda: self.run("answer = len(sys.modules['scumble_obs']._session.effects)"))

    def stop(self) -> int:
        """Presses Exit in the main window, as a user does, and returns the exit status; `end_s` is how long it took."""
        process = self.process
        assert process is not None
        try:
            self.click_until(*_EXIT_BUTTON, MAIN_WINDOW, lambda: _ENDING in self.log() or process.poll() is not None)
            began = time.monotonic()
            status = process.wait(_END_S)
            self.end_s = time.monotonic() - began
            return status
        except subprocess.TimeoutExpired:
            raise AssertionError(f"OBS began to end, and did not in {_END_S} s; {self.log()[-3000:]}") from None
        finally:
            self.kill()

    def kill(self) -> None:
        """Ends the process if it is still there."""
        if self.socket is not None:
            self.socket.disconnect()
            self.socket = None
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(20)

    def log(self) -> str:
        """Returns what OBS wrote since its last start."""
        files = sorted((self.config / "logs").glob("*.txt"), key=lambda path: path.stat().st_mtime_ns)
        return files[-1].read_text("utf-8", "replace") if files else ""

    def wait(self, happened: Callable[[], Any], timeout_s: float = 60.0) -> Any:
        """Waits until something is true and returns it. Raises AssertionError with the end of the log."""
        deadline = time.monotonic() + timeout_s
        while not (found := happened()):
            assert time.monotonic() < deadline, f"waited {timeout_s} s in vain; {self.log()[-3000:]}"
            time.sleep(0.02)
        return found

    def run(self, text: str, **given: Any) -> Any:
        """Runs Python text on OBS's UI thread and returns what it called `answer`. Raises AssertionError."""
        values = "\n".join(f"{name} = {value!r}" for name, value in given.items())
        reply = self.driver / "answer.json"
        reply.unlink(missing_ok=True)
        (self.driver / "command.part").write_text(f"{values}\n{text}", "utf-8")
        (self.driver / "command.part").replace(self.driver / "command.py")
        self._duration = 301 + (self._duration - 300) % 999  # never one that a scene collection begins with
        self.socket.set_current_scene_transition_duration(self._duration)
        self.wait(reply.exists, 30)
        back = json.loads(reply.read_text("utf-8"))
        assert "error" not in back, back["error"]
        self.seconds = back["seconds"]
        return back["answer"]

    def choose(self, effect: str, **values: Any) -> None:
        """Chooses an effect and its values on the script's page."""
        settings = {"effect": effect, **{f"{effect}/{name}": value for name, value in values.items()}}
        self.run("choose(**settings)", settings=settings)

    def press(self, name: str) -> dict[str, Any]:
        """Opens the page, presses a button on it and returns what the page shows then."""
        shown: dict[str, Any] = self.run("answer = page(name)", name=name)
        return shown

    def page(self) -> dict[str, Any]:
        """Returns what the page shows."""
        shown: dict[str, Any] = self.run("answer = page()")
        return shown

    def status(self) -> str:
        """Returns what the page says is going on."""
        return str(self.page()["status"]["label"])

    def finished(self, timeout_s: float = 90.0) -> str:
        """Waits until nothing is under way, and returns the status."""
        self.wait(lambda: not self.run("answer = sys.modules['scumble_obs']._session.busy"), timeout_s)
        return self.status()

    def rendered(self, effect: str, name: str, **values: Any) -> Path:
        """Applies an effect and returns the file that the source of that name shows."""
        self.choose(effect, **values)
        self.press("apply")
        status = self.finished()
        assert "is done" in status, status
        return self.file_of(name)

    def file_of(self, source: str) -> Path:
        """Returns the file that an image or media source shows."""
        settings = self.socket.get_input_settings(source).input_settings
        return Path(settings.get("file") or settings["local_file"])

    def sources(self) -> dict[str, str]:
        """Returns the kinds of all inputs by name."""
        return {row["inputName"]: row["inputKind"] for row in self.socket.get_input_list(None).inputs}

    def picture(self, source: str, width: int, height: int) -> Picture.Image:
        """Returns what OBS draws for a source, at that size."""
        reply = self.socket.get_source_screenshot(source, "png", width, height, -1)
        data = base64.b64decode(reply.image_data.split(",", 1)[1])
        return Picture.open(io.BytesIO(data)).convert("RGB")

    def saved(self) -> dict[str, Any]:
        """Returns the scene collection as it lies on disk."""
        found: dict[str, Any] = json.loads(self.collection.read_text("utf-8"))
        return found

    def window(self, title: str, timeout_s: float = 15.0) -> str:
        """Returns the id of the visible window whose title matches."""
        found = self.wait(lambda: self.click_tool("search", "--onlyvisible", "--name", title).split(), timeout_s)
        return str(found[-1])

    def click_tool(self, *words: str) -> str:
        """Runs xdotool on the display and returns what it says."""
        variables = {**os.environ, "DISPLAY": self.display.name}
        command = [str(program("xdotool")), *words]
        return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=30, check=False).stdout

    def click(self, x: int, y: int, title: str) -> None:
        """Presses the left button at a place of the window whose title matches."""
        place = ("mousemove", "--window", self.window(title), str(x), str(y))
        self.click_tool(*place, "sleep", "0.2", "click", "1", "sleep", "0.4")

    def click_until(self, x: int, y: int, title: str, happened: Callable[[], Any]) -> None:
        """Clicks until something is true; one that OBS lost, busy with its window, is given again, as a user would.

        Raises AssertionError with the end of the log after three.
        """
        for _ in range(_CLICKS - 1):
            self.click(x, y, title)
            with contextlib.suppress(AssertionError):
                self.wait(happened, _CLICK_S)
                return
        self.click(x, y, title)
        self.wait(happened, _CLICK_S)

    def keys(self, *names: str) -> None:
        """Presses keys, one after the other."""
        for name in names:
            self.click_tool("key", name, "sleep", "0.25")

    def _listens(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"OBS ended: {self.log()[-3000:]}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def _write_settings(self) -> None:
        general = "[General]\nFirstRun=true\nLastVersion=486539266\nEnableAutoUpdates=false\nInfoIncrement=100\n"
        chosen = f"[Basic]\nProfile={_NAME}\nProfileDir={_NAME}\nSceneCollection={_NAME}\nSceneCollectionFile={_NAME}\n"
        window = "[BasicWindow]\nSysTrayEnabled=false\n"
        web = f"[OBSWebSocket]\nFirstLoad=false\nServerEnabled=true\nServerPort={self.port}\nAuthRequired=true\n"
        width, height = CANVAS
        size = f"BaseCX={width}\nBaseCY={height}\nOutputCX={width}\nOutputCY={height}\nFPSType=0\nFPSCommon=30\n"
        profile = f"[General]\nName={_NAME}\n[Video]\n{size}[SimpleOutput]\nFilePath={self.recordings}\n"
        scenes: list[dict[str, Any]] = [
            {"id": "scene", "versioned_id": "scene", "name": name, "settings": {}} for name in ("Scene", "Other")
        ]
        order = [{"name": scene["name"]} for scene in scenes]
        collection = {"name": _NAME, "current_scene": "Scene", "current_program_scene": "Scene", "sources": scenes}
        texts = {
            "global.ini": f"{general}{chosen}{window}{web}ServerPassword={PASSWORD}\nAlertsEnabled=false\n",
            f"basic/profiles/{_NAME}/basic.ini": profile,
            f"basic/scenes/{_NAME}.json": json.dumps({**collection, "scene_order": order, "modules": {}}),
        }
        for name, text in texts.items():
            path = self.config / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")

    def _add_driver(self) -> None:
        self.driver.mkdir()
        script = shutil.copy(REPO / "tests/hosts/obs/driver.py", self.driver / "scumble_test_driver.py")
        collection = self.saved()
        collection["modules"]["scripts-tool"].append({"path": str(script), "settings": {}})
        self.collection.write_text(json.dumps(collection), "utf-8")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
