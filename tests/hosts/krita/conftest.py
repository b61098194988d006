"""Krita for the tests: one home and one Krita for all of them, and pictures that Krita and the command line share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture
from tests.hosts.harness import FAKES, PHOTOS, REPO, Display, Home, cli, rendered_by_cli, throw_away_home
from tests.hosts.krita.driver import Krita

GRADE = REPO / "examples" / "third_party_effect" / "scumble_grade"


class Workplace:
    """A home with the adapter as `scumble install` puts it there, effects of its own, and pictures."""

    def __init__(self, home: Home) -> None:
        self.home, self.folder = home, home.folder / "Bilder ü 写真"
        self.folder.mkdir()
        self._references: dict[tuple[object, ...], NDArray[np.uint8]] = {}
        self.effects = home.folder / "effects"
        shutil.copytree(FAKES, self.effects)
        self._add_grade()
        done = cli(["install", "krita"], self.environment())
        assert done.returncode == 0, done.stderr

    def environment(self) -> dict[str, str]:
        """Returns the variables for Krita and for the command line alike."""
        return self.home.environment(SCUMBLE_EFFECTS=str(self.effects))

    def _add_grade(self) -> None:
        """Installs the example of a third party's effect: package and entry point."""
        shutil.copytree(GRADE, self.effects / GRADE.name)
        information = self.effects / "scumble_grade-0.1.0.dist-info"
        information.mkdir()
        (information / "METADATA").write_text("Metadata-Version: 2.1\nName: scumble-grade\nVersion: 0.1.0\n")
        (information / "entry_points.txt").write_text("[scumble.effects]\ngrade = scumble_grade:Grade\n")

    def photo(self, name: str = "cat.jpg", mode: str = "RGB") -> Path:
        """Returns a photograph of the examples as PNG in a folder with a name in two scripts."""
        path = self.folder / f"{Path(name).stem} {mode} é.png"
        if not path.exists():
            with Picture.open(PHOTOS / name) as picture:
                picture.convert(mode).save(path)
        return path

    def save(self, name: str, pixels: NDArray[np.uint8]) -> Path:
        """Writes 8-bit pixels (H, W, C) as PNG."""
        path = self.folder / name
        Picture.fromarray(pixels).save(path)
        return path

    def reference(self, effect: str, source: Path | None, *options: str) -> NDArray[np.uint8]:
        """Returns what the command line makes, 8-bit RGBA (H, W, 4), decoded by Pillow; made once."""
        key = (effect, source, *options)
        if key not in self._references:
            out = self.folder / "reference.png"
            out.unlink(missing_ok=True)
            rendered_by_cli(self.environment(), effect, out, *options, source=source)
            with Picture.open(out) as picture:
                self._references[key] = np.asarray(picture.convert("RGBA"))
        return self._references[key]


@pytest.fixture(scope="session")
def workplace() -> Iterator[Workplace]:
    """A throw-away home with the adapter installed; its worker ends with it."""
    with throw_away_home() as home:
        yield Workplace(home)


@pytest.fixture(scope="session")
def started_krita(workplace: Workplace, xvfb: Display) -> Iterator[Krita]:
    """Krita, started once for all tests."""
    krita = Krita(workplace.home, xvfb, workplace.environment())
    yield krita
    krita.stop()


@pytest.fixture
def krita(started_krita: Krita, workplace: Workplace) -> Iterator[Krita]:
    """Krita without documents; whatever the adapter let through to Krita's log fails the test."""
    (workplace.home.worker_runtime / "crashes.json").unlink(missing_ok=True)  # three would be too many
    started_krita.run("close_all()")
    yield started_krita
    assert "Traceback" not in started_krita.log.read_text(errors="replace")


def rgba_from_krita(pixels: bytes, width: int, height: int) -> NDArray[np.uint8]:
    """Returns an 8-bit layer's raw bytes, blue first, as RGBA (H, W, 4)."""
    return np.frombuffer(pixels, np.uint8).reshape(height, width, 4)[..., [2, 1, 0, 3]]
