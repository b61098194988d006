"""The bench of the colour kernels, on a small photo: every way of every kernel has its row."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_way_has_a_row_and_ours_is_the_measure(tmp_path: Path) -> None:
    page = tmp_path / "kernels.md"
    command = (
        sys.executable,
        "-m",
        "benchmarks.kernels",
        "--megapixels",
        "0.1",
        "--repeats",
        "2",
        "--output",
        str(page),
    )
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, timeout=300)
    rows = [line.strip("| ").split(" | ") for line in page.read_text().splitlines() if line.startswith("| ")]
    rows = [row for row in rows if row[0] != "Work"]
    assert len(rows) == 3 * 14 + 2
    assert {row[1] for row in rows} == {"scumble", "scumble, Display P3", "opencv", "scikit-image", "libvips"}
    assert all(float(figure.strip("*")) > 0 for row in rows for figure in (*row[2:6], row[7]))
    bars = {"scumble": None, "scumble, Display P3": None, "libvips": None, "opencv": 4.0, "scikit-image": 30.0}
    for row in rows:
        bar = bars[row[1]]
        assert row[6] == ("" if bar is None else f"{bar:g}")
        # The figure is rounded for the page, so that one just below the bar may look like it.
        assert row[4].startswith("**") == (bar is not None and float(row[4].strip("*")) < bar) or row[4] == f"**{bar}**"
    assert all(row[4] == row[5] == "1.0" for row in rows if row[1] == "scumble")
