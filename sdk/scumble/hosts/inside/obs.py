"""Runs as a second script in OBS: whether ours was loaded, and whether it answers when OBS asks for its properties."""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import obspython as obs

PLUGIN = "scumble_obs"


def script_load(settings: object) -> None:
    """OBS calls this; all scripts of the collection are loaded when the timer fires."""
    obs.timer_add(answer, 500)


def answer() -> None:
    """Writes what was found, once."""
    obs.timer_remove(answer)
    found: dict[str, Any] = {"names": [], "reason": "", "version": obs.obs_get_version_string()}
    try:
        script = sys.modules[PLUGIN]
        properties = script.script_properties()
        if properties is None:
            raise RuntimeError("the script has no properties")
        obs.obs_properties_destroy(properties)
        found["names"].append(PLUGIN)
    except KeyError:
        found["reason"] = f"OBS did not load {PLUGIN}"
    except BaseException:  # whatever it is, it is the answer
        found["reason"] = traceback.format_exc()
    path = Path(os.environ["SCUMBLE_PROBE"])
    path.with_suffix(".part").write_text(json.dumps(found), "utf-8")
    path.with_suffix(".part").replace(path)
