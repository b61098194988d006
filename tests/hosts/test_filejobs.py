"""Files made on threads, without a host: one at a time, shown at the end, cancelled, and errors in words."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scumble import Background
from scumble.errors import HostError, JobCancelled
from scumble.hosts import filejobs
from scumble.hosts.filejobs import FileJobs
from scumble.jobs import Job

SCHEMA = Background.declaration()


class Worker:
    """What a client does, without one: jobs that end when the test says so."""

    def __init__(self) -> None:
        self.client = self
        self.jobs: list[Job[str]] = []
        self.asked: list[tuple[Any, ...]] = []
        self.closed = False

    def effects(self) -> tuple[object, ...]:
        return (SCHEMA,)

    def submit_files(self, *words: Any) -> Job[str]:
        self.asked.append(words)
        self.jobs.append(Job("Work"))
        self.jobs[-1].start()
        return self.jobs[-1]

    def close(self) -> None:
        self.closed = True
        for job in self.jobs:
            job.cancel()


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    made = Worker()
    monkeypatch.setattr(filejobs, "setup_from_file", lambda file: file)
    monkeypatch.setattr(filejobs, "Adapter", lambda setup: made)
    return made


@pytest.fixture
def jobs(worker: Worker) -> FileJobs:
    made = FileJobs("adapter.py")
    made._asking.join(10)
    assert made.effects == (SCHEMA,)
    return made


def begun(
    jobs: FileJobs, path: Path, before: Callable[[threading.Event], object] = bool, after: Callable[[], str] = str
) -> None:
    jobs.start(SCHEMA, {"seed": 3}, {"source": "a.png"}, path, before, after)


def until(worker: Worker, count: int = 1) -> Job[str]:
    waiting = threading.Event()
    for _ in range(1000):
        if len(worker.jobs) >= count:
            return worker.jobs[-1]
        waiting.wait(0.01)
    raise AssertionError("no job was asked for")


def test_a_file_is_made_and_shown(jobs: FileJobs, worker: Worker, tmp_path: Path) -> None:
    path, order = tmp_path / "new" / "a.png", list[str]()

    def shown() -> str:
        order.append("shown")
        return "it is there."

    begun(jobs, path, lambda cancelled: order.append("before"), shown)
    job = until(worker)
    assert jobs.busy
    assert "Background is under way" in jobs.status
    job.progress.report(0.5, "half")
    assert jobs.status.endswith(": 50%, half")
    assert order == ["before"]
    begun(jobs, tmp_path / "b.png")  # one at a time
    job.finish(str(path))
    jobs._working.join(10)
    assert order == ["before", "shown"]
    assert worker.asked == [("background", {"seed": 3}, {"source": "a.png"}, str(path))]
    assert path.parent.is_dir()
    assert jobs.status == "Background is done: it is there."
    assert [failed for failed, _ in jobs.log] == [False] * len(jobs.log)
    assert jobs.log[-1] == (False, jobs.status)


def test_a_cancel_is_no_error_and_shows_nothing(jobs: FileJobs, worker: Worker, tmp_path: Path) -> None:
    begun(jobs, tmp_path / "a.png", after=lambda: pytest.fail("nothing is there"))
    job = until(worker)
    jobs.cancel()
    with pytest.raises(JobCancelled) as raised:
        job.progress.report(0.5)  # as the worker notices it
    job.fail(raised.value)
    jobs._working.join(10)
    assert jobs.status == "Background was cancelled; nothing was changed."
    assert not jobs.failed


def test_a_cancel_reaches_what_comes_before_the_job(jobs: FileJobs, worker: Worker, tmp_path: Path) -> None:
    def before(cancelled: threading.Event) -> None:
        assert cancelled.wait(10)
        raise JobCancelled("drawing was cancelled")

    begun(jobs, tmp_path / "a.png", before)
    jobs.cancel()
    jobs._working.join(10)
    assert not worker.jobs
    assert "was cancelled" in jobs.status


@pytest.mark.parametrize(
    ("error", "words"),
    [(HostError("It is gone", "Look elsewhere."), "It is gone.\n\nLook elsewhere."), (ZeroDivisionError("x"), "wrong")],
)
def test_what_goes_wrong_is_said(jobs: FileJobs, worker: Worker, tmp_path: Path, error: Exception, words: str) -> None:
    begun(jobs, tmp_path / "a.png")
    until(worker).fail(error)
    jobs._working.join(10)
    assert words in jobs.status
    assert jobs.failed
    assert jobs.log[-1][0]
    assert "\n" not in jobs.log[-1][1], "a line of a log"
    begun(jobs, tmp_path / "a.png", after=lambda: "fine.")
    until(worker, 2).finish("")
    jobs._working.join(10)
    assert not jobs.failed


def test_closed_it_leaves_nothing_running(jobs: FileJobs, worker: Worker, tmp_path: Path) -> None:
    begun(jobs, tmp_path / "a.png", after=lambda: pytest.fail("the host has gone"))
    until(worker)
    jobs.close()
    assert worker.closed
    assert not jobs.busy
    begun(jobs, tmp_path / "b.png")
    assert len(worker.jobs) == 1
