"""OBS for the tests: one home and one OBS for each module, with the script as `scumble install` puts it there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image as Picture
from tests.hosts.harness import FAKES, PHOTOS, REPO, Display, Home, program, rendered_by_cli
from tests.hosts.obs.studio import Studio

GRADE = REPO / "examples" / "third_party_effect" / "scumble_grade"


class Workplace:
    """A home with effects of its own, and pictures for the test in a folder whose name has two scripts."""

    def __init__(self, home: Home) -> None:
        self.home, self.folder = home, home.folder / "Bilder ü 写真"
        self.folder.mkdir()
        self.effects = home.folder / "effects"
        shutil.copytree(FAKES, self.effects)
        self.environment = home.environment(SCUMBLE_EFFECTS=str(self.effects))

    def add_grade(self) -> None:
        """Installs the example of a third party's effect: package and entry point."""
        shutil.copytree(GRADE, self.effects / GRADE.name)
        information = self.effects / "scumble_grade-0.1.0.dist-info"
        information.mkdir()
        (information / "METADATA").write_text("Metadata-Version: 2.1\nName: scumble-grade\nVersion: 0.1.0\n")
        (information / "entry_points.txt").write_text("[scumble.effects]\ngrade = scumble_grade:Grade\n")

    def photo(self, name: str = "cat.jpg", size: tuple[int, int] | None = None) -> Path:
        """Returns a photograph of the examples as PNG, at that size."""
        path = self.folder / f"{Path(name).stem} {size or ''} é.png"
        if not path.exists():
            with Picture.open(PHOTOS / name) as picture:
                shown = picture.convert("RGB")
                (shown.resize(size) if size else shown).save(path)
        return path

    def reference(self, effect: str, ending: str, source: Path | None, *options: str) -> bytes:
        """Returns the file that the command line makes."""
        out = self.folder / f"reference{ending}"
        out.unlink(missing_ok=True)
        rendered_by_cli(self.environment, effect, out, *options, source=source)
        return out.read_bytes()


@pytest.fixture(scope="module")
def workplace(module_home: Home) -> Workplace:
    """A throw-away home; the worker that was started from it ends with it."""
    for name in ("obs", "xdotool", "import"):
        program(name)
    return Workplace(module_home)


@pytest.fixture(scope="module")
def module_studio(workplace: Workplace, xvfb: Display) -> Iterator[Studio]:
    """OBS, started once for the module."""
    studio = Studio(workplace.home, xvfb, {**workplace.environment, "DISPLAY": xvfb.name})
    studio.start()
    yield studio
    studio.kill()


@pytest.fixture
def studio(module_studio: Studio) -> Iterator[Studio]:
    """That OBS, with its scenes empty, its settings at their defaults, and no crash of the worker on record."""
    yield module_studio
    for source in module_studio.sources():
        module_studio.socket.remove_input(source)
    module_studio.wait(lambda: not module_studio.sources())
    module_studio.run("obs.obs_data_clear(sys.modules['scumble_obs']._session.settings)")
    (module_studio.home.worker_runtime / "crashes.json").unlink(missing_ok=True)
