"""Jobs as seen from outside: state, progress, cancel, result. Nothing runs here; a runner or a worker moves them."""

from __future__ import annotations

import enum
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from scumble.errors import JobCancelled

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CancelToken", "Job", "JobState", "Progress"]

T = TypeVar("T")


class CancelToken:
    """A flag that is raised once and never lowered; safe to share between threads."""

    def __init__(self) -> None:
        self._flag = threading.Event()

    def cancel(self) -> None:
        """Ask whoever works under this token to stop at the next chance."""
        self._flag.set()

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._flag.is_set()

    def check(self) -> None:
        """Raise `JobCancelled` when `cancel` was called; cheap enough for an inner loop."""
        if self._flag.is_set():
            raise JobCancelled("the job was cancelled", "nothing was written; start it again when you want it")


class Progress(CancelToken):
    """How far the work is, and whether it is still wanted: one object, handed down to whoever does the work.

    ``Progress()`` listens to nobody. A listener is called with the fraction done (0..1, never falling) and a note,
    on the thread that reports; what it raises goes up through `report` and so stops the work.
    """

    def __init__(self, listener: Callable[[float, str], None] | None = None) -> None:
        super().__init__()
        self._listener = listener
        self._lock = threading.Lock()
        self._fraction = 0.0

    @property
    def fraction(self) -> float:
        """The largest fraction reported so far, 0..1."""
        return self._fraction

    def report(self, fraction: float, note: str = "") -> None:
        """Say that ``fraction`` of the work is done; values outside 0..1 are clamped.

        Raises:
            JobCancelled: the work is no longer wanted.
            ValueError: the fraction is not a number.
        """
        self.check()
        if fraction != fraction:
            raise ValueError("a progress of NaN says nothing")
        with self._lock:
            self._fraction = max(self._fraction, min(float(fraction), 1.0))
            reached = self._fraction
        if self._listener is not None:
            self._listener(reached, note)

    def sub(self, offset: float, length: float) -> Progress:
        """Return a Progress whose 0..1 is this one's ``offset..offset+length``, under the same cancel flag."""
        part = Progress(lambda fraction, note: self.report(offset + fraction * length, note))
        part._flag = self._flag
        return part


class JobState(enum.Enum):
    """Where a job stands: queued → running → done, failed or cancelled."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def finished(self) -> bool:
        """Whether this state is the last one."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


class Job(Generic[T]):
    """One piece of work: watch it, cancel it, wait for it. All methods are safe from any thread.

    The three verbs of whoever runs it are `start`, `finish` and `fail`; everybody else has the rest.

    Attributes:
        title: what people see ("Colorize").
        progress: handed to the work; its `cancel` is the job's.
        note: the last note that the work reported.
    """

    def __init__(self, title: str, listener: Callable[[Job[T]], None] | None = None) -> None:
        """Make a queued job; ``listener`` is called with the job at every change, on the thread that caused it."""
        self.title = title
        self.note = ""
        self.progress = Progress(self._heard)
        self._listener = listener
        self._changed = threading.Condition()
        self._state = JobState.QUEUED
        self._result: T | None = None
        self._exception: BaseException | None = None

    @property
    def state(self) -> JobState:
        """Where the job stands now."""
        return self._state

    @property
    def fraction(self) -> float:
        """How much is done, 0..1; exactly 1 once the job is done."""
        return 1.0 if self._state is JobState.DONE else self.progress.fraction

    def cancel(self) -> None:
        """Ask the job to stop; a queued one stops at once, a finished one stays as it is."""
        self.progress.cancel()
        self._move([JobState.QUEUED], JobState.CANCELLED)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the job has finished, at most ``timeout_s`` seconds; return whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: self._state.finished, timeout_s)

    def result(self, timeout_s: float | None = None) -> T:
        """Wait for the job and return what it made.

        Raises:
            TimeoutError: it has not finished within ``timeout_s`` seconds.
            JobCancelled: it was cancelled.
            Exception: whatever made it fail, as it was raised.
        """
        error = self.exception(timeout_s)
        if error is not None:
            raise error
        return self._result  # type: ignore[return-value]  # set by finish() before the state became DONE

    def exception(self, timeout_s: float | None = None) -> BaseException | None:
        """Wait for the job and return what made it fail, `JobCancelled` if it was cancelled, else None.

        Raises:
            TimeoutError: it has not finished within ``timeout_s`` seconds.
        """
        if not self.wait(timeout_s):
            raise TimeoutError(f"{self.title} is still {self._state.value}")
        if self._state is JobState.CANCELLED and self._exception is None:
            return JobCancelled(f"{self.title} was cancelled before it began")
        return self._exception

    def start(self) -> bool:
        """Move from queued to running; False when the job was cancelled meanwhile and must not be run."""
        return self._move([JobState.QUEUED], JobState.RUNNING)

    def finish(self, result: T) -> None:
        """End a running job with its result."""
        self._move([JobState.RUNNING], JobState.DONE, result=result)

    def fail(self, error: BaseException) -> None:
        """End a queued or running job with an error; `JobCancelled` makes it cancelled rather than failed."""
        state = JobState.CANCELLED if isinstance(error, JobCancelled) else JobState.FAILED
        self._move([JobState.QUEUED, JobState.RUNNING], state, error=error)

    def _heard(self, fraction: float, note: str) -> None:
        self.note = note or self.note
        if self._listener is not None:
            self._listener(self)

    def _move(
        self, origins: list[JobState], state: JobState, *, result: T | None = None, error: BaseException | None = None
    ) -> bool:
        with self._changed:
            if self._state not in origins:
                return False
            self._result, self._exception, self._state = result, error, state
            self._changed.notify_all()
        if self._listener is not None:
            self._listener(self)
        return True
