"""Pictures made from formulae, as free training material: bokeh, mesh gradients, flowing bands, folded cloth."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

Plane = NDArray[np.float64]
Pixels = NDArray[np.uint8]


def _smooth_noise(rng: np.random.Generator, side: int, scale_px: float) -> Plane:
    """Returns noise of mean 0 and variance 1 whose features are about `scale_px` wide, (side, side)."""
    coarse = max(4, int(3 * side / scale_px)) + 4
    field = gaussian_filter(rng.normal(size=(coarse, coarse)), 1.2)
    out = map_coordinates(field, np.mgrid[0:side, 0:side] * (coarse - 5) / side + 2, order=3)
    return np.asarray((out - out.mean()) / (out.std() + 1e-9))


def palette(rng: np.random.Generator, count: int) -> Plane:
    """Returns `count` sRGB colours in 0..1 around one to three hues, sorted from dark to bright, (count, 3)."""
    hue = rng.random() + rng.choice((0.0, 0.08, 0.5, 0.33)) * rng.integers(0, 2, count) + rng.normal(0, 0.03, count)
    value, saturation = np.sort(rng.uniform(0.08, 1, count)), rng.uniform(0.15, 0.95) * rng.uniform(0.6, 1, count)
    place = (hue[:, None] + np.array((0, 2 / 3, 1 / 3))) % 1 * 6
    chroma = np.clip(np.abs(place - 3) - 1, 0, 1)
    return np.asarray(value[:, None] * (1 - saturation[:, None] * (1 - chroma)))


def _ramp(colours: Plane, at: Plane) -> Plane:
    """Looks up colours along a ramp; `at` is in 0..1."""
    steps = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(at, steps, colours[:, channel]) for channel in range(3)], -1)


def mesh_gradient(rng: np.random.Generator, side: int) -> Plane:
    """Mixes colours by their distance to points on a warped plane."""
    colours = palette(rng, int(rng.integers(3, 7)))
    y, x = np.mgrid[0:side, 0:side] / side
    y, x = y + 0.12 * _smooth_noise(rng, side, side / 2), x + 0.12 * _smooth_noise(rng, side, side / 2)
    points = rng.uniform(-0.1, 1.1, (len(colours), 2))
    weights = np.exp(-((y[..., None] - points[:, 0]) ** 2 + (x[..., None] - points[:, 1]) ** 2) * rng.uniform(6, 16))
    return np.asarray(weights @ colours / weights.sum(-1, keepdims=True))


def bokeh(rng: np.random.Generator, side: int) -> Plane:
    """Lays translucent discs of light, brighter at the rim, over a dark gradient."""
    colours = palette(rng, 5)
    ground = _ramp(colours[:3] * 0.7, np.clip(0.5 + 0.25 * _smooth_noise(rng, side, side), 0, 1))
    y, x = np.mgrid[0:side, 0:side]
    mean_radius = side * rng.uniform(0.04, 0.12)
    edge = rng.uniform(0.7, 4)
    for _ in range(int(rng.integers(12, 45))):
        radius = mean_radius * rng.uniform(0.6, 1.5)
        centre = rng.uniform(-radius, side + radius, 2)
        distance = np.hypot(y - centre[0], x - centre[1])
        disc = 1 / (1 + np.exp(np.clip((distance - radius) / edge, -40, 40)))
        rim = 0.75 + 0.25 * np.clip(distance / radius, 0, 1) ** 4
        light = colours[rng.integers(2, 5)] * rng.uniform(0.15, 0.6)
        ground = 1 - (1 - ground) * (1 - (disc * rim)[..., None] * light)
    return np.asarray(ground)


def bands(rng: np.random.Generator, side: int) -> Plane:
    """Cuts smooth noise into flat bands with soft edges, some with a shadow."""
    colours = palette(rng, int(rng.integers(4, 8)))
    rng.shuffle(colours)
    level = _smooth_noise(rng, side, side * rng.uniform(0.5, 1.2)) * rng.uniform(0.8, 1.8) + rng.normal(0, 1)
    y, x = np.mgrid[0:side, 0:side] / side
    level = level + rng.normal(0, 2) * x + rng.normal(0, 2) * y
    index = np.floor(level).astype(int) % len(colours)
    picture = colours[index]
    if rng.random() < 0.5:
        picture = picture * (1 - 0.35 * np.exp(-(level - np.floor(level)) * rng.uniform(5, 15)))[..., None]
    return np.asarray(gaussian_filter(picture, (0.7, 0.7, 0)))


def cloth(rng: np.random.Generator, side: int) -> Plane:
    """Shades warped waves as if they were folds of cloth."""
    colours = palette(rng, int(rng.integers(3, 6)))
    y, x = np.mgrid[0:side, 0:side] / side
    angle = rng.uniform(0, np.pi)
    along = x * np.cos(angle) + y * np.sin(angle) + rng.uniform(0.08, 0.22) * _smooth_noise(rng, side, side)
    fold = np.sin(along * rng.uniform(4, 9)) + 0.25 * np.sin(along * rng.uniform(10, 18))
    return _ramp(colours, np.clip(0.5 + 0.33 * fold + 0.12 * _smooth_noise(rng, side, side), 0, 1))


MAKERS: tuple[tuple[str, Callable[[np.random.Generator, int], Plane]], ...] = (
    ("soft", mesh_gradient),
    ("defocus", bokeh),
    ("abstract", bands),
    ("abstract", cloth),
)


def made_pictures(count: int, side: int, seed: int = 0) -> Iterator[tuple[str, Pixels]]:
    """Yields style and sRGB pixels, (side, side, 3), of `count` pictures; the same seed makes the same ones."""
    for index in range(count):
        rng = np.random.default_rng((seed, index))
        style, make = MAKERS[index % len(MAKERS)]
        noise = rng.uniform(-0.5, 0.5, (side, side, 3))  # hides the steps of eight bits
        yield style, np.clip(make(rng, side) * 255 + 0.5 + noise, 0, 255).astype(np.uint8)
