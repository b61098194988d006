"""A real worker process with a folder of its own, and hosts that speak to it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scumble.worker.client import Client
from scumble.worker.launch import Launch, connected
from scumble.worker.place import Place

FAKES = Path(__file__).parents[1] / "fakes" / "effects"
MakeClient = Callable[..., Client]


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A runtime folder for one test, its worker ended with it; a short path, as sockets need."""
    folder = Path(tempfile.mkdtemp(prefix="scumble-test-"))
    monkeypatch.setenv("SCUMBLE_RUNTIME", str(folder / "run"))
    monkeypatch.setenv("SCUMBLE_EFFECTS", str(FAKES))
    for name in ("CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
    found = Place(folder / "run")
    yield found
    address = found.address()
    if address is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(address["pid"]), 9)
    shutil.rmtree(folder, ignore_errors=True)  # a client may still be copying


@pytest.fixture
def client_for(place: Place) -> Iterator[MakeClient]:
    """Makes clients of this test's worker, each a host of its own."""
    made: list[Client] = []

    def make(name: str = "test", **facts: str) -> Client:
        made.append(Client(Launch(sys.executable, **facts), name))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for client in made:
        client.close()


def pid_of_worker() -> int:
    """Returns the number of the worker's process, which is started if need be."""
    connection = connected(Launch(sys.executable), "pid")
    connection.close()
    return connection.pid


def pixels_left(place: Place) -> list[Path]:
    """Returns the files of pixels that are still there ten seconds after a job; they go just after it has ended."""
    deadline = time.monotonic() + 10
    while (left := list(place.folder.rglob("*.pixels"))) and time.monotonic() < deadline:
        time.sleep(0.01)
    return left


@pytest.fixture
def worker_pid(place: Place) -> int:
    """The number of this test's worker."""
    assert place.folder.is_dir()
    return pid_of_worker()
