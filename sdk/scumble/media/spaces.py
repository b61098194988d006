"""The colours a file means: by its ICC profile, or in the other words that its format has for them."""

from __future__ import annotations

import logging
import struct
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import OpenImageIO

from scumble.errors import ParamError
from scumble.media import icc
from scumble.media.headers import FileFormat, opened_file
from scumble.media.metadata import profile_fits
from scumble.media.profiles import is_readable_only, rgb_from_inks

if TYPE_CHECKING:
    from pathlib import Path

    from scumble.media.arrays import Array
    from scumble.media.image import ColorModel

_log = logging.getLogger(__name__)

_SAME = 0.002
_STRIP_ROWS = 256
"""What chromaticities and gammas may differ by to be the same: files round them."""
_CICP_PRIMARIES = {1: icc.REC709, 9: icc.REC2020, 12: icc.DISPLAY_P3}
_CICP_CURVES: dict[int, float | tuple[float, ...]] = {
    1: icc.REC709_CURVE, 4: 2.2, 6: icc.REC709_CURVE, 8: 1.0, 13: icc.SRGB_CURVE, 14: icc.REC709_CURVE,
    15: icc.REC709_CURVE,
}  # fmt: skip
_ADOBE_RGB = 2  # in EXIF's ColorSpace: no standard's, but cameras write it


def profile_of_file(path: Path, kind: FileFormat, spec: OpenImageIO.ImageSpec, model: ColorModel) -> bytes | None:
    """Returns the ICC profile of the colours a file means, or None for sRGB (for light in EXR, Rec. 709).

    An embedded profile counts before a PNG's cICP, gAMA and cHRM, an EXR's chromaticities, and EXIF's colour space,
    of which a profile is made. What cannot be followed is said in the log. Inks are not for here.
    """
    embedded = spec.getattribute("ICCProfile")
    if embedded is not None:
        profile = bytes(embedded)
        if profile_fits(profile, model):
            return profile
        _log.warning("The colour profile of %s belongs to other channels; it is read as sRGB", path)
        return None
    if model.is_gray:
        return None
    if kind is FileFormat.PNG:
        return _profile_of_png(path, spec)
    if kind is FileFormat.EXR:
        return _profile_of_exr(path, spec)
    if spec.get_int_attribute("Exif:ColorSpace", 1) == _ADOBE_RGB:
        return icc.profile_from_primaries(icc.ADOBE_RGB, icc.ADOBE_GAMMA, "Adobe RGB (1998), told by EXIF")
    return None


def _profile_of_png(path: Path, spec: OpenImageIO.ImageSpec) -> bytes | None:
    codes = spec.getattribute("CICP")
    if codes is not None:
        primaries, curve = _CICP_PRIMARIES.get(codes[0]), _CICP_CURVES.get(codes[1])
        if primaries is None or curve is None or (len(codes) > 3 and not codes[3]):
            _log.warning("%s has the colours of video, CICP %s; it is read as sRGB", path, codes)
            return None
        spec.erase_attribute("CICP")
        is_srgb = primaries is icc.REC709 and curve is icc.SRGB_CURVE
        return None if is_srgb else icc.profile_from_primaries(primaries, curve, f"CICP {codes[0]}, {codes[1]}")
    chunks = _chunks_before_data(path)
    if b"sRGB" in chunks:
        return None
    gamma = struct.unpack(">I", chunks[b"gAMA"][:4])[0] / 1e5 if len(chunks.get(b"gAMA", b"")) >= 4 else 0.45455
    places = icc.REC709
    if len(chunks.get(b"cHRM", b"")) >= 32:
        white, *rest = (pair for pair in struct.iter_unpack(">2I", chunks[b"cHRM"][:32]))
        places = tuple(number / 1e5 for pair in (*rest, white) for number in pair)
    is_usual = abs(gamma - 0.45455) < _SAME
    is_rec709 = np.abs(np.subtract(places, icc.REC709)).max() < _SAME
    if (is_usual or gamma <= 0) and is_rec709:
        return None
    curve = icc.SRGB_CURVE if is_usual or not 0.2 <= gamma <= 1.5 else 1 / gamma
    try:
        return icc.profile_from_primaries(places, curve, f"PNG, gamma {gamma:.3f}")
    except ValueError as error:
        _log.warning("%s says wrong things of its colours, and is read as sRGB: %s", path, error)
        return None


def _chunks_before_data(path: Path) -> dict[bytes, bytes]:
    """Returns the small chunks of a PNG that say what its colours are."""
    found: dict[bytes, bytes] = {}
    with opened_file(path) as stream:
        stream.seek(8)
        while (chunk := _chunk(stream)) is not None and chunk[0] != b"IDAT":
            found.setdefault(*chunk)
    return found


def _chunk(stream: BinaryIO) -> tuple[bytes, bytes] | None:
    head = stream.read(8)
    if len(head) < 8:
        return None
    length, kind = struct.unpack(">I4s", head)
    is_wanted = kind in (b"sRGB", b"gAMA", b"cHRM") and length <= 64
    data = stream.read(length) if is_wanted else b""
    stream.seek(4 if is_wanted else length + 4, 1)
    return kind, data


def _profile_of_exr(path: Path, spec: OpenImageIO.ImageSpec) -> bytes | None:
    places = spec.getattribute("chromaticities")
    if places is None or len(places) != 8 or np.abs(np.subtract(places, icc.REC709)).max() < _SAME:
        return None
    try:
        return icc.profile_from_primaries(tuple(places), 1.0, "Linear, told by EXR")
    except ValueError as error:
        _log.warning("%s says wrong things of its colours, and is read as Rec. 709: %s", path, error)
        return None


def colours_from_inks(path: Path, pixels: Array, profile: bytes | None) -> tuple[Array, bytes | None]:
    """Returns RGB pixels of CMYK ones (0 no ink) or of RGB ones whose profile can only be read, and their profile.

    They become Adobe RGB, wide enough for presses. Without a usable profile CMYK becomes sRGB by the uncalibrated
    formula, which is said in the log.
    """
    target = icc.profile_from_primaries(icc.ADOBE_RGB, icc.ADOBE_GAMMA, "Adobe RGB (1998)")
    inks = np.ascontiguousarray(pixels)
    if profile is not None:
        try:
            return rgb_from_inks(inks, profile, target), target
        except ParamError as error:
            _log.warning("%s: %s", path, error.message)
    _log.warning("%s is CMYK without a usable profile; it is read as RGB by the uncalibrated formula", path)
    return _uncalibrated(inks), None


def _uncalibrated(inks: Array) -> Array:
    """Returns RGB, (H, W, 3), as if inks were filters: of no ink times what black leaves."""
    top = np.iinfo(inks.dtype).max
    colours = np.empty((*inks.shape[:2], 3), inks.dtype)
    for first in range(0, len(inks), _STRIP_ROWS):
        rows = slice(first, first + _STRIP_ROWS)
        paper = top - inks[rows].astype(np.uint32)
        colours[rows] = (paper[..., :3] * paper[..., 3:] + top // 2) // top
    return colours


def is_for_reading_only(profile: bytes | None) -> bool:
    """True for a profile whose colours can be read but not written, such as a scanner's."""
    return profile is not None and profile[16:20] == b"RGB " and is_readable_only(profile)
