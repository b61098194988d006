"""Colours one photo in one way and prints what that took, as JSON: a fresh process for each measurement.

python -m benchmarks.child WAY PHOTO.npy LIMIT_GIB
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime

from benchmarks.memory import status_mib
from benchmarks.ways import WAYS, Pixels

_MIB = 1 << 20
_EVERY = 16


def lightness_error(photo: Pixels, result: Pixels) -> float:
    """Returns the 99.9th percentile of |ΔL| (0 to 100) over every 16th row."""
    before, after = (
        cv2.cvtColor(rows[::_EVERY].astype(np.float32) / 255, cv2.COLOR_RGB2Lab)[..., 0] for rows in (photo, result)
    )
    return float(np.percentile(np.abs(before - after), 99.9))


def measured(way: str, photo: Pixels, limit_gib: float) -> dict[str, Any]:
    """Returns seconds, CPU seconds, MiB above source and result, and |ΔL|; or how it failed, under "failed"."""
    limit = int(limit_gib * 1024 * _MIB) + photo.nbytes
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far, of reading the photo, is forgotten
    loaded = status_mib("VmRSS")
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        result = WAYS[way].colorize(photo)
    except (MemoryError, RuntimeError, cv2.error, onnxruntime.capi.onnxruntime_pybind11_state.Fail) as error:
        return {"failed": str(error) or type(error).__name__}
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = status_mib("VmHWM") - loaded - result.nbytes / _MIB
    assert result.shape == photo.shape
    return {"seconds": wall, "cpu_seconds": cpu, "mib": peak, "lightness": lightness_error(photo, result)}


if __name__ == "__main__":
    name, path, gib = sys.argv[1:]
    print(json.dumps(measured(name, np.load(path), float(gib))))
