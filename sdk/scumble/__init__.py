"""Scumble: effects for creative tools, from trained models, run tiled by a native core.

Names are loaded on first use, so that importing a host-side module such as scumble.schema stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scumble.effect import Effect, discover
    from scumble.effects.background import Background
    from scumble.effects.colorize import Colorize
    from scumble.effects.music_bed import MusicBed
    from scumble.engine import Engine
    from scumble.errors import ScumbleError
    from scumble.jobs import CancelToken, Progress
    from scumble.media.audio import Audio
    from scumble.media.files import read_image, write_image
    from scumble.media.image import Image
    from scumble.media.sound import write_audio
    from scumble.params import HintPoint, Rgb
    from scumble.runner import LocalRunner

_HOMES = {
    "Audio": "scumble.media.audio",
    "Background": "scumble.effects.background",
    "CancelToken": "scumble.jobs",
    "Colorize": "scumble.effects.colorize",
    "Effect": "scumble.effect",
    "Engine": "scumble.engine",
    "HintPoint": "scumble.params",
    "Image": "scumble.media.image",
    "LocalRunner": "scumble.runner",
    "MusicBed": "scumble.effects.music_bed",
    "Progress": "scumble.jobs",
    "Rgb": "scumble.params",
    "ScumbleError": "scumble.errors",
    "discover": "scumble.effect",
    "read_image": "scumble.media.files",
    "write_audio": "scumble.media.sound",
    "write_image": "scumble.media.files",
}

__all__ = [
    "Audio",
    "Background",
    "CancelToken",
    "Colorize",
    "Effect",
    "Engine",
    "HintPoint",
    "Image",
    "LocalRunner",
    "MusicBed",
    "Progress",
    "Rgb",
    "ScumbleError",
    "discover",
    "read_image",
    "write_audio",
    "write_image",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'scumble' has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
