"""The bench itself, on small photos: every way gives a row with its figures and its ratio to Scumble."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WAYS = (
    'Scumble, detail="fast" (the default)',
    "numpy + OpenCV at working size, float Lab",
    "numpy + OpenCV at working size, 8-bit Lab",
    'Scumble, detail="full" (tiled)',
    "ONNX Runtime, the full frame in one run",
    "numpy + OpenCV, tiles of 512, halo 128",
)


def bench(*options: str) -> list[list[str]]:
    command = (sys.executable, "-m", "benchmarks", "--quick", *options)
    printed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, timeout=120).stdout
    rows = [line.strip("| ").split(" | ") for line in printed.splitlines()]
    return rows[2:]


def test_every_way_is_measured_against_scumble_and_the_page_is_written(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    rows = bench("--output", str(page))
    assert [row[0] for row in rows] == [*WAYS, *WAYS[3:]]
    for row in rows[:6]:
        assert len(row) == 10
        assert float(row[1]) > 0
        assert float(row[4]) > 0
        assert float(row[6]) > 0
        assert float(row[7]) > 0
    assert [row[4] for row in rows if row[0].startswith("Scumble")] == ["1.00"] * 3
    text = page.read_text()
    assert all(f"| {way} |" in text for way in WAYS)
    assert str(ROOT) not in text


def test_a_run_beyond_the_limit_is_told_as_out_of_memory(tmp_path: Path) -> None:
    import numpy as np
    from benchmarks.__main__ import measure
    from benchmarks.report import Job

    photo = tmp_path / "photo.npy"
    np.save(photo, np.zeros((1500, 2000, 3), np.uint8))
    assert measure(Job("onnxruntime_frame", 3.0), photo, 0.5) == {"failed": "out of memory"}
