"""Runs in kritarunner: imports the adapter as Krita does, and makes each docker that it registers."""

from __future__ import annotations

import json
import os
import traceback
from pathlib import Path
from typing import Any

import krita

PLUGIN = "scumble_krita"


def main(arguments: object) -> None:
    """Kritarunner calls this."""
    factories: list[Any] = []
    told = krita.Krita.addDockWidgetFactory

    def heard(self: Any, factory: Any) -> None:
        factories.append(factory)
        told(self, factory)

    krita.Krita.addDockWidgetFactory = heard
    found: dict[str, Any] = {"names": [], "reason": "", "version": krita.Krita.instance().version()}
    try:
        __import__(PLUGIN)
        for factory in factories:
            docker = factory.createDockWidget()
            found["names"].append(docker.windowTitle())
    except BaseException:  # whatever it is, it is the answer
        found["reason"] = traceback.format_exc()
    Path(os.environ["SCUMBLE_PROBE"]).write_text(json.dumps(found), "utf-8")
