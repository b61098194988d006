"""Files that effects make, one job at a time and on threads, for hosts that work with files and must not wait."""

from __future__ import annotations

import collections
import contextlib
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scumble.errors import JobCancelled
from scumble.hosts.adapter import Adapter, error_text, setup_from_file
from scumble.jobs import Job
from scumble.schema import EffectSchema

_PATIENCE_S = 0.03  # reading the list of effects takes a few milliseconds, if it is kept
_POLL_S = 0.05
_LEAVE_S = 5.0
_TELL_EVERY = 0.2  # of the whole job, in the log


class FileJobs:
    """What a host knows of the effects, the job that is under way, and what there is to say; methods return at once.

    Attributes:
        effects: those that there are; empty until they are known.
        failed: whether what was said last is an error.
        log: what was said, and whether as an error, the oldest first; for the host to take out.
    """

    def __init__(self, adapter_file: str) -> None:
        """Begins to ask for the effects; the set-up lies beside the adapter's file."""
        self._file = adapter_file
        self._adapter: Adapter | None = None
        self.effects: tuple[EffectSchema, ...] = ()
        self.failed = False
        self.log: collections.deque[tuple[bool, str]] = collections.deque()
        self._said = "Ready."
        self._job: Job[Any] | None = None
        self._cancelled = threading.Event()
        self._asking = self._working = threading.Thread()
        self.ask_for_effects()

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return self._working.is_alive()

    @property
    def status(self) -> str:
        """What there is to say now."""
        if not self.effects and not self.failed:
            return "Scumble is being asked for its effects; press Refresh in a moment."
        job = self._job if self.busy else None
        return f"{self._said}: {job.fraction:.0%}{', ' + job.note if job.note else ''}" if job else self._said

    def say(self, what: str | BaseException) -> None:
        """Notes what happened, for page and log; from any thread."""
        self.failed = isinstance(what, BaseException)
        self._said = what if isinstance(what, str) else error_text(what)
        self.log.append((self.failed, " ".join(self._said.split())))

    def ask_for_effects(self) -> None:
        """Finds out which effects there are, and waits for a moment; they are in `effects` once they are known."""
        if not self._asking.is_alive():
            self._asking = threading.Thread(target=self._ask, daemon=True)
            self._asking.start()
        self._asking.join(_PATIENCE_S)

    def start(
        self,
        schema: EffectSchema,
        values: Mapping[str, Any],
        files: Mapping[str, str],
        path: Path,
        before: Callable[[threading.Event], object],
        after: Callable[[], str],
    ) -> None:
        """Makes the file `path`, unless a job is under way.

        On the job's thread: `before`, which is told of a cancel, and when the file is there `after`, which shows it
        and returns what to say. What either raises is said.
        """
        if self.busy or self._adapter is None:
            return
        self._job, self._cancelled = None, threading.Event()
        self.say(f"{schema.title} is under way (Refresh shows how far)")
        facts = (self._adapter, schema, values, files, path, before, after)
        self._working = threading.Thread(target=self._work, args=facts, daemon=True)
        self._working.start()

    def cancel(self) -> None:
        """Stops the job that is under way; without one this does nothing."""
        self._cancelled.set()
        if self._job is not None:
            self._job.cancel()

    def close(self) -> None:
        """Cancels the job, hangs up, and waits until no thread of ours uses the host any more."""
        adapter, self._adapter = self._adapter, None
        self.cancel()
        if adapter is not None:
            adapter.client.close()
        if self.busy:
            self._working.join(_LEAVE_S)

    def _ask(self) -> None:
        try:
            self._adapter = self._adapter or Adapter(setup_from_file(self._file))
            self.effects = self._adapter.effects()
        except Exception as error:
            self.say(error)

    def _work(
        self,
        adapter: Adapter,
        schema: EffectSchema,
        values: Mapping[str, Any],
        files: Mapping[str, str],
        path: Path,
        before: Callable[[threading.Event], object],
        after: Callable[[], str],
    ) -> None:
        try:
            with contextlib.suppress(OSError):  # the worker says what is wrong with the folder
                path.parent.mkdir(parents=True, exist_ok=True)
            before(self._cancelled)
            job = self._job = adapter.client.submit_files(schema.id, values, files, str(path))
            told = 0.0
            while not job.wait(_POLL_S):
                if self._cancelled.is_set():
                    job.cancel()
                if self._adapter is None:
                    return
                if job.fraction >= told + _TELL_EVERY:
                    told = job.fraction
                    self.log.append((False, self.status))
            job.result()
            self.say(f"{schema.title} is done: {after()}")
        except JobCancelled:
            self.say(f"{schema.title} was cancelled; nothing was changed.")
        except Exception as error:
            self.say(error)
