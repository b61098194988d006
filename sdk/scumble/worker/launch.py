"""Starts the worker where it does not run yet, and greets it: everything until the first request."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scumble.errors import WorkerUnreachable
from scumble.worker.place import (
    MOST_CRASHES,
    Place,
    last_log_lines,
    log_path,
    make_private,
    runtime_folder,
    state_folder,
)
from scumble.worker.wire import PROTOCOL, FrameReader, Message, WireError, error_from_message, field, frame_from_message

START_TIMEOUT_S = 60.0
GREETING_TIMEOUT_S = 5.0
_POLL_S = 0.02
# What a host sets for its own Python or its own libraries would mislead ours.
_FOREIGN_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "LD_LIBRARY_PATH", "LD_PRELOAD", "GI_TYPELIB_PATH")
_DOCTOR = "Run `scumble doctor` in a terminal; it says what is wrong and how to mend it."


@dataclasses.dataclass(frozen=True)
class Launch:
    """How to start the worker: what `scumble install` recorded.

    Attributes:
        python: interpreter of Scumble's own environment.
        prefix: words before it, such as ``("flatpak-spawn", "--host")`` out of a sandbox.
        runtime: folder of socket and pixels; empty for the session's own.
        version: Scumble's version; a worker of another one is asked to retire. Empty takes any.
    """

    python: str
    prefix: tuple[str, ...] = ()
    runtime: str = ""
    version: str = ""

    def kill(self, pid: int) -> None:
        """Ends a worker that does not answer; out of a sandbox by the words that lead out, where its number is meant.

        `pid` is the worker's own word for itself. Does nothing where that cannot be done.
        """
        if pid <= 1:
            return
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            if self.prefix:
                command = [*self.prefix, "sh", "-c", 'kill -KILL "$0"', str(pid)]
                subprocess.run(command, timeout=GREETING_TIMEOUT_S, capture_output=True)  # noqa: S603 - install's own
            else:
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    def place(self) -> Place:
        """Returns where to meet the worker. Raises HostError."""
        return Place(runtime_folder(self.runtime))


class Connection:
    """A greeted connection; `receive` is for one thread, `send` for any."""

    def __init__(self, link: socket.socket, reader: FrameReader, welcome: Message) -> None:
        self.link, self.pid = link, field(welcome, "pid", int)
        self.version = field(welcome, "version", str)
        self._reader = reader
        self._waiting: list[Message] = []
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        """Sends a message. Raises WireError, or OSError when the worker is gone."""
        frame = frame_from_message(message)
        with self._lock:
            self.link.sendall(frame)

    def receive(self, timeout_s: float) -> Message | None:
        """Returns the next message, None after `timeout_s` seconds without one. Raises EOFError, OSError, WireError."""
        if not self._waiting:
            self.link.settimeout(timeout_s)
            try:
                data = self.link.recv(1 << 16)
            except socket.timeout:  # noqa: UP041 - another class before Python 3.10
                return None
            if not data:
                raise EOFError("the worker closed the connection")
            self._waiting = self._reader.feed(data)
        return self._waiting.pop(0) if self._waiting else None

    def close(self) -> None:
        """Ends the connection; whoever waits in `receive` gets EOFError or OSError."""
        with contextlib.suppress(OSError):
            self.link.shutdown(socket.SHUT_RDWR)
        self.link.close()


def connected(launch: Launch, name: str) -> Connection:
    """Returns a connection to the worker, which is started if need be.

    Raises WorkerUnreachable: host.safe_mode after three crashes in ten minutes, host.worker_start when it does not
    come up, with what it last said.
    """
    place = launch.place()
    started: subprocess.Popen[bytes] | None = None
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        connection = _greeted(launch, place, name)
        if connection and launch.version and connection.version != launch.version and started is None:
            connection.send({"type": "retire"})  # it belongs to the version before; its own jobs it may finish
            connection.close()
            time.sleep(_POLL_S)
            continue
        if connection:
            return connection
        if started is None:
            _check_crashes(place)
            started = _start(launch, place)
        elif started.poll() not in (None, 0):
            said = " ".join(last_log_lines(1)) or f"exit status {started.returncode}"
            place.record_crash(f"it did not start: {said}", started.pid)
            raise WorkerUnreachable(f"The worker did not start: {said}", _DOCTOR, "host.worker_start")
        if time.monotonic() > deadline:
            message = f"The worker did not answer within {START_TIMEOUT_S:.0f} seconds"
            raise WorkerUnreachable(message, _DOCTOR, "host.worker_start")
        time.sleep(_POLL_S)


def _check_crashes(place: Place) -> None:
    crashes = place.crashes()
    if len(crashes) >= MOST_CRASHES:
        message = f"The worker stopped {len(crashes)} times in ten minutes and is in safe mode: {crashes[-1]['reason']}"
        raise WorkerUnreachable(message, f"{_DOCTOR} It also ends safe mode; so do ten minutes.", "host.safe_mode")


def _greeted(launch: Launch, place: Place, name: str) -> Connection | None:
    """Returns a connection to the worker that runs, or None; one that hangs is ended."""
    address = place.address()
    if address is None:
        return None
    link = None
    try:
        link = _linked(address)
        link.settimeout(GREETING_TIMEOUT_S)
        hello = {"type": "hello", "token": field(address, "token", str), "client": name, "protocol": PROTOCOL}
        link.sendall(frame_from_message(hello))
        reader = FrameReader()
        messages: list[Message] = []
        while not messages:
            data = link.recv(1 << 16)
            if not data:
                raise EOFError
            messages = reader.feed(data)
    except socket.timeout:  # noqa: UP041 - another class before Python 3.10
        pid = int(address.get("pid", 0))
        place.record_crash("it did not answer", pid)
        launch.kill(pid)
    except (OSError, EOFError, ValueError, TypeError, WireError):
        pass  # a stale or damaged address: nobody is there
    else:
        if messages[0].get("type") == "welcome":
            return Connection(link, reader, messages[0])
        if place.address() == address:
            link.close()
            raise error_from_message(messages[0])
    if link is not None:
        link.close()
    return None


def _linked(address: Mapping[str, Any]) -> socket.socket:
    if address.get("family") == "unix":
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        target: Any = address.get("address")
    else:
        link = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        target = ("127.0.0.1", int(address.get("address", 0)))
    link.settimeout(GREETING_TIMEOUT_S)
    try:
        link.connect(target)
    except BaseException:
        link.close()
        raise
    return link


def _start(launch: Launch, place: Place) -> subprocess.Popen[bytes]:
    make_private(state_folder())
    command = [*launch.prefix, launch.python, "-m", "scumble.worker", "--runtime", str(place.folder)]
    environment = {name: value for name, value in os.environ.items() if name not in _FOREIGN_VARIABLES}
    alone: Any = {"creationflags": 0x00000208} if sys.platform == "win32" else {"start_new_session": True}
    try:
        with log_path().open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - the program that install recorded
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                cwd=str(Path.home()),
                **alone,
            )
    except OSError as error:
        message = f"The worker cannot be started: {launch.python}: {error.strerror}"
        hint = "Scumble was moved or removed: install it again, then run `scumble install` for this program."
        raise WorkerUnreachable(message, hint, "host.worker_start") from error
    threading.Thread(target=process.wait, name="scumble-reaper", daemon=True).start()
    return process
