"""One life of the script: what it knows of the effects, the run that is under way, and what it has to say."""

from __future__ import annotations

import collections
import threading
from pathlib import Path
from typing import Any

import obspython as obs
from scumble.errors import ParamError, ScumbleError
from scumble.hosts.adapter import Adapter, error_text, setup_from_file
from scumble.schema import EffectSchema
from scumble_in_obs import results
from scumble_in_obs.run import Order, Run
from scumble_in_obs.values import json_from_settings

EFFECT, FOLDER = "effect", "folder"
_PATIENCE_S = 0.03  # reading the list of effects takes a few milliseconds, if it is kept
_LEAVE_S = 5.0


def key_of(schema: EffectSchema, name: str) -> str:
    """Return where the settings hold the value of a parameter, or the file of a clip."""
    return f"{schema.id}/{name}"


def own_key(schema: EffectSchema, name: str) -> str:
    """Return where the settings hold what the script itself asks for an effect: name, loop, voice, from-CLIP."""
    return f"{schema.id}//{name}"


class Session:
    """What lives from the script's load to its unload; but for `say`, its methods are for OBS's UI thread."""

    def __init__(self, settings: Any, script: str) -> None:
        """Make a session; `settings` are the script's own, which OBS saves with the scene collection."""
        self.settings = settings
        self.effects: tuple[EffectSchema, ...] = ()
        self.failed = False
        self._said = "Ready."
        self._log: collections.deque[tuple[int, str]] = collections.deque()
        self._told = ""
        self._run: Run | None = None
        self._asking: threading.Thread | None = None
        self._adapter: Adapter | None = None
        try:
            self._adapter = Adapter(setup_from_file(script))
        except ScumbleError as error:
            self.say(error)
        self.ask_for_effects()

    @property
    def busy(self) -> bool:
        """Whether something is under way."""
        return self._run is not None and self._run.is_alive()

    @property
    def status(self) -> str:
        """What there is to say now."""
        return f"{self._said} ({self._run.progress})" if self._run is not None and self.busy else self._said

    def say(self, what: str | BaseException) -> None:
        """Note what happened, for page and log; from any thread. OBS opens its script log for an error."""
        self.failed = isinstance(what, BaseException)
        self._said = what if isinstance(what, str) else error_text(what)
        self._log.append((obs.LOG_WARNING if self.failed else obs.LOG_INFO, " ".join(self._said.split())))

    def write_log(self) -> None:
        """Hand what was said to OBS, which knows by its timer which script it is; takes microseconds."""
        if self._run is not None and self.busy and self._run.progress.partition("%")[0] != self._told:
            self._told = self._run.progress.partition("%")[0]
            self._log.append((obs.LOG_INFO, self.status))
        while self._log:
            obs.script_log(*self._log.popleft())

    def ask_for_effects(self) -> None:
        """Find out which effects there are, and wait for a moment; they are in `effects` once they are known."""
        if self._asking is None or not self._asking.is_alive():
            self._asking = threading.Thread(target=self._ask, name="scumble-effects", daemon=True)
            self._asking.start()
        self._asking.join(_PATIENCE_S)

    def apply(self, schema: EffectSchema) -> None:
        """Start the effect with what the settings say; returns at once. Not while something is under way."""
        if self._adapter is None or self.busy:
            return
        try:
            order = self._order(schema)
        except ScumbleError as error:
            self.say(error)
            return
        self._run = Run(self._adapter.client, order, self.say)
        self.say(f"{schema.title} is under way")
        self._run.start()

    def cancel(self) -> None:
        """Stop what is under way; without it this does nothing."""
        if self._run is not None:
            self._run.cancel()

    def duck(self, schema: EffectSchema) -> None:
        """Set up the ducking of a sound that is there already."""
        name, voice = self._result_name(schema), self._text(own_key(schema, "voice"))
        try:
            results.duck(name, voice)
        except ScumbleError as error:
            self.say(error)
        else:
            self.say(f"“{name}” is turned down under “{voice}”." if voice else f"“{name}” is not turned down any more.")

    def close(self) -> None:
        """Cancel what is under way, hang up, and wait until no thread of ours uses OBS any more."""
        self.cancel()
        if self._adapter is not None:
            self._adapter.client.close()
        if self._run is not None:
            self._run.join(_LEAVE_S)

    def _ask(self) -> None:
        try:
            if self._adapter is not None:
                self.effects = self._adapter.effects()
        except Exception as error:
            self.say(error)

    def _order(self, schema: EffectSchema) -> Order:
        """Read the settings. Raises ParamError for what the effect cannot take."""
        values = {param.name: json_from_settings(self.settings, key_of(schema, param.name), param) for param in schema.params}
        files = {}
        for clip in schema.clips:
            source = self._text(own_key(schema, f"from-{clip.name}"))
            file = results.file_of(source, clip.media) if source else self._text(key_of(schema, clip.name))
            if file:
                files[clip.name] = file
            elif source:
                raise ParamError(f"The source “{source}” shows no file", "Choose another one.", "param.clip_missing")
            elif not clip.optional:
                raise ParamError(f"{schema.title} needs a file to work on", f"{clip.name}: {clip.doc}", "param.clip_missing")
        studio = obs.obs_frontend_preview_program_mode_active()
        scene = obs.obs_frontend_get_current_preview_scene() if studio else obs.obs_frontend_get_current_scene()
        scene_name = obs.obs_source_get_name(scene)
        obs.obs_source_release(scene)
        folder = Path(self._text(FOLDER)).expanduser()
        loop = obs.obs_data_get_bool(self.settings, own_key(schema, "loop"))
        voice = self._text(own_key(schema, "voice"))
        return Order(schema, values, files, folder, self._result_name(schema), scene_name, loop, voice)

    def _result_name(self, schema: EffectSchema) -> str:
        return self._text(own_key(schema, "name")).strip() or schema.title

    def _text(self, key: str) -> str:
        return str(obs.obs_data_get_string(self.settings, key))
