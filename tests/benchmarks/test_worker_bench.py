"""The worker's bench itself, small: every row has its figures, and the ratio is that of the minima."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_every_figure_is_there() -> None:
    command = (sys.executable, "-m", "benchmarks.worker", "--quick")
    printed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, timeout=300).stdout
    rows = [line.strip("| ").split(" | ") for line in printed.splitlines() if line.startswith("| ")][1:]
    figures = [[float(number) for number in re.findall(r"[-+]?\d+\.?\d*", row[1])] for row in rows]
    assert [len(row) for row in figures] == [2, 2, 2, 3, 1, 1]
    (own, _), (through, _), (ratio, _) = figures[:3]
    assert ratio == pytest.approx(through / own, rel=0.05)
    assert figures[3] == sorted(figures[3])
