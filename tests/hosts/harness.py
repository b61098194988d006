"""What every host test shares: a display that nobody sees, a throw-away home, the command line, and what is missing."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from scumble.hosts.probe import without_environment
from scumble.hosts.screen import Screen

REPO = Path(__file__).resolve().parents[2]
PHOTOS = REPO / "examples" / "photos"
FAKES = REPO / "tests" / "fakes" / "effects"
SUBJECT = PHOTOS / "astronaut-cutout.webp"
LOOKS: tuple[dict[str, object], ...] = (
    {"style": "low-poly", "width": 300, "height": 200, "palette": "#0b132b,#ff6b35,#ffd166", "seed": 6},
    {"style": "bokeh", "width": 320, "height": 180, "energy": 0.75, "warmth": 0.25, "seed": 4, "blend": "9",
     "blend_amount": 0.25, "text_area": "10,10,120,80", "contrast": 7.0, "subject": str(SUBJECT)},
    {"style": "waves", "width": 256, "height": 128, "seed": 2147483647, "seamless": True, "blur": 0.5,
     "palette_from": str(PHOTOS / "cat.jpg")},
    {"style": "sky", "width": 400, "height": 240, "scale": 2.0, "seed": 8, "blend": "3", "blend_amount": 0.5,
     "energy": 0.75},
    {"style": "gradient", "width": 333, "height": 77, "brightness": 0.75, "seed": 5},
    {"style": "paper", "width": 200, "height": 150, "palette": "#f4efe6", "warmth": 0.75},
    {"style": "abstract", "width": 160, "height": 128, "seed": 2},
    {"style": "defocus", "width": 160, "height": 128, "seed": 2},
    {"style": "soft", "width": 160, "height": 128, "seed": 2},
    {"style": "texture", "width": 160, "height": 128, "seed": 2},
)  # fmt: skip
"""Values of the background, every style of it, which must give the same pixels in every host as on the command line."""
COLOURS: tuple[tuple[str, dict[str, object]], ...] = (
    ("cameraman.png", {}),
    ("cat.jpg", {"strength": 0.75, "vividness": 0.25, "hint": "40,30,#cf5a2b 250,160,#2244aa"}),
    ("rocket.jpg", {"detail": "full", "vividness": 1.0}),
    ("coffee.jpg", {"reference": str(PHOTOS / "astronaut.jpg"), "strength": 0.5}),
    ("astronaut.jpg", {"keep_colors": True, "hint": "200,330,#2050c0"}),
)
"""Photographs and values of colorize, which must give the same pixels in every host as on the command line."""
REQUIRED = os.environ.get("SCUMBLE_HOSTS") == "required"
_MISLEADING = ("PYTHON", "XDG_", "SCUMBLE_", "DISPLAY", "WAYLAND_DISPLAY", "QT_", "LC_", "LANG", "DBUS_")


def pictures_folder() -> Path:
    """Returns where tests keep what they saw: SCUMBLE_PICTURES, such as docs/hosts to renew the guide's, or /tmp."""
    return Path(os.environ.get("SCUMBLE_PICTURES") or Path(tempfile.gettempdir()) / "scumble-pictures").absolute()


def missing(reason: str) -> NoReturn:
    """Ends a test that needs a host which is not here: an error where SCUMBLE_HOSTS=required, as in CI."""
    if REQUIRED:
        pytest.fail(f"{reason} (SCUMBLE_HOSTS=required; .ci/hosts.sh installs what is needed)", pytrace=False)
    pytest.skip(f"{reason}; .ci/hosts.sh installs what is needed")


def program(name: str) -> Path:
    """Returns a program's path, or ends the test as `missing` does."""
    found = shutil.which(name)
    return Path(found) if found else missing(f"there is no program {name}")


class Display(Screen):
    """A display that nobody sees; `name` is what DISPLAY wants. Without Xvfb the test ends as `missing` does."""

    def __init__(self, width: int = 1280, height: int = 900) -> None:
        """Starts it and waits until it answers; sizes in pixels."""
        program("Xvfb")
        super().__init__(width, height)


class Home:
    """A home folder whose name has spaces and letters of many alphabets, and all that programs keep in one.

    Attributes:
        folder: parent of everything; removed by `remove`. Put files of the test here.
        path: what HOME is.
        runtime: XDG_RUNTIME_DIR, a short path that only this user may enter.
    """

    def __init__(self) -> None:
        """Makes the folders."""
        self.folder = Path(tempfile.mkdtemp(prefix="scumble hosts ", dir="/tmp"))
        self.runtime = Path(tempfile.mkdtemp(prefix="sh", dir="/tmp"))
        self.path = self.folder / "Zoë’s hôme 日本"
        for folder in (self.path, self.config, self.data, self.cache, self.state):
            folder.mkdir(parents=True)

    @property
    def config(self) -> Path:
        """XDG_CONFIG_HOME."""
        return self.path / ".config"

    @property
    def data(self) -> Path:
        """XDG_DATA_HOME."""
        return self.path / ".local" / "share"

    @property
    def cache(self) -> Path:
        """XDG_CACHE_HOME."""
        return self.path / ".cache"

    @property
    def state(self) -> Path:
        """XDG_STATE_HOME; the worker's log is scumble/worker.log in it."""
        return self.path / ".local" / "state"

    @property
    def worker_runtime(self) -> Path:
        """SCUMBLE_RUNTIME: socket, pixels and the record of crashes."""
        return self.runtime / "scumble"

    def environment(self, display: Display | None = None, **more: str) -> dict[str, str]:
        """Returns this process's variables with this home in place of the user's, and `more` on top.

        The fakes of tests/fakes/effects are there for whoever asks for effects; SCUMBLE_EFFECTS="" leaves them out.
        """
        outside = without_environment(os.environ)
        kept = {name: value for name, value in outside.items() if not name.startswith(_MISLEADING)}
        own = {
            "HOME": str(self.path),
            "XDG_CONFIG_HOME": str(self.config),
            "XDG_DATA_HOME": str(self.data),
            "XDG_CACHE_HOME": str(self.cache),
            "XDG_STATE_HOME": str(self.state),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "SCUMBLE_RUNTIME": str(self.worker_runtime),
            "SCUMBLE_EFFECTS": str(FAKES),
            "LC_ALL": "C.UTF-8",
        }
        return {**kept, **own, **({"DISPLAY": display.name} if display else {}), **more}

    def worker_pid(self) -> int | None:
        """Returns the number of the worker's process, None where none runs."""
        try:
            pid = int(json.loads((self.worker_runtime / "worker.json").read_text("utf-8"))["pid"])
            os.kill(pid, 0)
        except (OSError, ValueError, KeyError):
            return None
        return pid

    def worker_log(self) -> str:
        """Returns all that the worker wrote."""
        path = self.state / "scumble" / "worker.log"
        return path.read_text("utf-8", errors="replace") if path.exists() else ""

    @contextlib.contextmanager
    def worker_without_room(self, most_bytes: int) -> Iterator[None]:
        """Lets the worker, which must run, write no file beyond that size, as if the disk were full there."""
        pid = self.worker_pid()
        assert pid is not None, "no worker runs"
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (most_bytes, resource.RLIM_INFINITY))
        try:
            yield
        finally:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)

    @contextlib.contextmanager
    def wrong_token(self) -> Iterator[None]:
        """Lets hosts know another token than the worker, which must run."""
        path = self.worker_runtime / "worker.json"
        good = path.read_text("utf-8")
        path.write_text(json.dumps({**json.loads(good), "token": "0" * 32}), "utf-8")
        try:
            yield
        finally:
            path.write_text(good, "utf-8")

    def end_worker(self) -> None:
        """Kills the worker, if there is one."""
        pid = self.worker_pid()
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def remove(self) -> None:
        """Ends the worker and removes the folders."""
        self.end_worker()
        for folder in (self.folder, self.runtime):
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def throw_away_home() -> Iterator[Home]:
    """Gives a home that is gone afterwards, with its worker."""
    home = Home()
    try:
        yield home
    finally:
        home.remove()


def screenshot(display: Display, path: Path, window: str = "root") -> Path:
    """Writes what is on the display, or on one window of it (an id of xdotool's), as PNG; returns `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [str(program("import")), "-silent", "-window", window, f"PNG:{path}"]
    subprocess.run(command, check=True, timeout=60, env={**os.environ, "DISPLAY": display.name})
    return path


def cli(
    args: list[str], env: dict[str, str], *, cwd: Path | None = None, timeout_s: float = 300.0
) -> subprocess.CompletedProcess[str]:
    """Runs `scumble ARGS` as a user does; the caller looks at its exit status."""
    command = [sys.executable, "-m", "scumble", *args]
    return subprocess.run(
        command, env=env, cwd=cwd or env["HOME"], capture_output=True, text=True, timeout=timeout_s, check=False
    )


def options_of(values: Mapping[str, object]) -> list[str]:
    """Returns parameters by name as the command line's options; several hints are several of these."""
    options: list[str] = []
    for name, value in values.items():
        given = str(value).split() if name == "hint" else [str(value)]
        option = f"--{name.replace('_', '-')}"
        options += [option] if value is True else [word for one in given for word in (option, one)]
    return options


def rendered_by_cli(env: dict[str, str], effect: str, output: Path, *options: str, source: Path | None = None) -> Path:
    """Renders with the command line what a host is compared with; returns `output`. Raises AssertionError."""
    paths = [*([str(source)] if source else []), str(output)]
    done = cli([effect, *paths, "--quiet", *options], env)
    assert done.returncode == 0, done.stderr
    return output
