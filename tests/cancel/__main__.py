"""`python -m tests.cancel SEED FOLDER`: cancels a thousand jobs at random moments, and prints what was left behind."""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import json
import os
import random
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from tests.cancel.works import COPIES, Work, works

from scumble import Engine, LocalRunner, read_image
from scumble.errors import JobCancelled
from scumble.jobs import Job, JobState

DEADLOCK_S = 60.0
"""No job of these takes a tenth of it, on the most crowded machine."""
_ALONE_EVERY = 15
_BESIDE_EVERY = 12
_SAMPLE_EVERY = 40


class Trial:
    """Jobs that are cancelled, and what is found when they have ended."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - moments, not secrets
        self.place = folder / "made"
        self.place.mkdir()
        (folder / "sources").mkdir()
        self.engine = Engine(device="cpu", workers=2, memory_budget_mib=1024)
        self.works = works(self.engine, folder / "sources")
        self.faults: list[str] = []
        self.ended = {state.value: 0 for state in JobState}
        self.memory: list[tuple[int, float]] = []

    def start(self, runner: LocalRunner, work: Work, place: Path) -> Job[str]:
        """Queues a job in a folder of its own."""
        place.mkdir(exist_ok=True)
        return runner.start(work.name, lambda progress: work.run(progress, place))

    def done(self, job: Job[str]) -> None:
        """Waits for a job; one that does not end is a deadlock."""
        if not job.wait(DEADLOCK_S):
            faulthandler.dump_traceback(all_threads=True)
            sys.exit(f"{job.title} does not end")

    def learn(self, runner: LocalRunner) -> dict[str, tuple[str, float]]:
        """Runs every job twice, undisturbed: what it makes, and how long it takes when all is loaded."""
        known = {}
        for work in self.works:
            for _ in range(2):
                began = time.monotonic()
                job = self.start(runner, work, self.place)
                self.done(job)
                known[work.name] = (job.result(), time.monotonic() - began)
                empty(self.place)
        return known

    def cancel(self, runner: LocalRunner, number: int, work: Work, known: dict[str, tuple[str, float]]) -> None:
        """Cancels one job from this thread, at a random moment."""
        expected, seconds = known[work.name]
        beside: Job[str] | None = None
        other = self.works[0] if number % _BESIDE_EVERY == 0 else None
        if other is not None:
            beside = self.start(runner, other, self.place.with_name("beside"))
        job = self.start(runner, work, self.place)
        time.sleep(self.chance.uniform(0, 1.15) * seconds)
        job.cancel()
        self.done(job)
        self.ended[job.state.value] += 1
        found = sorted(path.name for path in self.place.rglob("*"))
        if job.state is JobState.CANCELLED:
            if not isinstance(job.exception(), JobCancelled):
                self.faults.append(f"{work.name}: {job.exception()!r}")
            whole = [name for name in found if name in COPIES and read_image(self.place / name).width]
            if whole != found:  # a copy of each format is a file of its own, which may be there
                self.faults.append(f"{work.name} left {found}")
        elif job.state is not JobState.DONE or job.result() != expected:
            self.faults.append(f"{work.name} ended {job.state.value}: {job.exception()!r}")
        empty(self.place)
        if other is not None and beside is not None:
            self.done(beside)
            if beside.state is not JobState.DONE or beside.result() != known[other.name][0]:
                self.faults.append(f"{other.name}, beside {work.name}: {beside.exception()!r}")
        if number % _ALONE_EVERY == 0:
            again = self.start(runner, work, self.place)
            self.done(again)
            if again.state is not JobState.DONE or again.result() != expected:
                self.faults.append(f"{work.name}, after a cancel: {again.exception()!r}")
            empty(self.place)

    def run(self) -> dict[str, Any]:
        """Cancels as many jobs as there are to be, in a random order."""
        with LocalRunner(engine=self.engine, threads=2) as runner:
            known = self.learn(runner)
            order = [work for work in self.works for _ in range(work.cancels)]
            self.chance.shuffle(order)
            before: dict[str, Any] = {}
            for number, work in enumerate(order):
                self.cancel(runner, number, work, known)
                if number % _SAMPLE_EVERY == 0:
                    self.memory.append((number, resident_mib()))
                if number == len(order) // 5:
                    before = self.open()
            after = self.open()
        return {
            "cancels": len(order),
            "ended": self.ended,
            "faults": self.faults,
            "before": before,
            "after": after,
            "growth_mib": self.growth(),
            "memory_mib": [round(mib) for _, mib in self.memory],
        }

    def open(self) -> dict[str, Any]:
        """Returns what this process holds, once those who work for nobody have ended."""
        until = time.monotonic() + DEADLOCK_S
        while time.monotonic() < until and any(t.name == "scumble-waited" for t in threading.enumerate()):
            time.sleep(0.01)
        gc.collect()
        time.sleep(0.1)  # the thread that watches mapped files looks for them now and then
        return {
            "files": len(list(Path("/proc/self/fd").iterdir())),
            "threads": sorted(t.name for t in threading.enumerate() if t.name != "scumble-mapped"),
            "maps": Path("/proc/self/maps").read_text("utf-8").count("scumble-"),
            "temporary": sorted(path.name for path in Path(os.environ["TMPDIR"]).iterdir()),
        }

    def growth(self) -> float:
        """Returns by how many MiB memory grows over the whole trial, by a line through its second half.

        In the first one every session and allocator still comes to its full size.
        """
        at, mib = np.array(self.memory[len(self.memory) // 2 :]).T
        return float(np.polyfit(at, mib, 1)[0] * len(self.memory) * _SAMPLE_EVERY)


def empty(folder: Path) -> None:
    """Removes what is in a folder."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def resident_mib() -> float:
    """Returns this process's memory, after what is free was given back."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    faulthandler.enable()
    print(json.dumps(Trial(int(sys.argv[1]), Path(sys.argv[2])).run()))  # noqa: T201 - what the test reads
