"""Jobs: progress never falls, cancel reaches everybody, and a job ends exactly once."""

from __future__ import annotations

import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble.errors import JobCancelled
from scumble.jobs import CancelToken, Job, JobState, Progress


def test_a_progress_is_a_cancel_token() -> None:
    progress = Progress()
    assert isinstance(progress, CancelToken)
    progress.check()
    progress.cancel()
    assert progress.cancelled
    with pytest.raises(JobCancelled):
        progress.check()
    with pytest.raises(JobCancelled):
        progress.report(0.5)


@given(st.lists(st.floats(allow_nan=False)))
def test_progress_never_falls_nor_leaves_its_range(fractions: list[float]) -> None:
    heard: list[float] = []
    progress = Progress(lambda fraction, _: heard.append(fraction))
    for fraction in fractions:
        progress.report(fraction)
    assert heard == sorted(heard)
    assert all(0.0 <= fraction <= 1.0 for fraction in heard)
    assert progress.fraction == max([0.0, *(min(fraction, 1.0) for fraction in fractions)])


def test_nan_is_no_progress() -> None:
    with pytest.raises(ValueError, match="NaN"):
        Progress().report(math.nan)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_sub_progress_composes(offset: float, length: float, fraction: float) -> None:
    heard: list[tuple[float, str]] = []
    whole = Progress(lambda reached, note: heard.append((reached, note)))
    whole.sub(offset, length).sub(0.5, 0.5).report(fraction, "tiles")
    (reached, note), *more = heard
    assert reached == pytest.approx(min(1.0, offset + length * (0.5 + 0.5 * fraction)))
    assert (note, more) == ("tiles", [])


def test_cancel_crosses_every_level_both_ways() -> None:
    whole = Progress()
    part = whole.sub(0, 0.5).sub(0, 1)
    part.cancel()
    assert whole.cancelled
    with pytest.raises(JobCancelled):
        whole.sub(0.5, 0.5).report(0)


def test_a_job_goes_its_way() -> None:
    seen: list[tuple[JobState, float, str]] = []
    job: Job[int] = Job("Count", lambda job: seen.append((job.state, job.fraction, job.note)))
    assert job.state is JobState.QUEUED
    assert job.start()
    job.progress.report(0.25, "one")
    job.progress.report(0.5)
    job.finish(42)
    assert job.result(0) == 42
    assert job.exception(0) is None
    assert seen == [
        (JobState.RUNNING, 0.0, ""),
        (JobState.RUNNING, 0.25, "one"),
        (JobState.RUNNING, 0.5, "one"),
        (JobState.DONE, 1.0, "one"),
    ]


def test_a_queued_job_is_cancelled_at_once_and_never_started() -> None:
    job: Job[int] = Job("Count")
    job.cancel()
    assert job.state is JobState.CANCELLED
    assert not job.start()
    with pytest.raises(JobCancelled, match="before it began"):
        job.result(0)


def test_a_running_job_is_cancelled_by_its_work() -> None:
    job: Job[int] = Job("Count")
    job.start()
    job.cancel()
    assert not job.state.finished
    with pytest.raises(JobCancelled) as caught:
        job.progress.check()
    job.fail(caught.value)
    assert job.state is JobState.CANCELLED
    assert job.exception(0) is caught.value


def test_a_failure_is_raised_as_it_was() -> None:
    job: Job[int] = Job("Count")
    job.start()
    error = ZeroDivisionError("by zero")
    job.fail(error)
    assert job.state is JobState.FAILED
    with pytest.raises(ZeroDivisionError) as caught:
        job.result(0)
    assert caught.value is error


def test_a_finished_job_stays_as_it_is() -> None:
    job: Job[int] = Job("Count")
    job.start()
    job.finish(1)
    job.cancel()
    job.fail(ValueError("late"))
    assert job.state is JobState.DONE
    assert job.result(0) == 1
    assert job.exception(0) is None


def test_waiting_has_a_limit() -> None:
    job: Job[int] = Job("Count")
    assert not job.wait(0.01)
    with pytest.raises(TimeoutError, match="Count is still queued"):
        job.result(0.01)


def test_waiting_ends_when_another_thread_finishes() -> None:
    job: Job[str] = Job("Count")
    job.start()
    thread = threading.Timer(0.02, job.finish, ["here"])
    thread.start()
    assert job.result(5) == "here"
    thread.join()
