"""The ways to colour one photo: Scumble's two, and the programs that one would write without it."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from scumble import Colorize
from scumble.media.arrays import array_from_image, image_from_array

Pixels = NDArray[Any]
BUNDLE = Path(__file__).resolve().parent.parent / "sdk" / "scumble" / "bundles" / "colorize"
VIVIDNESS = 0.6
TILE, HALO = 512, 128
STRIDE = 32


def scumble_fast(photo: Pixels) -> Pixels:
    """Scumble as it comes: the net at its working size, chroma led to full size by the lightness."""
    return array_from_image(Colorize(detail="fast", vividness=VIVIDNESS)(image_from_array(photo)))


def scumble_full(photo: Pixels) -> Pixels:
    """Scumble with detail="full": the net over tiles of the full picture, after a look at the whole."""
    return array_from_image(Colorize(detail="full", vividness=VIVIDNESS)(image_from_array(photo)))


def opencv_fast_float(photo: Pixels) -> Pixels:
    """Shrinks L, runs the net, enlarges its ab with cv2.resize, and converts in 32-bit float Lab."""
    lab = cv2.cvtColor(photo.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    lab[..., 1:] = cv2.resize(_small_ab(lab[..., 0]), photo.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return _codes(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB))


def opencv_fast_8bit(photo: Pixels) -> Pixels:
    """As the float one, in OpenCV's 8-bit Lab: the least work and memory, with L and ab in whole codes."""
    lab = cv2.cvtColor(photo, cv2.COLOR_RGB2Lab)
    ab = np.clip(np.rint(_small_ab(lab[..., 0], full=255.0)) + 128, 0, 255).astype(np.uint8)
    lab[..., 1:] = cv2.resize(ab, photo.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB))


def onnxruntime_frame(photo: Pixels) -> Pixels:
    """One session.run over the whole picture, in float Lab."""
    height, width = photo.shape[:2]
    lab = cv2.cvtColor(photo.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    padding = (0, -height % STRIDE, 0, -width % STRIDE)
    lightness = cv2.copyMakeBorder(lab[..., 0], *padding, cv2.BORDER_REFLECT_101)
    ab = _run(_session(), lightness, ["ab"])[0]
    lab[..., 1:] = ab[:, :height, :width].transpose(1, 2, 0)
    return _codes(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB))


def opencv_tiles(photo: Pixels) -> Pixels:
    """Fixed tiles of 512 with a halo of 128, each cut, converted, run, converted back and put in its place."""
    height, width = photo.shape[:2]
    session, result = _session(), np.empty_like(photo)
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            above, before = min(HALO, top), min(HALO, left)
            part = photo[top - above : top + TILE + HALO, left - before : left + TILE + HALO]
            lab = cv2.cvtColor(part.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
            first_row, first_column = HALO - above, HALO - before
            side = TILE + 2 * HALO
            padding = (
                first_row,
                side - first_row - part.shape[0],
                first_column,
                side - first_column - part.shape[1],
            )
            lightness = cv2.copyMakeBorder(lab[..., 0], *padding, cv2.BORDER_REFLECT_101)
            ab = _run(session, lightness, ["ab"])[0][:, HALO : HALO + TILE, HALO : HALO + TILE]
            core = np.ascontiguousarray(lab[above : above + TILE, before : before + TILE])
            core[..., 1:] = ab[:, : core.shape[0], : core.shape[1]].transpose(1, 2, 0)
            result[top : top + TILE, left : left + TILE] = _codes(cv2.cvtColor(core, cv2.COLOR_Lab2RGB))
    return result


class Way(NamedTuple):
    """One way: what it is called in the table, which of Scumble's modes it is a peer of, and the function."""

    title: str
    kind: str
    colorize: Callable[[Pixels], Pixels]


WAYS = {
    "scumble_fast": Way('Scumble, detail="fast" (the default)', "fast", scumble_fast),
    "opencv_fast_float": Way("numpy + OpenCV at working size, float Lab", "fast", opencv_fast_float),
    "opencv_fast_8bit": Way("numpy + OpenCV at working size, 8-bit Lab", "fast", opencv_fast_8bit),
    "scumble_full": Way('Scumble, detail="full" (tiled)', "full", scumble_full),
    "onnxruntime_frame": Way("ONNX Runtime, the full frame in one run", "full", onnxruntime_frame),
    "opencv_tiles": Way("numpy + OpenCV, tiles of 512, halo 128", "full", opencv_tiles),
}
OURS = {"fast": "scumble_fast", "full": "scumble_full"}


def _session() -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(BUNDLE / "model.onnx", options, providers=["CPUExecutionProvider"])


def _run(session: Any, lightness: Pixels, outputs: list[str]) -> list[Pixels]:
    """Runs the net without hints over L, (H, W); returns the outputs, (C, H, W) each."""
    height, width = lightness.shape
    feeds = {
        "lightness": lightness[None, None],
        "hint_ab": np.zeros((1, 2, height, width), np.float32),
        "hint_mask": np.zeros((1, 1, height, width), np.float32),
        "spread_ab": np.zeros((1, 2, height, width), np.float32),
        "confidence": np.zeros((1, 1, height, width), np.float32),
        "small": np.zeros((1, 7, 64, 64), np.float32),
        "statistics": np.zeros((1, 316), np.float32),
    }
    feeds["small"][0, 0] = cv2.resize(lightness, (64, 64), interpolation=cv2.INTER_AREA)
    options = onnxruntime.RunOptions()
    options.only_execute_path_to_fetches = True  # what is not asked for is not worked out
    return [output[0] for output in session.run(outputs, feeds, options)]


def _small_ab(lightness: Pixels, full: float = 100.0) -> Pixels:
    """Returns ab at the working size, (h, w, 2), of L given as 0 to `full`, (H, W)."""
    working = tomllib.loads((BUNDLE / "manifest.toml").read_text())["settings"]["working_size"]
    scale = working / math.sqrt(lightness.size)
    height, width = (max(1, round(side * scale / STRIDE)) * STRIDE for side in lightness.shape)
    small = cv2.resize(lightness, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) * (100 / full)
    regressed, vivid = _run(_session(), small, ["ab", "ab_vivid"])
    return np.ascontiguousarray((regressed + np.float32(VIVIDNESS) * (vivid - regressed)).transpose(1, 2, 0))


def _codes(rgb: Pixels) -> Pixels:
    """Returns 8-bit codes of float samples 0 to 1; the input is used up."""
    np.multiply(rgb, 255, out=rgb)
    np.rint(rgb, out=rgb)
    return np.clip(rgb, 0, 255, out=rgb).astype(np.uint8)
