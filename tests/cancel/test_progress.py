"""Progress rises with the work done, over reading, the effect and writing, and is told at most 20 times a second."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.cancel.works import picture
from tests.onnx_nets import slow

from scumble import Background, Colorize, Effect, Engine, MusicBed, Progress, read_image, write_image
from scumble.engine import TilePlan
from scumble.rendering import render_files, stages

_INTERVAL_S = 0.05


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(device="cpu", workers=2)


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "photo.jpg"
    write_image(path, picture(1600, 1200))
    return path


class Heard:
    """What a listener was told, and when."""

    def __init__(self) -> None:
        self.told: list[tuple[float, float]] = []

    def __call__(self, fraction: float, _: str = "") -> None:
        self.told.append((time.monotonic(), fraction))

    @property
    def fractions(self) -> list[float]:
        return [fraction for _, fraction in self.told]


@pytest.mark.parametrize(
    ("effect", "suffix"),
    [
        (Colorize(), ".jpg"),
        (Colorize(), ".webp"),
        (Colorize(detail="full"), ".png"),
        (Background(style="sky", width=300, height=200), ".tif"),
        (Background(blur=0.5), ".exr"),
    ],
    ids=["default", "to WebP", "full detail", "net", "drawn"],
)
def test_progress_of_a_whole_job_never_falls_and_ends_at_one(
    effect: Effect, suffix: str, engine: Engine, tmp_path: Path
) -> None:
    source = tmp_path / "source.png"
    write_image(source, picture(300, 200))
    clips = {"source": source} if effect.id == "colorize" else {}
    heard = Heard()
    render_files(effect, clips, tmp_path / f"o{suffix}", engine=engine, progress=Progress(heard), max_megapixels=1)
    assert heard.fractions == sorted(heard.fractions)
    assert heard.fractions[0] < 0.5
    assert heard.fractions[-1] == 1.0


def test_progress_of_a_sound_never_falls_and_ends_at_one(engine: Engine, tmp_path: Path) -> None:
    heard = Heard()
    bed = MusicBed(duration=4, stems=tmp_path / "stems")
    render_files(bed, {}, tmp_path / "bed.wav", engine=engine, progress=Progress(heard), max_megapixels=1)
    assert heard.fractions == sorted(heard.fractions)
    assert heard.fractions[-1] == 1.0


def test_every_part_of_a_job_has_its_share(photo: Path, tmp_path: Path) -> None:
    def shares(effect: Effect, output: str) -> list[float]:
        whole = Progress()
        parts = stages(whole, effect, {"source": photo}, tmp_path / output)
        reached = [0.0]
        for part in (parts.reading["source"], parts.working, parts.writing):
            part.report(1.0)
            reached.append(whole.fraction)
        return list(np.diff(reached))

    quick, png = shares(Colorize(), "o.jpg"), shares(Colorize(), "o.png")
    full = shares(Colorize(detail="full"), "o.jpg")
    assert sum(quick) == pytest.approx(1) == pytest.approx(sum(png)) == pytest.approx(sum(full))
    assert min(quick) > 0.1  # of a quick job reading and writing are a good part
    assert png[2] > 2 * quick[2]
    assert full[1] > 0.9


def test_reading_and_writing_tell_how_far_they_are(photo: Path, tmp_path: Path) -> None:
    for suffix in (".jpg", ".png", ".tif", ".exr", ".webp"):
        read, written = Heard(), Heard()
        image = read_image(photo, progress=read)
        write_image(tmp_path / f"copy{suffix}", image, progress=written)
        for heard in (read, written):
            assert heard.fractions == sorted(heard.fractions)
            assert 0 <= heard.fractions[0] <= heard.fractions[-1] <= 1


def test_the_native_core_tells_at_most_twenty_times_a_second_on_the_calling_thread(engine: Engine) -> None:
    session = engine.session(slow(8), "slow")
    plane = np.random.default_rng(1).random((1, 200, 300), np.float32)
    heard, threads = Heard(), set()

    def listen(fraction: float) -> None:
        threads.add(threading.get_ident())
        heard(fraction)

    began = time.monotonic()
    session.run_tiled(TilePlan(300, 200, tile=48, halo=9), {"x": plane}, "y", np.empty_like(plane), progress=listen)
    passed = time.monotonic() - began
    assert threads == {threading.get_ident()}
    assert 3 < len(heard.told) <= passed / _INTERVAL_S + 2
    assert heard.fractions == sorted(heard.fractions)


@hypothesis_settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(16, 120), min_size=2, max_size=5))
def test_runs_of_different_size_count_by_their_pixels(sides: list[int]) -> None:
    session = Engine(device="cpu", workers=1).session(slow(2), "slow")
    heard = Heard()
    session.run_all([{"x": np.zeros((1, 1, side, side), np.float32)} for side in sides], heard)
    areas = np.cumsum([0, *(side * side for side in sides)])
    possible = areas / areas[-1]
    assert all(min(abs(possible - fraction)) < 1e-9 for fraction in heard.fractions)
    assert heard.fractions == sorted(heard.fractions)
