"""Cancels at odd moments, jobs side by side, and listeners that raise: the next job is as if nothing had been."""

from __future__ import annotations

import _thread
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tests.cancel.works import picture
from tests.onnx_nets import slow

from scumble import Background, Colorize, Engine, Image, LocalRunner, Progress
from scumble.engine import machine
from scumble.errors import JobCancelled
from scumble.jobs import JobState
from scumble.media.waiting import waited

_LONG_S = 60


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(device="cpu", workers=2)


@pytest.fixture(scope="module")
def source() -> Image:
    return picture(320, 240)


@pytest.fixture(scope="module")
def undisturbed(engine: Engine, source: Image) -> bytes:
    return bytes(Colorize(detail="full")(source, engine=engine).data)


@pytest.fixture(autouse=True)
def _as_before(engine: Engine, source: Image, undisturbed: bytes) -> Iterator[None]:
    yield
    assert bytes(Colorize(detail="full")(source, engine=engine).data) == undisturbed


def test_cancelled_before_it_starts_twice_and_after_its_end(engine: Engine, source: Image) -> None:
    held = threading.Event()
    with LocalRunner(engine=engine) as runner:
        first = runner.start("wait", lambda _: held.wait(_LONG_S))
        queued = runner.submit(Colorize(), source)
        queued.cancel()
        queued.cancel()
        held.set()
        assert first.result(_LONG_S)
        assert queued.state is JobState.CANCELLED
        done = runner.submit(Colorize(), source)
        made = done.result(_LONG_S)
        done.cancel()
        assert done.state is JobState.DONE
        assert done.result() is made
    progress = Progress()
    progress.cancel()
    with pytest.raises(JobCancelled):
        Colorize()(source, engine=engine, progress=progress)


def test_what_a_listener_raises_is_what_comes_out(engine: Engine, source: Image) -> None:
    def fail(fraction: float, _: str) -> None:
        if fraction >= 0.3:
            raise ZeroDivisionError("a listener's own fault")

    for effect in (Colorize(detail="full"), Colorize()):
        with pytest.raises(ZeroDivisionError, match="own fault"):
            effect(source, engine=engine, progress=Progress(fail))


def test_ctrl_c_during_a_native_call_comes_out_as_itself(engine: Engine) -> None:
    session = engine.session(slow(), "slow")
    threading.Timer(0.2, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        session.run({"x": np.zeros((1, 1, 1500, 1500), np.float32)})


def test_ctrl_c_while_nothing_can_be_interrupted_is_not_waited_for() -> None:
    held, ended = threading.Event(), threading.Event()

    def work(_: object) -> None:
        held.wait(_LONG_S)
        ended.set()

    threading.Timer(0.1, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        waited(work, lambda _: None)
    assert not ended.is_set()
    held.set()
    assert ended.wait(_LONG_S)


def test_work_that_nobody_waits_for_ends_where_it_tells_something() -> None:
    told, left, ended = threading.Event(), threading.Event(), threading.Event()

    def work(tell: object) -> None:
        told.set()
        left.wait(_LONG_S)
        try:
            tell(0.5)  # type: ignore[operator]
        finally:
            ended.set()
        pytest.fail("it went on")

    def listen(_: float) -> None:
        if told.is_set():
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        waited(work, listen)
    left.set()
    assert ended.wait(_LONG_S)


def test_jobs_side_by_side_on_one_engine_make_what_each_makes_alone(
    engine: Engine, source: Image, undisturbed: bytes
) -> None:
    sky = Background(style="sky", width=256, height=128)
    alone = bytes(sky(engine=engine).data)
    with ThreadPoolExecutor(6) as pool:
        full = [pool.submit(Colorize(detail="full"), source, engine=engine) for _ in range(3)]
        skies = [pool.submit(sky, engine=engine) for _ in range(3)]
        assert all(bytes(job.result(_LONG_S).data) == undisturbed for job in full)
        assert all(bytes(job.result(_LONG_S).data) == alone for job in skies)


def test_one_of_two_jobs_on_one_session_is_cancelled_while_it_waits(engine: Engine) -> None:
    session = engine.session(slow(), "slow")
    large = {"x": np.zeros((1, 1, 900, 900), np.float32)}
    began = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        busy = Progress(lambda *_: began.set())
        running = pool.submit(session.run_all, [large, large], busy.report)
        assert began.wait(_LONG_S)
        waiting = Progress()
        other = pool.submit(session.run_all, [large, large], waiting.report)
        waiting.cancel()
        with pytest.raises(JobCancelled):
            other.result(_LONG_S)
        assert not running.done()
        busy.cancel()
        with pytest.raises(JobCancelled):
            running.result(_LONG_S)


def test_cores_can_be_spared_but_for_one() -> None:
    given = machine.cores()
    try:
        machine.spare_cores(1)
        assert machine.cores() == max(1, given - 1)
        machine.spare_cores(given + 5)
        assert machine.cores() == 1
    finally:
        machine.spare_cores(0)
    assert machine.cores() == given
