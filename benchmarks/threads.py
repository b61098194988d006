"""Measures how threads share the machine: `python -m benchmarks.threads [--repeats 5] [--output TABLE.md]`.

Two jobs at a time against one after the other; and processor time beside other work, against ONNX Runtime with its own
thread pool, over the same tiles. What is compared is run in turn, so that both meet the same machine.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from benchmarks.engine.nets import BUNDLE
from benchmarks.machine import page_head
from benchmarks.photo import extent_from_megapixels, photo_from_examples
from scumble import Colorize, Engine, Image
from scumble.media.arrays import image_from_array

Work = Callable[[], object]
Feeds = dict[str, NDArray[np.float32]]

PAIR_BAR, CPU_BAR = 1.1, 0.65
_ROOT = Path(__file__).resolve().parent.parent
_SIDE, _TILES, _ROUNDS = 256, 8, 3
_FULL_SHARE = 1 / 12
"""Of a picture's pixels that full detail is measured on: a pixel there is that much more work."""


def together(*jobs: Work) -> float:
    """Returns seconds for jobs that are started at the same time, each on a thread of its own."""
    threads = [threading.Thread(target=job) for job in jobs]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def pair_rows(megapixels: float, repeats: int) -> Iterator[str]:
    """Gives a line of the table for each kind of pair."""
    large = picture(megapixels)
    small = picture(megapixels * _FULL_SHARE)
    one, other = Engine(device="cpu"), Engine(device="cpu")
    default, full = Colorize(), Colorize(detail="full")
    pairs: dict[str, tuple[Work, Work]] = {
        "two in default mode, one engine": (lambda: default(large, engine=one), lambda: default(large, engine=one)),
        "two in default mode, two engines": (lambda: default(large, engine=one), lambda: default(large, engine=other)),
        "two at full detail, one engine": (lambda: full(small, engine=one), lambda: full(small, engine=one)),
        "two at full detail, two engines": (lambda: full(small, engine=one), lambda: full(small, engine=other)),
        "full detail beside default, two engines": (
            lambda: full(small, engine=one),
            lambda: default(large, engine=other),
        ),
    }
    for name, (first, second) in pairs.items():
        first(), second()
        ratios = []
        for _ in range(repeats):
            alone = together(first) + together(second)
            ratios.append(together(first, second) / alone)
        yield row(name, ratios, PAIR_BAR)


def picture(megapixels: float) -> Image:
    """Returns the photo that is coloured."""
    return image_from_array(photo_from_examples(*extent_from_megapixels(megapixels)))


def tiles() -> list[Feeds]:
    """Returns what the colorizer's net is given for each tile."""
    rng = np.random.default_rng(0)
    shapes = {
        "lightness": (1, 1, _SIDE, _SIDE),
        "hint_ab": (1, 2, _SIDE, _SIDE),
        "hint_mask": (1, 1, _SIDE, _SIDE),
        "spread_ab": (1, 2, _SIDE, _SIDE),
        "confidence": (1, 1, _SIDE, _SIDE),
        "small": (1, 7, 64, 64),
        "statistics": (1, 316),
    }
    return [
        {name: rng.random(shape, np.float32) * (100 if name == "lightness" else 0) for name, shape in shapes.items()}
        for _ in range(_TILES)
    ]


def scumble_tiles() -> Work:
    """Returns what runs the tiles on Scumble's workers."""
    content = (BUNDLE / "model.onnx").read_bytes()
    session, feeds = Engine(device="cpu").session(content, "threads"), tiles()
    return lambda: session.run_all(feeds)


def runtime_tiles(intra_threads: int) -> Work:
    """Returns what runs the tiles, one after the other, on ONNX Runtime's own threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = intra_threads
    session = onnxruntime.InferenceSession(BUNDLE / "model.onnx", options, providers=["CPUExecutionProvider"])
    feeds = tiles()
    return lambda: [session.run(None, feed) for feed in feeds]


def child(way: str) -> None:
    """Runs the tiles in this process; prints processor and wall seconds."""
    work = scumble_tiles() if way == "scumble" else runtime_tiles(int(way))
    work()
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(_ROUNDS):
        work()
    print(json.dumps([time.process_time() - cpu, time.perf_counter() - wall]))


def measured(way: str) -> tuple[float, float]:
    """Returns processor and wall seconds of a way, in a fresh process."""
    command = (sys.executable, "-m", "benchmarks.threads", "--child", way)
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True)
    cpu, wall = json.loads(done.stdout)
    return float(cpu), float(wall)


def _burn() -> None:
    while True:
        pass


@contextlib.contextmanager
def load(processes: int) -> Iterator[None]:
    """Keeps so many cores busy, at the priority of any other program."""
    busy = [multiprocessing.Process(target=_burn, daemon=True) for _ in range(processes)]
    for process in busy:
        process.start()
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.join()


def cpu_rows(repeats: int) -> Iterator[str]:
    """Gives lines of the table: processor and wall time against ONNX Runtime, on a busy machine and on this one."""
    cores = len(os.sched_getaffinity(0))
    defaults = {str(cores): f"{cores} spinning threads", "0": "the threads that it chooses"}
    for place, busy in (("busy machine", cores), ("the machine as it is", 0)):
        with load(busy):
            ours: list[tuple[float, float]] = []
            theirs: dict[str, list[tuple[float, float]]] = {way: [] for way in defaults}
            for _ in range(repeats):
                ours.append(measured("scumble"))
                for way, runs in theirs.items():
                    runs.append(measured(way))
        for way, name in defaults.items():
            for figure, index in (("processor time", 0), ("wall time", 1)):
                ratios = [mine[index] / other[index] for mine, other in zip(ours, theirs[way], strict=True)]
                bar = CPU_BAR if figure == "processor time" and busy and way != "0" else None
                yield row(f"{figure} against ONNX Runtime with {name}, {place}", ratios, bar)


def row(name: str, ratios: Sequence[float], bar: float | None) -> str:
    """Returns a line of the table."""
    wanted = "" if bar is None else f"≤ {bar:g}"
    return f"| {name} | {min(ratios):.2f} | {statistics.median(ratios):.2f} | {max(ratios):.2f} | {wanted} |"


def main() -> None:
    """Prints the table, and writes it where asked."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--megapixels", type=float, default=12.0, help="of the picture in default mode")
    options.add_argument("--output", type=Path, default=None, help="the table's file")
    options.add_argument("--child", default="", help=argparse.SUPPRESS)
    arguments = options.parse_args()
    if arguments.child:
        child(arguments.child)
        return
    lines = ["| ratio | least | median | most | bar |", "|---|---|---|---|---|"]
    print("\n".join(lines))
    for rows in (pair_rows(arguments.megapixels, arguments.repeats), cpu_rows(arguments.repeats)):
        for line in rows:
            lines.append(line)
            print(line, flush=True)
    if arguments.output:
        command = f"python -m benchmarks.threads --megapixels {arguments.megapixels:g} --repeats {arguments.repeats}"
        head = page_head("Threads", command)
        words = [*(__doc__ or "").splitlines()[2:], "Below 1, Scumble needs less.", ""]
        arguments.output.write_text("\n".join([*head, *words, *lines, ""]), "utf-8")


if __name__ == "__main__":
    main()
