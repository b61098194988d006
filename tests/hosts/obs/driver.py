"""Runs as a second script in OBS: does what a test asks for on OBS's UI thread, as the Scripts dialog would.

A test writes Python text beside this file and makes OBS send an event, whose callbacks run on the UI thread.
"""

from __future__ import annotations

import ctypes
import json
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import obspython as obs

FOLDER = Path(__file__).resolve().parent
_LIBRARY = ctypes.CDLL(None)
_P, _S = ctypes.c_void_p, ctypes.c_char_p
_SETTERS = {bool: "bool", int: "int", float: "double", str: "string"}


def page(*pressed: str) -> dict[str, Any]:
    """Opens the script's page, presses buttons on it, and returns what it shows: by name, text and visibility."""
    made = sys.modules["scumble_obs"].script_properties()
    try:
        for name in pressed:
            obs.obs_property_button_clicked(obs.obs_properties_get(made, name), None)
        return dict(_shown(int(made)))
    finally:
        obs.obs_properties_destroy(made)


def choose(**values: Any) -> None:
    """Changes settings of the script as the dialog does; names may be given with any characters by ``**{...}``."""
    settings = sys.modules["scumble_obs"]._session.settings
    for name, value in values.items():
        getattr(obs, f"obs_data_set_{_SETTERS[type(value)]}")(settings, name, value)


def _shown(properties: int) -> Iterator[tuple[str, dict[str, Any]]]:
    found = _P(_call("obs_properties_first", _P, properties))
    while found.value:
        kind = _call("obs_property_get_type", ctypes.c_int, found)
        label, doc = (_call(f"obs_property_{what}", _S, found) for what in ("description", "long_description"))
        visible, enabled = (_call(f"obs_property_{what}", ctypes.c_bool, found) for what in ("visible", "enabled"))
        fact = {"label": (label or b"").decode(), "doc": (doc or b"").decode(), "kind": kind}
        if kind == obs.OBS_PROPERTY_PATH:
            fact["path"] = _call("obs_property_path_type", ctypes.c_int, found)
        yield _call("obs_property_name", _S, found).decode(), {**fact, "visible": visible, "enabled": enabled}
        if kind == obs.OBS_PROPERTY_GROUP:
            yield from _shown(_call("obs_property_group_content", _P, found))
        _call("obs_property_next", ctypes.c_bool, ctypes.byref(found))  # obspython cannot walk


def _call(name: str, result: Any, *arguments: Any) -> Any:
    function = getattr(_LIBRARY, name)
    function.restype = result
    return function(*(_P(value) if isinstance(value, int) else value for value in arguments))


def on_event(event: int) -> None:
    """Runs the waiting text, on OBS's UI thread."""
    command = FOLDER / "command.py"
    if event != obs.OBS_FRONTEND_EVENT_TRANSITION_DURATION_CHANGED or not command.exists():
        return
    space: dict[str, Any] = {"obs": obs, "page": page, "choose": choose, "sys": sys, "answer": None}
    text = command.read_text("utf-8")
    command.unlink()
    began = time.perf_counter()
    try:
        exec(compile(text, "command", "exec"), space)  # noqa: S102 - the test's own
        reply = {"answer": space["answer"], "seconds": time.perf_counter() - began}
    except BaseException:
        reply = {"error": traceback.format_exc()}
    (FOLDER / "answer.part").write_text(json.dumps(reply), "utf-8")
    (FOLDER / "answer.part").replace(FOLDER / "answer.json")


def script_load(settings: object) -> None:
    """OBS calls this."""
    obs.obs_frontend_add_event_callback(on_event)
