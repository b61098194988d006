"""GIMP for the tests: a home with the adapter in it, and one console started from it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image as Picture
from tests.hosts.gimp.screen import HEIGHT, WIDTH, Screen
from tests.hosts.gimp.tree import Gimp, install, tree_folder
from tests.hosts.harness import FAKES, PHOTOS, REPO, Display, Home, missing, rendered_by_cli, throw_away_home


class Workplace:
    """A home with the adapter and effects of its own, and pictures made for the test."""

    def __init__(self, home: Home) -> None:
        self.home, self.folder = home, home.folder
        self.log = home.folder / "gimp.log"
        self.effects = home.folder / "effects"
        shutil.copytree(FAKES, self.effects)
        self.adapter = install(home)

    def environment(self, display: Display | None = None) -> dict[str, str]:
        """Returns the variables for GIMP and for the command line alike."""
        return self.home.environment(display, SCUMBLE_EFFECTS=str(self.effects))

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
        out = self.folder / "reference.png"
        out.unlink(missing_ok=True)
        rendered_by_cli(self.environment(), effect, out, *options, source=source)
        with Picture.open(out) as picture:
            return picture.tobytes()


def inside() -> str:
    """Returns the helpers that run inside GIMP."""
    return (Path(__file__).parent / "inside.py").read_text("utf-8")


@pytest.fixture(scope="session")
def tree() -> Path:
    """The Debian tree with GIMP in it."""
    return tree_folder() or missing("SCUMBLE_GIMP_ROOT names no Debian tree with GIMP 3 in it")


@pytest.fixture(scope="session")
def workplace(tree: Path) -> Iterator[Workplace]:
    """A throw-away home with a third-party effect; the worker that was started from it ends with it."""
    with throw_away_home() as home:
        place = Workplace(home)
        place.add_effect(REPO / "examples/third_party_effect/scumble_grade")
        yield place


@pytest.fixture(scope="session")
def start(tree: Path, workplace: Workplace) -> Iterator[Callable[..., Gimp]]:
    """Starts GIMP in that home, on a display or as console; all are ended with the tests."""
    running: list[Gimp] = []

    def started(display: Display | None = None) -> Gimp:
        log = workplace.folder / f"gimp-{len(running)}.log"
        gimp = Gimp(tree, workplace.environment(display), log, gui=display is not None)
        running.append(gimp)
        gimp.run(inside())
        return gimp

    yield started
    for gimp in running:
        gimp.stop()


@pytest.fixture(scope="session")
def gimp(start: Callable[..., Gimp]) -> Gimp:
    """One console for all tests."""
    return start()


@pytest.fixture(scope="session")
def screen(start: Callable[..., Gimp]) -> Iterator[Screen]:
    """GIMP with its window, on a display of its own."""
    display = Display(WIDTH, HEIGHT)
    yield Screen(display, start(display))
    display.stop()
