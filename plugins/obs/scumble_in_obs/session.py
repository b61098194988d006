"""One life of the script: its settings, and the jobs that they order."""

from __future__ import annotations

import datetime
import threading
from pathlib import Path
from typing import Any

import obspython as obs

from scumble.errors import ParamError, ScumbleError
from scumble.hosts.filejobs import FileJobs
from scumble.schema import EffectSchema
from scumble_in_obs import results
from scumble_in_obs.results import Order
from scumble_in_obs.values import json_from_settings

EFFECT, FOLDER = "effect", "folder"


def key_of(schema: EffectSchema, name: str) -> str:
    """Return where the settings hold a parameter's value or a clip's file; what is ours begins with a slash."""
    return f"{schema.id}/{name}"


class Session(FileJobs):
    """What lives from the script's load to its unload; its methods are for OBS's UI thread, but for `write_log`."""

    def __init__(self, settings: Any, script: str) -> None:
        """Make a session; `settings` are the script's own, which OBS saves with the scene collection."""
        self.settings = settings
        super().__init__(script)

    def write_log(self) -> None:
        """Hand what was said to OBS, which knows by its timer which script it is; takes microseconds.

        OBS opens its script log for an error.
        """
        while self.log:
            failed, text = self.log.popleft()
            obs.script_log(obs.LOG_WARNING if failed else obs.LOG_INFO, text)

    def apply(self, schema: EffectSchema | None) -> None:
        """Start the effect with what the settings say; does nothing while a job is under way."""
        if self.busy or schema is None:
            return
        try:
            order = self._order(schema)
        except ScumbleError as error:
            self.say(error)
            return

        def draw(cancelled: threading.Event) -> None:
            for file, source in order.shots.items():
                results.draw(source, file, cancelled)

        def show() -> str:
            results.show(order)
            return f"“{order.name}” shows {order.path.name}."

        self.start(schema, order.values, order.files, order.path, draw, show)

    def duck(self, schema: EffectSchema) -> None:
        """Set up the ducking of a sound that is there already, or end it."""
        name, voice = self._text(key_of(schema, "/name")), self._text(key_of(schema, "/voice"))
        try:
            results.duck(name, voice)
            self.say(f"“{name}” is {'turned down under “' + voice + '”' if voice else 'not turned down any more'}.")
        except ScumbleError as error:
            self.say(error)

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
                shots[file] = source
            if file:
                files[clip.name] = file
            elif source or not clip.optional:
                message = f"The source “{source}” shows no file" if source else f"{schema.title} needs a file"
                raise ParamError(f"{message} for its {clip.name}", "Choose one.", "param.clip_missing")
        loop = obs.obs_data_get_bool(self.settings, key_of(schema, "/loop"))
        name, voice = self._text(key_of(schema, "/name")) or schema.title, self._text(key_of(schema, "/voice"))
        return Order(schema, values, files, shots, path, name, place, size, loop, voice)

    def _text(self, key: str) -> str:
        return str(obs.obs_data_get_string(self.settings, key))
