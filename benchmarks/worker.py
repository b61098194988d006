"""What the worker costs over rendering in the own process, how soon a cancel ends, and whether its memory stays flat.

python -m benchmarks.worker [--quick]     writes docs/worker-performance.md
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.photo import extent_from_megapixels, photo_from_examples
from scumble import Colorize, Engine, Image
from scumble.errors import JobCancelled
from scumble.jobs import JobState
from scumble.media.image import ColorModel
from scumble.worker.client import Client
from scumble.worker.launch import Launch, connected
from scumble.worker.pixels import Pixels

PAGE = Path(__file__).resolve().parent.parent / "docs" / "worker-performance.md"
_MEGAPIXELS = 12.0
_SETTLED = 60
_LIMIT_S = 300


@contextmanager
def own_worker() -> Iterator[tuple[Client, int, float]]:
    """Gives a client of a fresh worker, the worker's process number and the seconds until it answered."""
    with tempfile.TemporaryDirectory(prefix="scumble-bench-") as folder:
        os.environ["SCUMBLE_RUNTIME"] = str(Path(folder) / "run")
        client = Client(Launch(sys.executable), "benchmark")
        began = time.perf_counter()
        client.effects()
        started_s = time.perf_counter() - began
        connection = connected(Launch(sys.executable), "benchmark")
        connection.close()
        try:
            yield client, connection.pid, started_s
        finally:
            client.close()
            os.kill(connection.pid, 15)


def seconds(work: Callable[[], object]) -> float:
    """Returns how long `work` took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_process(rows: bytes, width: int, height: int, engine: Engine) -> None:
    """What a host would do without a worker: take its pixels into a buffer, render, look at the result."""
    buffer = bytearray(len(rows))
    buffer[:] = rows
    result = Colorize()(Image(buffer, width, height, ColorModel.RGB), engine=engine)
    assert result.width == width


def through_worker(rows: bytes, width: int, height: int, client: Client) -> None:
    """What an adapter does: take its pixels into a mapped file, submit, look at the result."""
    pixels = Pixels.create(width, height, model=ColorModel.RGB)
    memoryview(pixels.image.data)[:] = rows
    result = client.submit("colorize", {}, {"source": pixels}).result(_LIMIT_S)
    assert result.width == width


def overheads(client: Client, megapixels: float, repeats: int) -> tuple[list[float], list[float]]:
    """Returns the seconds of each run in the own process and through the worker, taken in turns."""
    width, height = extent_from_megapixels(megapixels)
    rows = np.ascontiguousarray(photo_from_examples(width, height)).tobytes()
    engine = Engine()
    ways: list[Callable[[], None]] = [
        lambda: in_process(rows, width, height, engine),
        lambda: through_worker(rows, width, height, client),
    ]
    for way in ways:
        way()
    runs = [[seconds(way) for way in ways] for _ in range(repeats)]
    return [run[0] for run in runs], [run[1] for run in runs]


def cancels(client: Client, megapixels: float, repeats: int) -> list[float]:
    """Returns the seconds from asking until the job had ended, asked at chance moments of a full-detail rendering."""
    width, height = extent_from_megapixels(megapixels)
    image = Image(photo_from_examples(width, height).tobytes(), width, height, ColorModel.RGB)
    chance, waits = np.random.default_rng(3), []
    for _ in range(repeats):
        job = client.submit("colorize", {"detail": "full"}, {"source": image})
        while job.state is not JobState.RUNNING or job.fraction == 0:
            time.sleep(0.002)
        time.sleep(float(chance.uniform(0, 0.6)))
        asked = time.perf_counter()
        job.cancel()
        job.wait(_LIMIT_S)
        if isinstance(job.exception(), JobCancelled):
            waits.append(time.perf_counter() - asked)
    return waits


def memory_slope_kib(client: Client, pid: int, count: int) -> float:
    """Returns by how many KiB a job the worker's resident memory grows, over `count` jobs after it has settled."""
    width, height = extent_from_megapixels(0.3)
    image = Image(photo_from_examples(width, height).tobytes(), width, height, ColorModel.RGB)
    sizes = []
    for index in range(_SETTLED + count):
        client.submit("colorize", {"strength": (index % 10) / 10}, {"source": image}).result(_LIMIT_S)
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        sizes.append(int(status.split("VmRSS:")[1].split()[0]))
    return float(np.polyfit(np.arange(count), sizes[_SETTLED:], 1)[0])


def page(megapixels: float, repeats: int, cancel_repeats: int, jobs: int) -> str:
    """Measures, and returns the page."""
    with own_worker() as (client, pid, started_s):
        inside, through = overheads(client, megapixels, repeats)
        waits = sorted(cancels(client, megapixels, cancel_repeats))
    with own_worker() as (client, pid, _):
        slope = memory_slope_kib(client, pid, jobs)
    ratio = min(through) / min(inside)
    paired = float(np.median([worker / own for own, worker in zip(inside, through, strict=True)]))
    p99 = waits[min(len(waits) - 1, int(0.99 * len(waits)))]
    rows = {
        f"Colorize, {megapixels:g} MP, own process: min / median of {repeats}": _ms(min(inside), np.median(inside)),
        "the same through the worker: min / median": _ms(min(through), np.median(through)),
        "worker over own process: ratio of minima / median of paired ratios": f"{ratio:.3f} / {paired:.3f}",
        f"cancel of {megapixels:g} MP in full detail: median / 99th percentile / worst of {len(waits)}": _ms(
            np.median(waits), p99, waits[-1]
        ),
        f"worker's memory over {jobs} jobs, after {_SETTLED} to settle": f"{slope:+.2f} KiB a job",
        "start of the worker until it has told its effects": f"{started_s:.2f} s",
    }
    table = "\n".join(f"| {what} | {figure} |" for what, figure in rows.items())
    return f"""# What the worker costs

Written by `python -m benchmarks.worker`. Runs of the two ways alternate; every figure is of one session on one
machine with {os.cpu_count()} cores.

| what | figure |
|---|---|
{table}

Both ways begin with the pixels in the host's memory and end with a readable result: in the own process they are
copied into a buffer, for the worker into a mapped file.
"""


def _ms(*durations_s: float) -> str:
    return " / ".join(f"{1000 * duration:.0f}" for duration in durations_s) + " ms"


def main() -> None:
    """Measures and writes the page; `--quick` prints a small run instead."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.worker", description=__doc__)
    options.add_argument("--quick", action="store_true", help="small and few, printed only: a test of the bench itself")
    if options.parse_args().quick:
        print(page(0.3, 2, 2, 5))
        return
    PAGE.write_text(page(_MEGAPIXELS, 15, 60, 200), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
