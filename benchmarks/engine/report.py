"""The page of a bench run: the machine, a table for each job, the bars, and how to read them."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any, NamedTuple

from benchmarks.engine.ways import KINDS, OURS, WAYS
from benchmarks.machine import Limits, processor

Sample = Mapping[str, Any]


class Job(NamedTuple):
    """One way at one picture size."""

    way: str
    megapixels: float


Samples = Mapping[Job, Sequence[Sample]]
Rates = Mapping[str, float]
"""Multiplications a pixel, of each way that has its own net or does a job of `KINDS`."""

_HEADER = (
    "| Way | MP | n | s, median | least | × median | × least | CPU s | × | MiB above the picture's own | × "
    "| GFLOP/s, of SGEMM | check |",
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
)
_COLUMNS = 13
_PEERS = (
    ("ONNX Runtime", "onnxruntime"),
    ("numpy", "numpy"),
    ("OpenCV", "opencv-python-headless"),
    ("scikit-image", "scikit-image"),
    ("libvips", "pyvips-binary"),
    ("MONAI", "monai"),
    ("torch", "torch"),
    ("Open Image Denoise", "pyoidn"),
    ("Scumble", "scumble"),
)


def table(samples: Samples, kind: str, rates: Rates, limit: Limits) -> str:
    """Returns the rows of one kind of job in their order; × is against Scumble's way at the same size."""
    lines = list(_HEADER)
    for job, runs in samples.items():
        if WAYS[job.way].kind == kind:
            lines.append(_row(job, runs, samples.get(Job(OURS[kind], job.megapixels)), rates, limit))
    return "\n".join(lines)


def _row(job: Job, runs: Sequence[Sample], ours: Sequence[Sample] | None, rates: Rates, limit: Limits) -> str:
    start = [WAYS[job.way].title, f"{job.megapixels:g}"]
    failed = next((run["failed"] for run in runs if "failed" in run), None)
    if failed is not None:
        return _line([*start, failed, *["–"] * (_COLUMNS - 3)])
    seconds, cpu, mib = (median(runs, field) for field in ("seconds", "cpu_seconds", "mib"))
    rate = rates.get(job.way)
    speed = "–"
    if rate is not None:
        gflops = 2 * rate * job.megapixels * 1e6 / seconds / 1e9
        speed = f"{gflops:.0f}, {100 * gflops / limit.gflops:.0f} %"
    return _line(
        [
            *start,
            str(len(runs)),
            f"{seconds:.2f}",
            f"{least(runs, 'seconds'):.2f}",
            paired(runs, ours, "seconds"),
            "–" if ours is None else f"{least(runs, 'seconds') / least(ours, 'seconds'):.2f}",
            f"{cpu:.2f}",
            paired(runs, ours, "cpu_seconds"),
            f"{mib:.0f}",
            paired(runs, ours, "mib"),
            speed,
            _check(runs),
        ]
    )


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _check(runs: Sequence[Sample]) -> str:
    if "different" in runs[0]:
        return f"{100 * runs[0]['different']:.2g} %"
    return f"{median(runs, 'lightness'):.2f}" if "lightness" in runs[0] else "–"


def median(runs: Sequence[Sample], field: str) -> float:
    """Returns the median of one figure over the repeats."""
    return float(statistics.median(run[field] for run in runs))


def least(runs: Sequence[Sample], field: str) -> float:
    """Returns the least of one figure over the repeats."""
    return float(min(run[field] for run in runs))


def ratios(runs: Sequence[Sample], ours: Sequence[Sample], field: str) -> list[float]:
    """Returns how many times Scumble's figure of the same turn this is, for each turn that has both."""
    return [run[field] / own[field] for run, own in zip(runs, ours, strict=False)]


def paired(runs: Sequence[Sample], ours: Sequence[Sample] | None, field: str) -> str:
    """Returns the median of the turns' ratios, or a dash where Scumble was not measured at that size."""
    return "–" if ours is None else f"{statistics.median(ratios(runs, ours, field)):.2f}"


def has_failed(samples: Samples, job: Job) -> bool:
    """Returns whether a job ended without a result, or was not tried."""
    return not samples.get(job) or any("failed" in run for run in samples[job])


def report(samples: Samples, rates: Rates, limit: Limits, limit_gib: float, bars: str, plot: str | None) -> str:
    """Returns the Markdown page."""
    versions = ", ".join(f"{title} {metadata.version(name)}" for title, name in _PEERS)
    tables = "\n\n".join(f"## {title}\n\n{table(samples, kind, rates, limit)}" for kind, title in KINDS.items())
    load = os.getloadavg()[0]
    picture = f"![Times and memory beside Scumble's]({plot})\n\n" if plot else ""
    return f"""# Performance

Written by `make bench`; `python -m benchmarks.engine --help` lists the sizes and repeats.

{processor()}, {limit.cores} cores, load average {load:.1f} at the end; Python {platform.python_version()},
{versions}; no graphics card. The limits of this machine, measured in the same run: {limit.ns_per_byte:.3f} ns for each
byte read or written by a copy (one core), {limit.gflops:.0f} GFLOP/s in a float32 matrix product (all cores).

{picture}{bars}

{tables}

- The photo is 8-bit RGB, made of the pictures in `examples/photos`, enlarged, with grain.
- Each measurement is a process of its own; the ways take turns, n times. The clock runs from the call to the finished
  picture, with the loading of the model, without reading and writing files, importing libraries, and what Scumble does
  once for a foreign model (inspecting it).
- × is a way's figure over Scumble's of the same turn at the same size (median of the turns' ratios; least over least):
  above 1, Scumble needs less.
- Memory is the peak resident set above that with the photo loaded, less the result's own bytes. No run may ask for
  more than {limit_gib:.0f} GiB beside the photo; "out of memory" means that it did.
- GFLOP/s counts the net's multiplications and additions once for each pixel of the picture: halos, borders and
  conversion make it smaller. The percentage is of the matrix product above. Open Image Denoise runs its own net, of
  which the layers of its published training code are counted; it is here for its memory and its speed for its work.
- Check, when colouring: by how much the lightness (0 to 100) of the result is off the source's, 99.9 of 100 samples
  are below. With exact tiles: the share of samples whose code differs from that of the full frame in one run. Tilers
  that mirror the picture at its border, where the net itself sees zeros, differ there, and MONAI adds overlaps up.
- The plain ways run the same models, without hints; when they colour in tiles, each is coloured on its own, without
  Scumble's first look at the whole picture.
"""
