"""The worker's bad days: killed, hung, crashed, stuck, stale, of another version; and safe mode at the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.worker.conftest import MakeClient, pid_of_worker, pixels_left
from tests.worker.test_worker import LIMIT_S, until_running

from scumble.errors import JobCancelled, WorkerUnreachable
from scumble.media.arrays import image_from_array
from scumble.media.image import Image
from scumble.worker import client as client_module
from scumble.worker.launch import Launch, connected
from scumble.worker.place import Place, last_log_lines


@pytest.fixture
def small() -> Image:
    return image_from_array(np.zeros((4, 4, 3), np.uint8))


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_killed_in_a_job_it_is_a_typed_error_and_the_next_job_runs(
    client_for: MakeClient, small: Image, worker_pid: int, place: Place
) -> None:
    client = client_for()
    job = client.submit("slow", {"seconds": 30}, {"source": small})
    until_running(job)
    os.kill(worker_pid, signal.SIGKILL)
    with pytest.raises(WorkerUnreachable, match="while it ran slow") as raised:
        job.result(5)
    assert raised.value.code == "host.worker_lost"
    assert client.submit("kinds", {}, {"source": small}).result(LIMIT_S)
    assert len(place.crashes()) == 1
    assert not pixels_left(place)


def test_a_line_that_breaks_while_a_request_is_sent_sends_it_again(
    client_for: MakeClient, small: Image, worker_pid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_for()
    assert client.effects()
    line = client._connection
    assert line is not None
    assert worker_pid

    def breaks(message: object) -> None:
        client._lost(line, "The worker stopped", "host.worker_lost")  # as the reader does when it notices first
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr(line, "send", breaks)
    assert client.submit("kinds", {}, {"source": small}).result(LIMIT_S)


def test_three_crashes_are_safe_mode_with_its_reason(client_for: MakeClient, small: Image, place: Place) -> None:
    client, other = client_for(), client_for("witness")
    for count in (1, 2, 3):
        with pytest.raises(WorkerUnreachable, match="while it ran crash"):
            client.submit("crash", {}, {"source": small}).result(LIMIT_S)
        assert len(place.crashes()) == count
    for host in (client, other):
        with pytest.raises(WorkerUnreachable, match=r"safe mode: .*while it ran crash") as raised:
            host.submit("kinds", {}, {"source": small}).result(LIMIT_S)
        assert raised.value.code == "host.safe_mode"
        assert "scumble doctor" in raised.value.hint
    assert any("Abort" in line for line in last_log_lines(200))
    place.clear_crashes()
    assert client.submit("kinds", {}, {"source": small}).result(LIMIT_S)


def test_a_worker_that_hangs_in_a_job_is_ended(
    client_for: MakeClient, small: Image, worker_pid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_for()
    job = client.submit("slow", {"seconds": 30}, {"source": small})
    until_running(job)
    monkeypatch.setattr(client_module, "PING_AFTER_S", 0.2)
    monkeypatch.setattr(client_module, "HUNG_AFTER_S", 1.0)
    os.kill(worker_pid, signal.SIGSTOP)
    with pytest.raises(WorkerUnreachable) as raised:
        job.result(20)
    monkeypatch.setattr(client_module, "HUNG_AFTER_S", 20.0)
    assert raised.value.code == "host.worker_hung"
    assert gone(worker_pid)
    assert client.submit("kinds", {}, {"source": small}).result(LIMIT_S)


def test_a_worker_that_hangs_outside_of_a_sandbox_is_replaced_too(
    place: Place, small: Image, worker_pid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers of processes mean something else inside: what leads out to start it leads out to end it."""
    monkeypatch.setattr("scumble.worker.launch.GREETING_TIMEOUT_S", 2.0)
    os.kill(worker_pid, signal.SIGSTOP)
    client = client_module.Client(Launch(sys.executable, prefix=("env", "-u", "NOTHING")), "inside")
    assert client.submit("kinds", {}, {"source": small}).result(LIMIT_S)
    assert gone(worker_pid)
    assert [crash["reason"] for crash in place.crashes()] == ["it did not answer"]
    client.close()


def test_a_worker_that_hangs_before_the_job_is_replaced(
    client_for: MakeClient, small: Image, worker_pid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scumble.worker.launch.GREETING_TIMEOUT_S", 2.0)
    os.kill(worker_pid, signal.SIGSTOP)
    assert client_for().submit("kinds", {}, {"source": small}).result(LIMIT_S)
    assert gone(worker_pid)


def test_a_long_quiet_job_is_not_taken_for_hung(
    client_for: MakeClient, small: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_for()
    assert client.submit("kinds", {}, {"source": small}).result(LIMIT_S)  # its worker is awake
    monkeypatch.setattr(client_module, "PING_AFTER_S", 0.1)
    monkeypatch.setattr(client_module, "HUNG_AFTER_S", 2.0)
    assert client.submit("slow", {"seconds": 4.0}, {"source": small}).result(LIMIT_S)


def test_a_job_that_ignores_its_cancel_ends_with_the_worker(
    client_for: MakeClient, small: Image, worker_pid: int
) -> None:
    job = client_for().submit("stuck", {}, {"source": small})
    time.sleep(0.5)
    job.cancel()
    with pytest.raises(JobCancelled):
        job.result(20)
    assert gone(worker_pid)
    assert any("did not stop when it was cancelled" in line for line in last_log_lines(20))


def test_a_stale_socket_and_address_are_no_hindrance(
    client_for: MakeClient, small: Image, worker_pid: int, place: Place
) -> None:
    os.kill(worker_pid, signal.SIGKILL)
    assert gone(worker_pid)
    assert place.socket.exists()
    assert place.address() is not None
    assert client_for().submit("kinds", {}, {"source": small}).result(LIMIT_S)
    assert not place.crashes()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"family": "unix", "address": 5, "token": "x"}'])
def test_a_damaged_address_is_no_hindrance(client_for: MakeClient, small: Image, place: Place, content: str) -> None:
    place.address_file.write_text(content, encoding="utf-8")
    assert client_for().submit("kinds", {}, {"source": small}).result(LIMIT_S)


def test_a_python_that_is_gone_says_what_to_do(place: Place, small: Image) -> None:
    assert place.folder.is_dir()
    client = client_module.Client(Launch("/nowhere/bin/python"), "test")
    with pytest.raises(WorkerUnreachable) as raised:
        client.submit("kinds", {}, {"source": small}).result(LIMIT_S)
    assert raised.value.code == "host.worker_start"
    assert "scumble install" in raised.value.hint
    client.close()


def test_an_environment_without_scumble_shows_its_last_words(place: Place, small: Image, tmp_path: Path) -> None:
    assert place.folder.is_dir()
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    client = client_module.Client(Launch(str(bare / "bin" / "python")), "test")
    with pytest.raises(WorkerUnreachable, match="No module named") as raised:
        client.submit("kinds", {}, {"source": small}).result(LIMIT_S)
    assert raised.value.code == "host.worker_start"
    client.close()


def test_a_worker_of_another_version_retires(
    client_for: MakeClient, small: Image, worker_pid: int, place: Place
) -> None:
    address = place.address()
    assert address is not None
    other = client_for("upgraded", version=str(address["version"]))
    assert other.submit("kinds", {}, {"source": small}).result(LIMIT_S)
    assert not gone_now(worker_pid)
    connection = connected(Launch(sys.executable), "old")
    connection.send({"type": "retire"})
    connection.close()
    assert gone(worker_pid)
    assert place.address() is None
    assert other.submit("kinds", {}, {"source": small}).result(LIMIT_S)


def gone_now(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return True
    return False


def test_a_second_worker_leaves_the_first_alone(place: Place, worker_pid: int) -> None:
    command = [sys.executable, "-m", "scumble.worker", "--runtime", str(place.folder)]
    assert subprocess.run(command, timeout=30).returncode == 0
    assert pid_of_worker() == worker_pid


def test_idle_it_drops_models_then_ends(place: Place, small: Image) -> None:
    command = [sys.executable, "-m", "scumble.worker", "--runtime", str(place.folder)]
    process = subprocess.Popen([*command, "--unload-after", "0.5", "--exit-after", "4"])
    while place.address() is None:
        time.sleep(0.02)
    client = client_module.Client(Launch(sys.executable), "test")
    assert client.submit("kinds", {}, {"source": small}).result(LIMIT_S)
    assert process.wait(60) == 0
    lines = last_log_lines(20)
    assert any("models are dropped" in line for line in lines)
    assert "worker ends" in lines[-1]
    assert not place.crashes()
    assert place.address() is None
    assert client.submit("kinds", {}, {"source": small}).result(LIMIT_S)
    client.close()


def test_asked_to_stop_it_cancels_and_ends(client_for: MakeClient, small: Image, worker_pid: int, place: Place) -> None:
    job = client_for().submit("slow", {"seconds": 30}, {"source": small})
    until_running(job)
    os.kill(worker_pid, signal.SIGTERM)
    with pytest.raises(JobCancelled):
        job.result(10)
    assert gone(worker_pid)
    assert not place.crashes()
