"""The table of a bench run, as Markdown."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.ways import OURS, WAYS

Sample = Mapping[str, Any]


class Job(NamedTuple):
    """One way at one picture size."""

    way: str
    megapixels: float


Samples = Mapping[Job, Sequence[Sample]]

_HEADER = (
    "| Way | MP | s, median | s, least | × Scumble | CPU s | × | MiB above the picture's own | × | \\|ΔL\\| |",
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
)


def table(samples: Samples) -> str:
    """Returns the rows in the order of the jobs; × is against Scumble's mode of the same kind and size."""
    lines = list(_HEADER)
    for job, runs in samples.items():
        start = f"| {WAYS[job.way].title} | {job.megapixels:g} |"
        failed = next((run["failed"] for run in runs if "failed" in run), None)
        if failed is not None:
            lines.append(f"{start} {failed} |" + " – |" * 7)
            continue
        ours = samples.get(Job(OURS[WAYS[job.way].kind], job.megapixels))
        seconds, cpu, mib = (median(runs, field) for field in ("seconds", "cpu_seconds", "mib"))
        least = min(run["seconds"] for run in runs)
        lines.append(
            f"{start} {seconds:.1f} | {least:.1f} | {ratio(runs, ours, 'seconds')} | {cpu:.1f} | "
            f"{ratio(runs, ours, 'cpu_seconds')} | {mib:.0f} | {ratio(runs, ours, 'mib')} | "
            f"{median(runs, 'lightness'):.2f} |"
        )
    return "\n".join(lines)


def median(runs: Sequence[Sample], field: str) -> float:
    """Returns the median of one figure over the repeats."""
    return float(statistics.median(run[field] for run in runs))


def ratio(runs: Sequence[Sample], ours: Sequence[Sample] | None, field: str) -> str:
    """Returns how many times Scumble's median this is, or a dash where Scumble was not measured at that size."""
    return "–" if ours is None else f"{median(runs, field) / median(ours, field):.2f}"


def report(samples: Samples, repeats: int, limit_gib: float) -> str:
    """Returns the Markdown page: the machine, the table, and how to read it."""
    versions = ", ".join(
        f"{title} {metadata.version(name)}"
        for title, name in (
            ("ONNX Runtime", "onnxruntime"),
            ("numpy", "numpy"),
            ("OpenCV", "opencv-python-headless"),
            ("Scumble", "scumble"),
        )
    )
    load = f"{os.getloadavg()[0]:.1f}"
    return f"""# Performance

Written by `make bench`; `python -m benchmarks --help` lists the sizes and repeats.

{processor()}, {len(os.sched_getaffinity(0))} cores, load average {load} at the end; Python {platform.python_version()},
{versions}; no graphics card. {repeats} repeats of each, in turn; full detail at the larger size once, since it takes
minutes. With other jobs on the machine, the ratios say more than the seconds.

{table(samples)}

- The photo is 8-bit RGB, made of the pictures in `examples/photos`, enlarged, with grain.
- Each measurement is a process of its own. The clock runs from the call to the finished picture, with the loading of
  the model, without reading and writing files.
- Memory is the peak resident set above that with the photo loaded, less the result's own bytes. Medians.
- × is this way's figure over that of Scumble in the same mode at the same size: above 1, Scumble needs less.
- |ΔL| is by how much the lightness (0 to 100) of the result is off the source's: 99.9 of 100 pixels are below.
- The plain ways run the same model, without hints; their tiles are coloured each on its own, without Scumble's
  first look at the whole picture. No run may ask for more than {limit_gib:g} GiB beside the photo; "out of memory"
  means that it did.
"""


def processor() -> str:
    """Returns the processor's own name, or its architecture where Linux does not tell."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names and names[0] else platform.machine()
