"""The engine's bench itself, on small photos: every way gives a row with its figures and its ratio to Scumble."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks.engine import bars, nets, tilers
from benchmarks.engine.__main__ import compare, measure
from benchmarks.engine.report import Job
from benchmarks.engine.ways import KINDS, WAYS

ROOT = Path(__file__).resolve().parents[2]


def test_every_way_is_measured_against_scumble_and_the_page_is_written(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    command = (sys.executable, "-m", "benchmarks.engine", "--quick", "--output", str(page))
    printed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, timeout=600).stdout
    tables = printed.split("\n\n")
    for kind, shown in zip(KINDS, tables, strict=False):
        rows = [line.strip("| ").split(" | ") for line in shown.splitlines()][2:]
        titles = [way.title for way in WAYS.values() if way.kind == kind]
        assert [row[0] for row in rows] == titles * (1 if kind == "fast" else 2)
        for row in rows:
            assert len(row) == 13
            times, cpu_times, mib, memory_times = (float(row[place]) for place in (5, 8, 9, 10))
            assert min(times, cpu_times, mib, memory_times) > 0
            assert row[0].startswith("Scumble") == (times == cpu_times == memory_times == 1)
        if kind == "exact":
            assert [row[12] for row in rows if row[0].startswith("Scumble")] == ["0 %", "0 %"]
            assert all(float(row[12].split()[0]) > 0 for row in rows if "windows" in row[0])
    text = page.read_text()
    assert all(title in text for title in KINDS.values())
    assert "workers' time outside the model" in text
    assert str(ROOT) not in text
    assert (tmp_path / "performance.png").stat().st_size > 10_000


def test_a_run_beyond_the_limit_is_told_as_out_of_memory(tmp_path: Path) -> None:
    photo = tmp_path / "photo.npy"
    np.save(photo, np.zeros((1500, 2000, 3), np.uint8))
    assert measure(Job("onnxruntime_frame", 3.0), photo, 0.5) == {"failed": "out of memory"}


def test_a_bar_that_is_missed_is_bold() -> None:
    def run(seconds: float, mib: float) -> list[dict[str, float]]:
        return [{"seconds": seconds, "mib": mib}] * 3

    peers = {"opencv_tiles": run(50, 300), "onnxruntime_frame": run(9, 2000), "monai_windows": run(9, 150)}
    ours = {"scumble_fast": run(2, 100), "scumble_full": [run[0] | _STATISTICS for run in [run(9, 100)] * 3]}
    samples = {Job(way, 48.0): runs for way, runs in (peers | ours).items()}
    samples[Job("scumble_full", 12.0)] = run(3, 80)
    rows = {line.split(" | ")[0].strip("| "): line for line in bars.bars(samples, 12.0, 48.0, 8.0).splitlines()}
    assert rows["default mode against the OpenCV tiler at full detail, 48 MP"].endswith("| 25× |")
    assert rows["peak memory, full, 48 MP, of the full frame's"].endswith("| 1/20.0 |")
    assert rows["peak memory, full, 48 MP, of MONAI's"].endswith("| **1/1.5** |")
    assert rows["peak memory, full, 48 MP of that at 12"].endswith("| **1.25×** |")
    assert rows["workers' time outside the model, colouring at full detail, 48 MP"].endswith("| 4.0 % |")


_STATISTICS = {"model_seconds": 9.6, "busy_seconds": 10.0}


@pytest.mark.parametrize("extent", [(1000, 700), (512, 512), (100, 60)])
def test_the_peers_tiles_cover_the_picture_with_whole_windows(extent: tuple[int, int]) -> None:
    width, height = extent
    covered = np.zeros((height, width), int)
    cut = list(tilers.each_tile(width, height, 256, 32))
    for tile in cut:
        covered[tile.core] += 1
        seen = np.zeros((height, width), int)[tile.seen]
        above, below, before, after = tile.missing
        assert (seen.shape[0] + above + below, seen.shape[1] + before + after) == (320, 320)
        assert seen[tile.inner].shape == covered[tile.core].shape
    assert (covered == 1).all()
    assert tilers.computed_pixels(width, height, 256, 32) == len(cut) * 320**2


def test_multiplications_are_those_of_the_layers() -> None:
    stem, last = 9 * 3 * 24 / 4, 9 * 16 * 3
    whole = nets.multiplications(nets.mobile_net(), ["y"])
    assert stem + last < whole < 20_000
    halved = nets.multiplications(nets.mobile_net(), ["relu_1"])
    assert halved == stem


def test_results_are_compared_code_by_code(tmp_path: Path) -> None:
    first, second = tmp_path / "a.npy", tmp_path / "b.npy"
    picture = np.zeros((4, 5, 3), np.uint8)
    np.save(first, picture)
    picture[1, 2, 0] = 7
    np.save(second, picture)
    figures: dict[str, float] = {}
    compare(figures, second, first)
    assert figures == {"different": 1 / 60}
