"""The ways to run a net that tiles exactly over a whole photo: picture in, picture of the same size out."""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np
import onnxruntime

from benchmarks.engine.coloring import codes
from benchmarks.engine.nets import REACH, STRIDE, mobile_net
from benchmarks.engine.tilers import Pixels, each_tile, reflected, slid
from scumble import Engine
from scumble.media.arrays import array_from_image, image_from_array

SIDE = 512
CORE = SIDE - 2 * REACH


@cache
def engine() -> Engine:
    """The engine, which inspects a model once."""
    return Engine(device="cpu")


def inspect() -> None:
    """Has the engine inspect the net, as one does once for a model."""
    engine().model(mobile_net())


def statistics() -> dict[str, float]:
    """Returns what the workers of `scumble_exact` did so far: `Session.statistics`."""
    net = mobile_net()
    return dict(engine().session(net, engine().model(net).facts.sha256).statistics())


def scumble_exact(photo: Pixels) -> Pixels:
    """Scumble: tiles that change no bit, as many at a time as there are cores."""
    return array_from_image(engine().model(mobile_net())(image_from_array(photo)))


def onnxruntime_exact(photo: Pixels) -> Pixels:
    """One session.run over the whole picture."""
    height, width = photo.shape[:2]
    padding = (0, -height % STRIDE, 0, -width % STRIDE)
    planes = _planes(cv2.copyMakeBorder(photo, *padding, cv2.BORDER_REFLECT_101))
    return _picture(_run(_session(), planes)[0, :, :height, :width])


def opencv_exact(photo: Pixels) -> Pixels:
    """Fixed windows of 512 with a halo of 32, each cut, padded by OpenCV, run and put in its place."""
    session, result = _session(), np.empty_like(photo)
    for tile in each_tile(photo.shape[1], photo.shape[0], CORE, REACH):
        part = cv2.copyMakeBorder(photo[tile.seen], *tile.missing, cv2.BORDER_REFLECT_101)
        result[tile.core] = _picture(_run(session, _planes(part))[0][tile.kept_planes])
    return result


def numpy_exact(photo: Pixels) -> Pixels:
    """As one writes it first: the whole picture padded and in floats, and so is the result until the end."""
    height, width = photo.shape[:2]
    session = _session()
    padded = reflected(photo, CORE, REACH).astype(np.float64) / 255
    whole = np.zeros(photo.shape)
    for top in range(0, height, CORE):
        for left in range(0, width, CORE):
            part = padded[top : top + SIDE, left : left + SIDE].transpose(2, 0, 1)[None].astype(np.float32)
            made = _run(session, part)[0, :, REACH:-REACH, REACH:-REACH].transpose(1, 2, 0)
            target = whole[top : top + CORE, left : left + CORE]
            target[:] = made[: target.shape[0], : target.shape[1]]
    return np.rint(np.clip(whole, 0, 1) * 255).astype(np.uint8)


def monai_exact(photo: Pixels) -> Pixels:
    """MONAI's sliding window with the same windows and halos, over the whole picture in floats."""
    session = _session()
    return _picture(slid(_planes(photo), SIDE, REACH, lambda window: _run(session, window))[0])


def oidn(photo: Pixels) -> Pixels:
    """Open Image Denoise with its own net, tiled by itself: another job, for its memory and its speed for its work."""
    import pyoidn

    source = photo.astype(np.float32) / 255
    result = np.empty_like(source)
    with pyoidn.Device() as device:
        device.commit()
        with pyoidn.Filter(device) as denoising:
            denoising.set_image(pyoidn.OIDN_IMAGE_COLOR, source, pyoidn.OIDN_FORMAT_FLOAT3)
            denoising.set_image(pyoidn.OIDN_IMAGE_OUTPUT, result, pyoidn.OIDN_FORMAT_FLOAT3)
            denoising.set_quality(pyoidn.OIDN_QUALITY_HIGH)
            denoising.commit()
            denoising.execute()
            reason = device.get_error()
            if reason:
                raise RuntimeError(reason)
    return codes(result)


def _session() -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(mobile_net(), options, providers=["CPUExecutionProvider"])


def _run(session: Any, planes: Pixels) -> Pixels:
    return np.asarray(session.run(["y"], {"x": planes})[0])


def _planes(picture: Pixels) -> Pixels:
    """Returns 0 to 1 of 8-bit codes, as (1, 3, height, width)."""
    return np.ascontiguousarray((picture.astype(np.float32) * np.float32(1 / 255)).transpose(2, 0, 1))[None]


def _picture(planes: Pixels) -> Pixels:
    """Returns 8-bit codes, (height, width, 3), of planes from 0 to 1, ties rounded up."""
    picture = np.multiply(planes.transpose(1, 2, 0), np.float32(255), order="C")
    np.add(picture, np.float32(0.5), out=picture)
    return np.clip(picture, 0, 255, out=picture).astype(np.uint8)
