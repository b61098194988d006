"""Bad days in a real Krita: cancelled, killed, crashed, taken away; and a busy one, on which the canvas stays free."""

from __future__ import annotations

import os
import signal
import sys
import time

import numpy as np
import pytest
from tests.hosts.krita.conftest import Workplace, rgba_from_krita
from tests.hosts.krita.driver import Krita

MOST_CANCEL_MS = 2000  # of a job of 20 s
MOST_GAP_MS = 200  # a freeze that anybody feels, on top of the machine's own; the figures themselves are printed


def opened(krita: Krita, workplace: Workplace, title: str, then: str = "pass") -> bytes:
    """Opens the cat, chooses an effect, and returns the picture's pixels."""
    krita.run(f"open_picture({str(workplace.photo())!r}); choose({title!r}); {then}")
    return krita.layer(None)


def running(krita: Krita) -> None:
    """Starts the effect, and waits until the worker is at it."""
    krita.run('click("apply")')
    krita.wait("part('progress').value() > 100")


def test_cancel_stops_at_once_and_changes_nothing(krita: Krita, workplace: Workplace) -> None:
    before = opened(krita, workplace, "Slow", "put('seconds', 20.0)")
    undo = krita.ask("state()")["undo"]
    running(krita)
    krita.shoot(workplace.folder / "busy.png")
    krita.run("job = next(iter(docker()._adapter.client._jobs.values()))")
    spent_ms = krita.run(
        "began = time.perf_counter(); click('cancel'); job.wait(5)\nresult = 1000 * (time.perf_counter() - began)"
    )
    after = krita.settled()
    sys.stdout.write(f"cancelled after {spent_ms:.0f} ms\n")
    assert spent_ms <= MOST_CANCEL_MS
    assert not after["busy"]
    assert "Cancelled" in after["message"]
    assert len(after["layers"]) == 1
    assert after["undo"] == undo
    assert krita.layer(None) == before
    assert not list((krita.home.worker_runtime / "pixels").glob("*.pixels"))


def test_a_cancel_while_pixels_are_read_leaves_nothing(krita: Krita, workplace: Workplace) -> None:
    source = workplace.save("large.png", np.full((3000, 4000, 3), 90, np.uint8))
    krita.run(f"open_picture({str(source)!r}); choose('Slow'); click('apply')")
    krita.wait("state()['busy']")
    krita.run("click('cancel')")
    after = krita.settled()
    assert len(after["layers"]) == 1
    time.sleep(0.5)
    assert not list((krita.home.worker_runtime / "pixels").glob("*.pixels"))


@pytest.mark.parametrize("title", ["Slow", "Crash"])
def test_a_worker_that_dies_is_an_error_in_the_docker(krita: Krita, workplace: Workplace, title: str) -> None:
    before = opened(krita, workplace, title, "put('seconds', 20.0)" if title == "Slow" else "pass")
    if title == "Slow":
        running(krita)
        pid = krita.home.worker_pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    else:
        krita.run('click("apply")')
    krita.wait("not state()['busy']", 20)
    after = krita.settled()
    assert "worker stopped" in after["message"].lower(), after
    assert "Try again" in after["message"]
    assert "Traceback" not in after["message"]
    assert len(after["layers"]) == 1
    assert not after["waiting"]
    assert krita.layer(None) == before
    krita.run("choose('Grade'); put('exposure_stops', 1.0)")
    again = krita.apply()
    assert len(again["layers"]) == 2, again


def test_a_worker_that_hangs_in_a_job_is_ended_and_the_next_one_starts(krita: Krita, workplace: Workplace) -> None:
    before = opened(krita, workplace, "Slow", "put('seconds', 60.0)")
    running(krita)
    pid = krita.home.worker_pid()
    assert pid is not None
    krita.run("import scumble.worker.client as line; kept = line.PING_AFTER_S, line.HUNG_AFTER_S")
    try:
        krita.run("line.PING_AFTER_S, line.HUNG_AFTER_S = 0.2, 2.0")
        os.kill(pid, signal.SIGSTOP)
        krita.wait("not state()['busy']", 30)
    finally:
        krita.run("line.PING_AFTER_S, line.HUNG_AFTER_S = kept")
    after = krita.settled()
    assert "does not answer any more" in after["message"]
    assert "Try again" in after["message"]
    assert len(after["layers"]) == 1
    assert krita.layer(None) == before
    krita.run("choose('Grade'); put('exposure_stops', 1.0)")
    assert len(krita.apply()["layers"]) == 2
    assert krita.home.worker_pid() not in (None, pid)


def test_a_disk_that_is_full_for_the_result(krita: Krita, workplace: Workplace) -> None:
    krita.run(f"open_picture({str(workplace.photo('coffee.jpg'))!r}); choose('Grade'); put('warmth', 0.5)")
    assert len(krita.apply()["layers"]) == 2
    krita.undo()
    before = krita.layer(None)
    krita.run("choose('Colorize')")
    with krita.home.worker_without_room(600 << 10):
        after = krita.apply()
    assert "no room for the picture's pixels" in after["message"]
    assert "Free " in after["message"]
    assert len(after["layers"]) == 1
    assert krita.layer(None) == before
    assert not list((krita.home.worker_runtime / "pixels").glob("*.pixels"))
    assert len(krita.apply()["layers"]) == 2


def test_a_disk_that_is_full_for_the_source(krita: Krita, workplace: Workplace) -> None:
    krita.run(f"open_picture({str(workplace.photo('coffee.jpg'))!r}); choose('Grade'); put('warmth', 0.5)")
    krita.run("""import errno, os
kept = os.posix_fallocate
def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
os.posix_fallocate = full""")
    try:
        after = krita.apply()
    finally:
        krita.run("os.posix_fallocate = kept")
    assert "no room for the picture's pixels" in after["message"]
    assert len(after["layers"]) == 1
    assert len(krita.apply()["layers"]) == 2


def test_a_token_that_is_not_the_workers(krita: Krita, workplace: Workplace) -> None:
    opened(krita, workplace, "Grade", "put('exposure_stops', 1.0)")
    assert len(krita.apply()["layers"]) == 2
    krita.undo()
    with krita.home.wrong_token():
        krita.run("docker()._adapter.client._connection.close()")
        krita.wait("docker()._adapter.client._connection is None")
        after = krita.apply()
        assert "does not know this program" in after["message"], after
        assert len(after["layers"]) == 1
    assert len(krita.apply()["layers"]) == 2


def test_the_document_may_be_closed_meanwhile(krita: Krita, workplace: Workplace) -> None:
    opened(krita, workplace, "Slow", "put('seconds', 1.0)")
    running(krita)
    krita.run("close_all()")
    krita.wait("not state()['busy']", 20)
    assert "is gone" in krita.ask("state()")["message"]


def test_the_layer_may_be_removed_meanwhile(krita: Krita, workplace: Workplace) -> None:
    opened(krita, workplace, "Slow", "put('seconds', 1.5)")
    krita.run("add_layer('Other')")
    krita.settled()
    krita.run("activate(state()['layers'][0])")
    running(krita)
    krita.run("app.activeDocument().topLevelNodes()[0].remove()")
    krita.wait("not state()['busy']", 20)
    after = krita.settled()
    assert after["layers"] == ["Other"]
    assert "Apply the effect again" in after["message"], after


def test_the_canvas_stays_free_at_12_megapixels(krita: Krita, workplace: Workplace) -> None:
    """The longest time that Krita's own thread is taken up while colorize runs at 4000 x 3000.

    What the adapter does comes back in every run, what a busy machine does need not: the best of five runs counts.
    Adding any layer to a picture of that size makes Krita itself wait; that one moment is compared with its own menu.
    """
    noise = np.random.default_rng(3).integers(0, 255, (750, 1000, 1), np.uint8)
    source = workplace.save("twelve.png", np.repeat(noise.repeat(4, 0).repeat(4, 1), 3, axis=2))
    krita.run(f"open_picture({str(source)!r}); choose('Colorize')")
    krita.settled()
    krita.run("start_heart()")
    expected = workplace.reference("colorize", source)  # the same work, outside of Krita
    outside = krita.ask("gaps_ms()")
    working, adding, after, own_ms = [0.0], [0.0], {}, 0.0
    for _ in range(5):
        krita.run("start_heart(); app.action('add_new_paint_layer').trigger()")
        time.sleep(1.5)
        own = krita.ask("gaps_ms()")
        own_ms = max(own_ms, sum(own[:2]))
        assert len(krita.undo()["layers"]) == 1
        krita.run("start_heart(); watch_end(); click('apply')")
        krita.wait("not state()['busy']", 90)
        time.sleep(1)
        working, adding = krita.ask("gaps_ms(ended, before=True)"), krita.ask("gaps_ms(ended, before=False)")
        sys.stdout.write(
            f"gaps in ms: outside {outside[:2]}, own menu {own[:2]}, working {working[:3]}, adding {adding[:2]}\n"
        )
        after = krita.settled()
        if working[0] <= outside[0] + MOST_GAP_MS and sum(adding[:2]) <= 2 * own_ms + MOST_GAP_MS:
            break
        krita.undo()
    else:
        pytest.fail(f"taken up for {working} ms while it worked, {adding} when it ended; Krita's own menu: {own_ms}")
    assert after["layers"][1:] == ["Colorize"], after
    np.testing.assert_array_equal(rgba_from_krita(krita.layer("Colorize"), 4000, 3000), expected)
