"""Results in the scene: a picture in an image source, a sound in a media source, ducked under a voice if wanted."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import obspython as obs
from scumble.errors import HostError
from scumble_in_obs import libobs

KINDS = {"image": ("image_source", "file", ".png"), "audio": ("ffmpeg_source", "local_file", ".wav")}
"""What is made, to the kind of source that shows it, the name of that source's setting, and the file's ending."""

DUCKING = "Scumble ducking"
# Speech peaks at about -20 to -10 dBFS: 20 to 10 dB above the threshold, of which nine tenths are taken off the bed.
_DUCKED = {"ratio": 10.0, "threshold": -30.0, "attack_time": 60, "release_time": 800, "output_gain": 0.0}


def show(path: Path, media: str, name: str, scene: str, *, below: bool, loop: bool) -> None:
    """Show a file in the source of that name, which is made in the scene where there is none; for any thread.

    A new picture is fitted into the canvas, `below` what is there already or on top. Raises HostError.
    """
    kind, setting, _ = KINDS[media]
    values: dict[str, Any] = {setting: str(path)}
    if media == "audio":
        values.update(is_local_file=True, looping=loop)
    with libobs.data_of(values) as data, libobs.source_named(name) as source, libobs.source_named(scene) as place:
        if source is not None:
            _check(source, kind, name)
            libobs.obs_source_update(source, data)
            return
        items = place and libobs.obs_scene_from_source(place)
        if not items:
            raise HostError(f"The scene “{scene}” is gone", f"The result is in {path}.", "obs.scene")
        with libobs.held(libobs.obs_source_create(kind.encode(), name.encode(), data, None)) as made:
            item = libobs.obs_scene_add(items, made)
        if media == "image":
            size = (libobs.obs_source_get_width(place), libobs.obs_source_get_height(place))
            libobs.obs_sceneitem_set_bounds_type(item, obs.OBS_BOUNDS_SCALE_INNER)
            libobs.obs_sceneitem_set_bounds(item, (ctypes.c_float * 2)(*size))
            if below:
                libobs.obs_sceneitem_set_order(item, obs.OBS_ORDER_MOVE_BOTTOM)


def duck(name: str, voice: str) -> None:
    """Let OBS's compressor turn the sound source of that name down while there is sound in `voice`.

    A filter that is there already keeps the values that the user gave it; an empty `voice` takes it away. Raises
    HostError where there is no such sound.
    """
    kind = KINDS["audio"][0]
    with libobs.source_named(name) as source:
        if source is None:
            raise HostError(f"There is no source “{name}” yet", "Apply the effect first.", "obs.source")
        _check(source, kind, name)
        with libobs.held(libobs.obs_source_get_filter_by_name(source, DUCKING.encode())) as found:
            if not voice:
                if found is not None:
                    libobs.obs_source_filter_remove(source, found)
                return
            with libobs.data_of({**({} if found else _DUCKED), "sidechain_source": voice}) as data:
                if found is not None:
                    libobs.obs_source_update(found, data)
                    return
                new = libobs.obs_source_create_private(b"compressor_filter", DUCKING.encode(), data)
                with libobs.held(new):
                    libobs.obs_source_filter_add(source, new)


def names_of(kind: str) -> list[str]:
    """Return the names of all sources of a kind."""
    return _names(lambda source: obs.obs_source_get_unversioned_id(source) == kind)


def names_with_sound() -> list[str]:
    """Return the names of all sources that can be heard: devices, media, browsers."""
    return _names(lambda source: bool(obs.obs_source_get_output_flags(source) & obs.OBS_SOURCE_AUDIO))


def file_of(name: str, media: str) -> str:
    """Return the file that the source of that name shows; empty where there is none."""
    source = obs.obs_get_source_by_name(name)
    settings = obs.obs_source_get_settings(source) if source is not None else None
    file = obs.obs_data_get_string(settings, KINDS[media][1]) if settings is not None else ""
    obs.obs_data_release(settings)
    obs.obs_source_release(source)
    return str(file)


def _names(wanted: Any) -> list[str]:
    sources = obs.obs_enum_sources() or []
    try:
        return sorted((obs.obs_source_get_name(source) for source in sources if wanted(source)), key=str.casefold)
    finally:
        obs.source_list_release(sources)


def _check(source: libobs.Pointer, kind: str, name: str) -> None:
    if libobs.obs_source_get_unversioned_id(source) != kind.encode():
        message = f"There is already a source “{name}”, and it is of another kind"
        raise HostError(message, "Give the result another name.", "obs.source_kind")
