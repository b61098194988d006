"""Measures the hint engine: `python -m benchmarks.hints` prints milliseconds, the best of several runs."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.photo import photo_from_examples
from scumble import _native

_RUNS = 7
_WORKING = 256


def best_ms(work: Callable[[], object]) -> float:
    """Returns the shortest of several runs."""
    times = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times) * 1e3


def true_patches(
    light: NDArray[np.float32], count: int, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns random colours on patches of 6 by 6 pixels: ab and mask."""
    ab, mask = np.zeros((2, *light.shape), np.float32), np.zeros(light.shape, np.float32)
    for _ in range(count):
        y, x = (int(rng.integers(side - 5)) for side in light.shape)
        ab[:, y : y + 6, x : x + 6] = rng.uniform(-40, 40, (2, 1, 1))
        mask[y : y + 6, x : x + 6] = 1
    return ab, mask


def report(size: int, count: int) -> str:
    """Returns a line of the table: preparing, spreading, meeting and reading, at one size and number of hints."""
    rng = np.random.default_rng(count)
    photo = photo_from_examples(2 * size, 2 * size)
    light = _native.lightness_thumbnail(photo, size, size)
    ab, mask = true_patches(light, count, rng)
    field = _native.HintField(light)
    spread, confidence = field.spread(ab, mask)
    predicted = spread * confidence
    pull = (0.0003 + 0.03 * (1 - confidence)).astype(np.float32)
    prepare = best_ms(lambda: _native.HintField(light))
    spreading = best_ms(lambda: field.spread(ab, mask))
    meeting = best_ms(lambda: field.met(predicted, ab, mask, pull))
    return f"{size}² | {count:5} | {prepare:7.1f} | {spreading:6.1f} | {meeting:6.1f}"


def touch_report(megapixels: float, count: int) -> str:
    """Returns a line on the last pass at full size: without and with hinted pixels."""
    side = round((megapixels * 1e6) ** 0.5)
    photo = photo_from_examples(side, side)
    rng = np.random.default_rng(count)
    guide = _native.lightness_thumbnail(photo, _WORKING, _WORKING)
    ab = rng.uniform(-20, 20, (2, 16, 16)).repeat(16, 1).repeat(16, 2).astype(np.float32)
    xy = rng.integers(0, side, (count, 2)).astype(np.int32)
    color = rng.uniform(-40, 40, (count, 2)).astype(np.float32)
    dst = np.empty_like(photo)
    plain = best_ms(lambda: _native.recolor_guided(photo, dst, ab, guide))
    touched = best_ms(lambda: _native.recolor_guided(photo, dst, ab, guide, hint_xy=xy, hint_ab=color))
    return f"{megapixels:g} MP, {count} hinted pixels, one thread: {plain:.0f} ms, with the last touch {touched:.0f} ms"


def main() -> None:
    """Prints the figures."""
    print("size | hints | prepare | spread | meet   (ms)")
    for size in (256, 512):
        for count in (1, 10, 100):
            print(report(size, count))
    for count in (10, 1000):
        print(touch_report(12.0, count))


if __name__ == "__main__":
    main()
