"""The ways to colour one photo: Scumble's two, and the programs that one would write without it."""

from __future__ import annotations

import math
import tomllib
from typing import Any

import cv2
import numpy as np
import onnxruntime
import pyvips
from numpy.typing import NDArray
from skimage import color as scikit

from benchmarks.engine.nets import BUNDLE
from benchmarks.engine.tilers import each_tile, reflected, slid
from scumble import Colorize, Engine
from scumble.media.arrays import array_from_image, image_from_array
from scumble.models.store import find_bundle

Pixels = NDArray[Any]
VIVIDNESS = 0.6
CORE, HALO = 512, 128
STRIDE = 32


def scumble_fast(photo: Pixels) -> Pixels:
    """Scumble as it comes: the net at its working size, chroma led to full size by the lightness."""
    return array_from_image(Colorize(detail="fast", vividness=VIVIDNESS)(image_from_array(photo)))


def scumble_full(photo: Pixels) -> Pixels:
    """Scumble with detail="full": the net over tiles of the full picture, after a look at the whole."""
    return array_from_image(Colorize(detail="full", vividness=VIVIDNESS)(image_from_array(photo)))


def statistics() -> dict[str, float]:
    """Returns what the workers of `scumble_full` did so far: `Session.statistics`."""
    bundle = find_bundle("colorize")
    return dict(Engine.default().session(bundle.model_bytes, bundle.manifest.model.sha256).statistics())


def opencv_fast_float(photo: Pixels) -> Pixels:
    """Shrinks L, runs the net, enlarges its ab with cv2.resize, and converts in 32-bit float Lab."""
    lab = cv2.cvtColor(photo.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    lab[..., 1:] = cv2.resize(_small_ab(lab[..., 0]), photo.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return codes(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB))


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
    return codes(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB))


def vips(photo: Pixels) -> Pixels:
    """As libvips does it: converts, shrinks and enlarges in strips on threads of its own; the net runs between."""
    height, width = photo.shape[:2]
    source = pyvips.Image.new_from_memory(photo, width, height, 3, "uchar").copy(interpretation="srgb")
    lightness = source.colourspace("lab")[0]
    small_width, small_height = _working_extent(width, height)
    small = lightness.resize(small_width / width, vscale=small_height / height, kernel="linear")
    ab = _mixed_ab(np.ascontiguousarray(small.numpy().reshape(small_height, small_width)))
    planes = pyvips.Image.new_from_memory(ab, small_width, small_height, 2, "float")
    planes = planes.resize(width / small_width, vscale=height / small_height, kernel="linear")
    lab = lightness.bandjoin(planes).copy(interpretation="lab")
    return np.frombuffer(lab.colourspace("srgb").write_to_memory(), np.uint8).reshape(photo.shape)


def opencv_tiles(photo: Pixels) -> Pixels:
    """Fixed cores of 512 with a halo of 128, each cut, converted, run, converted back and put in its place."""
    session, result = _session(), np.empty_like(photo)
    for tile in each_tile(photo.shape[1], photo.shape[0], CORE, HALO):
        lab = cv2.cvtColor(photo[tile.seen].astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
        lightness = cv2.copyMakeBorder(lab[..., 0], *tile.missing, cv2.BORDER_REFLECT_101)
        ab = _run(session, lightness, ["ab"])[0]
        core = np.ascontiguousarray(lab[tile.inner])
        core[..., 1:] = ab[tile.kept_planes].transpose(1, 2, 0)
        result[tile.core] = codes(cv2.cvtColor(core, cv2.COLOR_Lab2RGB))
    return result


def scikit_tiles(photo: Pixels) -> Pixels:
    """As one writes it first: the whole picture padded by numpy, each tile to Lab and back by scikit-image."""
    height, width = photo.shape[:2]
    session, result = _session(), np.empty_like(photo)
    padded = reflected(photo, CORE, HALO)
    side = CORE + 2 * HALO
    for top in range(0, height, CORE):
        for left in range(0, width, CORE):
            lab = scikit.rgb2lab(padded[top : top + side, left : left + side])
            ab = _run(session, lab[..., 0].astype(np.float32), ["ab"])[0]
            lab[..., 1:] = ab.transpose(1, 2, 0)
            rgb = scikit.lab2rgb(lab[HALO:-HALO, HALO:-HALO])
            target = result[top : top + CORE, left : left + CORE]
            target[:] = np.rint(rgb * 255).astype(np.uint8)[: target.shape[0], : target.shape[1]]
    return result


def monai_windows(photo: Pixels) -> Pixels:
    """MONAI's sliding window over L, with the same tiles and halos; OpenCV converts the whole picture."""
    session = _session()
    lab = cv2.cvtColor(photo.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    planes = np.ascontiguousarray(lab[..., 0])[None, None]
    ab = slid(planes, CORE + 2 * HALO, HALO, lambda window: _run(session, window[0, 0], ["ab"])[0][None])
    lab[..., 1:] = ab[0].transpose(1, 2, 0)
    return codes(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB))


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


def _working_extent(width: int, height: int) -> tuple[int, int]:
    """Returns width and height of the net's working size for a picture."""
    working = tomllib.loads((BUNDLE / "manifest.toml").read_text())["settings"]["working_size"]
    scale = working / math.sqrt(width * height)
    across, down = (max(1, round(side * scale / STRIDE)) * STRIDE for side in (width, height))
    return across, down


def _small_ab(lightness: Pixels, full: float = 100.0) -> Pixels:
    """Returns ab at the working size, (h, w, 2), of L given as 0 to `full`, (H, W)."""
    extent = _working_extent(lightness.shape[1], lightness.shape[0])
    return _mixed_ab(cv2.resize(lightness, extent, interpolation=cv2.INTER_AREA).astype(np.float32) * (100 / full))


def _mixed_ab(small: Pixels) -> Pixels:
    """Returns ab, (h, w, 2), of L at the working size: the net's two answers, mixed."""
    regressed, vivid = _run(_session(), small, ["ab", "ab_vivid"])
    return np.ascontiguousarray((regressed + np.float32(VIVIDNESS) * (vivid - regressed)).transpose(1, 2, 0))


def codes(rgb: Pixels) -> Pixels:
    """Returns 8-bit codes of float samples 0 to 1; the input is used up."""
    np.multiply(rgb, 255, out=rgb)
    np.rint(rgb, out=rgb)
    return np.clip(rgb, 0, 255, out=rgb).astype(np.uint8)
