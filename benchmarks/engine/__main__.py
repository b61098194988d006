"""Measures every way in turn, each run in a fresh process, and writes docs/performance.md."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.photo import extent_from_megapixels, photo_from_examples
from benchmarks.report import Job, report, table
from benchmarks.ways import WAYS

ROOT = Path(__file__).resolve().parent.parent
_QUICK_MEGAPIXELS = 0.3
_OUT_OF_MEMORY = ("bad_alloc", "Failed to allocate", "MemoryError", "Insufficient memory", "allocate memory")


def arguments() -> argparse.Namespace:
    """Returns the command line's options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--megapixels", type=float, default=48.0, help="photo for the default mode (48)")
    parser.add_argument("--full-megapixels", type=float, default=12.0, help='photo for detail="full" (12)')
    parser.add_argument("--repeats", type=int, default=2, help="runs of each way (2)")
    parser.add_argument("--limit-gib", type=float, default=12.0, help="memory that a run may ask for (12)")
    parser.add_argument("--quick", action="store_true", help="small photos, one run each: a test of the bench itself")
    parser.add_argument("--output", type=Path, help="the page to write (docs/performance.md; with --quick none)")
    options = parser.parse_args()
    if options.repeats < 1 or min(options.megapixels, options.full_megapixels, options.limit_gib) <= 0:
        parser.error("repeats, sizes and the limit must be above zero")
    if options.quick:
        options.megapixels, options.full_megapixels, options.repeats = 2 * _QUICK_MEGAPIXELS, _QUICK_MEGAPIXELS, 1
    elif options.output is None:
        options.output = ROOT / "docs" / "performance.md"
    return options


def jobs_from_options(options: argparse.Namespace) -> list[Job]:
    """Returns what is measured: each way at its kind's size, and those of full detail at the large size too."""
    sizes = {"fast": options.megapixels, "full": options.full_megapixels}
    jobs = [Job(name, sizes[way.kind]) for name, way in WAYS.items()]
    large = [Job(name, options.megapixels) for name, way in WAYS.items() if way.kind == "full"]
    return list(dict.fromkeys(jobs + large))


def is_long(job: Job, options: argparse.Namespace) -> bool:
    """Tells the jobs of minutes, which are run once whatever the repeats."""
    return WAYS[job.way].kind == "full" and job.megapixels > options.full_megapixels


def measure(job: Job, photo: Path, limit_gib: float) -> dict[str, Any]:
    """Returns one run's figures, or how it failed under "failed"; raises when it failed for want of anything else."""
    command = (sys.executable, "-m", "benchmarks.child", job.way, str(photo), str(limit_gib))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    figures: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {"failed": done.stderr}
    reason = figures.get("failed")
    if reason is None:
        return figures
    if any(sign in reason for sign in _OUT_OF_MEMORY):
        return {"failed": "out of memory"}
    raise RuntimeError(f"{job.way} at {job.megapixels:g} MP failed: {reason}")


def save_photos(folder: Path, sizes: Iterable[float]) -> dict[float, Path]:
    """Writes a photo for each size into the folder; returns their paths."""
    paths = {}
    for megapixels in sizes:
        paths[megapixels] = folder / f"{megapixels:g}.npy"
        np.save(paths[megapixels], photo_from_examples(*extent_from_megapixels(megapixels)))
    return paths


def main() -> None:
    """Runs the bench and prints its table."""
    options = arguments()
    samples: dict[Job, list[dict[str, Any]]] = {job: [] for job in jobs_from_options(options)}
    with tempfile.TemporaryDirectory() as folder:
        photos = save_photos(Path(folder), {job.megapixels for job in samples})
        for repeat in range(options.repeats):
            for job, runs in samples.items():
                if any("failed" in run for run in runs) or (repeat and is_long(job, options)):
                    continue
                print(f"{repeat + 1}/{options.repeats} {WAYS[job.way].title}, {job.megapixels:g} MP", file=sys.stderr)
                runs.append(measure(job, photos[job.megapixels], options.limit_gib))
    print(table(samples))
    if options.output is not None:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(report(samples, options.repeats, options.limit_gib))


if __name__ == "__main__":
    main()
