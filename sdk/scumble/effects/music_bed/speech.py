"""Where somebody speaks in a sound, by Silero's detector, and how far the bed goes down there."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scumble.engine.sound import RATE_HZ, Resampler
from scumble.errors import MediaError
from scumble.media.listening import mono, opened_sound

if TYPE_CHECKING:
    from scumble.effect import RenderContext

Numbers = NDArray[np.float32]
_BEGINS, _GOES_ON = 0.5, 0.35
"""Probabilities: speech begins above the one and ends below the other."""
_SHORTEST_SPEECH_S = 0.1
_LONGEST_BREATH_S = 0.5
_BATCH_WINDOWS = 512
_RAMP_POINTS = 8
_SHORTEST_RAMP_S = 0.005
"""A ramp of no length would click, and have no place from which to come up again."""


class Region(NamedTuple):
    """A stretch of speech, in seconds."""

    start_s: float
    end_s: float


def speech_regions(path: Path, length_s: float, ctx: RenderContext) -> list[Region]:
    """Returns where there is speech in the first `length_s` seconds of a file's sound.

    Raises MediaError for a file without sound, and for a sound without speech (media.no_speech).
    """
    asset = ctx.asset("speech")
    settings = asset.manifest.settings
    window, context, state = (int(settings[name]) for name in ("window", "context", "state"))
    rate_hz = int(settings["rate_hz"])
    session = ctx.engine.session(asset.content, asset.manifest.asset.sha256, lambda _: ctx.progress.check())
    samples = _mono_at(path, rate_hz, length_s, ctx)
    samples = np.pad(samples, (context, -len(samples) % window))
    starts = np.arange(0, len(samples) - context, window)
    hidden = {"h": np.zeros((1, 1, state), np.float32), "c": np.zeros((1, 1, state), np.float32)}
    found: list[Numbers] = []
    for first in range(0, len(starts), _BATCH_WINDOWS):
        ctx.progress.report(0.5 + 0.5 * first / len(starts), "Speech")
        rows = starts[first : first + _BATCH_WINDOWS, None] + np.arange(window + context)
        outputs = session.run({"input": np.ascontiguousarray(samples[rows]), **hidden})
        found.append(outputs["speech_probs"].ravel())
        hidden = {"h": outputs["hn"], "c": outputs["cn"]}
    regions = regions_from_probabilities(np.concatenate(found), window / rate_hz, length_s)
    if not regions:
        hint = "Name the sound of the voice, or leave out --duck-under."
        raise MediaError(f"Nobody speaks in {path}", hint, "media.no_speech")
    return regions


def regions_from_probabilities(probabilities: Numbers, step_s: float, length_s: float) -> list[Region]:
    """Returns the regions of windows of `step_s` seconds: short ones left out, short pauses closed."""
    regions: list[Region] = []
    speaking, start = False, 0
    for number, probability in enumerate([*probabilities.tolist(), 0.0]):
        if not speaking and probability >= _BEGINS:
            speaking, start = True, number
        elif speaking and probability < _GOES_ON:
            speaking = False
            end_s = min(number * step_s, length_s)
            if end_s - start * step_s < _SHORTEST_SPEECH_S:
                continue
            if regions and start * step_s - regions[-1].end_s < _LONGEST_BREATH_S:
                regions[-1] = Region(regions[-1].start_s, end_s)
            else:
                regions.append(Region(start * step_s, end_s))
    return regions


def duck_points(regions: list[Region], depth_db: float, attack_s: float, release_s: float) -> NDArray[np.float64]:
    """Returns frames and factors, (n, 2): down by `depth_db` while somebody speaks.

    The way down ends where speech begins, since what comes is known; the way up begins where it ends. A pause too
    short for both keeps as far down as they meet. Ramps are straight in decibels and last 5 ms at least.
    """
    attack_s, release_s = max(attack_s, _SHORTEST_RAMP_S), max(release_s, _SHORTEST_RAMP_S)
    edges: dict[float, float] = {}
    for region in regions:
        edges |= {region.start_s - attack_s: 0.0, region.start_s: 1.0, region.end_s: 1.0, region.end_s + release_s: 0.0}
    fine = {time + (share - 1) * attack_s for region in regions for time in [region.start_s] for share in _shares()}
    fine |= {region.end_s + share * release_s for region in regions for share in _shares()}
    times = np.array(sorted({max(0.0, time) for time in fine | edges.keys()}))
    down = np.zeros_like(times)
    for region in regions:
        before = 1 + (times - region.start_s) / attack_s
        after = 1 - (times - region.end_s) / release_s
        down = np.maximum(down, np.clip(np.minimum(before, after), 0, 1))
    points = np.stack([np.round(times * RATE_HZ), 10 ** (-depth_db * down / 20)], axis=1)
    rising: NDArray[np.float64] = points[np.append(np.diff(points[:, 0]) > 0, True)]
    return rising


def _shares() -> list[float]:
    return [number / _RAMP_POINTS for number in range(_RAMP_POINTS + 1)]


def _mono_at(path: Path, rate_hz: int, length_s: float, ctx: RenderContext) -> Numbers:
    """Reads the beginning of a file's sound at a rate, one channel."""
    parts: list[Numbers] = []
    with opened_sound(path) as sound:
        resampler = Resampler(sound.rate_hz, rate_hz)
        wanted = math.ceil(length_s * sound.rate_hz)
        for block in sound.blocks:
            parts.append(resampler.push(mono(block[:wanted])))
            wanted -= len(block)
            ctx.progress.report(0.25, "Listening")
            if wanted <= 0:
                break
    parts.append(resampler.finish())
    samples: Numbers = np.concatenate(parts)
    if not len(samples):
        raise MediaError(f"There is no sound in {path}", "Name a file that has one.", "media.no_sound")
    return samples
