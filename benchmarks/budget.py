"""Peak memory of whole jobs, file to file, against the budgets they were given: python -m benchmarks.budget.

Each job is a fresh process: `scumble colorize IN OUT --memory N` without the terminal. Its peak is the kernel's VmHWM,
interpreter and libraries included. Pages of mapped pictures count while they are in the process, as others do; what
was let go lies in the system's cache, which is nobody's. "floor" is the least budget that the job accepts: the one
that its error names, tried until there is none.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.machine import page_head
from benchmarks.memory import status_mib
from benchmarks.photo import extent_from_megapixels, photo_from_examples
from scumble import Colorize
from scumble.engine import Engine
from scumble.errors import MemoryBudgetTooSmall
from scumble.jobs import Progress
from scumble.media.arrays import image_from_array
from scumble.media.files import write_image
from scumble.rendering import render_files

ROOT = Path(__file__).resolve().parent.parent
FORMATS: dict[str, tuple[str, str]] = {
    "JPEG": ("jpg", "uint8"),
    "PNG": ("png", "uint8"),
    "TIFF 8": ("tif", "uint8"),
    "TIFF 16": ("tif", "uint16"),
    "EXR": ("exr", "float16"),
}
FLOOR = 0
"""Stands for the least budget that a job accepts."""
_LIMIT = 1.1
_MOST_MEGAPIXELS = 400.0


class Case(NamedTuple):
    """One job: how large, in which format, how finely, within how many MiB."""

    megapixels: float
    format: str
    detail: str
    budget_mib: int


def run_job(source: Path, output: Path, detail: str, budget_mib: int, workers: int) -> dict[str, Any]:
    """Colours a file in this process; returns its peak in MiB, or the budget that it needs, and where it was before."""
    before = status_mib("VmHWM")
    engine = Engine("cpu", workers=workers or None, memory_budget_mib=budget_mib)
    try:
        render_files(
            Colorize(detail=detail),
            {"source": source},
            output,
            engine=engine,
            progress=Progress(),
            max_megapixels=_MOST_MEGAPIXELS,
        )
    except MemoryBudgetTooSmall as error:
        found = re.search(r"(\d+) MiB( more)?", error.hint)
        if found is None:
            raise
        return {"needs": int(found[1]) + (budget_mib if found[2] else 0), "message": error.message}
    return {"peak": status_mib("VmHWM"), "before": before}


def measured(source: Path, case: Case, workers: int) -> tuple[int, dict[str, Any]]:
    """Returns the budget, the floor where that is asked for, and the figures of a fresh process."""
    budget = case.budget_mib or 1
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "out" + source.suffix)
        while True:
            job = json.dumps([str(source), str(output), case.detail, budget, workers])
            command = (sys.executable, "-m", "benchmarks.budget", "--job", job)
            done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
            figures = json.loads(done.stdout)
            needed = figures.get("needs")
            if needed is None or case.budget_mib != FLOOR or needed <= budget:
                return budget, figures
            budget = needed


def save_photo(folder: Path, megapixels: float, kind: str) -> Path:
    """Writes the bench's photo in a format; returns its path."""
    suffix, sample = FORMATS[kind]
    path = folder / f"{megapixels:g}_{sample}.{suffix}"
    if not path.exists():
        photo: Any = photo_from_examples(*extent_from_megapixels(megapixels))
        if sample == "uint16":
            photo = photo.astype(np.uint16) * 257
        elif sample == "float16":
            photo = photo.astype(np.float16) / np.float16(255)
        write_image(path, image_from_array(photo))
    return path


def cases(options: argparse.Namespace) -> Iterator[Case]:
    """Yields what is measured; full detail takes minutes, so it has sizes of its own."""
    for detail, sizes in (("fast", options.megapixels), ("full", options.full_megapixels)):
        for megapixels in sizes:
            for kind in options.formats:
                for budget in options.budgets:
                    yield Case(megapixels, kind, detail, budget)


def arguments() -> argparse.Namespace:
    """Returns the command line's options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.budget", description=__doc__)
    parser.add_argument("--megapixels", type=float, nargs="*", default=[1, 12, 48, 100], help="photos, default mode")
    parser.add_argument("--full-megapixels", type=float, nargs="*", default=[1, 12], help='photos for detail="full"')
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS), help="of source and result")
    parser.add_argument("--budgets", type=int, nargs="+", default=[FLOOR, 300, 512, 1024], help="MiB; 0 is the floor")
    parser.add_argument("--workers", type=int, default=0, help="tile workers; 0 chooses")
    parser.add_argument("--photos", type=Path, help="a folder that keeps the photos")
    parser.add_argument("--quick", action="store_true", help="two small jobs: a test of the bench itself")
    parser.add_argument("--output", type=Path, help="the page to write")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.quick:
        options.megapixels, options.full_megapixels, options.formats = [0.3], [], ["TIFF 8"]
        options.budgets = [FLOOR, 512]
    return options


def main() -> None:
    """Prints the table and the worst overshoot; fails where that is above a tenth."""
    options = arguments()
    if options.job:
        source, output, detail, budget, workers = json.loads(options.job)
        print(json.dumps(run_job(Path(source), Path(output), detail, budget, workers)))
        return
    worst = 0.0
    lines = ["| MP | Format | detail | Budget, MiB | Peak, MiB | of the budget |", "|---|---|---|---|---|---|"]
    print("\n".join(lines), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.photos or Path(scratch)
        for case in cases(options):
            budget, figures = measured(save_photo(folder, case.megapixels, case.format), case, options.workers)
            start = f"| {case.megapixels:g} | {case.format} | {case.detail} | {budget}"
            start += " (floor)" if case.budget_mib == FLOOR else ""
            if "peak" not in figures:
                lines.append(f"{start} | refused: {figures['message']} | |")
            else:
                share = figures["peak"] / budget
                worst = max(worst, share)
                lines.append(f"{start} | {figures['peak']:.0f} | {share:.2f} |")
            print(lines[-1], flush=True)
    lines += ["", f"Worst: {worst:.2f} of the budget."]
    print("\n".join(lines[-2:]))
    if options.output is not None:
        head = page_head("Memory against the budget", "python -m benchmarks.budget")
        words = [*(__doc__ or "").splitlines()[2:], ""]
        options.output.write_text("\n".join([*head, *words, *lines, ""]), "utf-8")
    if worst > _LIMIT:
        sys.exit(f"A job took more than {_LIMIT:g} of its budget.")


if __name__ == "__main__":
    main()
