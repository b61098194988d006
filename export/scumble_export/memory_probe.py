"""Runs a model once on one thread and prints the process's growth at its peak, in bytes."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import onnxruntime


def peak_bytes() -> int:
    """Returns this process's peak resident memory; the kernel's own count, which starts afresh at exec."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    match = re.search(r"VmHWM:\s+(\d+) kB", status)
    if match is None:
        raise RuntimeError("this system does not tell a process's peak memory")
    return int(match.group(1)) * 1024


def main() -> None:
    job = json.loads(sys.argv[1])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(job["model"], options, providers=["CPUExecutionProvider"])
    before = peak_bytes()
    side = job["side"]
    shapes = {
        name: (1, entry, side, side) if isinstance(entry, int) else entry for name, entry in job["inputs"].items()
    }
    session.run(None, {name: np.zeros(shape, np.float32) for name, shape in shapes.items()})
    print(peak_bytes() - before)


if __name__ == "__main__":
    main()
