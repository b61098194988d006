"""A thousand jobs of every kind cancelled from another thread: nothing hangs, leaks, or is left in part."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_LEAST_CANCELLED = 0.6
_MOST_GROWTH_MIB = 80.0
"""Over a thousand cancels: steps of the allocator's; a single picture of the larger jobs is 11 MiB."""
_TIMEOUT_S = 1500


def test_a_thousand_cancels_leave_nothing_behind(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "tests.cancel", "7", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT_S,
        cwd=root,
        env={"PATH": "", "PYTHONPATH": ":".join([str(root), *sys.path]), "TMPDIR": str(spool), "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["faults"] == []
    assert found["cancels"] == 1000
    assert found["ended"]["cancelled"] + found["ended"]["done"] == 1000
    assert found["ended"]["cancelled"] >= 1000 * _LEAST_CANCELLED
    assert found["after"] == found["before"]
    assert found["growth_mib"] < _MOST_GROWTH_MIB, found["memory_mib"]
