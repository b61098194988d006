"""The bench of a card, on the processor: every way that is there gives a row, with the model's share of the time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.gpu.report import every, table
from benchmarks.gpu.ways import WAYS

ROOT = Path(__file__).resolve().parents[2]


def bench(*options: str) -> list[list[str]]:
    command = (sys.executable, "-m", "benchmarks.gpu", "--device", "cpu", "--quick", *options)
    printed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, timeout=300).stdout
    return [line.strip("| ").split(" | ") for line in printed.splitlines()][2:]


def test_scumbles_modes_and_a_peer_are_measured_and_the_page_is_written(tmp_path: Path) -> None:
    page = tmp_path / "performance-gpu.md"
    rows = bench("--ways", "fast", "full", "graphs", "onnxruntime", "--output", str(page))
    assert [row[0] for row in rows] == [WAYS[way].title for way in ("fast", "full", "graphs", "onnxruntime")]
    for row in rows:
        assert len(row) == 9
        assert min(float(row[2]), float(row[3]), float(row[6]), float(row[8])) > 0
    assert [row[4] for row in rows[:2]] == ["1.00", "1.00"]
    for row in rows[:3]:
        assert 0 < float(row[7].removesuffix(" %")) < 100
    text = page.read_text()
    assert "CPUExecutionProvider" in text
    assert str(ROOT) not in text


def test_a_way_that_is_missing_leaves_its_row_with_the_reason() -> None:
    runs = {"seconds": [2.0, 1.0], "cpu_seconds": [2.0, 2.0], "prepared": 1.0, "model_share": 0.5, "facts": {}}
    rows = table({("full", 12.0): [runs], ("torch", 12.0): [{"failed": "torch not installed"}]}).splitlines()[2:]
    assert every([runs, runs], "seconds") == [2.0, 1.0, 2.0, 1.0]
    assert rows[0].startswith(f"| {WAYS['full'].title} | 12 | 1.500 | 1.000 | 1.00 | 8.0 | 2.000 | 50.0 % |")
    assert "torch not installed" in rows[1]


@pytest.mark.parametrize("way", list(WAYS))
def test_each_way_says_what_it_lacks_in_words_or_nothing(way: str) -> None:
    assert WAYS[way].lacking() in ("", "this Scumble has no float16") or WAYS[way].lacking().endswith("not installed")
