"""What the worker does for its hosts: describes effects, renders, suggests, cancels."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scumble.effect import Effect, discover, extra_places, read_places
from scumble.engine import Engine
from scumble.errors import HostError, JobCancelled, ParamError
from scumble.jobs import Job, JobState, Progress
from scumble.media.image import Image
from scumble.rendering import render_files, render_selected
from scumble.runner import LocalRunner
from scumble.worker.files import MOST_MEGAPIXELS, PictureFiles, absolute_path
from scumble.worker.pixels import FILE, ResultDrawer, audio_as_message, create_file, image_from_message, remove_file
from scumble.worker.wire import RETIRED, Message, WireError, error_as_message, field

SELECTION = ""
"""The clip's name under which a host's selection travels."""
_PROGRESS_EVERY_S = 0.05
_log = logging.getLogger(__name__)


class Listener(Protocol):
    """Whoever is told about jobs."""

    name: str

    def send(self, message: Message) -> None:
        """Takes a message; never raises."""


@dataclass(eq=False)
class _Task:
    host: Listener
    number: int
    job: Job[Any]
    files: tuple[str, ...] = ()
    told: float = 0.0
    cancelled_at: float = 0.0


class Service:
    """Runs the jobs of all hosts, one after the other, on one engine; models are loaded once and shared."""

    def __init__(self, folder: Path) -> None:
        """Makes a service whose results lie in the runtime folder `folder`."""
        self._folder = folder
        self._drawer = ResultDrawer(folder)
        self._engine = Engine(allocate=self._drawer.allocate)
        self._pictures = PictureFiles(self._engine.read_limits)
        self._runner = LocalRunner(engine=self._engine)
        self._lock = threading.Lock()
        self._tasks: dict[tuple[Listener, int], _Task] = {}
        self._last_used = time.monotonic()
        self._found = discover()
        self._retired = False

    def refuse_more(self) -> bool:
        """Takes no more jobs once there are none, and returns whether it is so; hosts ask the next worker then."""
        with self._lock:
            self._retired = not self._tasks
            return self._retired

    def idle_s(self) -> float:
        """Returns for how many seconds there has been nothing to do."""
        return 0.0 if self._tasks else time.monotonic() - self._last_used

    def unload(self) -> None:
        """Drops models and pictures, to be loaded again when they are needed."""
        _log.info("idle: models are dropped")
        self._engine.unload()
        self._pictures.forget()

    def stuck(self, seconds: float) -> str:
        """Returns the title of a job that was cancelled that long ago and still runs, or nothing."""
        now = time.monotonic()
        with self._lock:
            late = [t for t in self._tasks.values() if t.cancelled_at and now - t.cancelled_at > seconds]
        return next((task.job.title for task in late if task.job.state is JobState.RUNNING), "")

    def cancel_all(self) -> None:
        """Cancels every job."""
        with self._lock:
            tasks = list(self._tasks.values())
        for task in tasks:
            _cancel(task)

    def forget(self, host: Listener) -> None:
        """Cancels the jobs of a host that is gone, and removes the clips that it can remove no more."""
        with self._lock:
            tasks = [task for (owner, _), task in self._tasks.items() if owner is host]
        for task in tasks:
            _cancel(task)
            for name in task.files:
                remove_file(name)

    def close(self) -> None:
        """Waits for the jobs and takes no more."""
        self._runner.close(cancel=True)

    def handle(self, message: Message, host: Listener) -> None:
        """Answers one message. Raises WireError when it is none of the protocol."""
        self._last_used = time.monotonic()
        kind = field(message, "type", str)
        if kind == "ping":
            host.send({"type": "pong"})
            return
        if kind == "cancel":
            with self._lock:
                task = self._tasks.get((host, field(message, "job", int)))
            if task is not None:
                _cancel(task)
            return
        work = {
            "describe": self._describe,
            "render": self._render,
            "render-files": self._render_files,
            "suggest": self._suggest,
        }.get(kind)
        if work is None:
            raise WireError(f"There is no request {kind!r}", "Install the plug-in again.", "host.wire")
        self._start(message, host, work)

    def _start(self, message: Message, host: Listener, work: Callable[[Message, Progress], Any]) -> None:
        number = field(message, "job", int)
        title = f"{message.get('effect', message['type'])}"
        clips = field(message, "clips", dict) if "clips" in message else {}
        files = tuple(str(clip.get("file")) for clip in clips.values() if isinstance(clip, dict))
        ready = threading.Event()  # the first change may come before we have noted the task

        def heard(job: Job[Any]) -> None:
            ready.wait()
            self._tell(self._tasks.get((host, number)), job)

        with self._lock:
            if self._retired:
                error = HostError("This worker is about to end", "Try again.", RETIRED)
                host.send({"type": "error", "job": number, **error_as_message(error)})
                return
            if (host, number) in self._tasks:
                raise WireError(f"The job number {number} is taken", "Install the plug-in again.", "host.wire")
            job = self._runner.start(title, lambda progress: work(message, progress), listener=heard)
            self._tasks[host, number] = _Task(host, number, job, files)
        ready.set()

    def _tell(self, task: _Task | None, job: Job[Any]) -> None:
        """Tells the host how far its job is, at most 20 times a second, and how it ended."""
        if task is None:
            return
        reply: Message = {"job": task.number}
        if not job.state.finished:
            if time.monotonic() - task.told >= _PROGRESS_EVERY_S:
                task.told = time.monotonic()
                task.host.send({**reply, "type": "progress", "fraction": job.fraction, "note": job.note})
            return
        error = job.exception()
        if isinstance(error, JobCancelled):
            _log.info("%s was cancelled", job.title)
        elif error is not None:
            _log.error("%s failed for %s", job.title, task.host.name, exc_info=error)
        with self._lock:
            self._tasks.pop((task.host, task.number), None)
            self._last_used = time.monotonic()
        if error is not None:
            task.host.send({**reply, "type": "error", **error_as_message(error)})
        else:
            task.host.send({**reply, "type": "done", "result": job.result()})

    def _describe(self, message: Message, progress: Progress) -> list[Any]:
        found = self._found = discover()
        for problem in found.problems:
            _log.warning("the effect %s of %s cannot be used: %s", problem.name, problem.distribution, problem.reason)
        return [kind.declaration().to_json() for kind in sorted(found.effects.values(), key=lambda kind: kind.title)]

    def _render(self, message: Message, progress: Progress) -> Message:
        effect, clips = self._effect(message), self._clips(message, progress)
        selection = clips.pop(SELECTION, None)
        began = time.monotonic()
        with self._drawer as drawer:
            result = render_selected(effect, clips, selection, engine=self._engine, progress=progress)
            _log.info("%s: %s in %.0f ms", effect.id, result, 1000 * (time.monotonic() - began))
            progress.check()
            if isinstance(result, Image):
                return drawer.take(result).as_message()
        path, view = create_file(len(result.data), self._folder)
        view[:] = result.data
        return audio_as_message(path, result)

    def _render_files(self, message: Message, progress: Progress) -> str:
        effect, files = self._effect(message), field(message, "files", dict)
        clips = {str(name): absolute_path(str(path)) for name, path in files.items()}
        output = absolute_path(field(message, "output", str))
        rendered = render_files(
            effect, clips, output, engine=self._engine, progress=progress, max_megapixels=MOST_MEGAPIXELS
        )
        return str(rendered.output)

    def _suggest(self, message: Message, progress: Progress) -> list[tuple[str, float]]:
        effect, clips = self._effect(message), self._clips(message, progress)
        source = clips.pop("source", None)
        if source is None:
            raise ParamError(f"{effect.title} needs the clip source", "Give a picture.", "param.clip_missing")
        place = (field(message, "x", int), field(message, "y", int))
        others: dict[str, Any] = clips
        found = effect.suggestions(source, *place, engine=self._engine, progress=progress, **others)
        return [(suggestion.color.hex, suggestion.weight) for suggestion in found]

    def _effect(self, message: Message) -> Effect:
        name = field(message, "effect", str)
        if name not in self._found.effects:
            self._found = discover()  # it may have been installed since
        kind = self._found.effects.get(name)
        if kind is None:
            hint = "Install the package that provides it for Scumble's own Python, then start again."
            raise ParamError(f"There is no effect called {name!r}", hint, "param.effect")
        effect = kind.from_params_json(field(message, "params", dict))
        for path in (*read_places(effect).values(), *extra_places(effect).values()):
            absolute_path(str(path))
        return effect

    def _clips(self, message: Message, progress: Progress) -> dict[str, Image]:
        def check(_: float) -> None:
            progress.check()

        clips = {}
        for name, clip in field(message, "clips", dict).items():
            if clip.get("media") == FILE:
                clips[str(name)] = self._pictures.read(field(clip, "path", str), check)
            else:
                clips[str(name)] = image_from_message(clip)
        return clips


def _cancel(task: _Task) -> None:
    task.cancelled_at = task.cancelled_at or time.monotonic()
    with contextlib.suppress(JobCancelled):
        task.job.cancel()
