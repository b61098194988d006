"""Runs a model as the native core does, tile after tile, and prints the process's growth at its peak, in bytes."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import onnxruntime

_TILES = 3


def resident_bytes(field: str) -> int:
    """Returns this process's resident memory, VmRSS, or its peak, VmHWM, as the kernel counts them."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    match = re.search(rf"{field}:\s+(\d+) kB", status)
    if match is None:
        raise RuntimeError("this system does not tell a process's memory")
    return int(match.group(1)) * 1024


def main() -> None:
    job = json.loads(sys.argv[1])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.enable_mem_pattern = False  # as in native/scumble-core/src/session.rs
    session = onnxruntime.InferenceSession(job["model"], options, providers=["CPUExecutionProvider"])
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # loading's own peak is forgotten
    before = resident_bytes("VmRSS")
    feeds = {name: np.zeros(shape, np.float32) for name, shape in job["inputs"].items()}
    for _ in range(_TILES):
        session.run(None, feeds)
    print(resident_bytes("VmHWM") - before)


if __name__ == "__main__":
    main()
