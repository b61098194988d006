"""A process that runs a model once on a tile and prints the memory that it took: `python -m` with the job on stdin."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from scumble import _native  # noqa: TID251 - this is the room
from scumble.errors import ModelError
from scumble.models.foreign import ImagePorts

Listener = Callable[[float], object] | None
_LISTENING_S = 0.1
_RESET_PEAK = "5"
_TILES = 4
_FASTER = 1.6
"""Bytes per pixel fall, if anything, from one size to the next, but for graphs whose memory grows faster."""


class Memory(NamedTuple):
    """Memory of one worker per pixel of its tile: so many bytes, and so many more for each pixel that the tile has."""

    bytes_per_pixel: float
    growth: float
    """0 but for graphs whose memory grows faster than the picture, such as attention over all of it."""

    def at(self, pixels: int) -> float:
        """Returns bytes per pixel of a tile of so many pixels."""
        return self.bytes_per_pixel + self.growth * pixels


def measured_memory(
    content: bytes,
    ports: ImagePorts,
    library: Path,
    sizes: list[tuple[int, int]],
    *,
    channels: tuple[int, int],
    scale: int,
    progress: Listener = None,
) -> Memory:
    """Returns the memory of one worker on tiles, our own buffers included; `sizes` (width, height) rise.

    Measured in a process of its own: the peak over some tiles of each size, since the runtime keeps more once it has
    seen a shape, less what was in use before. Where memory grows faster than the tile, larger sizes are left out.
    Raises ModelError when that process fails, and whatever `progress`, called with 0, raises.
    """
    job: dict[str, Any] = {"input": ports.input, "output": ports.output, "axes": ports.axes}
    job |= {"channels": channels, "scale": scale}
    job = {"library": str(library), "sizes": sizes, "ports": job}
    command = [sys.executable, "-m", "scumble.engine.memory_probe"]
    found_alike = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    pipe = subprocess.PIPE
    with tempfile.TemporaryFile() as given:
        given.write(json.dumps(job).encode() + b"\n" + content)
        given.seek(0)
        process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=given, stdout=pipe, stderr=pipe, env=found_alike
        )
        output, errors = _said(process, progress)
    if process.returncode:
        said = errors.decode("utf-8", "replace").strip().splitlines()
        message = f"The model failed while its memory was measured: {said[-1] if said else 'its process was ended'}"
        raise ModelError(message, "Close other programs, or try a smaller model.", "model.failed")
    return Memory(*json.loads(output))


def _said(process: subprocess.Popen[bytes], progress: Listener) -> tuple[bytes, bytes]:
    """Returns what a process says, and its errors; ends it where `progress` raises."""
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.communicate(timeout=_LISTENING_S)
            if progress is not None:
                progress(0.0)
    except BaseException:
        process.kill()
        process.communicate()
        raise


def main() -> None:
    """Reads the job's line and the model from stdin, and prints bytes per pixel and their growth."""
    job = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    _native.init_runtime(job["library"])
    ports = job["ports"]
    takes, gives = ports["channels"] = tuple(ports["channels"])
    scale = ports["scale"]
    found: list[tuple[int, float]] = []
    width, height = job["sizes"][-1]
    picture = np.random.default_rng(0).random((height, _TILES * width, takes), np.float32)
    result = np.ones((height * scale, _TILES * width * scale, gives), np.float32)
    for width, height in job["sizes"]:
        across = _TILES * width
        plan = _native.TilePlan(across, height, tile=(width, height), halo=0, fixed=True)
        source, target = picture[:height, :across], result[: height * scale, : across * scale]
        session = _native.Session(content, workers=1)  # a new one takes more: it lays out its first shape twice
        before = _resident_bytes()
        session.rework_tiled(plan, source, target, **ports)
        pixels = width * height
        found.append((pixels, max(0, _peak_bytes() - before) / pixels))
        if len(found) > 1 and found[-1][1] > _FASTER * found[-2][1]:
            (few, less), (many, more) = found[-2:]
            growth = (more - less) / (many - few)
            sys.stdout.write(json.dumps([max(0.0, more - growth * many), growth]))
            return
    sys.stdout.write(json.dumps([found[-1][1], 0.0]))


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
