"""The script's page in the Scripts dialog, made from the schemas: a chooser, buttons, what is going on, and values.

OBS draws the page after a press of a button or a choice, and never by itself: progress is seen after "Refresh".
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import obspython as obs

from scumble.params import PaletteParam, SeedParam
from scumble.schema import ClipSchema, EffectSchema
from scumble_in_obs import results
from scumble_in_obs.session import EFFECT, FOLDER, Session, key_of
from scumble_in_obs.values import add_list, add_param, rgb_from_number, set_default

_PROPERTIES = (EFFECT, "apply", "cancel", "refresh", "status")
_FILES = {
    "image": "Pictures (*.png *.jpg *.jpeg *.tif *.tiff *.exr *.webp);;All files (*)",
    "audio": "Sounds (*.wav *.flac *.ogg *.mp3);;All files (*)",
}


def properties(session: Session) -> Any:
    """Return the page. obspython takes plain functions as callbacks and nothing else; their True draws it again."""
    session.ask_for_effects()
    page = obs.obs_properties_create()
    chooser = add_list(page, EFFECT, "Effect", {})
    obs.obs_property_set_modified_callback(chooser, lambda page, _, __: _refresh(page, session))
    _add_button(page, session, "apply", "Apply", lambda: session.apply(_chosen(session)))
    _add_button(page, session, "cancel", "Cancel", session.cancel)
    _add_button(page, session, "refresh", "Refresh", session.ask_for_effects)
    obs.obs_properties_add_text(page, "status", "", obs.OBS_TEXT_INFO)
    folder = obs.obs_properties_add_path(page, FOLDER, "Results go to", obs.OBS_PATH_DIRECTORY, None, None)
    obs.obs_property_set_long_description(folder, "Each result is a new file, with a record of how it was made.")
    if not obs.obs_data_get_default_string(session.settings, FOLDER):  # once: obspython never frees such a path
        recordings = Path(obs.obs_frontend_get_current_record_output_path() or Path.home())
        obs.obs_data_set_default_string(session.settings, FOLDER, str(recordings / "Scumble"))
    _refresh(page, session)
    return page


def _refresh(page: Any, session: Session) -> bool:
    """Bring the page up to date; returns True, so that OBS draws it."""
    chooser, apply, cancel, refresh, status = (obs.obs_properties_get(page, name) for name in _PROPERTIES)
    effects = session.effects
    if effects:
        obs.obs_data_set_default_string(session.settings, EFFECT, effects[0].id)
    chosen = _chosen(session)
    for schema in effects:
        if obs.obs_properties_get(page, key_of(schema, "")) is None:
            obs.obs_property_list_add_string(chooser, schema.title, schema.id)
            group = obs.obs_properties_create()
            _add_effect(group, session, schema)
            obs.obs_properties_add_group(page, key_of(schema, ""), schema.title, obs.OBS_GROUP_NORMAL, group)
        visible = chosen is not None and schema.id == chosen.id
        obs.obs_property_set_visible(obs.obs_properties_get(page, key_of(schema, "")), visible)
    obs.obs_property_set_enabled(apply, chosen is not None)
    obs.obs_property_set_description(apply, "Generate" if chosen and chosen.context == "generator" else "Apply")
    obs.obs_property_set_visible(cancel, session.busy)
    obs.obs_property_set_visible(refresh, session.busy or not effects)
    obs.obs_property_set_description(status, session.status)
    obs.obs_property_text_set_info_type(status, obs.OBS_TEXT_INFO_ERROR if session.failed else obs.OBS_TEXT_INFO_NORMAL)
    return True


def _chosen(session: Session) -> EffectSchema | None:
    name = obs.obs_data_get_string(session.settings, EFFECT)
    return next((schema for schema in session.effects if schema.id == name), None)


def _add_button(page: Any, session: Session, name: str, label: str, verb: Callable[[], None]) -> None:
    def pressed(page: Any, _: Any) -> bool:
        verb()
        return _refresh(page, session)

    obs.obs_properties_add_button(page, name, label, pressed)


def _add_effect(group: Any, session: Session, schema: EffectSchema) -> None:
    """Add what one effect asks for: its files, its values, and how its result is shown."""
    obs.obs_properties_add_text(group, key_of(schema, "/doc"), schema.doc.partition("\n\n")[0], obs.OBS_TEXT_INFO)
    for clip in schema.clips:
        _add_clip(group, session, schema, clip)
    for param in schema.params:
        key = key_of(schema, param.name)
        set_default(session.settings, key, param)
        add_param(group, key, param)
        if isinstance(param, PaletteParam):
            color = key_of(schema, f"/color-{param.name}")
            obs.obs_data_set_default_int(session.settings, color, 0xFF808080)
            obs.obs_properties_add_color(group, color, "A colour for it")
            pick = partial(_pick, session, key, color)
            _add_button(group, session, key_of(schema, f"/add-{param.name}"), f"Add to {param.title.lower()}", pick)
        if isinstance(param, SeedParam):
            roll = partial(_roll, session, key, param)
            _add_button(group, session, key_of(schema, f"/dice-{param.name}"), f"Another {param.title.lower()}", roll)
    name = obs.obs_properties_add_text(group, key_of(schema, "/name"), "Shown in source", obs.OBS_TEXT_DEFAULT)
    obs.obs_property_set_long_description(name, "The source that shows the result; it is made where it is missing.")
    obs.obs_data_set_default_string(session.settings, key_of(schema, "/name"), f"{schema.title} (Scumble)")
    if schema.output.media != "audio":
        return
    obs.obs_properties_add_bool(group, key_of(schema, "/loop"), "Loop in OBS")
    obs.obs_data_set_default_bool(session.settings, key_of(schema, "/loop"), True)
    heard = results.names_of(lambda source: bool(obs.obs_source_get_output_flags(source) & obs.OBS_SOURCE_AUDIO))
    voice = add_list(
        group, key_of(schema, "/voice"), "Duck in OBS under", {name: name or "Nothing" for name in ("", *heard)}
    )
    words = "Turned down while that source is heard. Adjust it among the sound's filters, where it is a compressor."
    obs.obs_property_set_long_description(voice, words)
    _add_button(group, session, key_of(schema, "/duck"), "Set up ducking", partial(session.duck, schema))


def _add_clip(group: Any, session: Session, schema: EffectSchema, clip: ClipSchema) -> None:
    label, names = clip.name.replace("_", " ").capitalize(), results.sources_for(clip.media)
    key, from_key = key_of(schema, clip.name), key_of(schema, f"/from-{clip.name}")
    shown = {"": "A file, if wanted" if clip.optional else "A file", **{name: f"Source “{name}”" for name in names}}
    chooser = add_list(group, from_key, label, shown)
    file = obs.obs_properties_add_path(group, key, "", obs.OBS_PATH_FILE, _FILES[clip.media], None)

    def show_file(page: Any, _: Any, settings: Any) -> bool:
        by_path = not obs.obs_data_get_string(settings, from_key)
        obs.obs_property_set_visible(obs.obs_properties_get(page, key), by_path)
        return True

    obs.obs_property_set_modified_callback(chooser, show_file)
    obs.obs_property_set_visible(file, not obs.obs_data_get_string(session.settings, from_key))
    for added in (chooser, file):
        obs.obs_property_set_long_description(added, clip.doc)


def _pick(session: Session, key: str, color: str) -> None:
    chosen = rgb_from_number(obs.obs_data_get_int(session.settings, color)).hex
    there = obs.obs_data_get_string(session.settings, key)
    obs.obs_data_set_string(session.settings, key, f"{there},{chosen}".lstrip(","))


def _roll(session: Session, key: str, param: SeedParam) -> None:
    obs.obs_data_set_int(session.settings, key, random.randint(param.min, param.max))  # noqa: S311 - no secret
