"""LocalRunner: jobs run in order on another thread, errors stay in the job, and cancel is obeyed."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from scumble.effect import Effect, Input, Int, RenderContext
from scumble.errors import JobCancelled, ParamError
from scumble.jobs import Job, JobState, Progress
from scumble.media.image import Image
from scumble.runner import LocalRunner


class Fill(Effect, id="fill", title="Fill", context="filter"):
    """Fills a picture with one level."""

    source: Image = Input()
    level: int = Int(default=0, max=255)

    def render(self, ctx: RenderContext) -> Image:
        ctx.progress.report(0.5, "filling")
        return self.source.replace(data=bytes([self.level] * len(self.source.data)))


def picture() -> Image:
    return Image(bytes(12), 2, 2)


def test_an_effect_runs_on_another_thread() -> None:
    threads: set[str] = set()
    states: list[tuple[JobState, float]] = []

    def listen(job: Job[Image]) -> None:
        threads.add(threading.current_thread().name)
        states.append((job.state, job.fraction))

    with LocalRunner() as runner:
        job = runner.submit(Fill(level=9), picture(), listener=listen)
        assert bytes(job.result(5).data) == bytes([9] * 12)
    assert job.title == "Fill"
    assert states == [(JobState.RUNNING, 0.0), (JobState.RUNNING, 0.5), (JobState.DONE, 1.0)]
    assert all(name.startswith("scumble-job") for name in threads)


def test_jobs_run_one_after_the_other() -> None:
    order: list[int] = []

    def count(number: int, progress: Progress) -> None:
        order.append(number)

    with LocalRunner() as runner:
        for number in range(20):
            runner.start("Count", partial(count, number))
    assert order == list(range(20))


def test_an_error_stays_in_its_job_and_the_next_one_runs() -> None:
    with LocalRunner() as runner:
        bad = runner.submit(Fill())
        worse = runner.start("Exit", lambda _: exit(3))
        good = runner.submit(Fill(), picture())
        assert good.result(5).width == 2
    assert bad.state is worse.state is JobState.FAILED
    assert isinstance(bad.exception(), ParamError)
    assert isinstance(worse.exception(), SystemExit)


def test_a_listener_that_fails_does_not_lose_the_job() -> None:
    def listen(job: Job[int]) -> None:
        raise RuntimeError("the window is gone")

    with LocalRunner() as runner:
        job = runner.start("Count", lambda _: 1, listener=listen)
        assert job.wait(5)
    assert isinstance(job.exception(), RuntimeError)


def test_cancel_stops_a_running_job_and_a_queued_one() -> None:
    started = threading.Event()

    def work(progress: Progress) -> None:
        started.set()
        while True:
            progress.report(0.1)
            threading.Event().wait(0.001)

    with LocalRunner() as runner:
        running = runner.start("Run", work)
        queued = runner.start("Wait", work)
        assert started.wait(5)
        queued.cancel()
        assert queued.state is JobState.CANCELLED
        running.cancel()
        assert running.wait(5)
    assert running.state is JobState.CANCELLED
    with pytest.raises(JobCancelled):
        running.result()


def test_leaving_by_an_exception_cancels() -> None:
    started = threading.Event()

    def work(progress: Progress) -> None:
        started.set()
        while True:
            progress.check()
            threading.Event().wait(0.001)

    runner = LocalRunner()
    job = runner.start("Run", work)
    assert started.wait(5)
    with pytest.raises(ZeroDivisionError), runner:
        raise ZeroDivisionError
    assert job.state is JobState.CANCELLED
    with pytest.raises(RuntimeError):
        runner.start("Late", work)
