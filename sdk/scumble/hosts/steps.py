"""Work in small steps on a user interface's own thread, for hosts that let no other thread touch their pictures.

Steps are a generator; each ``yield`` says how many milliseconds it can do without being run, 0 where there is more to
do at once. A `Task` runs it a few milliseconds at a time on the host's timers, so that the interface stays usable.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from scumble.jobs import CancelToken, Job

T = TypeVar("T")
Steps = Generator[int, None, T]

_TURN_S = 0.008
_POLL_MS = 15
_THREADS = ThreadPoolExecutor(4, "scumble-aside")


class Task:
    """Runs steps to their end; then calls `done` with their value, or `failed` with the error that ended them."""

    def __init__(
        self,
        later: Callable[[int, Callable[[], None]], object],
        steps: Steps[Any],
        done: Callable[[Any], object],
        failed: Callable[[Exception], object],
    ) -> None:
        """Starts with the next turn; ``later(ms, callback)`` is the host's way to call back on this same thread."""
        self._later, self._done, self._failed = later, done, failed
        self._steps, self._running, self._token = steps, False, CancelToken()
        later(0, self._turn)

    def cancel(self) -> None:
        """Stops; the steps clean up behind themselves, and neither `done` nor `failed` is called any more."""
        self._token.cancel()
        if not self._running:  # else a step of it called us, through an event loop of the host's
            self._steps.close()

    def _turn(self) -> None:
        if self._token.cancelled:
            return
        end, self._running = time.perf_counter() + _TURN_S, True
        try:
            pause_ms = next(self._steps)
            while not pause_ms and time.perf_counter() < end:
                pause_ms = next(self._steps)
        except StopIteration as stop:
            then: Callable[[Any], object] = self._done
            outcome: Any = stop.value
        except Exception as error:
            then, outcome = self._failed, error
        else:
            then, outcome = lambda _: self._later(pause_ms, self._turn), None
        finally:
            self._running = False
        if self._token.cancelled:
            self._steps.close()
        else:
            then(outcome)


class Tasks:
    """Tasks by name: one that is started takes the place of an earlier one of that name, which is cancelled."""

    def __init__(
        self, later: Callable[[int, Callable[[], None]], object], failed: Callable[[Exception], object]
    ) -> None:
        """`later` as for a `Task`; `failed` is called with the error of any that has no other use for it."""
        self._later, self._failed = later, failed
        self._named: dict[str, Task] = {}

    def __contains__(self, name: str) -> bool:
        """Returns whether a task of that name is under way."""
        return name in self._named

    def __len__(self) -> int:
        """Returns how many tasks are under way."""
        return len(self._named)

    def start(
        self,
        name: str,
        steps: Steps[Any],
        done: Callable[[Any], object],
        failed: Callable[[Exception], object] | None = None,
    ) -> None:
        """Starts a task; when `done` or `failed` is called, it is no longer under way."""
        self.stop(name)

        def ended(then: Callable[[Any], object], outcome: Any) -> None:
            self._named.pop(name, None)
            then(outcome)

        self._named[name] = Task(self._later, steps, partial(ended, done), partial(ended, failed or self._failed))

    def stop(self, name: str) -> None:
        """Cancels the task of that name, if it is under way."""
        if name in self._named:
            self._named.pop(name).cancel()


def aside(function: Callable[[], T], unwanted: Callable[[T], object] = lambda _: None) -> Steps[T]:
    """Runs a blocking function on another thread; `unwanted` gets its value if the steps end before it does."""
    future = _THREADS.submit(function)
    try:
        while not future.done():
            yield _POLL_MS
    except GeneratorExit:
        future.add_done_callback(lambda late: _dispose(late, unwanted))
        raise
    return future.result()


def _dispose(future: Future[T], unwanted: Callable[[T], object]) -> None:
    if not future.cancelled() and future.exception() is None:
        unwanted(future.result())


def finished(job: Job[T], report: Callable[[float, str], object] = lambda fraction, note: None) -> Steps[T]:
    """Waits for a job, reporting its fraction (0..1) and note; cancels it if the steps end before it does."""
    try:
        while not job.state.finished:
            report(job.fraction, job.note)
            yield _POLL_MS
    except GeneratorExit:
        job.cancel()
        raise
    return job.result()
