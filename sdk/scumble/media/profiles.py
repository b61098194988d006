"""What a picture's numbers mean, by its ICC profile; beside the engine the only room that asks the native core."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from scumble import _native  # noqa: TID251 - files need colours before there is an engine
from scumble.errors import ParamError
from scumble.media import icc
from scumble.media.image import Transfer

if TYPE_CHECKING:
    from scumble.media.image import Image

ColorSpace = _native.ColorSpace
Meaning = Literal["srgb", "linear"] | ColorSpace

_log = logging.getLogger(__name__)

_STRIP_PIXELS = 1 << 20
_SRGB = icc.profile_from_primaries(icc.REC709, icc.SRGB_CURVE, "sRGB")


def meaning_of(image: Image) -> Meaning:
    """Returns what the native core is told of a picture's numbers: its profile's space, or its transfer's name.

    A profile that breaks the rules, or belongs to other channels, counts as none; that is said in the log.
    """
    if image.icc_profile:
        space = space_from_profile(image.icc_profile)
        if space is not None and space.is_gray == image.model.is_gray:
            return "srgb" if space.is_srgb else space
    return "linear" if image.transfer is Transfer.LINEAR else "srgb"


@functools.lru_cache(maxsize=16)
def space_from_profile(profile: bytes) -> ColorSpace | None:
    """Returns the space of an ICC profile of gray or RGB pictures, or None, logged once, if it cannot be used."""
    try:
        return ColorSpace(profile)
    except ParamError as error:
        _log.warning("%s; the picture is read as sRGB", error.message)
        return None


def profile_of_coloured(image: Image) -> bytes | None:
    """Returns the profile under which an RGB picture with the numbers of `image` has its colours.

    That is its own one if it is RGB, and for a gray one with a profile that of the same curve with sRGB's primaries.
    """
    if not image.icc_profile or not image.model.is_gray:
        return image.icc_profile
    space = space_from_profile(image.icc_profile)
    return space.color_icc if space is not None else None


def floats_in(image: Image, pixels: NDArray[Any], target: Meaning) -> NDArray[np.float32]:
    """Returns colours of `image`, some of its rows as `pixels`, as floats (h, w, 3) in another space, not limited."""
    return _native.converted(pixels, source=meaning_of(image), target=target)


def is_readable_only(profile: bytes) -> bool:
    """True for a profile of RGB pictures whose colours can be read but not written, such as a scanner's tables."""
    try:
        ColorSpace(profile)
    except ParamError:
        try:
            rgb_from_inks(np.zeros((1, 1, 3), np.uint8), profile, _SRGB)
        except ParamError:
            return False
        return True
    return False


def rgb_from_inks(pixels: NDArray[Any], source: bytes, target: bytes) -> NDArray[Any]:
    """Returns RGB pixels (h, w, 3) of CMYK ones (h, w, 4), 0 being no ink, or RGB ones, from profile to profile.

    Samples are uint8 or uint16. Raises ParamError when a profile cannot be used.
    """
    result = np.empty((*pixels.shape[:2], 3), pixels.dtype)
    step = max(1, _STRIP_PIXELS // pixels.shape[1])
    for top in range(0, len(pixels), step):
        strip = np.ascontiguousarray(pixels[top : top + step])
        result[top : top + step] = _native.converted_by_profiles(strip, source, target)
    return result


def inks_from_jpeg(data: bytes, most_pixels: int) -> NDArray[np.uint8]:
    """Returns the inks of a CMYK JPEG file, (h, w, 4). Raises ParamError when it cannot be read."""
    return _native.inks_from_jpeg(data, most_pixels)
