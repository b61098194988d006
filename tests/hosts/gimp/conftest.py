"""GIMP for the tests: one console and one home for each module, a name with spaces and letters of many alphabets."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image as Picture

from tests.hosts.gimp.tree import REPO, Gimp, install_by_hand, tree_folder

PHOTOS = REPO / "examples/photos"


class Workplace:
    """A home with the adapter in it, its worker, and pictures made for the test."""

    def __init__(self, folder: Path, runtime: Path) -> None:
        self.folder = folder
        self.home = folder / "Zoë’s hôme 日本"
        self.home.mkdir(parents=True)
        self.runtime = runtime
        self.log = folder / "gimp.log"
        self.effects = folder / "effects"
        shutil.copytree(REPO / "tests/fakes/effects", self.effects)
        self.environment = {
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_CACHE_HOME": str(self.home / ".cache"),
            "XDG_STATE_HOME": str(self.home / ".state"),
            "LC_ALL": "C.UTF-8",
            "SCUMBLE_RUNTIME": str(runtime / "scumble"),
            "SCUMBLE_EFFECTS": str(self.effects),
        }
        self.adapter = install_by_hand(self.home, runtime / "scumble")

    def add_effect(self, package: Path) -> None:
        """Installs a third-party effect: its package, and the entry point that its own project file declares."""
        shutil.copytree(package, self.effects / package.name)
        information = self.effects / f"{package.name}-0.1.0.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package.name}\nVersion: 0.1.0\n")
        project = (package.parent / "pyproject.toml").read_text("utf-8")
        _, _, table = project.partition('[project.entry-points."scumble.effects"]\n')
        lines = table.split("\n\n")[0].replace('"', "")
        (information / "entry_points.txt").write_text(f"[scumble.effects]\n{lines}\n")

    def photo(self, name: str, mode: str = "RGB") -> Path:
        """Returns a photograph of the examples as PNG, which every program decodes alike."""
        path = self.folder / f"{Path(name).stem} {mode} é.png"
        if not path.exists():
            with Picture.open(PHOTOS / name) as picture:
                picture.convert(mode).save(path)
        return path

    def reference(self, effect: str, source: Path | None, *options: str) -> bytes:
        """Returns what the command line makes: raw samples of the file, decoded by Pillow."""
        out = self.folder / f"reference-{len(list(self.folder.glob('reference-*.png')))}.png"
        paths = [*([str(source)] if source else []), str(out)]
        command = [sys.executable, "-m", "scumble", effect, *paths, "--quiet", *options]
        done = subprocess.run(
            command, env={**os.environ, **self.environment}, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        with Picture.open(out) as picture:
            return picture.tobytes()

    def worker_pid(self) -> int:
        """Returns the number of the worker's process."""
        return int(json.loads((self.runtime / "scumble/worker.json").read_text())["pid"])

    def end_worker(self) -> None:
        """Ends the worker, if there is one."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            os.kill(self.worker_pid(), signal.SIGKILL)

    def worker_log(self) -> str:
        """Returns all that the worker wrote."""
        path = self.home / ".state/scumble/worker.log"
        return path.read_text("utf-8") if path.exists() else ""


@pytest.fixture(scope="session")
def tree() -> Path:
    """The Debian tree with GIMP in it."""
    root = tree_folder()
    if root is None:
        reason = "no GIMP 3: SCUMBLE_GIMP_ROOT names no tree that has it"
        if os.environ.get("SCUMBLE_HOSTS") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    return root


@pytest.fixture(scope="module")
def workplace() -> Iterator[Workplace]:
    """A throw-away home; the worker that was started from it ends with it."""
    runtime = Path(tempfile.mkdtemp(prefix="sg", dir="/tmp"))
    folder = Path(tempfile.mkdtemp(prefix="scumble gimp ", dir="/tmp"))
    place = Workplace(folder, runtime)
    yield place
    place.end_worker()
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(runtime, ignore_errors=True)


@pytest.fixture(scope="module")
def start(tree: Path, workplace: Workplace) -> Iterator[Callable[..., Gimp]]:
    """Starts GIMP in that home; all are ended with the module."""
    running: list[Gimp] = []

    def started(*, gui: bool = False, **variables: str) -> Gimp:
        gimp = Gimp(tree, {**workplace.environment, **variables}, workplace.log, gui=gui)
        running.append(gimp)
        gimp.run((Path(__file__).parent / "inside.py").read_text("utf-8"))
        return gimp

    yield started
    for gimp in running:
        gimp.stop()


@pytest.fixture(scope="module")
def gimp(start: Callable[..., Gimp]) -> Gimp:
    """One console for the whole module."""
    return start()
