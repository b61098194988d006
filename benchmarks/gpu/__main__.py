"""Measures the colorizer on a graphics card and writes docs/performance-gpu.md; with --device cpu, a test of itself."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.gpu.report import Runs, page, table
from benchmarks.gpu.ways import WAYS
from benchmarks.photo import save_photos

ROOT = Path(__file__).resolve().parents[2]
_QUICK_MEGAPIXELS = 0.3
_QUICK_WAYS = ("fast", "full", "graphs", "half", "slots_1", "onnxruntime", "torch")


def arguments() -> argparse.Namespace:
    """Returns the command line's options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="where models run (cuda)")
    parser.add_argument("--megapixels", type=float, nargs="+", default=[12.0, 48.0, 100.0], help="photos (12 48 100)")
    parser.add_argument("--ways", nargs="+", choices=tuple(WAYS), default=list(WAYS), help="what is measured (all)")
    parser.add_argument("--rounds", type=int, default=2, help="turns of all ways, each in a new process (2)")
    parser.add_argument("--repeats", type=int, default=5, help="timed runs of a process (5)")
    parser.add_argument("--limit-s", type=float, default=300.0, help="seconds that a process may take (300)")
    parser.add_argument(
        "--quick", action="store_true", help="one small photo, one run each: a test of the bench itself"
    )
    parser.add_argument("--output", type=Path, help="the page to write (docs/performance-gpu.md; none on a processor)")
    options = parser.parse_args()
    if min(options.rounds, options.repeats, options.limit_s, *options.megapixels) <= 0:
        parser.error("rounds, repeats, seconds and sizes must be above zero")
    if options.quick:
        options.megapixels, options.rounds, options.repeats = [_QUICK_MEGAPIXELS], 1, 1
        options.ways = [way for way in options.ways if way in _QUICK_WAYS]
    if options.output is None and options.device == "cuda" and not options.quick:
        options.output = ROOT / "docs" / "performance-gpu.md"
    return options


def measure(way: str, photo: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Returns one process's figures, or under "failed" why there are none; raises where the way itself is wrong."""
    lacking = WAYS[way].lacking()
    if lacking:
        return {"failed": lacking}
    runs = (str(int(not options.quick) + 1), str(options.repeats))
    command = (sys.executable, "-m", "benchmarks.gpu.child", way, options.device, str(photo), *runs)
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=options.limit_s)
    except subprocess.TimeoutExpired:
        return {"failed": f"over {options.limit_s:g} s"}
    if done.returncode:
        raise RuntimeError(f"{way} failed: {done.stderr[-2000:]}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> None:
    """Runs the bench and prints its table."""
    options = arguments()
    found: Runs = {}
    with tempfile.TemporaryDirectory() as folder:
        photos = save_photos(Path(folder), options.megapixels)
        for _ in range(options.rounds):
            for megapixels, photo in photos.items():
                for way in options.ways:
                    figures = measure(way, photo, options)
                    found.setdefault((way, megapixels), []).append(figures)
                    print(f"{way} at {megapixels:g} MP: {figures.get('failed') or figures['seconds']}", file=sys.stderr)
    print(table(found))
    if options.output is not None:
        options.output.write_text(page(found, options.device, options.rounds, options.repeats), "utf-8")


if __name__ == "__main__":
    main()
