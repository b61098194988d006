"""Colour kernels on one thread against scikit-image and OpenCV, in turns in one process, beside the memory's speed.

python -m benchmarks.kernels [--megapixels 4] [--repeats 7] [--output PAGE.md]
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import color as reference

from benchmarks.machine import limits, page_head
from benchmarks.photo import extent_from_megapixels, photo_from_examples
from scumble import _native
from scumble.media import icc

Array = NDArray[Any]
_SCIKIT_SHARE = 8
"""scikit-image sees an eighth of the rows: it takes minutes on more, and its time grows with the pixels."""
_TOP = {"uint8": 255, "uint16": 65535, "float32": 1}
_BARS = {"opencv": 4.0, "scikit-image": 30.0}
"""What a peer's time over ours is to be at least."""


class Kernel(NamedTuple):
    """One thing to do, in the ways that are compared; each works on so many rows, and moves so many bytes a pixel."""

    title: str
    bytes_per_pixel: int
    ways: dict[str, Callable[[], object]]


def kernels(photo: Array, dtype: str) -> list[Kernel]:
    """Returns what is measured on a photo of 8-bit RGB, given as samples of `dtype`."""
    height, width = photo.shape[:2]
    top, size = _TOP[dtype], np.dtype(dtype).itemsize
    src = (photo.astype(np.float32) * (top / 255)).astype(dtype)
    few = np.ascontiguousarray(src[: height // _SCIKIT_SHARE])
    ab = np.stack([np.full((height, width), 12, np.float32), np.full((height, width), -9, np.float32)])
    small = np.random.default_rng(1).uniform(-30, 30, (2, 384, 512)).astype(np.float32)
    guide = _native.lightness_thumbnail(src, 512, 384)
    out = np.empty_like(src)
    plane, mean = np.empty((height, width), np.float32), np.empty((384, 512), np.float32)
    lab, scaled = np.empty((height, width, 3), np.float32), np.empty((height, width, 3), np.float32)
    space = _native.ColorSpace(icc.profile_from_primaries(icc.DISPLAY_P3, icc.SRGB_CURVE, "Display P3"))
    vivid = np.random.default_rng(2).uniform(-110, 110, (2, height, width)).astype(np.float32)

    def unit(pixels: Array) -> Array:
        return pixels if dtype == "float32" else pixels.astype(np.float32) * np.float32(1 / top)

    def codes(rgb: Array) -> Array:
        return rgb if dtype == "float32" else np.clip(np.rint(rgb * top), 0, top).astype(dtype)

    # OpenCV writes, step by step, into arrays that are there.
    def opencv_lab() -> Array:
        pixels = src if dtype == "float32" else np.multiply(src, np.float32(1 / top), out=scaled, dtype=np.float32)
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2Lab, dst=lab))

    def opencv_lightness() -> Array:
        return np.asarray(cv2.extractChannel(opencv_lab(), 0, dst=plane))

    def opencv_rgb(colors: Array) -> Array:
        rgb = cv2.cvtColor(colors, cv2.COLOR_Lab2RGB, dst=out if dtype == "float32" else scaled)
        if dtype != "float32":  # rounds and saturates; what is clipped to 0 to 1 is inside anyway
            np.rint(np.multiply(rgb, np.float32(top), out=scaled), out=scaled)
            np.copyto(out, scaled, casting="unsafe")
        return out

    def opencv_recolored(chroma: Array) -> Array:
        colors = opencv_lab()
        colors[..., 1], colors[..., 2] = chroma
        return opencv_rgb(colors)

    def scikit_recolored(chroma: Array) -> Array:
        colors = reference.rgb2lab(unit(few))
        colors[..., 1:] = chroma[:, : len(few)].transpose(1, 2, 0)
        return codes(reference.lab2rgb(colors))

    def opencv_guided() -> Array:
        colors = opencv_lab()
        means = [cv2.blur(plane, (9, 9)) for plane in (guide, guide * guide)]
        variance = means[1] - means[0] * means[0] + np.float32(4)
        for channel, plane in enumerate(small):
            slope = (cv2.blur(plane * guide, (9, 9)) - means[0] * cv2.blur(plane, (9, 9))) / variance
            offset = cv2.blur(plane, (9, 9)) - slope * means[0]
            lines = (cv2.resize(cv2.blur(line, (9, 9)), (width, height)) for line in (slope, offset))
            colors[..., 1 + channel] = next(lines) * colors[..., 0] + next(lines)
        return opencv_rgb(colors)

    vips = vips_ways(src, ab) if dtype == "uint8" else {}
    return [
        Kernel(
            "RGB to L",
            3 * size + 4,
            {
                "scumble": lambda: _native.lightness(src, out=plane),
                "opencv": opencv_lightness,
                "scikit-image": lambda: reference.rgb2lab(unit(few))[..., 0],
                **vips.get("lightness", {}),
            },
        ),
        Kernel(
            "RGB to L, averaged to 512 by 384",
            3 * size,
            {
                "scumble": lambda: _native.lightness_thumbnail(src, 512, 384),
                "opencv": lambda: cv2.resize(opencv_lightness(), (512, 384), dst=mean, interpolation=cv2.INTER_AREA),
            },
        ),
        Kernel(
            "L of the source and ab to RGB",
            6 * size + 8,
            {
                "scumble": lambda: _native.recolor(src, out, ab),
                "scumble, Display P3": lambda: _native.recolor(src, out, ab, transfer=space),
                "opencv": lambda: opencv_recolored(ab),
                "scikit-image": lambda: scikit_recolored(ab),
                **vips.get("recolored", {}),
            },
        ),
        Kernel(
            "the same, most colours beyond the gamut (the others clip)",
            6 * size + 8,
            {
                "scumble": lambda: _native.recolor(src, out, vivid),
                "opencv": lambda: opencv_recolored(vivid),
                "scikit-image": lambda: scikit_recolored(vivid),
            },
        ),
        Kernel(
            "L of the source and small ab, led by its edges, to RGB",
            6 * size,
            {
                "scumble": lambda: _native.recolor_guided(src, out, small, guide),
                "opencv": opencv_guided,
            },
        ),
    ]


def vips_ways(src: Array, ab: Array) -> dict[str, dict[str, Callable[[], object]]]:
    """Returns what libvips does with 8-bit RGB: its lightness, and it with other chroma; it makes its arrays anew."""
    os.environ["VIPS_CONCURRENCY"] = "1"
    import pyvips

    height, width = src.shape[:2]
    chroma = np.ascontiguousarray(ab.transpose(1, 2, 0))

    def lightness() -> Any:
        picture = pyvips.Image.new_from_memory(src, width, height, 3, "uchar").copy(interpretation="srgb")
        return picture.colourspace("lab")[0]

    def recolored() -> object:
        planes = pyvips.Image.new_from_memory(chroma, width, height, 2, "float")
        lab = lightness().bandjoin(planes).copy(interpretation="lab")
        return lab.colourspace("srgb").write_to_memory()

    return {"lightness": {"libvips": lambda: lightness().write_to_memory()}, "recolored": {"libvips": recolored}}


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def rows_of(kernel: Kernel, pixels: int, repeats: int, ns_per_byte: float) -> list[str]:
    """Measures a kernel's ways in turns; returns the rows of the table."""
    share = {name: _SCIKIT_SHARE if name == "scikit-image" else 1 for name in kernel.ways}
    times: dict[str, list[float]] = {name: [] for name in kernel.ways}
    for name in kernel.ways:
        kernel.ways[name]()  # tables are made and pages touched at the first call
    for _ in range(repeats):
        for name, way in kernel.ways.items():
            times[name].append(_seconds(way) * share[name] * 1e9 / pixels)
    ours = times["scumble"]
    rows = []
    for name, found in times.items():
        ratio = statistics.median(other / own for other, own in zip(found, ours, strict=True))
        bar = _BARS.get(name)
        mark = "**" if bar is not None and ratio < bar else ""
        rows.append(
            f"| {kernel.title} | {name} | {statistics.median(found):.2f} | {min(found):.2f} "
            f"| {mark}{ratio:.1f}{mark} | {min(found) / min(ours):.1f} | {'' if bar is None else f'{bar:g}'} "
            f"| {kernel.bytes_per_pixel * ns_per_byte:.2f} |"
        )
    return rows


def page(megapixels: float, repeats: int) -> str:
    """Returns the table as Markdown."""
    cv2.setNumThreads(1)
    width, height = extent_from_megapixels(megapixels)
    photo = photo_from_examples(width, height)
    ns_per_byte = limits(repeats).ns_per_byte
    lines = [
        *page_head("Colour kernels", "python -m benchmarks.kernels"),
        f"One thread each, {megapixels:g} MP, {repeats} turns in one process.",
        "× is a way's time over Scumble's of the same turn (median), and least over least; the bar is what it is to be",
        "at least, and what misses it is bold. The limit is what copying the bytes that must be read and written takes",
        "on this machine. OpenCV and scikit-image work in 32-bit float; they clip colours beyond the gamut, Scumble",
        "takes chroma away until they fit. Scumble and OpenCV write into arrays that are there before the clock",
        "starts; scikit-image has no such arguments and makes its arrays anew, on an eighth of the rows, and libvips",
        "its result.",
    ]
    for dtype in _TOP:
        lines += [
            "",
            f"## {dtype}",
            "",
            "| Work | Way | ns/px, median | least | × | × least | bar | limit, ns/px |",
            "|---|---|--:|--:|--:|--:|--:|--:|",
        ]
        for kernel in kernels(photo, dtype):
            lines += rows_of(kernel, photo.shape[0] * photo.shape[1], repeats, ns_per_byte)
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measures, prints and, if asked to, writes the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kernels", description=__doc__)
    parser.add_argument("--megapixels", type=float, default=4.0, help="size of the photo (4)")
    parser.add_argument("--repeats", type=int, default=7, help="turns (7)")
    parser.add_argument("--output", type=Path, help="the page to write")
    options = parser.parse_args()
    if options.megapixels <= 0 or options.repeats < 1:
        parser.error("size and repeats must be above zero")
    text = page(options.megapixels, options.repeats)
    print(text)
    if options.output is not None:
        options.output.write_text(text)


if __name__ == "__main__":
    main()
