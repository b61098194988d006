"""Measures every way in turn, each run in a fresh process, and writes docs/performance.md with its picture."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engine.bars import bars
from benchmarks.engine.nets import BUNDLE, OIDN_MULTIPLICATIONS, mobile_net, multiplications
from benchmarks.engine.plot import draw
from benchmarks.engine.report import Job, has_failed, report, table
from benchmarks.engine.ways import KINDS, WAYS
from benchmarks.machine import limits
from benchmarks.photo import save_photos

ROOT = Path(__file__).resolve().parents[2]
_QUICK_MEGAPIXELS = 0.1
_REFERENCE = "onnxruntime_exact"
_OUT_OF_MEMORY = ("bad_alloc", "Failed to allocate", "MemoryError", "Insufficient memory", "allocate memory")


def arguments() -> argparse.Namespace:
    """Returns the command line's options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.add_argument("--megapixels", type=float, default=48.0, help="the large photo (48)")
    parser.add_argument("--small-megapixels", type=float, default=12.0, help="the small one, for tiled jobs (12)")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each way (5)")
    parser.add_argument("--long-repeats", type=int, default=2, help="runs of those that take a minute or more (2)")
    parser.add_argument("--limit-gib", type=float, help="memory that a run may ask for (0.85 of what is free)")
    parser.add_argument("--only", choices=sorted(KINDS), nargs="+", default=list(KINDS), help="kinds of jobs (all)")
    parser.add_argument("--quick", action="store_true", help="small photos, one run each: a test of the bench itself")
    parser.add_argument("--output", type=Path, help="the page to write (docs/performance.md; with --quick none)")
    options = parser.parse_args()
    if options.limit_gib is None:
        options.limit_gib = 0.85 * free_gib()
    if min(options.repeats, options.long_repeats) < 1 or options.limit_gib <= 0:
        parser.error("repeats and the limit must be above zero")
    if not 0 < options.small_megapixels < options.megapixels:
        parser.error("the sizes must be above zero, and the small one below the large one")
    if options.quick:
        options.megapixels, options.small_megapixels = 2 * _QUICK_MEGAPIXELS, _QUICK_MEGAPIXELS
        options.repeats = options.long_repeats = 1
    elif options.output is None:
        options.output = ROOT / "docs" / "performance.md"
    return options


def free_gib() -> float:
    """Returns the memory that Linux says may be had without swapping, in GiB."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable")) / (1 << 20)


def jobs_from_options(options: argparse.Namespace) -> list[Job]:
    """Returns what is measured: the default mode at the large size, tiled jobs at both."""
    ways = {name: way for name, way in WAYS.items() if way.kind in options.only}
    small = [Job(name, options.small_megapixels) for name, way in ways.items() if way.kind != "fast"]
    return small + [Job(name, options.megapixels) for name in ways]


def turns_of(job: Job, options: argparse.Namespace) -> int:
    """Returns how often a job is run: those of minutes less often."""
    is_long = (WAYS[job.way].kind == "full" or job.way == "oidn") and job.megapixels > options.small_megapixels
    return int(options.long_repeats if is_long else options.repeats)


def measure(job: Job, photo: Path, limit_gib: float, result: Path | None = None) -> dict[str, Any]:
    """Returns one run's figures, or how it failed under "failed"; raises when it failed for want of anything else."""
    command = [sys.executable, "-m", "benchmarks.engine.child", job.way, str(photo), str(limit_gib)]
    done = subprocess.run([*command, *([str(result)] if result else [])], cwd=ROOT, capture_output=True, text=True)
    figures: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {"failed": done.stderr}
    reason = figures.get("failed")
    if reason is None:
        return figures
    # Killed without a word: the system had less than it said.
    if done.returncode == -9 or any(sign in reason for sign in _OUT_OF_MEMORY):
        return {"failed": "out of memory"}
    raise RuntimeError(f"{job.way} at {job.megapixels:g} MP failed: {reason}")


def compare(figures: dict[str, Any], result: Path, reference: Path) -> None:
    """Adds the share of samples that differ from the full frame's."""
    if result.exists() and reference.exists() and result != reference:
        found, wanted = (np.load(path, mmap_mode="r") for path in (result, reference))
        apart = sum(int(np.count_nonzero(row != other)) for row, other in zip(found, wanted, strict=True))
        figures["different"] = apart / found.size


def measured(options: argparse.Namespace, folder: Path) -> dict[Job, list[dict[str, Any]]]:
    """Runs all jobs in turns; the first results with exact tiles are compared with the full frame's."""
    samples: dict[Job, list[dict[str, Any]]] = {job: [] for job in jobs_from_options(options)}
    photos = save_photos(folder, {job.megapixels for job in samples})
    for turn in range(max(options.repeats, options.long_repeats)):
        results = {}
        for job, runs in samples.items():
            if turn >= turns_of(job, options) or (turn and has_failed(samples, job)):
                continue
            print(f"{turn + 1}: {WAYS[job.way].title}, {job.megapixels:g} MP", file=sys.stderr, flush=True)
            is_compared = not turn and WAYS[job.way].kind == "exact" and job.way != "oidn"
            results[job] = folder / f"{job.way}-{job.megapixels:g}.npy" if is_compared else None
            runs.append(measure(job, photos[job.megapixels], options.limit_gib, results[job]))
        for job, result in results.items():
            reference = results.get(Job(_REFERENCE, job.megapixels))
            if result is not None and reference is not None:
                compare(samples[job][-1], result, reference)
    return samples


def rates() -> dict[str, float]:
    """Returns the multiplications a pixel of each way that sees every pixel at full size."""
    coloring = multiplications((BUNDLE / "model.onnx").read_bytes(), ["ab"])
    exact = multiplications(mobile_net(), ["y"])
    found = {name: coloring if way.kind == "full" else exact for name, way in WAYS.items() if way.kind != "fast"}
    return found | {"oidn": OIDN_MULTIPLICATIONS}


def main() -> None:
    """Runs the bench and prints its tables."""
    options = arguments()
    limit = limits()
    with tempfile.TemporaryDirectory() as folder:
        samples = measured(options, Path(folder))
    found = bars(samples, options.small_megapixels, options.megapixels, options.limit_gib)
    for kind in options.only:
        print(table(samples, kind, rates(), limit), end="\n\n")
    print(found)
    if options.output is not None:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        picture = options.output.with_suffix(".png")
        large = {"fast": options.megapixels, "full": options.small_megapixels, "exact": options.megapixels}
        draw(samples, large, picture)
        options.output.write_text(report(samples, rates(), limit, options.limit_gib, found, picture.name))


if __name__ == "__main__":
    main()
