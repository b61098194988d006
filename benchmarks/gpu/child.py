"""Runs one way on one photo and prints its figures as JSON: a fresh process, warmed up, then timed.

python -m benchmarks.gpu.child WAY DEVICE PHOTO.npy WARM_UPS REPEATS
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.gpu.ways import WAYS, Pixels


def measured(way: str, device: str, photo: Pixels, warm_ups: int, repeats: int) -> dict[str, Any]:
    """Returns the seconds and CPU seconds of each run, the model's share of the workers' time, and facts."""
    started = time.perf_counter()
    made = WAYS[way].make(device)
    for _ in range(warm_ups):
        made.colorize(photo)
    prepared = time.perf_counter() - started
    before = made.statistics() if made.statistics else {}
    seconds, cpu, result = list[float](), list[float](), photo
    for _ in range(repeats):
        wall, process = time.perf_counter(), time.process_time()
        result = made.colorize(photo)
        seconds.append(time.perf_counter() - wall)
        cpu.append(time.process_time() - process)
    assert result.shape == photo.shape
    assert result.dtype == np.uint8
    after = made.statistics() if made.statistics else {}
    spent = {name: after[name] - before[name] for name in after}
    share = spent["model_seconds"] / spent["busy_seconds"] if spent.get("busy_seconds") else None
    figures = {"seconds": seconds, "cpu_seconds": cpu, "prepared": prepared, "model_share": share}
    return figures | {"gray": lightness_error(photo, result), "facts": made.facts()}


def lightness_error(photo: Pixels, result: Pixels) -> float:
    """Returns the mean difference of luma codes over every 16th row: that the picture is that picture, at least."""

    def luma(rows: Pixels) -> NDArray[np.float64]:
        return np.asarray(rows[::16].astype(np.float64) @ np.array([0.2126, 0.7152, 0.0722]))

    return float(np.abs(luma(photo) - luma(result)).mean())


if __name__ == "__main__":
    name, device, path, warm_ups, repeats = sys.argv[1:]
    try:
        figures = measured(name, device, np.load(path), int(warm_ups), int(repeats))
    except Exception as error:
        if device != "cuda" or "memory" not in f"{error!r} {error}".lower():
            raise
        figures = {"failed": "out of memory"}
    print(json.dumps(figures))
