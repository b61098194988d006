"""Starts a host with throw-away settings and a copy of its adapter, and hears from inside what it registered."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scumble.errors import HostError
from scumble.hosts.layout import Machine, Variant
from scumble.hosts.screen import Screen
from scumble.worker.place import RUNTIME_VARIABLE

INSIDE = Path(__file__).parent / "inside"
TIMEOUT_S = 150.0
_POLL_S = 0.1
_GRACE_S = 2.0
_MISLEADING = ("PYTHON", "XDG_CONFIG", "XDG_DATA", "XDG_CACHE", "XDG_STATE", "GIMP3_", "QT_", "DISPLAY", "WAYLAND")
_LAST_LINES = 6
_PROBE = "Probe"
Start = Iterator[tuple[list[str], dict[str, str]]]


def without_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Returns variables as they were before Python's virtual environment was activated.

    A host's own Python would take the environment for its home, and not find what came with the host.
    """
    own = Path(sys.executable).parent
    path = os.pathsep.join(entry for entry in variables.get("PATH", os.defpath).split(os.pathsep) if Path(entry) != own)
    return {**{name: value for name, value in variables.items() if name != "VIRTUAL_ENV"}, "PATH": path}


@dataclass(frozen=True)
class Found:
    """What a host told: its version, and the names that are registered; never none of them."""

    version: str
    names: tuple[str, ...]


def probed(variant: Variant, machine: Machine, program: str, runtime: Path) -> Found:
    """Starts the host, and returns what it registered; the user's own settings are not touched.

    `program` is the command to start it, empty for the usual one; `runtime` is where the worker is met.
    Raises HostError: host.not_proved when it cannot be started here, host.not_registered with the host's own words.
    """
    title = variant.host.title
    try:
        parent = _parent(variant, machine)
        with tempfile.TemporaryDirectory(prefix="scumble-doctor-", dir=parent, ignore_cleanup_errors=True) as name:
            place = Place(Path(name), variant, machine, runtime)
            start = {"gimp": _gimp, "krita": _krita, "obs": _obs}[variant.host.id]
            with start(place, program) as (command, environment):
                place.run(command, environment)
            return place.answer()
    except OSError as error:
        hint = "Check the rights of that place and the space on its disk."
        raise HostError(f"{title} cannot be given throw-away settings: {error}", hint, "host.not_proved") from error


def _parent(variant: Variant, machine: Machine) -> Path | None:
    """Returns where a Flatpak can see throw-away settings; None for anywhere."""
    if variant.kind != "flatpak":
        return None
    folder = machine.home / ".var" / "app" / variant.host.flatpak / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Place:
    """A throw-away home with the adapter in it."""

    def __init__(self, folder: Path, variant: Variant, machine: Machine, runtime: Path) -> None:
        self.folder, self.variant, self.machine, self.runtime = folder, variant, machine, runtime
        self.file = folder / "found.json"
        self.log = folder / "log.txt"
        self.late = False

    def environment(self) -> dict[str, str]:
        """Returns the variables for the host."""
        outside = without_environment(self.machine.variables)
        kept = {key: value for key, value in outside.items() if not key.startswith(_MISLEADING)}
        own = {"HOME": self.folder, RUNTIME_VARIABLE: self.runtime, "SCUMBLE_PROBE": self.file, "LC_ALL": "C.UTF-8"}
        names = {"CONFIG": ".config", "DATA": ".local/share", "CACHE": ".cache", "STATE": ".local/state"}
        own |= {f"XDG_{key}_HOME": self.folder / path for key, path in names.items()}
        run = self.folder / "run"
        run.mkdir(mode=0o700, exist_ok=True)
        return {**kept, "XDG_RUNTIME_DIR": str(run), **{key: str(value) for key, value in own.items()}}

    def copy(self, target: Path) -> Path:
        """Copies the adapter as it is installed, rights and all, into a folder for plug-ins; returns its folder."""
        return Path(shutil.copytree(self.variant.folder, target / self.variant.host.plugin))

    def run(self, command: list[str], environment: dict[str, str]) -> None:
        """Runs the host until it has answered or ended; ends it and all that it started. Raises HostError."""
        with self.log.open("wb") as log:
            try:
                process = subprocess.Popen(  # noqa: S603 - the user's own program
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
                )
            except OSError as error:
                message = f"{command[0]} cannot be started: {error.strerror}"
                raise HostError(message, "Name another one with --program.", "host.not_proved") from error
            deadline = time.monotonic() + TIMEOUT_S
            try:
                while process.poll() is None and not self.file.exists() and time.monotonic() < deadline:
                    time.sleep(_POLL_S)
                self.late = process.poll() is None and not self.file.exists()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0 if self.late else _GRACE_S)  # most end by themselves then
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def answer(self) -> Found:
        """Returns what was found. Raises HostError with the host's own words when there is nothing of ours."""
        try:
            told: dict[str, Any] = json.loads(self.file.read_text("utf-8"))
        except (OSError, ValueError):
            last = self.log.read_text("utf-8", "replace").strip().splitlines()[-_LAST_LINES:]
            said = "\n".join(last) or "nothing"
            hint = f"Start it by hand and look at its messages. It said: {said}"
            how = "did not answer in time and was ended" if self.late else "ended without an answer"
            raise HostError(f"{self.variant.host.title} {how}", hint, "host.not_proved") from None
        if told["reason"] or not told["names"]:
            said = str(told["reason"] or "it does not know of it").strip()
            hint = f"Run: scumble install {self.variant.host.id}. {self.variant.host.title} said: {said}"
            message = f"{self.variant.host.title}, version {told['version']}, did not register the plug-in"
            raise HostError(message, hint, "host.not_registered")
        return Found(str(told["version"]), tuple(told["names"]))


def _command(place: Place, program: str, names: tuple[str, ...], inside: str, variables: dict[str, str]) -> list[str]:
    """Returns the words that start the host: the named program, its Flatpak, or the first that is on the path."""
    host = place.variant.host
    if program:
        return shlex.split(program) if not Path(program).is_file() else [program]
    flatpak = place.machine.program("flatpak")
    if place.variant.kind == "flatpak" and flatpak:
        passed = [f"--env={key}={value}" for key, value in variables.items()]
        return [str(flatpak), "run", f"--command={inside}", *passed, host.flatpak]
    found = [path for name in names if (path := place.machine.program(name))]
    if place.variant.kind == "native" and found:
        return [str(found[0])]
    hint = f"Name the command that starts it: scumble doctor {host.id} --program COMMAND"
    raise HostError(f"The program of {host.title} ({place.variant.name}) was not found", hint, "host.not_proved")


@contextlib.contextmanager
def _gimp(place: Place, program: str) -> Start:
    series = place.variant.name.rpartition("-")[2]
    config = place.folder / ".config" / "GIMP" / (series if series[:2] == "3." else "3.0")
    place.copy(config / "plug-ins")
    environment = {**place.environment(), "GIMP3_DIRECTORY": str(config)}
    passed = {key: environment[key] for key in ("GIMP3_DIRECTORY", "SCUMBLE_PROBE", RUNTIME_VARIABLE)}
    places = ("/Applications/GIMP.app/Contents/MacOS/gimp-console", "C:/Program Files/GIMP 3/bin/gimp-console.exe")
    names = (f"gimp-console-{series}", "gimp-console-3.*", "gimp-console", "gimp-3.*", "gimp", *places)
    script = place.folder / "inside.py"
    shutil.copy(INSIDE / "gimp.py", script)
    code = f"exec(compile(open({str(script)!r}).read(), 'inside', 'exec'))"
    batch = ["-i", "-d", "-f", "--batch-interpreter=python-fu-eval", "-b", code, "--quit"]
    yield [*_command(place, program, names, "gimp", passed), *batch], environment


@contextlib.contextmanager
def _krita(place: Place, program: str) -> Start:
    plugins = place.folder / "pykrita"
    place.copy(plugins)
    shutil.copy(INSIDE / "krita.py", plugins / "scumble_probe.py")
    environment = {**place.environment(), "PYTHONPATH": str(plugins), "QT_QPA_PLATFORM": "offscreen"}
    passed = {key: environment[key] for key in ("PYTHONPATH", "QT_QPA_PLATFORM", "SCUMBLE_PROBE", RUNTIME_VARIABLE)}
    places = ("/Applications/krita.app/Contents/MacOS/kritarunner", "C:/Program Files/Krita (x64)/bin/kritarunner.exe")
    names = ("kritarunner", *places)
    command = _command(place, program, names, "kritarunner", passed)
    yield [*command, "-s", "scumble_probe", "-f", "main"], environment


@contextlib.contextmanager
def _obs(place: Place, program: str) -> Start:
    if place.variant.kind == "flatpak" and not program:
        hint = "Start OBS and look at Tools > Scripts: it lists scumble_obs."
        raise HostError("OBS in its Flatpak cannot be given throw-away settings", hint, "host.not_proved")
    config = place.folder / ".config" / "obs-studio"
    adapter = place.copy(config / "scripts")
    script = adapter.parent / "scumble_probe.py"
    shutil.copy(INSIDE / "obs.py", script)
    _write_obs_settings(config, [adapter / f"{place.variant.host.plugin}.py", script])
    command = _command(place, program, ("obs",), "obs", {})
    with _screen() as screen:
        software = {"LIBGL_ALWAYS_SOFTWARE": "1", "QT_QPA_PLATFORM": "xcb", "DISPLAY": screen.name}
        options = ["--multi", "--disable-updater", "--disable-missing-files-check", "--collection", _PROBE]
        yield [*command, *options, "--profile", _PROBE], {**place.environment(), **software}


@contextlib.contextmanager
def _screen() -> Iterator[Screen]:
    try:
        screen = Screen()
    except HostError as error:
        message = f"OBS needs a display, and {error.message[0].lower()}{error.message[1:]}"
        raise HostError(message, error.hint, "host.not_proved") from error
    try:
        yield screen
    finally:
        screen.stop()


def _write_obs_settings(config: Path, scripts: list[Path]) -> None:
    """Writes the least that OBS starts with without asking questions: settings, a profile, a collection."""
    general = "[General]\nFirstRun=true\nLastVersion=486539266\nEnableAutoUpdates=false\n"
    chosen = f"[Basic]\nProfile={_PROBE}\nProfileDir={_PROBE}\nSceneCollection={_PROBE}\nSceneCollectionFile={_PROBE}\n"
    profile = f"[General]\nName={_PROBE}\n"
    scene = {"id": "scene", "versioned_id": "scene", "name": "Scene", "settings": {"items": []}}
    collection = {
        "name": _PROBE,
        "current_scene": "Scene",
        "current_program_scene": "Scene",
        "scene_order": [{"name": "Scene"}],
        "sources": [scene],
        "modules": {"scripts-tool": [{"path": str(path), "settings": {}} for path in scripts]},
    }
    texts = {
        "global.ini": general + chosen,
        "user.ini": general + chosen,  # since OBS 31
        f"basic/profiles/{_PROBE}/basic.ini": profile,
        f"basic/scenes/{_PROBE}.json": json.dumps(collection),
    }
    for name, text in texts.items():
        path = config / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
