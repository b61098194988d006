"""Beds by the product's Python API, as sound and files, and the scores that the same wishes are."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile

from benchmarks.music_bed.hearing import Sound, sound_from_bytes
from scumble import MusicBed
from scumble.effect import Extras
from scumble.errors import BundleNotFound
from scumble.models.store import find_asset


class Made(NamedTuple):
    """A bed: its sound, its MIDI file's bytes, and its stems by name where they were asked for."""

    sound: Sound
    midi: bytes
    stems: dict[str, Sound]


def sound_of(**values: Any) -> Sound:
    """Returns the sound of a bed with these parameters."""
    return sound_from_bytes(MusicBed(**values)().data)


def made(*, stems: bool = False, **values: Any) -> Made:
    """Returns a bed with these parameters and what is written beside it."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        extras = Extras()
        asked: dict[str, Any] = {"stems": place / "stems"} if stems else {}
        audio = MusicBed(midi=place / "bed.mid", **asked, **values)(extras=extras)
        with extras.written():
            pass
        parts = {path.stem: read_sound(path) for path in sorted((place / "stems").glob("*.wav"))} if stems else {}
        return Made(sound_from_bytes(audio.data), (place / "bed.mid").read_bytes(), parts)


def read_sound(path: Path) -> Sound:
    """Returns the frames of a stereo file at 48 kHz."""
    frames, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate_hz == 48_000
    return np.asarray(frames, np.float32)


def has_composer() -> bool:
    """True when the bundle of the trained composer is installed."""
    try:
        find_asset("composer")
    except BundleNotFound:
        return False
    return True
