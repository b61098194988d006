"""Work in small steps on the UI thread: a generator gets a few milliseconds at a time, so that the canvas stays free.

A step is what a generator does up to its next ``yield``; it yields how many milliseconds it has no need to run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from scumble.jobs import Job
from scumble_krita.qt import QtCore

T = TypeVar("T")
Steps = Generator[int, None, T]

_TURN_S = 0.008
_POLL_MS = 15
_THREADS = ThreadPoolExecutor(4, "scumble-aside")


class Task:
    """Runs steps on zero-timers and tells how they ended: `done` with their value, or `failed` with the error."""

    def __init__(
        self,
        parent: QtCore.QObject,
        steps: Steps[Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._steps, self._done, self._failed = steps, done, failed
        self._timer = QtCore.QTimer(parent)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._turn)
        self._timer.start(0)

    def cancel(self) -> None:
        """Stops; the steps clean up behind themselves (GeneratorExit), and neither `done` nor `failed` is called."""
        self._timer.stop()
        self._timer.deleteLater()
        self._steps.close()

    def _turn(self) -> None:
        end = time.perf_counter() + _TURN_S
        try:
            pause_ms = next(self._steps)
            while not pause_ms and time.perf_counter() < end:
                pause_ms = next(self._steps)
        except StopIteration as finished:
            self._timer.deleteLater()
            self._done(finished.value)
        except Exception as error:
            self._timer.deleteLater()
            self._failed(error)
        else:
            self._timer.start(pause_ms)


def aside(function: Callable[[], T], unwanted: Callable[[T], None] | None = None) -> Steps[T]:
    """Runs a blocking function on a thread; `unwanted` gets its value when the steps were cancelled meanwhile."""
    future = _THREADS.submit(function)
    try:
        while not future.done():
            yield _POLL_MS
    except GeneratorExit:
        if unwanted is not None:
            future.add_done_callback(lambda late: late.exception() or unwanted(late.result()))
        raise
    return future.result()


def finished(job: Job[T], report: Callable[[float, str], None]) -> Steps[T]:
    """Waits for a job, reporting its fraction (0..1) and note; cancels it when the steps are cancelled."""
    try:
        while not job.state.finished:
            report(job.fraction, job.note)
            yield _POLL_MS
    except GeneratorExit:
        job.cancel()
        raise
    return job.result()
