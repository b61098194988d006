"""Does one job in one way and prints what that took, as JSON: a fresh process for each measurement.

python -m benchmarks.engine.child WAY PHOTO.npy LIMIT_GIB [RESULT.npy]
"""

from __future__ import annotations

import ctypes
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime

from benchmarks.engine.tilers import Pixels
from benchmarks.engine.ways import WAYS
from benchmarks.memory import status_mib

_MIB = 1 << 20
_EVERY = 16


def lightness_error(photo: Pixels, result: Pixels) -> float:
    """Returns the 99.9th percentile of |ΔL| (0 to 100) over every 16th row."""
    before, after = (
        cv2.cvtColor(rows[::_EVERY].astype(np.float32) / 255, cv2.COLOR_RGB2Lab)[..., 0] for rows in (photo, result)
    )
    return float(np.percentile(np.abs(before - after), 99.9))


def measured(name: str, photo: Pixels, limit_gib: float, saved: Path | None = None) -> dict[str, Any]:
    """Returns seconds, CPU seconds, MiB above source and result, and |ΔL|; or how it failed, under "failed"."""
    way = WAYS[name]
    way.prepare()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)  # what preparing left behind would hide some of what comes
    limit = int(limit_gib * 1024 * _MIB) + photo.nbytes
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far, of reading the photo, is forgotten
    loaded = status_mib("VmRSS")
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        result = way.run(photo)
    except (
        MemoryError,
        RuntimeError,
        cv2.error,
        onnxruntime.capi.onnxruntime_pybind11_state.Fail,
        onnxruntime.capi.onnxruntime_pybind11_state.RuntimeException,
    ) as error:
        return {"failed": str(error) or type(error).__name__}
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = status_mib("VmHWM") - loaded - result.nbytes / _MIB
    assert result.shape == photo.shape
    if saved is not None:
        np.save(saved, result)
    figures = {"seconds": wall, "cpu_seconds": cpu, "mib": peak} | way.statistics()
    return figures if way.kind == "exact" else figures | {"lightness": lightness_error(photo, result)}


if __name__ == "__main__":
    name, path, gib, *target = sys.argv[1:]
    print(json.dumps(measured(name, np.load(path), float(gib), Path(target[0]) if target else None)))
