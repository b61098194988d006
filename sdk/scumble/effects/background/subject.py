"""A cut-out subject on the background: scaled, placed, freed of its fringe, lit by the background, with a shadow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scumble.errors import ParamError
from scumble.media.arrays import codes_from_image, image_from_array
from scumble.media.layers import Layer
from scumble.media.region import Region
from scumble.media.scaling import scaled

if TYPE_CHECKING:
    from scumble.engine import Engine
    from scumble.media.image import Image

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

_HEIGHT = 0.92  # of the picture's: how tall the subject stands
_WIDTH = (0.86, 0.52)  # of the picture's: how wide it may be, alone and beside text
_ASIDE = 0.74  # of the picture's width: where its middle is, beside text
_SHADOW = 0.42
_SHADOW_REACH = 0.022  # of the picture's mean side, as the next two
_SHADOW_OFFSET = 0.010
_WRAP_REACH = 0.004
_WRAP = 0.45
_FRINGE = (0.10, 0.94)  # alpha below counts as none, alpha above as all


def placed(cutout: Image, pixels: Pixels, text_area: Region | None, engine: Engine) -> Layer:
    """Returns the subject, standing on the lower border, with its shadow, as a layer over 8-bit RGB `pixels`.

    It stands in the middle, or opposite to the text. Edges are drawn in a little and take on light of the background.
    Raises ParamError when the picture has no transparency, or shows nothing.
    """
    if not cutout.model.has_alpha:
        message = "The subject has no transparency, so it cannot be told from its ground"
        raise ParamError(message, "Cut it out first, and give a PNG with alpha.", "param.subject")
    visible = _visible(cutout)
    height, width = pixels.shape[:2]
    side = float(np.sqrt(width * height))
    scale = min(_HEIGHT * height / visible.height, _WIDTH[text_area is not None] * width / visible.width)
    extent = [max(1, round(length * scale)) for length in (visible.width, visible.height)]
    small = codes_from_image(scaled(visible, extent[0], extent[1]))
    is_left = text_area is not None and text_area.x + text_area.width / 2 > width / 2
    middle = 0.5 if text_area is None else (1 - _ASIDE if is_left else _ASIDE)
    margin = round((3 * _SHADOW_REACH + _SHADOW_OFFSET) * side)
    left = min(max(round(middle * width - extent[0] / 2), 0), width - extent[0])
    frame = Region(left - margin, height - extent[1] - margin, extent[0] + 2 * margin, extent[1] + 2 * margin)
    region = frame.intersection(Region(0, 0, width, height))
    rgba = np.zeros((frame.height, frame.width, 4), np.uint8)
    rgba[margin : margin + extent[1], margin : margin + extent[0], :3] = small[..., : small.shape[2] - 1]
    rgba[margin : margin + extent[1], margin : margin + extent[0], 3] = small[..., -1]
    rgba = rgba[region.y - frame.y :, region.x - frame.x :][: region.height, : region.width]
    below = pixels[region.y : region.bottom, region.x : region.right]
    return Layer("subject", image_from_array(_treated(rgba, below, side, engine)), region.x, region.y)


def _visible(cutout: Image) -> Image:
    alpha = codes_from_image(cutout)[..., -1]
    rows, columns = np.flatnonzero(alpha.any(1)), np.flatnonzero(alpha.any(0))
    if not len(rows):
        raise ParamError("The subject is transparent everywhere", "Give one that shows something.", "param.subject")
    top, left = int(rows[0]), int(columns[0])
    return cutout.crop(Region(left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1))


def _treated(rgba: Pixels, below: Pixels, side: float, engine: Engine) -> Pixels:
    """Returns the subject over its own shadow: RGBA of the same size."""
    low, high = _FRINGE
    share = np.clip((rgba[..., 3] / np.float32(255) - low) / (high - low), 0, 1)
    alpha = np.asarray(share * share * (3 - 2 * share), np.float32)
    light = below.copy()
    engine.soften(light, max(0.7, 2 * _SHADOW_REACH * side))
    inner = _spread(alpha, max(0.7, _WRAP_REACH * side), engine)
    wrap = _WRAP * np.clip(2 * (1 - inner), 0, 1)[..., None]
    color = rgba[..., :3] + wrap * (light.astype(np.float32) - rgba[..., :3])
    offset = round(_SHADOW_OFFSET * side)
    shadow = _SHADOW * np.roll(_spread(alpha, max(0.7, _SHADOW_REACH * side), engine), (offset, 0), (0, 1))
    shadow[:offset] = 0
    total = alpha + shadow * (1 - alpha)
    dark = light * np.float32(0.12)
    mixture = color * alpha[..., None] + dark * (shadow * (1 - alpha))[..., None]
    out = np.concatenate((mixture / np.maximum(total, 1e-6)[..., None], 255 * total[..., None]), axis=-1)
    return np.asarray(np.rint(np.clip(out, 0, 255)), np.uint8)


def _spread(alpha: Floats, sigma_px: float, engine: Engine) -> Floats:
    plane = np.repeat(np.rint(255 * alpha).astype(np.uint8)[..., None], 3, axis=2)
    engine.soften(plane, min(sigma_px, 4096.0))
    return np.asarray(plane[..., 0] / np.float32(255), np.float32)
