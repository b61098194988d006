"""Spread hints against the definition written out pixel by pixel, and what the definition promises."""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch
from numpy.typing import NDArray

from scumble_export.colorize.propagate import HALF, LAYERS, SCALES, SWEEPS, cells, propagated

Array = NDArray[np.float64]


def corners(x: float, y: float, lightness: float) -> list[tuple[tuple[int, int, int], float]]:
    at = (min(max(lightness, 0), 100) / 12.5, (y + 0.5) / 4, (x + 0.5) / 4)
    low = (min(math.floor(at[0]), LAYERS - 2), math.floor(at[1]), math.floor(at[2]))
    found = []
    for step in itertools.product((0, 1), repeat=3):
        cell = tuple(a + b for a, b in zip(low, step, strict=True))
        weight = math.prod(1 - abs(a - b) for a, b in zip(at, cell, strict=True))
        found.append(((cell[0], cell[1], cell[2]), weight))
    return found


def by_the_book(lightness: Array, ab: Array, mask: Array) -> tuple[Array, Array]:
    height, width = lightness.shape
    shape = (LAYERS, cells(height), cells(width))
    amount, total = np.zeros(shape), np.zeros((2, *shape))
    for y, x in np.argwhere(mask == 1):
        for cell, weight in corners(x, y, lightness[y, x]):
            amount[cell] += weight
            total[(slice(None), *cell)] += weight * ab[:, y, x]
    grid = np.concatenate((total, amount[None])) / (amount + 1)
    index = np.indices(shape).reshape(3, -1)
    delta = index[:, :, None] - index[:, None, :]
    kernel = sum(
        share * np.exp(-(delta[1] ** 2 + delta[2] ** 2) / (2 * xy**2) - delta[0] ** 2 / (2 * z**2))
        for share, xy, z in SCALES
    )
    spread = (grid.reshape(3, -1) @ kernel).reshape(3, *shape)
    result = np.zeros((3, height, width))
    for y, x in np.ndindex(height, width):
        for cell, weight in corners(x, y, lightness[y, x]):
            result[:, y, x] += weight * spread[(slice(None), *cell)]
    known = mask == 1
    spread_ab = np.where(known, ab, result[:2] / (result[2] + 1e-6))
    for _ in range(SWEEPS):
        spread_ab = np.where(known, ab, np.stack([means(lightness, plane) for plane in spread_ab]))
    return spread_ab, result[2] / (result[2] + HALF)


def means(lightness: Array, plane: Array) -> Array:
    light, result = lightness / 100, np.zeros_like(plane)
    for y, x in np.ndindex(*plane.shape):
        window = (slice(max(0, y - 1), y + 2), slice(max(0, x - 1), x + 2))
        others = np.ones_like(light[window], dtype=bool)
        others[min(y, 1), min(x, 1)] = False
        squared = (light[window][others] - light[y, x]) ** 2
        divisor = max(0.6 * light[window].var(), squared.min() / -math.log(0.01), 2e-6)
        weights = np.exp(-squared / divisor)
        result[y, x] = (weights * plane[window][others]).sum() / weights.sum()
    return result


def test_the_fast_way_is_the_definition() -> None:
    rng = np.random.default_rng(0)
    lightness, ab = rng.uniform(0, 100, (14, 18)), rng.uniform(-80, 80, (2, 14, 18))
    lightness[0, 0], lightness[13, 17] = 0, 100
    mask = (rng.random((14, 18)) < 0.1).astype(float)
    mask[0, 0] = mask[13, 17] = 1
    mask[5, 5] = 0.5
    planes = (torch.tensor(plane[None], dtype=torch.float32) for plane in (lightness[None], ab, mask[None]))
    got_ab, got_confidence = propagated(*planes)
    want_ab, want_confidence = by_the_book(lightness, ab, mask)
    assert np.abs(got_ab[0].numpy() - want_ab).max() < 1e-2
    assert np.abs(got_confidence[0, 0].numpy() - want_confidence).max() < 1e-4


def test_hints_stay_on_their_side_of_an_edge_and_fade_with_distance() -> None:
    light = torch.full((1, 1, 64, 64), 20.0)
    light[..., 32:] = 80
    ab, mask = torch.zeros(1, 2, 64, 64), torch.zeros(1, 1, 64, 64)
    for column, colour in ((20, 40.0), (44, -40.0)):
        ab[:, :, 30:34, column : column + 4] = colour
        mask[:, :, 30:34, column : column + 4] = 1
    spread, confidence = propagated(light, ab, mask)
    assert float((spread[..., :31] - 40).abs().max()) < 1
    assert float((spread[..., 33:] + 40).abs().max()) < 1
    assert float(confidence[0, 0, 32, 22]) > 0.9
    assert float(confidence[0, 0, 32, 22]) > float(confidence[0, 0, 32, 31]) > float(confidence[0, 0, 2, 2]) > 0


def test_nothing_comes_of_nothing_and_pictures_do_not_mix() -> None:
    light = torch.full((2, 1, 32, 32), 50.0)
    ab, mask = torch.full((2, 2, 32, 32), 30.0), torch.zeros(2, 1, 32, 32)
    mask[0] = 0.5  # a coarser pass is no hint of the user's
    mask[1, :, 8:12, 8:12] = 1
    spread, confidence = propagated(light, ab, mask)
    assert not spread[0].any()
    assert not confidence[0].any()
    alone, _ = propagated(light[1:], ab[1:], mask[1:])
    assert torch.equal(spread[1:], alone)
    assert float((alone - 30).abs().max()) < 0.2
