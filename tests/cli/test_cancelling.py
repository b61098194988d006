"""Ctrl-C at the command line: a word about it, the exit status for it, and no file."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path


def test_ctrl_c_while_it_plays_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    command = (sys.executable, "-m", "scumble", "music-bed", tmp_path / "bed.wav", "--duration", "900")
    running = subprocess.Popen(
        (*command, "--midi", tmp_path / "bed.mid", "--stems", tmp_path / "stems"),
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": "", "PYTHONPATH": ":".join(sys.path), "TMPDIR": str(spool)},
    )
    mapped = Path(f"/proc/{running.pid}/maps")
    while running.poll() is None and str(spool) not in mapped.read_text():  # long sounds lie there while it plays
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, words = running.communicate(timeout=120)
    assert running.returncode == 130
    assert "Cancelled; nothing was written [job.cancelled]" in words
    assert [path.name for path in tmp_path.rglob("*")] == ["spool"]
