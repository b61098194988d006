"""Another sound, such as a voice, brought to the bed's rate and length, to be mixed with it."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from scumble.engine.sound import RATE_HZ, Frames, Resampler
from scumble.jobs import Progress
from scumble.media.listening import opened_sound, stereo


def add_sound(mix: Frames, path: Path, progress: Progress) -> None:
    """Adds the sound of a file to `mix` from its beginning, as long as either lasts. Raises MediaError."""
    at = 0
    with opened_sound(path) as sound:
        sides = [Resampler(sound.rate_hz, RATE_HZ) for _ in range(2)]
        for block in itertools.chain(map(stereo, sound.blocks), [None]):
            ready = [
                side.finish() if block is None else side.push(np.ascontiguousarray(block[:, number]))
                for number, side in enumerate(sides)
            ]
            frames = np.stack(ready, axis=1)[: len(mix) - at]
            mix[at : at + len(frames)] += frames
            at += len(frames)
            progress.report(at / len(mix), "Voice")
            if at == len(mix):
                return


def length_of(path: Path) -> float:
    """Returns how long the sound of a file is, in seconds, as it says itself. Raises MediaError."""
    with opened_sound(path) as sound:
        return sound.duration_s
