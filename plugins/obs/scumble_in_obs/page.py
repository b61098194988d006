"""The script's page in the Scripts dialog, made from the schemas: a chooser, buttons, what is going on, and values.

OBS shows what the page holds when it draws it, which it does after a press of a button and after a choice, and never
by itself: so progress is seen after a press of "Refresh", and in the script log without one.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import obspython as obs
from scumble.params import SeedParam
from scumble.schema import ClipSchema, EffectSchema
from scumble_in_obs import results
from scumble_in_obs.session import EFFECT, FOLDER, Session, key_of, own_key
from scumble_in_obs.values import add_list, add_param, set_default

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
    buttons = {
        "apply": ("Apply", lambda page, _: _pressed(page, session, session.apply)),
        "cancel": ("Cancel", lambda page, _: session.cancel() or _refresh(page, session)),
        "refresh": ("Refresh", lambda page, _: session.ask_for_effects() or _refresh(page, session)),
    }
    for name, (label, pressed) in buttons.items():
        obs.obs_properties_add_button(page, name, label, pressed)
    obs.obs_properties_add_text(page, "status", "", obs.OBS_TEXT_INFO)
    folder = obs.obs_properties_add_path(page, FOLDER, "Results go to", obs.OBS_PATH_DIRECTORY, None, None)
    obs.obs_property_set_long_description(folder, "Each result is a new file, with a record of how it was made.")
    recordings = obs.obs_frontend_get_current_record_output_path() or Path.home()
    obs.obs_data_set_default_string(session.settings, FOLDER, str(Path(recordings) / "Scumble"))
    _refresh(page, session)
    return page


def _refresh(page: Any, session: Session) -> bool:
    """Bring the page up to date; returns True, so that OBS draws it."""
    chooser = obs.obs_properties_get(page, EFFECT)
    for schema in session.effects:
        if obs.obs_properties_get(page, schema.id) is None:
            obs.obs_property_list_add_string(chooser, schema.title, schema.id)
            group = obs.obs_properties_create()
            _add_effect(group, session, schema)
            obs.obs_properties_add_group(page, schema.id, schema.title, obs.OBS_GROUP_NORMAL, group)
    if session.effects:
        obs.obs_data_set_default_string(session.settings, EFFECT, session.effects[0].id)
    chosen = _chosen(session)
    for schema in session.effects:
        obs.obs_property_set_visible(obs.obs_properties_get(page, schema.id), schema is chosen)
    apply = obs.obs_properties_get(page, "apply")
    obs.obs_property_set_enabled(apply, chosen is not None)
    obs.obs_property_set_description(apply, "Generate" if chosen and chosen.context == "generator" else "Apply")
    obs.obs_property_set_enabled(obs.obs_properties_get(page, "cancel"), session.busy)
    status = obs.obs_properties_get(page, "status")
    waiting = not session.effects and not session.failed
    words = "Scumble is being asked for its effects; press Refresh in a moment." if waiting else session.status
    obs.obs_property_set_description(status, words)
    kind = obs.OBS_TEXT_INFO_ERROR if session.failed else obs.OBS_TEXT_INFO_NORMAL
    obs.obs_property_text_set_info_type(status, kind)
    return True


def _chosen(session: Session) -> EffectSchema | None:
    name = obs.obs_data_get_string(session.settings, EFFECT)
    return next((schema for schema in session.effects if schema.id == name), None)


def _pressed(page: Any, session: Session, verb: Any) -> bool:
    schema = _chosen(session)
    if schema is not None:
        verb(schema)
    return _refresh(page, session)


def _add_effect(group: Any, session: Session, schema: EffectSchema) -> None:
    """Add what one effect asks for: its files, its values, and how its result is shown."""
    obs.obs_properties_add_text(group, own_key(schema, "doc"), schema.doc.partition("\n\n")[0], obs.OBS_TEXT_INFO)
    for clip in schema.clips:
        _add_clip(group, session, schema, clip)
    for param in schema.params:
        key = key_of(schema, param.name)
        set_default(session.settings, key, param)
        add_param(group, key, param)
        if isinstance(param, SeedParam):
            pressed = _dice(session, key, param)
            obs.obs_properties_add_button(group, own_key(schema, f"dice-{param.name}"), f"Other {param.title}", pressed)
    name = obs.obs_properties_add_text(group, own_key(schema, "name"), "Shown in source", obs.OBS_TEXT_DEFAULT)
    obs.obs_property_set_long_description(name, "The source that shows the result; it is made where it is missing.")
    obs.obs_data_set_default_string(session.settings, own_key(schema, "name"), f"{schema.title} (Scumble)")
    if schema.output.media == "audio":
        _add_sound(group, session, schema)


def _add_clip(group: Any, session: Session, schema: EffectSchema, clip: ClipSchema) -> None:
    label = clip.name.replace("_", " ").capitalize()
    names = results.names_of(results.KINDS[clip.media][0])
    key, from_key = key_of(schema, clip.name), own_key(schema, f"from-{clip.name}")
    chooser = add_list(group, from_key, label, {"": "A file", **{name: f"Source “{name}”" for name in names}})
    file = obs.obs_properties_add_path(group, key, f"{label}: file", obs.OBS_PATH_FILE, _FILES[clip.media], None)
    for added in (chooser, file):
        obs.obs_property_set_long_description(added, clip.doc)

    def show_file(page: Any, _: Any, settings: Any) -> bool:
        by_path = not obs.obs_data_get_string(settings, from_key)
        obs.obs_property_set_visible(obs.obs_properties_get(page, key), by_path)
        return True

    obs.obs_property_set_modified_callback(chooser, show_file)
    obs.obs_property_set_visible(file, not obs.obs_data_get_string(session.settings, from_key))


def _add_sound(group: Any, session: Session, schema: EffectSchema) -> None:
    loop = obs.obs_properties_add_bool(group, own_key(schema, "loop"), "Loop")
    obs.obs_property_set_long_description(loop, "Begins again at its end.")
    obs.obs_data_set_default_bool(session.settings, own_key(schema, "loop"), True)
    voices = {"": "Nothing", **{name: name for name in results.names_with_sound()}}
    voice = add_list(group, own_key(schema, "voice"), "Turn down under", voices)
    words = "The sound is turned down while this source is heard: OBS's own compressor, which you can adjust as a filter."
    obs.obs_property_set_long_description(voice, words)
    obs.obs_properties_add_button(
        group, own_key(schema, "duck"), "Set up ducking now", lambda page, _: _pressed(page, session, session.duck)
    )


def _dice(session: Session, key: str, param: SeedParam) -> Any:
    def roll(page: Any, _: Any) -> bool:
        obs.obs_data_set_int(session.settings, key, random.randint(param.min, param.max))  # noqa: S311 - no secret
        return True

    return roll
