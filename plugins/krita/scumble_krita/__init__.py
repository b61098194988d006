"""Scumble in Krita: registers the docker. Standard library and Krita's own modules only; `lib` has Scumble's part."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

from krita import DockWidgetFactory, DockWidgetFactoryBase, Krita

from scumble_krita.docker import ScumbleDocker

_SIDE = DockWidgetFactoryBase.DockPosition.DockRight
Krita.instance().addDockWidgetFactory(DockWidgetFactory("scumble", _SIDE, ScumbleDocker))
