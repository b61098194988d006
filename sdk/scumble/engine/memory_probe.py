"""A process that runs a model once on a tile and prints the memory that it took: `python -m` with the job on stdin."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from scumble import _native  # noqa: TID251 - this is the room
from scumble.errors import ModelError
from scumble.models.foreign import ImagePorts

_TIMEOUT_S = 600
_RESET_PEAK = "5"


def measured_bytes_per_pixel(content: bytes, ports: ImagePorts, library: Path, size: tuple[int, int]) -> float:
    """Returns the memory of one worker per pixel of its tile, of `size` (width, height); our own buffers included.

    Measured in a process of its own: peak after two runs, which is when the runtime has what it keeps, less what was
    in use before. Raises ModelError when that process fails.
    """
    job: dict[str, Any] = {"library": str(library), "input": ports.input, "output": ports.output, "axes": ports.axes}
    job |= {"channels": ports.channels[0], "size": size}
    command = [sys.executable, "-m", "scumble.engine.memory_probe"]
    done = subprocess.run(  # noqa: S603 - our own module
        command, input=json.dumps(job).encode() + b"\n" + content, capture_output=True, check=False, timeout=_TIMEOUT_S
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        message = f"The model failed on a tile of {size[0]} by {size[1]} pixels: {said[-1] if said else 'it was ended'}"
        raise ModelError(message, "Close other programs, or try a smaller model.", "model.failed")
    return float(done.stdout)


def main() -> None:
    """Reads the job's line and the model from stdin, and prints bytes per pixel."""
    job = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    _native.init_runtime(job["library"])
    session = _native.Session(content, workers=1)
    width, height = job["size"]
    shape = (job["channels"], height, width) if job["axes"] == "nchw" else (height, width, job["channels"])
    planes = np.random.default_rng(0).random((1, *shape), np.float32)
    before = _resident_bytes()
    for _ in range(2):
        session.run({job["input"]: planes})
    sys.stdout.write(f"{max(0, _peak_bytes() - before) / (width * height)}\n")


def _resident_bytes() -> int:
    """Returns the memory in use, and makes the peak start there where the system can."""
    try:
        Path("/proc/self/clear_refs").write_text(_RESET_PEAK, "ascii")
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except (OSError, ValueError):
        return _peak_bytes()
    return pages * os.sysconf("SC_PAGE_SIZE")


def _peak_bytes() -> int:
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration, ValueError):
        unit = 1 if sys.platform == "darwin" else 1 << 10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    main()
