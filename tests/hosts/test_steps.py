"""Steps on a host's own thread: in order, in small turns, cancelled cleanly, errors handed over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from scumble.errors import JobCancelled
from scumble.hosts.steps import Steps, Task, Tasks, aside, finished
from scumble.jobs import Job, JobState


class Loop:
    """A host's timers, without a host: callbacks in the order of their times."""

    def __init__(self) -> None:
        self.waiting: list[tuple[int, Callable[[], None]]] = []
        self.said: list[Any] = []

    def later(self, pause_ms: int, callback: Callable[[], None]) -> None:
        self.waiting.append((pause_ms, callback))

    def turn(self) -> int:
        """Runs what waits longest, and returns how long it wanted to."""
        pause_ms, callback = self.waiting.pop(0)
        callback()
        return pause_ms

    def run(self) -> Any:
        """Runs all to the end, and returns what was said."""
        until = time.monotonic() + 10
        while self.waiting and time.monotonic() < until:
            if self.turn():
                time.sleep(0.001)
        return self.said

    def start(self, steps: Steps[Any]) -> Task:
        return Task(self.later, steps, lambda value: self.said.append(value), lambda error: self.said.append(error))


def test_a_value_comes_at_the_end() -> None:
    def steps() -> Steps[int]:
        yield 0
        yield 20
        return 7

    loop = Loop()
    loop.start(steps())
    assert not loop.said
    assert loop.turn() == 0
    assert [pause for pause, _ in loop.waiting] == [20]
    assert loop.run() == [7]


def test_a_turn_is_short() -> None:
    def steps() -> Steps[None]:
        for _ in range(40):
            time.sleep(0.001)
            yield 0

    loop = Loop()
    loop.start(steps())
    loop.turn()
    assert loop.waiting, "forty milliseconds are more than one turn"


def test_an_error_is_handed_over() -> None:
    def steps() -> Steps[None]:
        yield 0
        raise ValueError("no")

    loop = Loop()
    loop.start(steps())
    (said,) = loop.run()
    assert isinstance(said, ValueError)


def test_a_cancelled_task_cleans_up_and_says_nothing() -> None:
    cleaned = []

    def steps() -> Steps[None]:
        try:
            while True:
                yield 5
        finally:
            cleaned.append(True)

    loop = Loop()
    task = loop.start(steps())
    loop.turn()
    task.cancel()
    task.cancel()
    assert cleaned == [True]
    assert loop.run() == []


def test_a_step_may_cancel_its_own_task() -> None:
    """As when a host's call runs an event loop of its own, in which the user clicks Cancel."""
    cleaned: list[bool] = []
    tasks: list[Task] = []

    def steps() -> Steps[None]:
        try:
            tasks[0].cancel()
            yield 0
        finally:
            cleaned.append(True)

    loop = Loop()
    tasks.append(loop.start(steps()))
    assert loop.run() == []
    assert cleaned == [True]


def test_aside_runs_elsewhere_and_hands_errors_on() -> None:
    loop = Loop()
    loop.start(aside(threading.get_ident))
    assert loop.run()[0] != threading.get_ident()

    def fails() -> None:
        raise OSError("full")

    loop.start(aside(fails))
    assert isinstance(loop.run()[1], OSError)


def test_what_comes_too_late_is_disposed_of() -> None:
    gate, disposed = threading.Event(), threading.Event()
    loop = Loop()
    task = loop.start(aside(lambda: gate.wait(5), lambda _: disposed.set()))
    loop.turn()
    task.cancel()
    gate.set()
    assert disposed.wait(5)
    assert loop.said == []


def test_a_job_is_waited_for_reported_and_cancelled() -> None:
    job: Job[str] = Job("Work")
    heard: list[float] = []
    loop = Loop()
    loop.start(finished(job, lambda fraction, note: heard.append(fraction)))
    job.start()
    job.progress.report(0.5)
    loop.turn()
    assert heard == [0.5]
    job.finish("made")
    assert loop.run() == ["made"]

    other: Job[str] = Job("Work")
    task = loop.start(finished(other))
    loop.turn()
    task.cancel()
    assert other.state is JobState.CANCELLED
    with pytest.raises(JobCancelled):
        other.result(1)


def test_a_task_takes_the_place_of_the_one_of_its_name() -> None:
    ended: list[str] = []

    def steps(name: str) -> Steps[str]:
        try:
            yield 0
            yield 0
            return name
        finally:
            ended.append(name)

    def fails() -> Steps[None]:
        yield 0
        raise ValueError("no")

    loop = Loop()
    tasks = Tasks(loop.later, loop.said.append)
    tasks.start("preview", steps("first"), loop.said.append)
    tasks.start("apply", steps("other"), loop.said.append)
    for _ in range(2):
        assert len(tasks) == 2
        tasks.start("preview", steps("second"), loop.said.append)
    assert "preview" in tasks
    assert sorted(loop.run()) == ["other", "second"]
    assert not tasks
    tasks.start("apply", fails(), loop.said.append)
    assert isinstance(loop.run()[-1], ValueError)
    tasks.start("apply", fails(), loop.said.append, lambda error: loop.said.append(f"own: {error}"))
    assert loop.run()[-1] == "own: no"
    assert "apply" not in tasks
    tasks.start("preview", steps("third"), loop.said.append)
    tasks.stop("preview")
    tasks.stop("nothing")
    loop.run()
    assert "third" not in loop.said
