"""The table of a run on a card, as Markdown, with the device's name."""

from __future__ import annotations

import ctypes
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

from benchmarks.gpu.ways import WAYS
from benchmarks.machine import processor

Runs = dict[tuple[str, float], list[dict[str, Any]]]

_HEADER = (
    "| Way | MP | s, median | s, least | × Scumble | MP/s | CPU s | in the model | before the first run, s |",
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
)
_OURS = {"fast": "fast", "full": "full"}
_NAME_BYTES = 256


def table(found: Mapping[tuple[str, float], Sequence[Mapping[str, Any]]]) -> str:
    """Returns the rows by size; × is this way's median over that of Scumble in the same mode at the same size."""
    lines = list(_HEADER)
    for (way, megapixels), processes in sorted(found.items(), key=lambda item: item[0][1]):
        start = f"| {WAYS[way].title} | {megapixels:g} |"
        failed = next((run["failed"] for run in processes if "failed" in run), None)
        if failed is not None:
            lines.append(f"{start} {failed} |" + " – |" * 6)
            continue
        seconds = every(processes, "seconds")
        ours = found.get((_OURS[WAYS[way].kind], megapixels))
        shares = [run["model_share"] for run in processes if run["model_share"] is not None]
        share = f"{100 * statistics.median(shares):.1f} %" if shares else "–"
        median = statistics.median(seconds)
        lines.append(
            f"{start} {median:.3f} | {min(seconds):.3f} | {_ratio(median, ours)} | {megapixels / median:.1f} | "
            f"{statistics.median(every(processes, 'cpu_seconds')):.3f} | {share} | "
            f"{statistics.median(run['prepared'] for run in processes):.1f} |"
        )
    return "\n".join(lines)


def every(processes: Sequence[Mapping[str, Any]], field: str) -> list[float]:
    """Returns one figure of all runs of all processes."""
    return [value for run in processes for value in run[field]]


def _ratio(median: float, ours: Sequence[Mapping[str, Any]] | None) -> str:
    if ours is None or any("failed" in run for run in ours):
        return "–"
    return f"{median / statistics.median(every(ours, 'seconds')):.2f}"


def device_name(device: str) -> str:
    """Returns the processor's name, or the first card's as its driver tells it, with its memory."""
    if device == "cpu":
        return processor()
    driver = ctypes.CDLL("libcuda.so.1")
    name, handle, size = ctypes.create_string_buffer(_NAME_BYTES), ctypes.c_int(), ctypes.c_size_t()
    statuses = (
        driver.cuInit(0),
        driver.cuDeviceGet(ctypes.byref(handle), 0),
        driver.cuDeviceGetName(name, _NAME_BYTES, handle),
        driver.cuDeviceTotalMem_v2(ctypes.byref(size), handle),
    )
    if any(statuses):
        raise RuntimeError(f"the driver's library gave the errors {statuses}")
    return f"{name.value.decode()}, {size.value / 2**30:.0f} GiB"


def page(found: Runs, device: str, rounds: int, repeats: int) -> str:
    """Returns the Markdown page: the device, the table, and how to read it."""
    names = {"onnxruntime-gpu", "onnxruntime", "torch", "numpy", "scumble"}
    versions = sorted(
        f"{dist.name} {dist.version}" for dist in metadata.distributions() if dist.name and dist.name.lower() in names
    )
    facts = [run["facts"] for processes in found.values() for run in processes if run.get("facts")]
    providers = sorted({fact["provider"] for fact in facts if "provider" in fact})
    notes = sorted({fact["note"] for fact in facts if fact.get("note")})
    return f"""# Performance on a graphics card

Written by `python -m benchmarks.gpu`.

{device_name(device)}; {processor()}, {len(os.sched_getaffinity(0))} cores, load average {os.getloadavg()[0]:.1f} at the
end; Python {platform.python_version()}, {", ".join(versions)}. {rounds} processes of each way, in turn, with {repeats}
timed runs each after 2 that are not. Providers: {", ".join(providers)}.{"".join(f" {note}." for note in notes)}

{table(found)}

- The clock runs from the 8-bit RGB photo in the host's memory to the finished picture there, with the model loaded.
- "In the model" is the share of the workers' time between handing tensors over and having the result, copies to the
  card and back included; the rest is reading pixels, converting colours and writing.
- "Before the first run" is loading, warming up and, for the compiled way, compiling.
- Float32 is float32: TF32 is off everywhere but where it is named. Algorithms are chosen by cuDNN's heuristics, in the
  plain tiler by onnxruntime's default, the exhaustive search.
- torch runs the whole frame at once, colour conversion on the card included, with the net's architecture and weights
  of chance: its time, not its picture, is compared. It has no first look at the whole picture, nor has the plain tiler.
- × is this way's time over Scumble's in the same mode at the same size: above 1, Scumble is faster.
"""
