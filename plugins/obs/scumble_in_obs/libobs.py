"""libobs's own functions for threads of ours: called through ctypes, and therefore without Python's lock.

The functions of obspython keep that lock. While OBS decodes a picture, in `obs_source_create`, every script and the
Scripts dialog would wait for it; and a callback that OBS calls under a lock of its own could wait for ever.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import sys
from collections.abc import Iterator
from typing import Any

_library, _frontend = (ctypes.CDLL(name if sys.platform == "win32" else None) for name in ("obs", "obs-frontend-api"))
_P, _S, _I = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int


def _function(name: str, result: Any, *arguments: Any) -> Any:
    function = getattr(_frontend if "_frontend_" in name else _library, name)
    function.restype, function.argtypes = result, arguments
    return function


obs_source_create = _function("obs_source_create", _P, _S, _S, _P, _P)
obs_source_create_private = _function("obs_source_create_private", _P, _S, _S, _P)
obs_source_update = _function("obs_source_update", None, _P, _P)
obs_source_get_unversioned_id = _function("obs_source_get_unversioned_id", _S, _P)
obs_source_get_filter_by_name = _function("obs_source_get_filter_by_name", _P, _P, _S)
obs_source_filter_add = _function("obs_source_filter_add", None, _P, _P)
obs_source_filter_remove = _function("obs_source_filter_remove", None, _P, _P)
obs_source_get_width = _function("obs_source_get_width", ctypes.c_uint32, _P)
obs_scene_from_source = _function("obs_scene_from_source", _P, _P)
obs_scene_add = _function("obs_scene_add", _P, _P, _P)
obs_sceneitem_set_bounds_type = _function("obs_sceneitem_set_bounds_type", None, _P, _I)
obs_sceneitem_set_bounds = _function("obs_sceneitem_set_bounds", None, _P, ctypes.POINTER(ctypes.c_float * 2))
obs_sceneitem_set_order = _function("obs_sceneitem_set_order", None, _P, _I)
obs_frontend_take_source_screenshot = _function("obs_frontend_take_source_screenshot", None, _P)
_last_screenshot = _function("obs_frontend_get_last_screenshot", _P)
_free = _function("bfree", None, _P)
_source_named = _function("obs_get_source_by_name", _P, _S)
_source_release = _function("obs_source_release", None, _P)
_data_from_json = _function("obs_data_create_from_json", _P, _S)
_data_release = _function("obs_data_release", None, _P)


@contextlib.contextmanager
def held(source: int | None) -> Iterator[int | None]:
    """Give a source that we hold a reference of, or None, and release it afterwards."""
    try:
        yield source
    finally:
        _source_release(source)


def source_named(name: str) -> contextlib.AbstractContextManager[int | None]:
    """Give the source of that name, None where there is none, for as long as it is needed."""
    return held(_source_named(name.encode()))


def last_screenshot() -> str:
    """Return the file of the last picture that OBS took of a source or of the canvas; empty where there is none."""
    found = _last_screenshot()
    path = ctypes.string_at(found).decode() if found else ""
    _free(found)
    return path


@contextlib.contextmanager
def data_of(values: dict[str, Any]) -> Iterator[int]:
    """Give settings as OBS takes them, for as long as they are needed."""
    data = _data_from_json(json.dumps(values).encode())
    try:
        yield data
    finally:
        _data_release(data)
