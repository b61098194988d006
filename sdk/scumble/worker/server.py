"""The worker's doors: a private socket, a thread for each host, and the ends: idle, retired or stuck."""

from __future__ import annotations

import contextlib
import hmac
import logging
import os
import secrets
import socket
import threading
import time
from importlib.metadata import version
from typing import IO, Any

from scumble.errors import HostError, ScumbleError
from scumble.worker.pixels import sweep
from scumble.worker.place import Place
from scumble.worker.service import Service
from scumble.worker.wire import PROTOCOL, FrameReader, Message, WireError, error_as_message, field, frame_from_message

STUCK_AFTER_S = 5.0
_TICK_S = 0.5
_GREETING_TIMEOUT_S = 5.0
_EXIT_STUCK = 75
_BACKLOG = 16
_log = logging.getLogger(__name__)


class AlreadyServed(HostError):
    """Another worker of this user serves in this folder."""

    default_code = "host.already_served"


class Server:
    """Serves the hosts of one user from one place, until it was idle for `exit_after_s` seconds or is retired.

    Raises AlreadyServed when another worker holds the place.
    """

    def __init__(self, place: Place, *, unload_after_s: float, exit_after_s: float) -> None:
        self._place = place
        self._unload_after_s, self._exit_after_s = unload_after_s, exit_after_s
        self._lock_stream = _locked(place)
        self._token = secrets.token_hex(16)
        self._service = Service(place.folder)
        self._listener = self._bound()
        self._done = threading.Event()
        self._hosts: set[Host] = set()
        self._hosts_lock = threading.Lock()
        _log.info("worker %s starts, protocol %d, in %s", version("scumble"), PROTOCOL, place.folder)
        removed = sweep(place.folder)
        if removed:
            _log.info("removed %d files of pixels that a host left behind", removed)

    def _bound(self) -> socket.socket:
        if self._place.uses_socket:
            with contextlib.suppress(FileNotFoundError):
                self._place.socket.unlink()  # we hold the lock: whoever made it is gone
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(str(self._place.socket))
            self._place.socket.chmod(0o600)
            family, address = "unix", str(self._place.socket)
        else:
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            listener.bind(("127.0.0.1", 0))
            family, address = "tcp", str(listener.getsockname()[1])
        facts = {"family": family, "address": address, "token": self._token, "pid": os.getpid()}
        self._place.write(self._place.address_file, {**facts, "version": version("scumble")})
        listener.listen(_BACKLOG)  # last: whoever gets through finds the new token
        return listener

    def serve(self) -> None:
        """Takes connections until `retire` or idleness ends it; leaves the place clean."""
        threading.Thread(target=self._accept_all, name="scumble-door", daemon=True).start()
        unloaded = False
        while not self._done.wait(_TICK_S):
            stuck = self._service.stuck(STUCK_AFTER_S)
            if stuck:
                _log.error("%s did not stop when it was cancelled: the worker ends itself", stuck)
                logging.shutdown()
                os._exit(_EXIT_STUCK)
            idle = self._service.idle_s()
            if idle < self._unload_after_s:
                unloaded = False
            elif not unloaded:
                unloaded = True
                self._service.unload()
            if idle >= self._exit_after_s:
                self.retire()
        self._service.close()
        _log.info("worker ends")

    def retire(self, *, cancel: bool = False) -> None:
        """Takes no more hosts, gives the place free, finishes what runs (or cancels it), then ends."""
        with self._hosts_lock:
            if self._listener.fileno() < 0:
                return
            for path in (self._place.address_file, self._place.socket):
                with contextlib.suppress(OSError):
                    path.unlink()
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._lock_stream.close()
        threading.Thread(target=self._finish, args=(cancel,), name="scumble-retire", daemon=True).start()

    def _finish(self, cancel: bool) -> None:
        if cancel:
            self._service.cancel_all()
        while not self._service.refuse_more():
            time.sleep(_TICK_S / 10)
        time.sleep(_TICK_S / 2)  # requests under way are still refused properly
        self._done.set()

    def _accept_all(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            host = Host(link)
            threading.Thread(target=self._serve_host, args=(host,), name="scumble-host", daemon=True).start()

    def _serve_host(self, host: Host) -> None:
        try:
            self._greet(host)
            while True:
                for message in host.receive():
                    if message.get("type") == "retire":
                        self.retire()
                    else:
                        self._service.handle(message, host)
        except WireError as error:
            _log.warning("%s was cut off: %s", host.name, error.message)
            host.send({"type": "error", **error_as_message(error)})
        except (OSError, EOFError):
            pass
        except Exception:
            _log.exception("a fault in the service of %s", host.name)
        finally:
            self._service.forget(host)
            host.close()

    def _greet(self, host: Host) -> None:
        """Checks the token and tells who we are. Raises WireError for a stranger, OSError for a silent one."""
        host.link.settimeout(_GREETING_TIMEOUT_S)
        hello = host.receive()[0]
        if field(hello, "type", str) != "hello" or not hmac.compare_digest(field(hello, "token", str), self._token):
            raise WireError("The worker does not know this program", "Start it again.", "host.token")
        host.name = field(hello, "client", str)[:40]
        host.link.settimeout(None)
        host.send({"type": "welcome", "pid": os.getpid(), "version": version("scumble"), "protocol": PROTOCOL})
        _log.info("%s is connected", host.name)


class Host:
    """One connected host: frames in, frames out; `send` is for any thread and never raises."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self.name = "somebody"
        self._reader = FrameReader()
        self._lock = threading.Lock()

    def receive(self) -> list[Message]:
        """Returns the next messages, at least one. Raises EOFError, OSError, WireError."""
        messages: list[Message] = []
        while not messages:
            data = self.link.recv(1 << 16)
            if not data:
                raise EOFError
            messages = self._reader.feed(data)
        return messages

    def send(self, message: Message) -> None:
        """Sends a message; a host that is gone is noticed by whoever receives from it."""
        try:
            frame = frame_from_message(message)
        except ScumbleError as error:
            frame = frame_from_message({"job": message.get("job", 0), "type": "error", **error_as_message(error)})
        with contextlib.suppress(OSError), self._lock:
            self.link.sendall(frame)

    def close(self) -> None:
        """Hangs up."""
        with contextlib.suppress(OSError):
            self.link.close()


def _locked(place: Place) -> IO[Any]:
    """Returns the open lock file of the place. Raises AlreadyServed."""
    stream = place.lock_file.open("a+b")
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        stream.close()
        raise AlreadyServed("Another worker serves already", "Nothing needs to be done.") from error
    return stream
