"""Measures the hint engine and how soon a changed hint is seen: `python -m benchmarks.hints [--preview]`.

Prints milliseconds: of the engine the best of several runs, of the preview median, best and worst.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.photo import photo_from_examples
from benchmarks.worker import own_worker
from scumble import Colorize, Engine, HintPoint, Image, Rgb, _native
from scumble.media.arrays import array_from_image, image_from_array

_RUNS = 7
_WORKING = 256
_PREVIEW, _EDITS = 512, 15
_LIMIT_S = 60


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


def edited(hints: int, edit: int) -> tuple[HintPoint, ...]:
    """Returns points on the preview's picture, the last of which every edit gives another colour."""
    rng = np.random.default_rng(hints)
    places = rng.integers(0, _PREVIEW, (hints, 2))
    colours = [Rgb(*(int(code) for code in rng.integers(30, 220, 3))) for _ in places]
    colours[-1] = Rgb(40 + 7 * edit % 180, 90, 160)
    return tuple(HintPoint(int(x), int(y), colour) for (x, y), colour in zip(places, colours, strict=True))


def preview_report(hints: int) -> list[str]:
    """Returns a line each for the own process and the worker: from a changed hint to the whole new picture's pixels."""
    picture = image_from_array(photo_from_examples(_PREVIEW, _PREVIEW))
    engine = Engine(device="cpu")

    def in_process(edit: int) -> Image:
        return Colorize(hint=edited(hints, edit))(picture, engine=engine)

    lines = [f"own process, {hints} hints: {spread_ms(in_process)}"]
    with own_worker() as (client, _, _):

        def through_worker(edit: int) -> Image:
            result: Image = client.submit("colorize", {"hint": edited(hints, edit)}, {"source": picture}).result(
                _LIMIT_S
            )
            return result

        lines.append(f"worker, {hints} hints: {spread_ms(through_worker)}")
    return lines


def spread_ms(work: Callable[[int], Image]) -> str:
    """Returns median, best and worst of several edits in milliseconds; two that warm up do not count."""
    times = []
    for edit in range(_EDITS + 2):
        start = time.perf_counter()
        pixels = array_from_image(work(edit))
        times.append(1e3 * (time.perf_counter() - start))
        assert pixels.shape[:2] == (_PREVIEW, _PREVIEW)
    kept = times[2:]
    return f"median {np.median(kept):.0f} ms, best {min(kept):.0f}, worst {max(kept):.0f} of {len(kept)}"


def main() -> None:
    """Prints the figures."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.hints", description=__doc__)
    options.add_argument("--preview", action="store_true", help="only how soon a changed hint is seen at 512 by 512")
    args = options.parse_args()
    print(f"from a changed hint to the new picture, {_PREVIEW} by {_PREVIEW}")
    for hints in (1, 20):
        print("\n".join(preview_report(hints)), flush=True)
    if args.preview:
        return
    print("size | hints | prepare | spread | meet   (ms)")
    for size in (256, 512):
        for count in (1, 10, 100):
            print(report(size, count))
    for count in (10, 1000):
        print(touch_report(12.0, count))


if __name__ == "__main__":
    main()
