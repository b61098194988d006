"""Results in the scene: a picture in an image source, a sound in a media source, ducked under a voice if wanted."""

from __future__ import annotations

import ctypes
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import obspython as obs

from scumble.errors import HostError, JobCancelled
from scumble.schema import EffectSchema
from scumble_in_obs import libobs

KINDS = {"image": ("image_source", "file", ".png"), "audio": ("ffmpeg_source", "local_file", ".wav")}
"""What is made, to the kind of source that shows it, the name of that source's setting, and the file's ending."""

shot_taken = threading.Event()
"""Set whenever OBS has saved a picture of a source or of the canvas; the script hands the event on."""

_DRAWN_S, _POLL_S = 10.0, 0.03
_DUCKING = b"Scumble ducking"
# Speech peaks at about -20 to -10 dBFS: 10 to 20 dB above the threshold, of which nine tenths are taken off the bed.
_DUCKED = {"ratio": 10.0, "threshold": -30.0, "attack_time": 60, "release_time": 800, "output_gain": 0.0}


class Order(NamedTuple):
    """One press of the button: the effect with plain values and files, the file it makes, and how that is shown."""

    schema: EffectSchema
    values: dict[str, Any]
    files: dict[str, str]
    shots: dict[str, str]  # those of the files that OBS has to draw first, each with the source that it shows
    path: Path
    name: str
    scene: str  # where the source of that name is made, if there is none
    size: tuple[int, int]  # of the canvas, in pixels
    loop: bool
    voice: str


def show(order: Order) -> None:
    """Show the file that was made; a new picture is fitted into the canvas. For any thread. Raises HostError."""
    media = order.schema.output.media
    kind, setting, _ = KINDS[media]
    sound = {"is_local_file": True, "looping": order.loop} if media == "audio" else {}
    with libobs.data_of({setting: str(order.path), **sound}) as data, libobs.source_named(order.name) as source:
        if source is not None:
            _check(source, kind, order.name)
            libobs.obs_source_update(source, data)
        else:
            _add(order, data)
    if media == "audio" and order.voice:
        duck(order.name, order.voice)


def _add(order: Order, data: int) -> None:
    kind = KINDS[order.schema.output.media][0]
    with libobs.source_named(order.scene) as scene:
        items = scene and libobs.obs_scene_from_source(scene)
        if not items:
            raise HostError(f"The scene “{order.scene}” is gone", f"The result is in {order.path}.", "obs.scene")
        with libobs.held(libobs.obs_source_create(kind.encode(), order.name.encode(), data, None)) as made:
            item = libobs.obs_scene_add(items, made)
        if order.schema.output.media == "image":
            libobs.obs_sceneitem_set_bounds_type(item, obs.OBS_BOUNDS_SCALE_INNER)
            libobs.obs_sceneitem_set_bounds(item, (ctypes.c_float * 2)(*order.size))
            if order.schema.context == "generator":  # others stand in front of it
                libobs.obs_sceneitem_set_order(item, obs.OBS_ORDER_MOVE_BOTTOM)


def duck(name: str, voice: str) -> None:
    """Let OBS's compressor turn the sound of that name down while there is sound in the source `voice`.

    A filter that is there keeps the values that the user gave it; an empty `voice` takes it away. Raises HostError.
    """
    with libobs.source_named(name) as source:
        if source is None:
            raise HostError(f"There is no source “{name}” yet", "Make the sound first.", "obs.source")
        _check(source, KINDS["audio"][0], name)
        with libobs.held(libobs.obs_source_get_filter_by_name(source, _DUCKING)) as found:
            if found is not None and not voice:
                libobs.obs_source_filter_remove(source, found)
            if not voice:
                return
            with libobs.data_of({**({} if found else _DUCKED), "sidechain_source": voice}) as data:
                if found is not None:
                    libobs.obs_source_update(found, data)
                    return
                with libobs.held(libobs.obs_source_create_private(b"compressor_filter", _DUCKING, data)) as new:
                    libobs.obs_source_filter_add(source, new)


def names_of(wanted: Callable[[Any], bool]) -> list[str]:
    """Return the names of the sources that are wanted."""
    sources = obs.obs_enum_sources() or []
    try:
        return sorted((obs.obs_source_get_name(source) for source in sources if wanted(source)), key=str.casefold)
    finally:
        obs.source_list_release(sources)


def sources_for(media: str) -> list[str]:
    """Return the names of the sources that can be taken: what shows any picture, or what plays a sound file."""
    if media == "image":
        return names_of(lambda source: bool(obs.obs_source_get_output_flags(source) & obs.OBS_SOURCE_VIDEO))
    return names_of(lambda source: bool(obs.obs_source_get_unversioned_id(source) == KINDS[media][0]))


def file_of(name: str, media: str) -> str:
    """Return the file that the source of that name shows; empty where it is none of the kind that shows files."""
    source = obs.obs_get_source_by_name(name)
    settings = obs.obs_source_get_settings(source)
    kind, setting, _ = KINDS[media]
    file = obs.obs_data_get_string(settings, setting) if obs.obs_source_get_unversioned_id(source) == kind else ""
    obs.obs_data_release(settings)
    obs.obs_source_release(source)
    return str(file or "")


def draw(name: str, path: str, cancelled: threading.Event) -> None:
    """Have OBS draw what a source shows now into a picture file; takes a few frames. For a thread of ours.

    Waits for the first frame of a film that has just begun: of a source without a size OBS takes no picture, now or
    later. Raises HostError, or JobCancelled.
    """
    deadline = time.monotonic() + _DRAWN_S

    def wait_for(happened: Callable[[], object]) -> None:
        while not happened():
            if cancelled.wait(_POLL_S):
                raise JobCancelled(f"drawing {name} was cancelled")
            if time.monotonic() > deadline:
                raise HostError(f"The source “{name}” shows no picture", "Let it play, or choose a file.", "obs.source")

    with libobs.source_named(name) as source:
        if source is None:
            raise HostError(f"The source “{name}” is gone", "Choose another one.", "obs.source")
        wait_for(lambda: libobs.obs_source_get_width(source))
        shot_taken.clear()  # the file's name would not tell: OBS gives it again once the file was taken away
        libobs.obs_frontend_take_source_screenshot(source)
        wait_for(shot_taken.is_set)
    try:
        shutil.move(libobs.last_screenshot(), path)
    except OSError as error:
        raise HostError(
            f"{path} cannot be written: {error.strerror}", "Choose another folder.", "obs.folder"
        ) from error


def _check(source: int, kind: str, name: str) -> None:
    if libobs.obs_source_get_unversioned_id(source) != kind.encode():
        raise HostError(f"“{name}” is a source of another kind", "Give the result another name.", "obs.source_kind")
