"""Bad days and long lives: cancelled, killed, crashed, ended in the middle of a job; what is saved comes back."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image as Picture
from tests.hosts.obs.conftest import Workplace
from tests.hosts.obs.studio import Studio

_log = logging.getLogger(__name__)

SIDE = 400  # pixels
CANCEL_S = 2.0  # of a job of 30 s, and one that takes many; the figure itself is logged
_CANCELLED = """
import time
session = sys.modules["scumble_obs"]._session
began = time.perf_counter()
page("cancel")
pressed = time.perf_counter() - began
session._working.join(20)
answer = [pressed, time.perf_counter() - began]
"""


@pytest.fixture
def fresh(workplace: Workplace, module_studio: Studio) -> Iterator[Studio]:
    """OBS that is started for one test, in the home of the others."""
    if module_studio.process is not None and module_studio.process.poll() is None:
        module_studio.stop()
    module_studio.start()
    yield module_studio
    if module_studio.process is None or module_studio.process.poll() is not None:
        module_studio.start()


def _slow(studio: Studio, workplace: Workplace, effect: str = "slow", **values: object) -> None:
    """Starts an effect, and returns when it is in the midst of its work."""
    studio.choose(effect, source=str(workplace.photo("cat.jpg")), **values)
    studio.press("apply")
    studio.wait(lambda: "%" in studio.status() and "0%" not in studio.status().split()[-3:], 30)


def _wait_until_busy(studio: Studio) -> None:
    studio.wait(lambda: studio.run("answer = (j := sys.modules['scumble_obs']._session._job) and j.fraction"), 30)


def test_cancel_takes_effect_at_once(studio: Studio, workplace: Workplace) -> None:
    for effect, values, size in (("slow", {"seconds": 30.0}, None), ("colorize", {"detail": "full"}, (3000, 2000))):
        studio.choose(effect, source=str(workplace.photo("cat.jpg", size)), **values)
        page = studio.press("apply")
        assert page["cancel"]["visible"]
        assert page["refresh"]["visible"]
        _wait_until_busy(studio)
        pressed_s, ended_s = studio.run(_CANCELLED)
        _log.info(f"{effect}: pressed in {1000 * pressed_s:.0f} ms, cancelled after {1000 * ended_s:.0f} ms")
        assert ended_s <= CANCEL_S
        assert "was cancelled; nothing was changed" in studio.status()
        assert not studio.page()["cancel"]["visible"]
        assert studio.sources() == {}
    assert list((studio.recordings / "Scumble").glob("*")) == []
    assert studio.rendered("gradient", "Gradient (Scumble)").exists(), "the next one works"


def test_progress_is_on_the_page(studio: Studio, workplace: Workplace) -> None:
    studio.choose("slow", source=str(workplace.photo("cat.jpg")), seconds=1.5)
    assert "under way" in studio.press("apply")["status"]["label"]
    seen: list[str] = []
    while studio.run("answer = sys.modules['scumble_obs']._session.busy"):
        seen.append(studio.press("refresh")["status"]["label"])
    shares = [int(text.split("%")[0].split()[-1]) for text in seen if "%" in text]
    assert shares == sorted(shares)
    assert len(set(shares)) > 5
    assert " s" in seen[-1], "the effect's own note"
    assert "is done" in studio.status()
    logged = [line for line in studio.log().splitlines() if "Slow is under way" in line and "%" in line]
    assert 3 <= len(logged) <= 5, "in steps of a fifth"


def test_the_button_does_nothing_while_a_job_is_under_way(studio: Studio, workplace: Workplace) -> None:
    studio.choose("slow", source=str(workplace.photo("cat.jpg")), seconds=1.0)
    studio.press("apply")
    studio.choose("gradient")
    assert "Slow is under way" in studio.press("apply")["status"]["label"]
    assert "Slow is done" in studio.finished()
    assert list(studio.sources()) == ["Slow (Scumble)"]


def test_the_worker_killed_in_the_middle_of_a_job(studio: Studio, workplace: Workplace) -> None:
    studio.choose("slow", source=str(workplace.photo("cat.jpg")), seconds=30.0)
    studio.press("apply")
    _wait_until_busy(studio)
    pid = studio.home.worker_pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    said = studio.finished(10)
    assert "The worker stopped while it ran" in said
    assert "\n\n" in said
    assert "Traceback" not in said
    assert studio.sources() == {}
    studio.wait(lambda: "worker stopped while it ran" in studio.log())
    assert studio.window("Script Log"), "OBS opens its script log for an error"
    studio.keys("Escape")
    file = studio.rendered("gradient", "Gradient (Scumble)")
    assert file.exists(), "the worker starts again by itself"


def test_a_worker_that_hangs_in_a_job_is_ended(studio: Studio, workplace: Workplace) -> None:
    studio.choose("slow", source=str(workplace.photo("cat.jpg")), seconds=60.0)
    studio.press("apply")
    _wait_until_busy(studio)
    pid = studio.home.worker_pid()
    assert pid is not None
    kept = studio.run(f"{_LINE}; answer = [line.PING_AFTER_S, line.HUNG_AFTER_S]")
    try:
        studio.run(f"{_LINE}; line.PING_AFTER_S, line.HUNG_AFTER_S = 0.2, 2.0")
        os.kill(pid, signal.SIGSTOP)
        said = studio.finished(30)
    finally:
        studio.run(f"{_LINE}; line.PING_AFTER_S, line.HUNG_AFTER_S = kept", kept=kept)
    assert "does not answer any more" in said
    assert "\n\n" in said, "message and hint"
    assert studio.sources() == {}
    assert studio.rendered("gradient", "Gradient (Scumble)").exists(), "the next one works"


_LINE = "line = sys.modules['scumble.worker.client']"


@pytest.mark.parametrize(
    ("effect", "most_bytes", "words"),
    [("colorize", 100 << 10, "no room for the picture's pixels"), ("kinds", SIDE * SIDE * 3, "cannot be written")],
    ids=["pixels", "file"],
)
def test_a_disk_that_is_full_for_the_result(
    studio: Studio, workplace: Workplace, effect: str, most_bytes: int, words: str
) -> None:
    """Noise takes more room as a file than as pixels: so either is the first that there is no room for."""
    photo = workplace.folder / "noise.png"
    Picture.fromarray(np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), np.uint8)).save(photo)
    studio.rendered("gradient", "Gradient (Scumble)")
    folder = studio.recordings / "Scumble"
    before = sorted(folder.iterdir())
    studio.choose(effect, source=str(photo))
    with studio.home.worker_without_room(most_bytes):
        studio.press("apply")
        said = studio.finished()
    assert words in said
    assert "\n\n" in said, "message and hint"
    assert sorted(folder.iterdir()) == before, "neither the picture nor a part of it"
    assert list(studio.sources()) == ["Gradient (Scumble)"]
    file = studio.rendered(effect, f"{effect.capitalize()} (Scumble)")
    assert file.read_bytes() == workplace.reference(effect, ".png", photo)


def test_a_token_that_is_not_the_workers(fresh: Studio) -> None:
    fresh.rendered("gradient", "Gradient (Scumble)")
    fresh.socket.remove_input("Gradient (Scumble)")
    fresh.stop()
    with fresh.home.wrong_token():
        fresh.start()
        fresh.choose("gradient")
        fresh.press("apply")
        assert "does not know this program" in fresh.finished()
        assert fresh.sources() == {}
    assert fresh.rendered("gradient", "Gradient (Scumble)").exists()
    fresh.socket.remove_input("Gradient (Scumble)")


def test_an_effect_that_crashes_three_times_leads_to_safe_mode(studio: Studio, workplace: Workplace) -> None:
    studio.choose("crash", source=str(workplace.photo("cat.jpg")))
    for _ in range(3):
        studio.press("apply")
        assert "worker stopped while it ran" in studio.finished(20)
    studio.press("apply")
    said = studio.finished(20)
    assert "safe mode" in said
    assert "scumble doctor" in said


def test_a_scene_that_is_gone_when_the_job_is_done(studio: Studio, workplace: Workplace) -> None:
    studio.socket.create_scene("Kurz")
    studio.socket.set_current_program_scene("Kurz")
    studio.choose("slow", source=str(workplace.photo("cat.jpg")), seconds=1.0)
    studio.press("apply")
    studio.socket.set_current_program_scene("Scene")
    studio.socket.remove_scene("Kurz")
    said = studio.finished()
    assert "The scene “Kurz” is gone" in said
    assert str(studio.recordings / "Scumble") in said, "where the result is"
    assert studio.sources() == {}


def test_a_lost_set_up_is_said_and_mended_by_refresh(fresh: Studio) -> None:
    fresh.stop()
    setup = fresh.scripts / "scumble-host.json"
    good = setup.read_text("utf-8")
    try:
        setup.write_text("{", "utf-8")
        fresh.start(effects=False)
        page = fresh.wait(lambda: (page := fresh.page())["status"]["label"].startswith("The plug-in's set-up") and page)
        assert "scumble install" in page["status"]["label"]
        assert not page["apply"]["enabled"]
    finally:
        setup.write_text(good, "utf-8")
    fresh.press("refresh")
    fresh.wait(lambda: fresh.press("refresh").get("gradient/"))
    assert fresh.rendered("gradient", "Gradient (Scumble)").exists()
    fresh.socket.remove_input("Gradient (Scumble)")


def test_settings_and_sources_come_back_with_the_scene_collection(fresh: Studio, workplace: Workplace) -> None:
    file = fresh.rendered("gradient", "Grün 緑", **{"/name": "Grün 緑", "width": 333, "height": 99, "left": 0xFF00FF00})
    fresh.choose("kinds", note="Zurück 帰", amount=0.25, flip=True, source=str(workplace.photo("cat.jpg")))
    assert fresh.stop() == 0
    [entry] = [row for row in fresh.saved()["modules"]["scripts-tool"] if row["path"].endswith("scumble_obs.py")]
    saved = {
        "effect": "kinds",
        "gradient/width": 333,
        "kinds/note": "Zurück 帰",
        "kinds/amount": 0.25,
        "kinds/flip": True,
    }
    assert entry["settings"] == {**entry["settings"], **saved}
    fresh.start()
    assert fresh.file_of("Grün 緑") == file
    page = fresh.page()
    assert page["kinds/"]["visible"]
    again = fresh.rendered("gradient", "Grün 緑")
    assert again.read_bytes() == file.read_bytes(), "the same values"
    assert again != file
    assert fresh.sources() == {"Grün 緑": "image_source"}
    fresh.socket.remove_input("Grün 緑")


def test_obs_ends_in_the_middle_of_a_job_without_a_crash(fresh: Studio, workplace: Workplace) -> None:
    fresh.choose("slow", source=str(workplace.photo("cat.jpg")), seconds=60.0)
    fresh.press("apply")
    _wait_until_busy(fresh)
    assert fresh.stop() == 0
    assert fresh.end_s < 10, "the job has most of a minute left"
    assert "Unloaded python script: scumble_obs.py" in fresh.log()
    assert fresh.home.worker_pid() is not None, "the worker goes on for others"
    fresh.wait(lambda: "cancelled" in fresh.home.worker_log().rpartition("slow")[2], 5)


def test_another_scene_collection_in_the_middle_of_a_job(fresh: Studio, workplace: Workplace) -> None:
    fresh.choose("slow", source=str(workplace.photo("cat.jpg")), seconds=60.0)
    fresh.press("apply")
    _wait_until_busy(fresh)
    fresh.socket.create_scene_collection("Leer")
    fresh.wait(lambda: "Unloaded python script: scumble_obs.py" in fresh.log())
    fresh.socket.set_current_scene_collection("Tests")
    fresh.wait(lambda: "Switched to scene collection 'Tests'" in fresh.log())
    assert fresh.log().count("Loaded python script: scumble_obs.py") == 2
    assert "under way" not in fresh.status()
    assert fresh.rendered("gradient", "Danach", **{"/name": "Danach"}).exists()
    assert fresh.stop() == 0


def test_many_jobs_in_a_row_while_the_page_is_drawn_again_and_again(studio: Studio) -> None:
    before = set(studio.sources())
    for number in range(40):
        effect, name = (("gradient", f"Bild {number % 6}"), ("tone", f"Ton {number % 6}"))[number % 2]
        studio.choose(effect, **{"/name": name}, **({"seconds": 0.2} if number % 2 else {"width": 64 + number}))
        studio.press("apply")
        while studio.run("answer = sys.modules['scumble_obs']._session.busy"):
            studio.press("refresh")
        assert f"shows {studio.file_of(name).name}" in studio.status()
    assert len(set(studio.sources()) - before) == 6


def test_nothing_is_left_behind(fresh: Studio, workplace: Workplace) -> None:
    """OBS counts at its end the blocks of memory that nobody gave back: sources, settings, filters."""
    fresh.page()
    assert fresh.stop() == 0
    before = _blocks_left(fresh)
    fresh.start()
    for number in range(5):
        fresh.rendered("gradient", "Danach", **{"/name": "Danach", "width": 64 + number})
        fresh.rendered("tone", "Ton", **{"/name": "Ton", "/voice": "Ton"})
        fresh.rendered("kinds", "Daraus", **{"/name": "Daraus", "/from-source": "Danach"})
        fresh.press("tone//duck")
    assert fresh.stop() == 0
    assert _blocks_left(fresh) <= before


def _blocks_left(studio: Studio) -> int:
    return int(studio.wait(lambda: studio.log().rpartition("Number of memory leaks: ")[2].split())[0])
