"""Scumble in OBS Studio: the script that OBS loads. Its rooms lie beside it, the host-side part of scumble in lib/."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [entry for entry in (str(_FOLDER), str(_FOLDER / "lib")) if entry not in sys.path]

import obspython as obs  # noqa: E402
from scumble_in_obs import page, results  # noqa: E402
from scumble_in_obs.session import Session  # noqa: E402

_session: Session | None = None


def script_description() -> str:
    """Return what OBS shows above the page."""
    return "<b>Scumble</b>: effects make pictures and sounds, which become sources. OBS goes on meanwhile."


def script_load(settings: Any) -> None:
    """Start: with OBS, after a reload, and with every scene collection."""
    global _session
    _session = Session(settings, __file__)
    obs.obs_frontend_add_event_callback(_on_event)
    # One timer for the script's whole life: obspython can crash when timers come and go while other callbacks run.
    obs.timer_add(_session.write_log, 100)  # ms


def _on_event(event: int) -> None:
    if event == obs.OBS_FRONTEND_EVENT_SCREENSHOT_TAKEN:
        results.shot_taken.set()


def script_unload() -> None:
    """Stop; OBS itself has removed the timer and every other callback by now."""
    if _session is not None:
        _session.close()


def script_properties() -> Any:
    """Return the script's page of the Scripts dialog."""
    return page.properties(_session) if _session is not None else obs.obs_properties_create()
