"""Measures how soon a cancelled job ends: `python -m benchmarks.cancel [--cancels 200] [--megapixels 12 48]`.

Jobs go from a file to a file, through everything that takes time: decoding, the net, upsampling, encoding. Each is
cancelled from another thread at moments drawn over its length; told is the time from `Job.cancel` until the job ended.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.machine import page_head
from benchmarks.photo import extent_from_megapixels, photo_from_examples
from scumble import Background, Colorize, Effect, Engine, LocalRunner, Progress, write_image
from scumble.jobs import JobState
from scumble.media.arrays import image_from_array
from scumble.rendering import render_files

BAR_MS = 250.0
"""What 99 of 100 cancels in the default mode may take."""
_LONGEST_S = 6.0
"""Of a long job only so much is tried; what follows is more of the same tiles."""
_SEED = 1
_ENDS_S = 300.0


class Case(NamedTuple):
    """A job from file to file."""

    name: str
    effect: Effect
    source: str
    output: str


class Latencies(NamedTuple):
    """How soon cancelled jobs ended, ms, how many of them had been done before, and where the latest one was."""

    ended_ms: list[float]
    done: int
    latest_at: float

    def row(self, name: str) -> str:
        """Returns a line of the table."""
        half, most = (float(np.percentile(self.ended_ms, share)) for share in (50, 99))
        count, largest = len(self.ended_ms), max(self.ended_ms)
        return f"| {name} | {count} | {half:.0f} | {most:.0f} | {largest:.0f} | {self.latest_at:.0%} | {self.done} |"


def cases(width: int, height: int) -> list[Case]:
    """Returns the jobs on a picture of a size."""
    return [
        Case("default, JPEG to JPEG", Colorize(), "photo.jpg", "made.jpg"),
        Case("default, PNG to TIFF", Colorize(), "photo.png", "made.tif"),
        Case("default, JPEG to PNG", Colorize(), "photo.jpg", "made.png"),
        Case("full detail, JPEG to JPEG", Colorize(detail="full"), "photo.jpg", "made.jpg"),
        Case("background, to JPEG", Background(style="waves", width=width, height=height, blur=0.3), "", "made.jpg"),
    ]


def cancelled_once(
    runner: LocalRunner, work: Callable[[Progress], object], after_s: float
) -> tuple[float, bool, float]:
    """Returns milliseconds from cancel to end, whether the job was done by then, and how far it was."""
    job = runner.start("benchmark", work)
    time.sleep(after_s)
    reached = job.fraction
    began = time.perf_counter()
    job.cancel()
    if not job.wait(_ENDS_S):
        sys.exit("a cancelled job does not end")
    took_ms = (time.perf_counter() - began) * 1e3
    if job.state is JobState.FAILED:
        raise job.exception() or AssertionError
    return took_ms, job.state is JobState.DONE, reached


def latencies(case: Case, folder: Path, engine: Engine, cancels: int) -> Latencies:
    """Cancels a job at so many moments."""
    clips = {"source": folder / case.source} if case.source else {}

    def work(progress: Progress) -> object:
        output = folder / case.output
        return render_files(case.effect, clips, output, engine=engine, progress=progress, max_megapixels=1000)

    chance = random.Random(_SEED)  # noqa: S311 - moments, not secrets
    found = []
    with LocalRunner(engine=engine) as runner:
        began = time.monotonic()
        job = runner.start("benchmark", work)  # loads what is loaded once, and tells how long the job is
        if not job.wait(_LONGEST_S):
            job.cancel()
        job.wait(_ENDS_S)
        length_s = time.monotonic() - began
        for _ in range(cancels):
            found.append(cancelled_once(runner, work, chance.uniform(0, length_s)))
    latest = max(found)
    return Latencies([ms for ms, _, _ in found], sum(done for _, done, _ in found), latest[2])


def main() -> None:
    """Prints the table, and writes it where asked."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--cancels", type=int, default=200, help="of each job at each size")
    options.add_argument("--megapixels", type=float, nargs="+", default=[12.0, 48.0])
    options.add_argument("--only", default="", help="of the jobs, those whose name has this")
    options.add_argument("--folder", type=Path, default=None, help="where pictures are read and written")
    options.add_argument("--output", type=Path, default=None, help="the table's file")
    arguments = options.parse_args()
    lines = [
        f"From cancel to the job's end, ms; the bar for the default mode is a p99 of {BAR_MS:.0f}.",
        "",
        "| job | cancels | p50 | p99 | most | the latest was at | done before |",
        "|---|---|---|---|---|---|---|",
    ]
    print("\n".join(lines))
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        for megapixels in arguments.megapixels:
            width, height = extent_from_megapixels(megapixels)
            photo = image_from_array(photo_from_examples(width, height))
            for source in ("photo.jpg", "photo.png"):
                write_image(folder / source, photo)
            for case in cases(width, height):
                if arguments.only in case.name:
                    found = latencies(case, folder, Engine(device="cpu"), arguments.cancels)
                    lines.append(found.row(f"{megapixels:g} MP, {case.name}"))
                    print(lines[-1], flush=True)
    if arguments.output:
        head = page_head("Cancel", "python -m benchmarks.cancel")
        words = [*(__doc__ or "").splitlines()[2:], ""]
        arguments.output.write_text("\n".join([*head, *words, *lines, ""]), "utf-8")


if __name__ == "__main__":
    main()
