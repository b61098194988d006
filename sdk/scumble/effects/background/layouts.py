"""Where a palette's colours lie in a generated picture: coarse layouts at its cells, smooth, hashed from the seed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scumble.effects.background.styles import Order
    from scumble.engine import Engine

Floats = NDArray[np.float32]

_STREAM = 7200
_FINER = 4  # samples to a cell along each axis, averaged: the net learnt on means of cells
_MOST_SAMPLES = 512
_WAVES = ((1, 0), (1, 1), (2, -1), (0, 1), (3, 1))  # whole ones across and down, so that they come back
_DRIFT = 0.085  # of the height: how far the layers of a sky rise and fall
_ENERGY = 0.5  # colours lie still while energy moves what the net adds to them


def layout_of(order: Order, rows: int, columns: int, engine: Engine) -> Floats:
    """Returns wanted colours at the cells, sRGB as -1 to 1, (3, rows, columns).

    Skies have the palette's dark colours above and its bright ones below; all others have it where the style without a
    model, gradient, of the same seed has it: neighbours in the palette flow into each other.
    """
    finer = max(1, min(_FINER, _MOST_SAMPLES // max(rows, columns)))
    size = (columns * finer, rows * finer)
    colours = _sky(order, *size, engine) if order.style == "sky" else _flow(order, *size, engine)
    return 2 * engine.area_means(np.ascontiguousarray(colours), columns, rows) - 1


def _flow(order: Order, width: int, height: int, engine: Engine) -> Floats:
    """Returns sRGB 0 to 1, (3, height, width)."""
    pixels = engine.background(
        "gradient",
        width,
        height,
        order.palette,
        seed=order.seed,
        blend=order.blend,
        energy=_ENERGY,
        seamless=order.seamless,
    )
    return np.asarray(np.moveaxis(pixels, -1, 0) / np.float32(255), np.float32)


def _sky(order: Order, width: int, height: int, engine: Engine) -> Floats:
    """Returns sRGB 0 to 1, (3, height, width): the palette from dark to bright down the picture, along soft waves."""
    lab = engine.lab_from_rgb(order.palette)
    lab = lab[np.argsort(lab[:, 0], kind="stable")]
    across, down = (np.arange(width) + 0.5) / width, ((np.arange(height) + 0.5) / height)[:, None]
    place = down + _DRIFT * _waves(order, across, down, engine)
    place = 0.5 - 0.5 * np.cos(2 * math.pi * place) if order.seamless else np.clip(place, 0, 1)
    steps = np.linspace(0, 1, len(lab))
    mixed = np.stack([np.interp(place, steps, lab[:, axis]) for axis in range(3)], -1)
    rgb = engine.rgb_from_lab(np.ascontiguousarray(mixed.reshape(-1, 3), np.float32))
    return np.asarray(np.moveaxis(rgb.reshape(height, width, 3), -1, 0), np.float32)


def _waves(order: Order, across: NDArray[np.float64], down: NDArray[np.float64], engine: Engine) -> NDArray[np.float64]:
    """Returns a smooth sum of waves of normal strength, (height, width); it repeats after the picture."""

    def strengths(seed: int) -> Floats:
        return np.asarray(engine.noise(seed, _STREAM, (0, 0, len(_WAVES), 2))[0], np.float32)

    strength = strengths(order.seed)
    if order.blend is not None:
        strength = turned(strength, strengths(order.blend[0]), order.blend[1])
    total = np.zeros((down.shape[0], across.shape[0]))
    for (right, below), (sine, cosine) in zip(_WAVES, strength.T, strict=True):
        phase = 2 * math.pi * (right * across + below * down)
        total += sine * np.sin(phase) + cosine * np.cos(phase)
    return np.asarray(total / math.sqrt(len(_WAVES)), np.float64)


def turned(first: Floats, second: Floats, share: float) -> Floats:
    """Returns normal numbers between two sets of them, 0 the first, 1 the second: as varied as either all the way."""
    if share in (0, 1):
        return (first, second)[int(share)]
    angle = 0.5 * math.pi * share
    return np.float32(math.cos(angle)) * first + np.float32(math.sin(angle)) * second
