"""The worker as hosts see it: the same pixels, progress, prompt cancels, several hosts, and ends in good order."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.worker.conftest import MakeClient, pid_of_worker, pixels_left

from scumble import Colorize, read_image
from scumble.errors import JobCancelled, ParamError, ScumbleError
from scumble.jobs import JobState
from scumble.media.arrays import array_from_image, image_from_array
from scumble.media.audio import Audio
from scumble.media.image import ColorModel, Image
from scumble.worker.client import RemoteJob
from scumble.worker.launch import Launch
from scumble.worker.pixels import Pixels
from scumble.worker.place import Place
from scumble.worker.wire import FrameReader, Message, frame_from_message

PHOTO = Path(__file__).parents[2] / "examples" / "photos" / "astronaut.jpg"
LIMIT_S = 60


@pytest.fixture(scope="module")
def photo() -> Image:
    return read_image(PHOTO)


@pytest.fixture
def small() -> Image:
    return image_from_array(np.arange(5 * 4 * 4, dtype=np.uint8).reshape(5, 4, 4))


def until_running(job: RemoteJob) -> None:
    deadline = time.monotonic() + LIMIT_S
    while job.fraction == 0 and not job.state.finished and time.monotonic() < deadline:
        time.sleep(0.005)
    assert job.state is JobState.RUNNING


def test_the_pixels_are_those_of_this_process(client_for: MakeClient, photo: Image) -> None:
    job = client_for().submit("colorize", {"strength": 0.7, "vividness": 1.0}, {"source": photo})
    result = job.result(LIMIT_S)
    assert np.array_equal(array_from_image(result), array_from_image(Colorize(strength=0.7, vividness=1.0)(photo)))


def test_optional_clips_and_plain_params_arrive(client_for: MakeClient, small: Image) -> None:
    strokes = np.zeros((5, 4, 4), np.uint8)
    strokes[2, 1] = (9, 8, 7, 255)
    clips = {"source": small, "strokes": image_from_array(strokes)}
    result = client_for().submit("kinds", {"dots": [[3, 4, "#010203"]]}, clips).result(LIMIT_S)
    pixels = array_from_image(result)
    assert pixels[2, 1, :3].tolist() == [9, 8, 7]
    assert pixels[4, 3, :3].tolist() == [1, 2, 3]
    assert pixels[0, 0, 0] == 255


def test_a_selection_keeps_the_outside_bit_for_bit(client_for: MakeClient, photo: Image) -> None:
    mask = np.zeros((photo.height, photo.width, 1), np.uint8)
    mask[100:200, 50:150] = 255
    mask[200:220, 50:150] = 128
    client = client_for()
    for effect in ("colorize", "kinds"):
        source = array_from_image(photo)
        result = client.submit(effect, {}, {"source": photo}, selection=image_from_array(mask)).result(LIMIT_S)
        pixels = array_from_image(result).astype(int)
        outside = mask[..., 0] == 0
        assert (pixels[outside] == source[outside]).all()
        assert (pixels[150, 60:140] != source[150, 60:140]).any()
        whole = array_from_image(client.submit(effect, {}, {"source": photo}).result(LIMIT_S)).astype(int)
        assert (pixels[100:200, 50:150] == whole[100:200, 50:150]).all()
        between = np.stack((whole[210, 60:140], np.broadcast_to(source[210, 60:140], whole[210, 60:140].shape)))
        assert (pixels[210, 60:140] >= between.min(0) - 1).all()
        assert (pixels[210, 60:140] <= between.max(0) + 1).all()


def test_pixels_filled_by_the_host_are_used_and_removed(client_for: MakeClient, place: Place) -> None:
    pixels = Pixels.create(3, 2, model=ColorModel.RGB)
    memoryview(pixels.image.data)[:] = bytes(range(18))
    result = client_for().submit("kinds", {}, {"source": pixels}).result(LIMIT_S)
    assert bytes(result.data) == bytes(255 - value for value in range(18))
    assert not pixels_left(place)


def test_a_sound_comes_back(client_for: MakeClient) -> None:
    result = client_for().submit("tone", {"seconds": 0.5, "hertz": 1000.0}).result(LIMIT_S)
    assert isinstance(result, Audio)
    samples = np.frombuffer(result.data, np.float32).reshape(-1, 2)
    assert (len(samples), result.rate_hz) == (24000, 48000)
    assert np.abs(np.fft.rfft(samples[:, 0])).argmax() == 500


def test_files_are_rendered_as_the_command_line_does(client_for: MakeClient, tmp_path: Path) -> None:
    mine, theirs = tmp_path / "Größe 1.png", tmp_path / "cli.png"
    job = client_for().submit_files("colorize", {"strength": 0.5}, {"source": str(PHOTO)}, str(mine))
    assert job.result(LIMIT_S) == str(mine)
    command = [sys.executable, "-m", "scumble", "colorize", str(PHOTO), str(theirs), "--strength", "0.5"]
    subprocess.run(command, check=True, capture_output=True)
    assert mine.read_bytes() == theirs.read_bytes()
    assert mine.with_name(mine.name + ".scumble.json").is_file()


def test_colours_are_suggested(client_for: MakeClient, photo: Image) -> None:
    found = client_for().suggest("colorize", {}, {"source": photo}, 200, 150).result(LIMIT_S)
    own = Colorize().suggestions(photo, 200, 150)
    assert [tuple(entry) for entry in found] == [(s.color.hex, pytest.approx(s.weight)) for s in own]
    assert len(found) > 1


def test_effects_are_described(client_for: MakeClient) -> None:
    found = {schema.id: schema for schema in client_for().effects()}
    assert found["colorize"] == Colorize.declaration()
    assert found["tone"].output.media == "audio"
    assert (found["kinds"].suggests, found["tone"].suggests) == ("dots", "")


@pytest.mark.parametrize(
    ("effect", "params", "kind", "code"),
    [
        ("kinds", {"amount": 7}, ParamError, "param.range"),
        ("kinds", {"amonut": 0.7}, ParamError, "param.unknown"),
        ("nothing", {}, ParamError, "param.effect"),
        ("hog", {}, ScumbleError, "device.out_of_memory"),
    ],
)
def test_errors_keep_class_code_and_hint(
    client_for: MakeClient,
    small: Image,
    monkeypatch: pytest.MonkeyPatch,
    effect: str,
    params: dict[str, object],
    kind: type[ScumbleError],
    code: str,
) -> None:
    monkeypatch.setenv("SCUMBLE_WORKER_MEMORY_MIB", "3000")
    client = client_for()
    with pytest.raises(kind) as raised:
        client.submit(effect, params, {"source": small}).result(LIMIT_S)
    assert raised.value.code == code
    assert raised.value.hint
    assert client.submit("kinds", {}, {"source": small}).result(LIMIT_S)


def test_progress_rises_and_carries_notes(client_for: MakeClient, small: Image) -> None:
    seen: list[tuple[float, str]] = []
    job = client_for().submit(
        "slow", {"seconds": 0.6}, {"source": small}, listener=lambda job: seen.append((job.fraction, job.note))
    )
    job.result(LIMIT_S)
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert len({f for f in fractions if 0 < f < 1}) >= 4
    assert any(note.endswith(" s") for _, note in seen)


def test_cancels_are_prompt(client_for: MakeClient, photo: Image) -> None:
    client = client_for()
    large = image_from_array(np.tile(array_from_image(photo), (6, 6, 1)))
    client.submit("colorize", {}, {"source": photo}).result(LIMIT_S)
    waits = []
    for _ in range(5):
        job = client.submit("colorize", {"detail": "full"}, {"source": large})
        until_running(job)
        asked = time.monotonic()
        job.cancel()
        with pytest.raises(JobCancelled):
            job.result(LIMIT_S)
        waits.append(time.monotonic() - asked)
    print(f"cancelled after {[round(1000 * wait) for wait in waits]} ms")  # noqa: T201 - figures for the reader
    assert statistics.median(waits) <= 1.5, "the whole job takes many times as long"
    assert client.submit("kinds", {}, {"source": photo}).result(LIMIT_S)


def test_a_job_in_the_queue_is_cancelled_before_it_begins(client_for: MakeClient, small: Image) -> None:
    client = client_for()
    first = client.submit("slow", {"seconds": 0.5}, {"source": small})
    second = client.submit("slow", {"seconds": 30}, {"source": small})
    second.cancel()
    with pytest.raises(JobCancelled):
        second.result(5)
    assert first.result(LIMIT_S)


def test_hosts_share_one_worker_and_do_not_meet(client_for: MakeClient, small: Image, worker_pid: int) -> None:
    clients = [client_for(f"host {index}") for index in range(4)]
    jobs = [
        client.submit("kinds", {"dots": [[0, 0, f"#0000{i:02x}"]]}, {"source": small})
        for i, client in enumerate(clients)
    ]
    for index, job in enumerate(jobs):
        assert array_from_image(job.result(LIMIT_S))[0, 0].tolist()[:3] == [0, 0, index]
    assert pid_of_worker() == worker_pid


def test_a_host_that_leaves_takes_its_jobs_along(client_for: MakeClient, small: Image) -> None:
    leaver, stayer = client_for("leaver"), client_for("stayer")
    until_running(leaver.submit("slow", {"seconds": 30}, {"source": small}))
    leaver.close()
    assert stayer.submit("kinds", {}, {"source": small}).result(10)


def test_submitting_does_not_wait_for_the_worker(client_for: MakeClient, worker_pid: int) -> None:
    large = image_from_array(np.zeros((3000, 4000, 4), np.uint8))
    client = client_for()
    os.kill(worker_pid, signal.SIGSTOP)
    try:
        job = client.submit("kinds", {}, {"source": large})
        assert not job.wait(0.2)
    finally:
        os.kill(worker_pid, signal.SIGCONT)
    assert job.wait(LIMIT_S)


def greeted(place: Place, **changes: object) -> tuple[socket.socket, list[Message]]:
    address = place.address()
    assert address is not None
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(10)
    link.connect(address["address"])
    hello = {"type": "hello", "token": address["token"], "client": "raw", "protocol": 1, **changes}
    link.sendall(frame_from_message(hello))
    return link, FrameReader().feed(link.recv(65536))


@pytest.mark.usefixtures("worker_pid")
def test_a_wrong_token_is_refused(place: Place) -> None:
    link, (answer,) = greeted(place, token="0" * 32)
    assert (answer["type"], answer["code"]) == ("error", "host.token")
    assert link.recv(100) == b""
    link.close()


@pytest.mark.usefixtures("worker_pid")
@pytest.mark.parametrize("request_", [{"type": "nonsense"}, {"type": "render"}, {}, {"type": "cancel", "job": "x"}])
def test_requests_out_of_the_protocol_end_the_connection_only(
    place: Place, client_for: MakeClient, small: Image, request_: dict[str, object]
) -> None:
    link, (welcome,) = greeted(place)
    assert welcome["type"] == "welcome"
    link.sendall(
        frame_from_message({"job": 1, **request_}) if request_.get("type") != "cancel" else frame_from_message(request_)
    )
    answers: list[Message] = []
    reader = FrameReader()
    while not answers or answers[-1]["type"] == "progress":
        answers += reader.feed(link.recv(65536))
    assert (answers[-1]["type"], answers[-1]["code"]) == ("error", "host.wire")
    link.close()
    assert client_for().submit("kinds", {}, {"source": small}).result(LIMIT_S)


def test_the_folder_is_private(place: Place, worker_pid: int) -> None:
    assert worker_pid > 0
    modes = {path.name: path.stat().st_mode & 0o777 for path in (place.folder, place.address_file, place.socket)}
    assert modes == {"run": 0o700, "worker.json": 0o600, "worker.socket": 0o600}


def test_where_a_socket_cannot_be_the_loopback_serves(
    place: Place, client_for: MakeClient, small: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCUMBLE_RUNTIME", str(place.folder.parent / ("Überlänge " * 12)))
    client = client_for()
    assert client.submit("kinds", {}, {"source": small}).result(LIMIT_S)
    address = Launch(sys.executable).place().address()
    assert address is not None
    assert address["family"] == "tcp"
    os.kill(address["pid"], 9)


def rss_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0])


def test_two_hundred_jobs_leave_the_memory_flat(client_for: MakeClient, photo: Image, worker_pid: int) -> None:
    client, sizes = client_for(), []
    large = image_from_array(np.tile(array_from_image(photo), (3, 3, 1)))
    client.submit("colorize", {"detail": "full"}, {"source": large}).result(LIMIT_S)  # every session, large tiles
    for index in range(260):
        client.submit("colorize", {"strength": (index % 10) / 10}, {"source": photo}).result(LIMIT_S)
        sizes.append(rss_kib(worker_pid))
    settled = sizes[60:]  # by then the heaps have their size
    assert statistics.median(settled[-50:]) - statistics.median(settled[:50]) < 1024


def test_the_client_runs_on_the_oldest_python_it_promises() -> None:
    """The oldest interpreter here that is no older than 3.9 asks a real worker, with the standard library alone."""
    own = ("adapter", "filejobs", "gimpwords", "kritaspaces", "qt", "qtforms", "steps")
    names = ("worker/client.py", "worker/launch.py", "schema.py", *(f"hosts/{name}.py" for name in own))
    files = [*(Path("sdk/scumble") / name for name in names), Path("plugins")]
    root = Path(__file__).parents[2]
    checker = shutil.which("vermin", path=str(Path(sys.executable).parent))
    assert checker
    done = subprocess.run(
        [checker, "--no-tips", "--violations", "-t=3.9-", "--eval-annotations", *map(str, files)],
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
