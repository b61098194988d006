"""Sound files: written whole or not at all, by soundfile."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from scumble.errors import MediaError
from scumble.media.atomic import atomic_path, unwritable
from scumble.media.audio import Audio

SOUND_FORMATS = {".wav": ("WAV", "PCM_24"), ".flac": ("FLAC", "PCM_24"), ".ogg": ("OGG", "VORBIS")}
"""Suffix to container and sample format, as libsndfile calls them."""


def sound_format_from_name(path: str | os.PathLike[str]) -> tuple[str, str]:
    """Returns container and sample format of a sound file's name. Raises MediaError for other suffixes."""
    found = SOUND_FORMATS.get(Path(path).suffix.lower())
    if found is None:
        message = f"{Path(path).name!r} does not end in a sound format that is written here"
        raise MediaError(message, f"End the name in one of {', '.join(SOUND_FORMATS)}.", "media.unknown_format")
    return found


def write_audio(path: str | os.PathLike[str], audio: Audio) -> None:
    """Writes a sound, 24 bits a sample (Vorbis for .ogg). Raises MediaError; then no file is left."""
    import soundfile

    container, subtype = sound_format_from_name(path)
    samples = np.frombuffer(audio.data, np.float32).reshape(-1, audio.channels)
    with atomic_path(path) as temporary:
        try:
            soundfile.write(str(temporary), samples, audio.rate_hz, subtype, format=container)
        except (RuntimeError, OSError) as error:
            raise unwritable(Path(path), str(error)) from error
