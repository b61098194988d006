"""What goes wrong is said in words, with what to do, and the document stays as it was."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.hosts.gimp.conftest import Workplace
from tests.hosts.gimp.tree import Gimp

RUN = """
image = load(source)
layer = image.get_layers()[0]
image.clean_all()
before = pixels(layer)
back = call(procedure, image, [layer], **values)
answer = {**back, **facts(image), "same": before == pixels(layer)}
image.delete()
"""


@pytest.fixture(autouse=True)
def _no_crashes_left(workplace: Workplace) -> Iterator[None]:
    yield
    (workplace.home.worker_runtime / "crashes.json").unlink(missing_ok=True)


def refused(gimp: Gimp, workplace: Workplace, procedure: str, **values: Any) -> str:
    back = gimp.run(RUN, source=str(workplace.photo("cat.jpg")), procedure=procedure, values=values)
    assert back["status"] == "execution-error", back
    assert back["same"]
    assert not back["dirty"]
    assert len(back["layers"]) == 1
    assert "Traceback" not in back["error"]
    assert "\n\n" in back["error"], "message and hint"
    return str(back["error"])


def test_the_worker_killed_in_the_middle_of_a_job(gimp: Gimp, workplace: Workplace) -> None:
    pixels = workplace.home.worker_runtime / "pixels"
    others = set(pixels.glob("*.pixels"))

    def kill_when_busy() -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            pid = workplace.home.worker_pid()
            if pid is not None and set(pixels.glob("*.pixels")) - others:
                time.sleep(0.5)
                os.kill(pid, signal.SIGKILL)
                return
            time.sleep(0.01)

    killer = threading.Thread(target=kill_when_busy)
    killer.start()
    began = time.monotonic()
    text = refused(gimp, workplace, "scumble-slow", seconds=20.0)
    killer.join()
    assert time.monotonic() - began < 15
    assert "worker stopped while it ran" in text
    back = gimp.run(RUN, source=str(workplace.photo("cat.jpg")), procedure="scumble-kinds", values={})
    assert back["status"] == "success", "the worker starts again by itself"


def has_ended(pid: int) -> bool:
    """Tells whether a process is gone, or waits for nothing but its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_worker_that_hangs_in_a_job_is_said_and_the_next_one_starts(gimp: Gimp, workplace: Workplace) -> None:
    """The tree is left by a prefix, as a sandbox is: so is the worker ended that hangs out there."""
    hung: list[int] = []

    def stop_when_busy() -> None:
        deadline = time.monotonic() + 20
        while not hung and time.monotonic() < deadline:
            pid = workplace.home.worker_pid()
            if pid is not None and set(pixels.glob("*.pixels")) - others:
                time.sleep(0.5)
                os.kill(pid, signal.SIGSTOP)
                hung.append(pid)
            time.sleep(0.01)

    pixels = workplace.home.worker_runtime / "pixels"
    others = set(pixels.glob("*.pixels"))
    stopper = threading.Thread(target=stop_when_busy)
    stopper.start()
    try:
        text = refused(gimp, workplace, "scumble-slow", seconds=60.0)
        stopper.join()
        assert hung
        assert "does not answer any more" in text
        back = gimp.run(RUN, source=str(workplace.photo("cat.jpg")), procedure="scumble-kinds", values={})
        assert back["status"] == "success", back
        assert workplace.home.worker_pid() not in (None, *hung)
        assert has_ended(hung[0])
    finally:
        for pid in hung:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_a_disk_that_is_full_for_the_result(gimp: Gimp, workplace: Workplace) -> None:
    source = str(workplace.photo("coffee.jpg"))
    assert gimp.run(RUN, source=source, procedure="scumble-kinds", values={})["status"] == "success"
    with workplace.home.worker_without_room(600 << 10):
        back = gimp.run(RUN, source=source, procedure="scumble-colorize", values={})
    assert back["status"] == "execution-error"
    assert "no room for the picture's pixels" in back["error"]
    assert "Free " in back["error"]
    assert (back["same"], back["dirty"], len(back["layers"])) == (True, False, 1)
    assert gimp.run(RUN, source=source, procedure="scumble-colorize", values={})["status"] == "success"


def test_a_token_that_is_not_the_workers(gimp: Gimp, workplace: Workplace) -> None:
    assert gimp.run(RUN, source=str(workplace.photo("cat.jpg")), procedure="scumble-kinds", values={})
    with workplace.home.wrong_token():
        text = refused(gimp, workplace, "scumble-kinds")
    assert "does not know this program" in text


def test_an_effect_that_crashes_three_times_leads_to_safe_mode(gimp: Gimp, workplace: Workplace) -> None:
    for _ in range(3):
        assert "worker stopped while it ran" in refused(gimp, workplace, "scumble-crash")
    text = refused(gimp, workplace, "scumble-kinds")
    assert "safe mode" in text
    assert "scumble doctor" in text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"frame": "1,2,3"}, "frame cannot be [1, 2, 3]"),
        ({"colors": "#12345"}, "colors cannot be"),
        ({"dots": "1,1,#ff0000 9,#00ff00"}, "dots cannot be"),
        ({"note": "x" * 1001}, "note cannot be"),
    ],
)
def test_a_value_that_text_cannot_be(gimp: Gimp, workplace: Workplace, values: dict[str, Any], words: str) -> None:
    text = refused(gimp, workplace, "scumble-kinds", **values)
    assert words in text
    assert " takes " in text


def test_a_hint_outside_the_picture_comes_back_from_the_effect(gimp: Gimp, workplace: Workplace) -> None:
    assert "lies outside the picture" in refused(gimp, workplace, "scumble-colorize", hint="5000,10,#ff0000")


def test_no_worker_can_be_started(gimp: Gimp, workplace: Workplace) -> None:
    workplace.home.end_worker()
    setup = workplace.adapter / "scumble-host.json"
    good = setup.read_text("utf-8")
    try:
        setup.write_text(good.replace('"python": "', '"python": "/gone'), "utf-8")
        text = refused(gimp, workplace, "scumble-kinds")
    finally:
        setup.write_text(good, "utf-8")
    assert "worker did not start" in text


def test_a_lost_set_up_is_said_and_not_traced(gimp: Gimp, workplace: Workplace) -> None:
    setup = workplace.adapter / "scumble-host.json"
    good = setup.read_text("utf-8")
    try:
        setup.write_text("{", "utf-8")
        back = gimp.run(RUN, source=str(workplace.photo("cat.jpg")), procedure="scumble-kinds", values={})
    finally:
        setup.write_text(good, "utf-8")
    assert back["status"] != "success"
    assert back["same"]
    assert "set-up" in back["error"]
    assert "scumble install" in back["error"]


def test_no_pixels_are_left_behind(gimp: Gimp, workplace: Workplace) -> None:
    pixels = workplace.home.worker_runtime / "pixels"
    others = set(pixels.glob("*.pixels"))
    for values in ({}, {"hint": "5000,10,#ff0000"}, {"strength": 0.5}):
        gimp.run(RUN, source=str(workplace.photo("cat.jpg")), procedure="scumble-colorize", values=values)
    assert set(pixels.glob("*.pixels")) <= others
