"""One life of the script: what it knows of the effects, the job that is under way, and what it has to say."""

from __future__ import annotations

import collections
import contextlib
import datetime
import threading
from pathlib import Path
from typing import Any

import obspython as obs

from scumble.errors import JobCancelled, ParamError, ScumbleError
from scumble.hosts.adapter import Adapter, error_text, setup_from_file
from scumble.jobs import Job
from scumble.schema import EffectSchema
from scumble_in_obs import results
from scumble_in_obs.results import Order
from scumble_in_obs.values import json_from_settings

EFFECT, FOLDER = "effect", "folder"
_PATIENCE_S = 0.03  # reading the list of effects takes a few milliseconds, if it is kept
_POLL_S = 0.05
_LEAVE_S = 5.0
_TELL_EVERY = 0.2  # of the whole job, in the script log


def key_of(schema: EffectSchema, name: str) -> str:
    """Return where the settings hold a parameter's value or a clip's file; what is ours begins with a slash."""
    return f"{schema.id}/{name}"


class Session:
    """What lives from the script's load to its unload; its methods are for OBS's UI thread, but for `write_log`."""

    def __init__(self, settings: Any, script: str) -> None:
        """Make a session; `settings` are the script's own, which OBS saves with the scene collection."""
        self.settings, self._script = settings, script
        self._adapter: Adapter | None = None
        self.effects: tuple[EffectSchema, ...] = ()
        self.failed = False
        self._said = "Ready."
        self._log: collections.deque[tuple[int, str]] = collections.deque()
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

    def write_log(self) -> None:
        """Hand what was said to OBS, which knows by its timer which script it is; takes microseconds."""
        while self._log:
            obs.script_log(*self._log.popleft())

    def ask_for_effects(self) -> None:
        """Find out which effects there are, and wait for a moment; they are in `effects` once they are known."""
        if not self._asking.is_alive():
            self._asking = threading.Thread(target=self._ask, daemon=True)
            self._asking.start()
        self._asking.join(_PATIENCE_S)

    def apply(self, schema: EffectSchema | None) -> None:
        """Start the effect with what the settings say; returns at once. Does nothing while a job is under way."""
        if self.busy or schema is None or self._adapter is None:
            return
        self._job, self._cancelled = None, threading.Event()
        try:
            order = self._order(schema)
        except ScumbleError as error:
            self._say(error)
            return
        self._say(f"{schema.title} is under way (Refresh shows how far)")
        self._working = threading.Thread(target=self._work, args=(self._adapter, order), daemon=True)
        self._working.start()

    def cancel(self) -> None:
        """Stop the job that is under way; without one this does nothing."""
        self._cancelled.set()
        if self._job is not None:
            self._job.cancel()

    def duck(self, schema: EffectSchema) -> None:
        """Set up the ducking of a sound that is there already, or end it."""
        name, voice = self._text(key_of(schema, "/name")), self._text(key_of(schema, "/voice"))
        try:
            results.duck(name, voice)
            self._say(f"“{name}” is {'turned down under “' + voice + '”' if voice else 'not turned down any more'}.")
        except ScumbleError as error:
            self._say(error)

    def close(self) -> None:
        """Cancel the job, hang up, and wait until no thread of ours uses OBS any more."""
        adapter, self._adapter = self._adapter, None
        self.cancel()
        if adapter is not None:
            adapter.client.close()
        if self.busy:
            self._working.join(_LEAVE_S)

    def _say(self, what: str | BaseException) -> None:
        """Note what happened, for page and log; from any thread. OBS opens its script log for an error."""
        self.failed = isinstance(what, BaseException)
        self._said = what if isinstance(what, str) else error_text(what)
        self._log.append((obs.LOG_WARNING if self.failed else obs.LOG_INFO, " ".join(self._said.split())))

    def _ask(self) -> None:
        try:
            self._adapter = self._adapter or Adapter(setup_from_file(self._script))
            self.effects = self._adapter.effects()
        except Exception as error:
            self._say(error)

    def _order(self, schema: EffectSchema) -> Order:
        """Read the settings. Raises ParamError for what the effect cannot take."""
        values = {one.name: json_from_settings(self.settings, key_of(schema, one.name), one) for one in schema.params}
        studio = obs.obs_frontend_preview_program_mode_active()
        scene = obs.obs_frontend_get_current_preview_scene() if studio else obs.obs_frontend_get_current_scene()
        size = (obs.obs_source_get_width(scene), obs.obs_source_get_height(scene))
        place = obs.obs_source_get_name(scene)
        obs.obs_source_release(scene)
        now = datetime.datetime.now().isoformat(" ", "milliseconds").replace(":", "-")
        path = Path(self._text(FOLDER)) / f"{schema.id} {now}{results.KINDS[schema.output.media][2]}"
        files, shots = {}, {}
        for clip in schema.clips:
            source = self._text(key_of(schema, f"/from-{clip.name}"))
            file = results.file_of(source, clip.media) if source else self._text(key_of(schema, clip.name))
            if source and not file and clip.media == "image":
                file = str(path.with_name(f"{path.stem} {clip.name}.png"))
                shots[source] = file
            if file:
                files[clip.name] = file
            elif source or not clip.optional:
                message = f"The source “{source}” shows no file" if source else f"{schema.title} needs a file"
                raise ParamError(f"{message} for its {clip.name}", "Choose one.", "param.clip_missing")
        loop = obs.obs_data_get_bool(self.settings, key_of(schema, "/loop"))
        name, voice = self._text(key_of(schema, "/name")) or schema.title, self._text(key_of(schema, "/voice"))
        return Order(schema, values, files, shots, path, name, place, size, loop, voice)

    def _work(self, adapter: Adapter, order: Order) -> None:
        """Let the worker make the file, and show it; on a thread of ours."""
        title, path = order.schema.title, order.path
        try:
            with contextlib.suppress(OSError):  # the worker says what is wrong with the folder
                path.parent.mkdir(parents=True, exist_ok=True)
            for source, file in order.shots.items():
                results.draw(source, file, self._cancelled)
            job = self._job = adapter.client.submit_files(order.schema.id, order.values, order.files, str(path))
            told = 0.0
            while not job.wait(_POLL_S):
                if self._cancelled.is_set():
                    job.cancel()
                if self._adapter is None:
                    return
                if job.fraction >= told + _TELL_EVERY:
                    told = job.fraction
                    self._log.append((obs.LOG_INFO, self.status))
            job.result()
            results.show(order)
            self._say(f"{title} is done: “{order.name}” shows {path.name}.")
        except JobCancelled:
            self._say(f"{title} was cancelled; nothing was changed.")
        except Exception as error:
            self._say(error)

    def _text(self, key: str) -> str:
        return str(obs.obs_data_get_string(self.settings, key))
