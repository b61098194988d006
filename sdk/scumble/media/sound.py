"""Sound files: written whole or not at all, by soundfile."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np

from scumble.errors import MediaError
from scumble.media.atomic import atomic_path, unwritable
from scumble.media.audio import Audio
from scumble.media.ogg import number_stream
from scumble.media.waiting import Listener

SOUND_FORMATS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG"}
"""Suffix to container, as libsndfile calls it."""
_SUBTYPES = {"16-bit": "PCM_16", "24-bit": "PCM_24", "float": "FLOAT"}
_BLOCK_FRAMES = 1 << 16
_LARGEST_WAV = (1 << 32) - 64
_IEEE_FLOAT = 3
_VORBIS_LEVEL = 0.3
"""About 190 kbit/s. At libsndfile's own 0.6, 120 kbit/s, a bed of music comes out 0.1 LU softer than it was."""


def sound_format_from_name(path: str | os.PathLike[str]) -> str:
    """Returns the container of a sound file's name. Raises MediaError for other suffixes."""
    found = SOUND_FORMATS.get(Path(path).suffix.lower())
    if found is None:
        message = f"{Path(path).name!r} does not end in a sound format that is written here"
        raise MediaError(message, f"End the name in one of {', '.join(SOUND_FORMATS)}.", "media.unknown_format")
    return found


def check_sample_format(path: str | os.PathLike[str], sample_format: str) -> str:
    """Returns the container of a sound file's name. Raises MediaError when it cannot hold such samples."""
    container = sound_format_from_name(path)
    if container == "FLAC" and sample_format == "float":
        raise MediaError("FLAC holds no float samples", "Choose 24-bit, or a name that ends in .wav.", "media.sound")
    return container


def write_audio(path: str | os.PathLike[str], audio: Audio, progress: Listener = None) -> None:
    """Writes a sound in its sample format (Vorbis for .ogg); the same sound is the same bytes.

    `progress` is called with the share done, block by block. Raises MediaError, FLAC holds no float: media.sound; and
    what `progress` raises. Then no file is left.
    """
    import soundfile

    container = check_sample_format(path, audio.sample_format)
    samples = np.frombuffer(audio.data, np.float32).reshape(-1, audio.channels)
    with atomic_path(path) as temporary:
        try:
            if container == "WAV" and audio.sample_format == "float":
                _write_float_wav(temporary, audio, progress)
                return
            subtype = "VORBIS" if container == "OGG" else _SUBTYPES[audio.sample_format]
            finer = {"compression_level": _VORBIS_LEVEL} if container == "OGG" else {}
            with soundfile.SoundFile(
                str(temporary), "w", audio.rate_hz, audio.channels, subtype, format=container, **finer
            ) as file:
                for start in range(0, len(samples), _BLOCK_FRAMES):  # libvorbis takes a long block on the stack
                    _tell(progress, start / len(samples))
                    file.write(samples[start : start + _BLOCK_FRAMES])
            if container == "OGG":
                with temporary.open("r+b") as stream:
                    number_stream(stream)
        except (RuntimeError, OSError) as error:
            raise unwritable(Path(path), str(error)) from error


def _tell(progress: Listener, fraction: float) -> None:
    if progress is not None:
        progress(fraction)


def _write_float_wav(path: Path, audio: Audio, progress: Listener) -> None:
    """Writes float samples as they are; libsndfile would add the time of writing, and so other bytes each time."""
    size, frame_bytes = len(audio.data), 4 * audio.channels
    if size > _LARGEST_WAV:
        raise MediaError("The sound is too long for a WAV file", "Choose 16-bit or 24-bit.", "media.sound")
    form = struct.pack(
        "<HHIIHHH", _IEEE_FLOAT, audio.channels, audio.rate_hz, audio.rate_hz * frame_bytes, frame_bytes, 32, 0
    )
    parts = b"WAVE" + b"fmt " + struct.pack("<I", len(form)) + form + b"fact" + struct.pack("<II", 4, audio.frames)
    with path.open("wb") as stream:
        stream.write(b"RIFF" + struct.pack("<I", len(parts) + 8 + size) + parts + b"data" + struct.pack("<I", size))
        samples = np.frombuffer(audio.data, np.float32)
        for start in range(0, len(samples), _BLOCK_FRAMES):
            _tell(progress, start / len(samples))
            stream.write(samples[start : start + _BLOCK_FRAMES].astype("<f4").tobytes())
