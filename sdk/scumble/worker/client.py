"""A host's side of the worker: submit, watch, cancel. Standard library only, any Python from 3.9 on, never blocking."""

from __future__ import annotations

import contextlib
import functools
import itertools
import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Union

from scumble.errors import JobCancelled, ScumbleError, WorkerUnreachable
from scumble.jobs import Job, JobState
from scumble.media.image import Image
from scumble.schema import EffectSchema
from scumble.worker.launch import Connection, Launch, connected
from scumble.worker.pixels import FILE, Pixels, result_from_message
from scumble.worker.place import last_log_lines
from scumble.worker.wire import RETIRED, Message, WireError, error_from_message, field

Picture = Union[Image, Pixels]  # noqa: UP007 - evaluated by old hosts
Clip = Union[Picture, str]  # noqa: UP007
"""A picture in memory, or the absolute path of a picture file, which the worker reads."""
Listener = Callable[[Job[Any]], None]

PING_AFTER_S = 5.0
HUNG_AFTER_S = 20.0
_MOST_TRIES = 3
_LOST_HINT = "Nothing was changed. Try again: the worker starts anew; if it stops again, run `scumble doctor`."


class RemoteJob(Job[Any]):
    """A job that the worker runs; `cancel` reaches it there."""

    def __init__(self, client: Client, title: str, request: Message, listener: Listener | None) -> None:
        super().__init__(title, listener)
        self.request = request
        self.clips: dict[str, Pixels] = {}
        self.files: dict[str, str] = {}
        self.line: Connection | None = None
        self.heard = False
        self.tries = 0
        self._client = client

    def cancel(self) -> None:
        """Asks the worker to stop; a job that was not sent yet stops at once, a finished one stays as it is."""
        super().cancel()
        self._client.tell({"type": "cancel", "job": self.request["job"]})

    def end(self, result: Any = None, error: BaseException | None = None) -> None:
        """Ends the job and removes the clips' files, after whoever waits was told: the client's part."""
        if error is None:
            self.finish(result)
        else:
            self.fail(error)
        for pixels in self.clips.values():
            pixels.close()


class Client:
    """One host's line to the worker, which is started when it is first needed; all methods are for any thread.

    Jobs that were under way when the worker stops fail with WorkerUnreachable (host.worker_lost), or host.worker_hung
    when it had to be ended; the next one starts it again. `close` cancels what is left.
    """

    def __init__(self, launch: Launch, name: str) -> None:
        """Makes a client; `name` is what the worker's log calls it. Nothing is started yet."""
        self._launch, self._name = launch, name
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._jobs: dict[int, RemoteJob] = {}
        self._connection: Connection | None = None
        self._outbox: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._sender: threading.Thread | None = None
        self._closed = False

    def submit(
        self,
        effect: str,
        params: Mapping[str, Any],
        clips: Mapping[str, Clip | None] | None = None,
        *,
        selection: Picture | None = None,
        listener: Listener | None = None,
    ) -> RemoteJob:
        """Starts a rendering of `effect`, its result in memory; returns at once. The result is an Image or an Audio.

        `params` are plain data, as `to_json` of each parameter gives. Clips that are Pixels belong to the job from now
        on; what is wrong with one that is a file ends up in the job. `selection`, one gray picture of the source's
        size, says where: it is handed to the effect's clip ``mask``, or the worker mixes source and result by it.
        """
        given = {name: clip for name, clip in {**(clips or {}), "": selection}.items() if clip is not None}
        return self._started({"type": "render", "effect": effect, "params": dict(params)}, given, listener)

    def submit_files(
        self,
        effect: str,
        params: Mapping[str, Any],
        clips: Mapping[str, str],
        output: str,
        *,
        listener: Listener | None = None,
    ) -> RemoteJob:
        """Starts a rendering from files to the file `output` and its record; the result is the path of `output`."""
        request = {"type": "render-files", "effect": effect, "params": dict(params), "files": dict(clips)}
        return self._started({**request, "output": output}, {}, listener)

    def suggest(
        self, effect: str, params: Mapping[str, Any], clips: Mapping[str, Clip | None], x: int, y: int
    ) -> RemoteJob:
        """Asks for colours at the source's pixel (x, y); the result is a list of ("#rrggbb", weight), best first."""
        given = {name: clip for name, clip in clips.items() if clip is not None}
        request = {"type": "suggest", "effect": effect, "params": dict(params), "x": x, "y": y}
        return self._started(request, given, None)

    def effects(self, timeout_s: float = 90.0) -> tuple[EffectSchema, ...]:
        """Returns the effects that the worker has, by title; blocks. Raises HostError."""
        try:
            found: list[object] = self._started({"type": "describe"}, {}, None).result(timeout_s)
        except TimeoutError as error:
            message = "The worker does not say which effects there are"
            raise WorkerUnreachable(message, "Run `scumble doctor` in a terminal.", "host.worker_hung") from error
        return tuple(EffectSchema.from_json(entry) for entry in found)

    def tell(self, message: Message) -> None:
        """Sends a message without an answer if the worker is connected; never raises."""
        with contextlib.suppress(OSError, WireError):
            if self._connection is not None:
                self._connection.send(message)

    def close(self) -> None:
        """Cancels every job and hangs up; the worker goes on for other hosts. A second call does nothing."""
        with self._lock:
            self._closed = True
            jobs, connection, sender = list(self._jobs.values()), self._connection, self._sender
        for job in jobs:
            job.cancel()
        if sender is not None:
            self._outbox.put(None)
        if connection is not None:
            connection.close()

    def _started(self, request: Message, clips: Mapping[str, Clip], listener: Listener | None) -> RemoteJob:
        with self._lock:
            if self._closed:
                raise WorkerUnreachable("The line to the worker was closed", "Start the program again.", "host.closed")
            number = next(self._numbers)
            job = RemoteJob(self, str(request.get("effect", "")), {**request, "job": number}, listener)
            job.clips = {name: clip for name, clip in clips.items() if isinstance(clip, Pixels)}
            job.files = {name: clip for name, clip in clips.items() if isinstance(clip, str)}
            self._jobs[number] = job
            if self._sender is None:
                self._sender = threading.Thread(target=self._send_all, name="scumble-sender", daemon=True)
                self._sender.start()
        self._outbox.put(functools.partial(self._send, job, clips))
        return job

    def _send_all(self) -> None:
        for work in iter(self._outbox.get, None):
            work()

    def _send(self, job: RemoteJob, clips: Mapping[str, Clip]) -> None:
        """Copies the clips and sends the request, on the sender's thread; whatever fails ends up in the job."""
        line: Connection | None = None
        try:
            for name, clip in clips.items():
                if not isinstance(clip, (Pixels, str)):
                    job.clips[name] = Pixels.copy_of(clip, self._launch.place().folder)
            named = {name: {"media": FILE, "path": path} for name, path in job.files.items()}
            job.request["clips"] = {**named, **{name: pixels.as_message() for name, pixels in job.clips.items()}}
            if job.state is JobState.CANCELLED:
                raise JobCancelled(f"{job.title} was cancelled before it began")
            job.start()
            job.tries += 1
            line = job.line = self._line()
            line.send(job.request)
            if job.progress.cancelled:  # between the check and the sending
                job.cancel()
        except BaseException as error:
            if isinstance(error, OSError) and line is not None:  # job.line is None if the reader was first to notice
                self._lost(line, "The worker stopped", "host.worker_lost")
            else:
                self._end(job, error=_typed(error, job))

    def _line(self) -> Connection:
        connection = self._connection
        if connection is None:
            connection = connected(self._launch, self._name)
            with self._lock:
                self._connection = connection
            threading.Thread(target=self._receive_all, args=(connection,), name="scumble-reader", daemon=True).start()
        return connection

    def _receive_all(self, connection: Connection) -> None:
        heard = time.monotonic()
        try:
            while True:
                message = connection.receive(PING_AFTER_S)
                silence = time.monotonic() - heard
                if message is not None:
                    heard = time.monotonic()
                    self._handle(message, connection)
                elif self._jobs and silence > HUNG_AFTER_S:
                    self._launch.kill(connection.pid)
                    self._lost(connection, "The worker does not answer any more and was ended", "host.worker_hung")
                    return
                else:
                    connection.send({"type": "ping"})
        except (OSError, EOFError, ScumbleError):
            self._lost(connection, "The worker stopped", "host.worker_lost")

    def _handle(self, message: Message, connection: Connection) -> None:
        job = self._jobs.get(field(message, "job", int)) if "job" in message else None
        kind = field(message, "type", str)
        if job is None:
            return
        job.heard = kind != "error" or message.get("code") != RETIRED
        if kind == "progress":
            with contextlib.suppress(JobCancelled):
                job.progress.report(float(message.get("fraction", 0.0)), str(message.get("note", "")))
        elif kind == "error" and message.get("code") == RETIRED:
            self._forget(connection)
            job.line = None
            self._outbox.put(functools.partial(self._send, job, {}))
        elif kind == "error":
            self._end(job, error=error_from_message(message))
        elif kind == "done":
            try:
                self._end(job, result=result_from_message(message.get("result")))
            except ScumbleError as error:
                self._end(job, error=error)

    def _end(self, job: RemoteJob, *, result: Any = None, error: BaseException | None = None) -> None:
        with self._lock:
            self._jobs.pop(job.request["job"], None)
        job.end(result, error)

    def _forget(self, connection: Connection) -> None:
        with self._lock:
            if self._connection is connection:
                self._connection = None

    def _lost(self, connection: Connection, what: str, code: str) -> None:
        """Fails the jobs that ran when a connection broke, which counts as a crash; those that waited go again."""
        connection.close()
        self._forget(connection)
        with self._lock:
            ours = [job for job in self._jobs.values() if job.line is connection]
            closed = self._closed
            for job in ours:
                job.line = None
        running = [job for job in ours if job.heard or job.tries >= _MOST_TRIES or job.progress.cancelled]
        for job in ours:
            if job not in running and not closed:
                self._outbox.put(functools.partial(self._send, job, {}))
        if running and not closed:
            titles = ", ".join(sorted({job.title for job in running if job.title})) or "a request"
            said = " ".join(last_log_lines(1))
            with contextlib.suppress(ScumbleError, OSError):
                self._launch.place().record_crash(f"{what.lower()} while it ran {titles} ({said})", connection.pid)
        for job in running:
            error: ScumbleError = WorkerUnreachable(f"{what} while it ran {job.title or 'a request'}", _LOST_HINT, code)
            if job.progress.cancelled:
                error = JobCancelled(f"{job.title} was cancelled")
            self._end(job, error=error)


def _typed(error: BaseException, job: RemoteJob) -> BaseException:
    if isinstance(error, (OSError, EOFError)):
        return WorkerUnreachable(
            f"The worker went away before {job.title} began: {error}", _LOST_HINT, "host.worker_lost"
        )
    return error
