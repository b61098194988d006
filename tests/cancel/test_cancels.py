"""A thousand jobs of every kind cancelled from another thread: nothing hangs, leaks, or is left in part."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_LEAST_CANCELLED = 0.6
_MOST_GROWTH_MIB = 80.0
"""Over a thousand cancels: steps of the allocator's; a single picture of the larger jobs is 11 MiB."""
_TRIALS = 2
"""A leak grows each time; a late step of the allocator's is taken for growth in one trial of many."""
_TIMEOUT_S = 1500


def trial(folder: Path) -> dict[str, Any]:
    """Runs a thousand jobs in a process of their own, and returns what it found."""
    spool = folder / "spool"
    spool.mkdir(parents=True)
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "tests.cancel", "7", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT_S,
        cwd=root,
        env={"PATH": "", "PYTHONPATH": ":".join([str(root), *sys.path]), "TMPDIR": str(spool), "HOME": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["faults"] == []
    assert found["cancels"] == 1000
    assert found["ended"]["cancelled"] + found["ended"]["done"] == 1000
    assert found["ended"]["cancelled"] >= 1000 * _LEAST_CANCELLED
    assert found["after"] == found["before"]
    return found


def test_a_thousand_cancels_leave_nothing_behind(tmp_path: Path) -> None:
    trials: list[dict[str, Any]] = []
    for number in range(_TRIALS):
        trials.append(trial(tmp_path / str(number)))
        if trials[-1]["growth_mib"] < _MOST_GROWTH_MIB:
            return
    growths = [(round(found["growth_mib"]), *found["memory_mib"]) for found in trials]
    raise AssertionError("memory grew each time, in MiB: " + "; ".join(map(str, growths)))
