"""Sound on the native core: instruments, the mix bus, mastering, gains and rates; 48 kHz, frames (n, 2) of float32."""

from __future__ import annotations

import mmap
import os
import tempfile
import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from scumble._native import (  # noqa: TID251 - this is the room
    Resampler,
    SoundFont,
    apply_gains,
    loudness_and_peak,
    master_sound,
    play_tracks,
)
from scumble.engine.machine import cores
from scumble.errors import MediaError

__all__ = [
    "RATE_HZ",
    "Frames",
    "Resampler",
    "SoundFont",
    "apply_gains",
    "cores",
    "empty_frames",
    "font_from_cache",
    "loudness_and_peak",
    "master_sound",
    "play_tracks",
]

RATE_HZ = 48_000
Frames = NDArray[np.float32]
Preset = tuple[int, int]
_LARGEST_IN_MEMORY = 64 << 20
_MOST_FONTS = 2
_fonts: OrderedDict[tuple[str, tuple[Preset, ...]], SoundFont] = OrderedDict()
_lock = threading.Lock()


def empty_frames(frames: int) -> Frames:
    """Returns silence of that length; a long one lies in a temporary file, so that it need not stay in memory.

    Raises MediaError (media.no_space) when the disk has no room.
    """
    size = 8 * frames
    if size <= _LARGEST_IN_MEMORY:
        return np.zeros((frames, 2), np.float32)
    try:
        with tempfile.TemporaryFile() as file:
            if hasattr(os, "posix_fallocate"):  # a mapped page that finds the disk full later would end the process
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                file.truncate(size)
            memory = mmap.mmap(file.fileno(), size)
    except OSError as error:
        hint = f"Free {size >> 20} MiB in {tempfile.gettempdir()}, or ask for a shorter sound."
        raise MediaError(f"There is no room for the sound: {error.strerror}", hint, "media.no_space") from error
    return np.frombuffer(memory, np.float32).reshape(-1, 2)


def font_from_cache(key: str, source: str | bytes, presets: list[Preset]) -> SoundFont:
    """Returns the presets of a SoundFont (path or bytes), decoded at the first call with this key, its hash.

    Raises MediaError as `SoundFont` does.
    """
    name = (key, tuple(sorted(set(presets))))
    with _lock:
        if name in _fonts:
            _fonts.move_to_end(name)
            return _fonts[name]
    font = SoundFont(source, list(name[1]))
    with _lock:
        _fonts[name] = font
        while len(_fonts) > _MOST_FONTS:
            _fonts.popitem(last=False)
    return font
