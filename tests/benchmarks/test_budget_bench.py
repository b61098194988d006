"""The bench of budgets, on a small photo: the floor is found, and both jobs keep their budget."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_floor_is_found_and_kept() -> None:
    command = (sys.executable, "-m", "benchmarks.budget", "--quick")
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=300)
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")][1:]
    floor, ample = rows
    assert floor[3].endswith("(floor)")
    assert 150 < int(floor[3].split()[0]) < 512 == int(ample[3])
    assert all(float(row[5]) <= 1.1 for row in rows)
