"""What this machine is, and the two limits that no program on it passes: copying memory and multiplying matrices."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

_COPIED = 64 << 20
_SIDE = 2048


class Limits(NamedTuple):
    """What the machine can do at best, with all its cores where the library uses them.

    Attributes:
        ns_per_byte: least time of a copy for each byte read or written, in pieces that no cache holds, one core.
        gflops: billions of float32 additions and multiplications a second of a matrix product (SGEMM).
        cores: processor cores that this process may use.
    """

    ns_per_byte: float
    gflops: float
    cores: int


def limits(repeats: int = 5) -> Limits:
    """Measures the machine's limits; the best of so many turns."""
    source = np.ones(_COPIED, np.uint8)
    target = np.empty_like(source)
    copying = min(_seconds(lambda: np.copyto(target, source)) for _ in range(repeats)) * 1e9 / (2 * _COPIED)
    factor = np.random.default_rng(0).random((_SIDE, _SIDE), np.float32)
    product = np.empty_like(factor)
    multiplying = min(_seconds(lambda: np.matmul(factor, factor, out=product)) for _ in range(repeats))
    return Limits(copying, 2 * _SIDE**3 / multiplying / 1e9, cores())


def cores() -> int:
    """Returns the processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor() -> str:
    """Returns the processor's own name, or its architecture where Linux does not tell."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names and names[0] else platform.machine()


def page_head(title: str, command: str) -> list[str]:
    """Returns the first lines of a page of figures: its title, and what was run on what machine."""
    machine = f"{processor()}, {cores()} cores, load average {os.getloadavg()[0]:.1f} at the end"
    return [f"# {title}", "", f"Written by `{command}`. {machine}.", ""]


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
