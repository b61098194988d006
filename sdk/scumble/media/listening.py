"""Reads sounds block by block: sound files by soundfile, others, such as a video's, by PyAV if it is there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scumble.errors import MediaError

Samples = NDArray[np.float32]
_BLOCK_FRAMES = 1 << 16
_MOST_CHANNELS = 32
_CENTRE = np.float32(np.sqrt(0.5))


class Sound(NamedTuple):
    """A sound that is read as it is asked for: `blocks` are of shape (n, channels), full scale ±1."""

    rate_hz: int
    channels: int
    duration_s: float
    """As its file says; what comes may be a little shorter or longer."""
    blocks: Iterator[Samples]


@contextlib.contextmanager
def opened_sound(path: str | os.PathLike[str]) -> Iterator[Sound]:
    """Opens the sound of a file.

    Raises MediaError: media.missing, media.no_sound (none in it, or no length), media.unknown_format, and, while
    blocks are read, media.damaged.
    """
    import soundfile

    place = Path(path)
    if not place.is_file():
        raise MediaError(f"There is no file {place}", "Check the path.", "media.missing")
    try:
        file = soundfile.SoundFile(str(place))
    except (RuntimeError, OSError):
        with _opened_by_av(place) as sound:
            yield sound
        return
    with file:
        if not file.frames:
            raise _no_sound(place)
        blocks = _clean(file.blocks(_BLOCK_FRAMES, dtype="float32", always_2d=True), place, (RuntimeError,))
        yield _checked(Sound(file.samplerate, file.channels, file.frames / file.samplerate, blocks), place)


def mono(block: Samples) -> Samples:
    """Returns the mean of all channels, shape (n,)."""
    mean: Samples = block.mean(1, dtype=np.float32)
    return mean


def stereo(block: Samples) -> Samples:
    """Returns left and right, shape (n, 2): one channel on both, a third one (the middle) on both 3 dB lower."""
    if block.shape[1] == 1:
        return np.repeat(block, 2, axis=1)
    sides: Samples = np.ascontiguousarray(block[:, :2])
    return sides + _CENTRE * block[:, 2:3] if block.shape[1] > 2 else sides


def _clean(blocks: Iterator[Any], place: Path, errors: tuple[type[Exception], ...]) -> Iterator[Samples]:
    """Gives the blocks with 0 for what is no number. Raises MediaError for what cannot be decoded."""
    try:
        for block in blocks:
            yield np.nan_to_num(block, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    except errors as error:
        hint = "Bring back an undamaged copy."
        raise MediaError(f"The sound of {place} is damaged: {error}", hint, "media.damaged") from error


def _checked(sound: Sound, place: Path) -> Sound:
    if not 1 <= sound.channels <= _MOST_CHANNELS:
        raise MediaError(f"{place} has {sound.channels} channels", f"At most {_MOST_CHANNELS} are read.", "media.sound")
    return sound


def _no_sound(place: Path) -> MediaError:
    return MediaError(f"There is no sound in {place}", "Name a file that has one.", "media.no_sound")


@contextlib.contextmanager
def _opened_by_av(place: Path) -> Iterator[Sound]:
    try:
        import av
    except ImportError:
        message = f"{place} is no sound file that can be read without PyAV"
        hint = "For videos: pip install 'scumble[video]'. For sounds: use WAV, FLAC, OGG or MP3."
        raise MediaError(message, hint, "media.unknown_format") from None
    try:
        container = av.open(str(place))
    except (av.FFmpegError, ValueError, OSError) as error:
        message = f"{place} is no sound or video that can be read: {error}"
        raise MediaError(message, "Use WAV, FLAC, OGG, MP3, MP4, MKV or WebM.", "media.unknown_format") from error
    with container:
        if not container.streams.audio:
            raise _no_sound(place)
        stream = container.streams.audio[0]
        length_s = (container.duration or 0) / av.time_base
        if stream.duration and stream.time_base:
            length_s = float(stream.duration * stream.time_base)
        resampler = av.AudioResampler(format="flt", rate=stream.rate)

        def blocks() -> Iterator[Samples]:
            for frame in (*container.decode(stream), None):
                for part in resampler.resample(frame):
                    yield part.to_ndarray().reshape(-1, stream.channels).astype(np.float32)

        errors: tuple[type[Exception], ...] = (av.FFmpegError, ValueError)
        yield _checked(Sound(stream.rate, stream.channels, length_s, _clean(blocks(), place, errors)), place)
