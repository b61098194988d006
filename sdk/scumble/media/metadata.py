"""Facts that travel with a picture: which are kept when a file is read, and how they are written back."""

from __future__ import annotations

import html
from types import MappingProxyType
from typing import TYPE_CHECKING

import OpenImageIO

if TYPE_CHECKING:
    from scumble.media.image import ColorModel, Metadata, MetadataValue

_DROPPED_PREFIXES = ("oiio:", "tiff:", "png:", "jpeg:", "webp:", "openexr:", "exr:", "ICCProfile", "thumbnail_")
"""How the old file was coded, which says nothing of the new one; the profile is kept by itself."""

_DROPPED = frozenset(
    {
        "Orientation",  # applied
        "compression",
        "planarconfig",
        "PixelAspectRatio",
        "screenWindowCenter",
        "screenWindowWidth",
        "Exif:PixelXDimension",
        "Exif:PixelYDimension",
        "Exif:ExifVersion",
        "Exif:FlashPixVersion",
        "GPS:VersionID",
        "acesImageContainerFlag",
    }
)
_LONGEST_LIST = 16
_JPEG_TEXT_BYTES = 40_000
"""All text together, as it is escaped in XMP; with more, libjpeg meets a segment above 64 KB and ends the process."""
_LIST_ITEM_BYTES = 64  # XMP wraps each of a;b;c in an element of its own

_UNITS = {"inch": "in", "inches": "in"}  # the PNG reader's word and the other writers'


def metadata_from_spec(spec: OpenImageIO.ImageSpec) -> Metadata:
    """Returns what a file says about its picture: text, numbers and short lists of numbers."""
    found: dict[str, MetadataValue] = {}
    for attribute in spec.extra_attribs:
        name, value = attribute.name, _plain(attribute)
        if value is not None and not _is_dropped(name):
            found[name] = _UNITS.get(str(value), value) if name == "ResolutionUnit" else value
    return MappingProxyType(found)


def put_metadata(spec: OpenImageIO.ImageSpec, metadata: Metadata, *, is_jpeg: bool = False) -> None:
    """Adds facts to the spec of a file to be written; each format keeps those that it knows.

    What OpenImageIO cannot take is left out: numbers beyond 32 bits and, for JPEG, text beyond its 64 KB segments.
    """
    if "DateTime" not in metadata:
        spec.attribute("DateTime", "")  # else TIFF and EXR files hold the time of writing, and no two are alike
    left = _JPEG_TEXT_BYTES
    for name, value in metadata.items():
        if _is_dropped(name):
            continue
        if isinstance(value, str):
            text = value.encode("utf-8", "replace").decode()
            left -= len(html.escape(text).encode()) + _LIST_ITEM_BYTES * text.count(";")
            if left > 0 or not is_jpeg:
                spec.attribute(name, text)
        elif isinstance(value, tuple):
            if value and all(_fits(number) for number in value):
                kind = "int" if all(isinstance(number, int) for number in value) else "float"
                spec.attribute(name, OpenImageIO.TypeDesc(f"{kind}[{len(value)}]"), value)
        elif _fits(value):
            spec.attribute(name, value)


def _is_dropped(name: str) -> bool:
    return not name or name in _DROPPED or name.startswith(_DROPPED_PREFIXES)


def _fits(number: float) -> bool:
    return isinstance(number, float) or -(2**31) <= number < 2**31


def put_profile(spec: OpenImageIO.ImageSpec, profile: bytes) -> None:
    """Adds an ICC profile to the spec of a file to be written."""
    spec.attribute("ICCProfile", OpenImageIO.TypeDesc(f"uint8[{len(profile)}]"), profile)


def profile_fits(profile: bytes, model: ColorModel) -> bool:
    """True when the colour space named in an ICC profile's header (bytes 16 to 19) is that of the pixels."""
    return profile[16:20] == (b"GRAY" if model.is_gray else b"RGB ")


def _plain(attribute: OpenImageIO.ParamValue) -> MetadataValue | None:
    value = attribute.value
    if isinstance(value, str):
        if value.isascii() or is_unicode(value):
            return value
        return value.encode("utf-8", "surrogateescape").decode("latin-1")  # what PNG says and cameras do
    if isinstance(value, (int, float)):
        return value
    is_plain = attribute.type.aggregate == OpenImageIO.AGGREGATE.SCALAR  # not a matrix, rational or time code
    if is_plain and isinstance(value, tuple) and len(value) <= _LONGEST_LIST:
        return value if all(isinstance(number, (int, float)) for number in value) else None
    return None


def is_unicode(text: str) -> bool:
    """False when text holds bytes that were not UTF-8, as Python keeps them; OpenImageIO cannot be given such."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
