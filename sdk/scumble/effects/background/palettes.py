"""Colours of a background: ours where none are given, those of a picture, and what the mood makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scumble.errors import ParamError
from scumble.media.arrays import codes_from_image
from scumble.media.scaling import scaled
from scumble.params import Rgb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scumble.engine import Engine
    from scumble.media.image import Image

Floats = NDArray[np.float32]

_OURS = """
#0f1b3d #1f3f8f #6a5acd #f27fb2 #ffd6a5
#10131f #23395b #406e8e #8ea8c3 #f4d58d
#0b132b #1c2541 #3a506b #5bc0be #c6fff6
#1a1033 #4a1a6b #b5367a #fb8761 #fcdc9a
#14213d #24436e #fca311 #ffd27a #fff1d6
#f7efe5 #f3c9a8 #e58f7b #a65e6e #4d3b5c
#fdf6ec #cfe3dc #8fb8b0 #4f7c82 #23424f
#e8f1f2 #b3d5e6 #6fa3c7 #3a6ea5 #20396b
#fff4e0 #ffd29d #ff9f80 #e0607e #6b3074
#0d2b24 #1c5f4a #4fa36c #b9d77a #f7f4b7
#1d1a22 #4b2840 #93354c #e2725b #f5c396
#f4f1ec #d9cfc1 #b5a48f #7c6f64 #3f3b3a
#12232e #0f5d73 #15a3a8 #8be0c9 #f9f3d9
#241023 #6b0f3d #d5405d #ff8b6a #ffe0b5
#eef2fb #ccd3f0 #a79fd8 #7a63b5 #3b2a66
#101820 #2b3f55 #f2aa4c #f7cd8f #fdf0dc
#f0f7ee #c4dfc0 #84b896 #3f7d6c #183c3f
#0c1424 #27306b #5b3fa8 #c04cc4 #ff9bd0
"""

OURS: tuple[tuple[Rgb, ...], ...] = tuple(
    tuple(Rgb.from_hex(word) for word in line.split()) for line in _OURS.strip().splitlines()
)
"""Palettes of our own: the ground first, then from its neighbours to the accent."""

_STREAM = 7000
_THUMBNAIL_SIDE = 96
_MOST_FROM_PICTURE = 5
_ROUNDS = 25
_LEAST_DISTANCE = 9.0  # in Lab: nearer colours count as one
_BRIGHTNESS_REACH = 26.0  # of L, at either end of the slider
_WARMTH_REACH = (8.0, 36.0)  # of a and b


def own_palette(engine: Engine, seed: int, blend: tuple[int, float] | None) -> Floats:
    """Returns the palette that chance picks for a seed, sRGB 0 to 1, (5, 3); mixed in Lab on the way to another."""

    def picked(seed: int) -> Floats:
        draw = float(engine.noise(seed, _STREAM, (0, 0, 1, 1), kind="uniform")[0, 0, 0])
        return unit_colours(OURS[min(int(draw * len(OURS)), len(OURS) - 1)])

    if blend is None or blend[1] in (0, 1):
        return picked(blend[0] if blend is not None and blend[1] == 1 else seed)
    first, second = engine.lab_from_rgb(picked(seed)), engine.lab_from_rgb(picked(blend[0]))
    return engine.rgb_from_lab(first + np.float32(blend[1]) * (second - first))


def unit_colours(colors: Sequence[Rgb]) -> Floats:
    """Returns colours as sRGB 0 to 1, (n, 3)."""
    return np.asarray(colors, np.float32).reshape(-1, 3) / np.float32(255)


def palette_of_picture(engine: Engine, picture: Image) -> Floats:
    """Returns up to five colours that stand for a picture, the commonest first: k-means in Lab of a small copy.

    Starts from the commonest colour and those farthest from it, so that the same picture gives the same colours.
    Transparent pixels do not count. Colours that look alike are one.
    """
    scale = _THUMBNAIL_SIDE / max(picture.width, picture.height)
    width, height = (max(1, round(side * min(1.0, scale))) for side in (picture.width, picture.height))
    pixels = codes_from_image(scaled(picture, width, height)).reshape(-1, picture.channels) / np.float32(255)
    seen = pixels[:, -1] > 0.5 if picture.model.has_alpha else np.ones(len(pixels), bool)
    if not seen.any():
        message = "The picture to take colours from is transparent everywhere"
        raise ParamError(message, "Give a picture that shows something.", "param.palette_from")
    colours = pixels[seen][:, : 1 if picture.model.is_gray else 3]
    lab = engine.lab_from_rgb(np.ascontiguousarray(np.broadcast_to(colours, (len(colours), 3)), np.float32))
    means, weights = _clustered(lab)
    kept: list[int] = []
    for index in np.argsort(-weights, kind="stable"):
        near = any(np.linalg.norm(means[index] - means[other]) < _LEAST_DISTANCE for other in kept)
        if weights[index] > 0 and not near:
            kept.append(int(index))
    return engine.rgb_from_lab(np.ascontiguousarray(means[kept], np.float32))


def in_mood(engine: Engine, palette: Floats, brightness: float, warmth: float) -> Floats:
    """Returns the palette darker or brighter, colder or warmer; both 0 to 1, and at 0.5 nothing changes.

    Brightness moves L by up to 26 and eases out towards black and white; warmth moves a and b towards orange or blue
    at the same L. What does not fit the gamut loses chroma.
    """
    if brightness == warmth == 0.5:
        return palette
    lab = engine.lab_from_rgb(palette)
    step = _BRIGHTNESS_REACH * (2 * brightness - 1)
    room = (100 - lab[:, 0] if step > 0 else lab[:, 0]) / 100
    lab[:, 0] += np.float32(step) * np.minimum(1, np.float32(1.6) * room)
    lab[:, 1:] += np.float32(2 * warmth - 1) * np.asarray(_WARMTH_REACH, np.float32)
    return engine.rgb_from_lab(lab)


def _clustered(lab: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns means (k, 3) and the shares of pixels that they stand for (k,)."""
    points = lab.astype(np.float64)
    codes, counts = np.unique(np.rint(points / 6).astype(int), axis=0, return_counts=True)
    chosen = [codes[counts.argmax()] * 6.0]
    weight = np.sqrt(np.minimum(counts, len(points) / 20))
    while len(chosen) < min(_MOST_FROM_PICTURE, len(codes)):
        distance = np.min([((codes * 6.0 - mean) ** 2).sum(1) for mean in chosen], axis=0)
        chosen.append(codes[(distance * weight).argmax()] * 6.0)
    means = np.asarray(chosen)
    owner = np.zeros(len(points), int)
    for _ in range(_ROUNDS):
        owner = ((points[:, None] - means[None]) ** 2).sum(-1).argmin(1)
        held = np.bincount(owner, minlength=len(means))
        sums = np.stack([np.bincount(owner, points[:, axis], len(means)) for axis in range(3)], 1)
        means = np.where(held[:, None] > 0, sums / np.maximum(held, 1)[:, None], means)
    return means, np.bincount(owner, minlength=len(means)) / len(points)
