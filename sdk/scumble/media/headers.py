"""What a picture file says it is, read from its first bytes before any decoder sees it."""

from __future__ import annotations

import enum
import os
import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

from scumble.errors import MediaError


class FileFormat(enum.Enum):
    """The kinds of file that are read and written; the value is OpenImageIO's name."""

    PNG = "png"
    JPEG = "jpeg"
    TIFF = "tiff"
    EXR = "openexr"
    WEBP = "webp"

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The endings of such files' names, the usual one first."""
        return _SUFFIXES[self]


_SUFFIXES = {
    FileFormat.PNG: (".png",),
    FileFormat.JPEG: (".jpg", ".jpeg", ".jpe"),
    FileFormat.TIFF: (".tif", ".tiff"),
    FileFormat.EXR: (".exr",),
    FileFormat.WEBP: (".webp",),
}
SUPPORTED = "PNG, JPEG, TIFF, EXR or WebP"

_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_TIFF_MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_REFUSED = (  # kinds that people try, named so that the message helps
    (0, b"GIF8", "a GIF"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"BM", "a BMP"),
    (0, b"%PDF", "a PDF"),
    (0, b"\xff\x0a", "a JPEG XL"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000"),
    (4, b"ftypavif", "an AVIF"),
    (4, b"ftyphei", "a HEIC"),
    (4, b"ftypmif1", "a HEIC"),
    (0, b"gimp xcf", "a GIMP file"),
)


class Header(NamedTuple):
    """The kind of file, and the size in pixels that it claims: the larger of its windows for EXR."""

    format: FileFormat
    width: int
    height: int


def sniff(path: str | os.PathLike[str]) -> FileFormat:
    """Returns the kind of file by its content; the name is not looked at.

    Raises MediaError: media.missing, media.not_a_file, media.unreadable, media.empty_file,
    media.unknown_format.
    """
    with opened_file(Path(path)) as stream:
        return _format_of(Path(path), stream.read(16))


def header_from_file(path: Path) -> Header:
    """Returns kind and claimed size, having read a few kilobytes at most.

    Raises what `sniff` raises, and MediaError media.truncated or media.damaged when no size is to be found.
    """
    with opened_file(path) as stream:
        kind = _format_of(path, stream.read(16))
        stream.seek(0)
        try:
            width, height = _SIZE_READERS[kind](stream)
        except (struct.error, IndexError, OSError, OverflowError) as error:  # it points behind its end
            raise truncated(path) from error
        except ValueError as error:
            raise damaged(path, str(error)) from error
    if width < 1 or height < 1:
        raise damaged(path, f"it claims to have {width} by {height} pixels")
    return Header(kind, width, height)


def opened_file(path: Path) -> BinaryIO:
    """Opens a file for reading. Raises MediaError when there is none that can be read."""
    try:
        if path.is_dir() or (path.exists() and not path.is_file()):
            raise MediaError(f"{path} is not a file", "Name a picture file.", "media.not_a_file")
        return path.open("rb")
    except FileNotFoundError as error:
        hint = "Check the path; relative ones start at the folder you are in."
        raise MediaError(f"There is no file {path}", hint, "media.missing") from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> MediaError:
    """Returns the error for a file that the system does not let us read."""
    hint = "Check the path and your rights to it."
    return MediaError(f"The file {path} cannot be read: {error}", hint, "media.unreadable")


def truncated(path: Path) -> MediaError:
    """Returns the error for a file whose end is missing."""
    hint = "Copy or download it again; it cannot be read whole."
    return MediaError(f"The file {path} is cut short", hint, "media.truncated")


def damaged(path: Path, reason: str) -> MediaError:
    """Returns the error for a file that breaks its format's rules."""
    hint = "Copy or download it again, or open it in an editor and save it anew."
    return MediaError(f"The file {path} is damaged: {reason}", hint, "media.damaged")


def _format_of(path: Path, start: bytes) -> FileFormat:
    if start.startswith(_PNG_MAGIC):
        return FileFormat.PNG
    if start.startswith(b"\xff\xd8\xff"):
        return FileFormat.JPEG
    if start.startswith(_TIFF_MAGICS):
        return FileFormat.TIFF
    if start.startswith(b"\x76\x2f\x31\x01"):
        return FileFormat.EXR
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return FileFormat.WEBP
    if not start:
        raise MediaError(f"The file {path} is empty", "Copy or download it again.", "media.empty_file")
    found = next((name for at, magic, name in _REFUSED if start.startswith(magic, at)), "not a picture that is known")
    hint = f"Convert it to {SUPPORTED}."
    raise MediaError(f"By its content, {path} is {found}", hint, "media.unknown_format")


def _take(stream: BinaryIO, layout: str) -> tuple[int, ...]:
    return struct.unpack(layout, stream.read(struct.calcsize(layout)))


def _png_size(stream: BinaryIO) -> tuple[int, int]:
    stream.seek(8)
    _, kind, width, height = struct.unpack(">I4sII", stream.read(16))
    if kind != b"IHDR":
        raise ValueError("its first chunk is no header")
    return width, height


def _jpeg_size(stream: BinaryIO) -> tuple[int, int]:
    stream.seek(2)
    while True:
        (mark,) = _take(stream, ">B")
        if mark != 0xFF:
            raise ValueError("a segment does not start with a marker")
        while mark == 0xFF:  # fill bytes may stand before a marker
            (mark,) = _take(stream, ">B")
        if mark == 0x01 or 0xD0 <= mark <= 0xD7:
            continue
        if mark in (0xD9, 0xDA):
            raise ValueError("there is no frame header before the picture")
        (length,) = _take(stream, ">H")
        if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            _, height, width = _take(stream, ">BHH")
            return width, height
        if length < 2:
            raise ValueError("a segment has no length")
        stream.seek(length - 2, os.SEEK_CUR)


def _webp_size(stream: BinaryIO) -> tuple[int, int]:
    stream.seek(12)
    kind, _ = struct.unpack("<4sI", stream.read(8))
    body = stream.read(10)
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(_all(body, 10)[7:10], "little")
    if kind == b"VP8L":
        signature, bits = struct.unpack("<BI", body[:5])
        if signature != 0x2F:
            raise ValueError("its lossless data has no signature")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        start, width, height = struct.unpack("<3x3sHH", body)
        if start != b"\x9d\x01\x2a":
            raise ValueError("its data has no start code")
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError("its first chunk is no picture")


def _tiff_size(stream: BinaryIO) -> tuple[int, int]:
    magic = stream.read(4)
    order = "<" if magic.startswith(b"I") else ">"
    is_big = b"+" in magic
    if is_big:
        _, _, start = _take(stream, order + "HHQ")
    else:
        (start,) = _take(stream, order + "I")
    stream.seek(start)
    (count,) = _take(stream, order + ("Q" if is_big else "H"))
    entry, value_at = (20, 12) if is_big else (12, 8)
    sizes: dict[int, int] = {}
    for _ in range(min(count, 4096)):
        field = _all(stream.read(entry), entry)
        tag, kind = struct.unpack_from(order + "HH", field)
        if tag in (256, 257):
            layout = {1: "B", 3: "H", 4: "I", 16: "Q"}.get(kind)
            if layout is None:
                raise ValueError("its width or height is no whole number")
            (sizes[tag],) = struct.unpack_from(order + layout, field, value_at)
    if len(sizes) < 2:
        raise ValueError("it does not say its width and height")
    return sizes[256], sizes[257]


def _exr_size(stream: BinaryIO) -> tuple[int, int]:
    stream.seek(8)
    header = stream.read(1 << 20)
    width, height, found, at = 0, 0, 0, 0
    while header[at]:
        name_end = _zero_after(header, at)
        kind_end = _zero_after(header, name_end + 1)
        (size,) = struct.unpack_from("<I", header, kind_end + 1)
        if header[at:name_end] in (b"dataWindow", b"displayWindow"):
            left, top, right, bottom = struct.unpack_from("<4i", header, kind_end + 5)
            if right < left or bottom < top:
                raise ValueError("one of its windows is empty")
            width, height, found = max(width, right - left + 1), max(height, bottom - top + 1), found + 1
        at = kind_end + 5 + size
    if found < 2:
        raise ValueError("it does not say its windows")
    return width, height


def _zero_after(data: bytes, start: int) -> int:
    found = data.find(0, start)
    if found < 0:
        raise IndexError
    return found


def _all(data: bytes, length: int) -> bytes:
    if len(data) < length:
        raise IndexError
    return data


_SIZE_READERS = {
    FileFormat.PNG: _png_size,
    FileFormat.JPEG: _jpeg_size,
    FileFormat.TIFF: _tiff_size,
    FileFormat.EXR: _exr_size,
    FileFormat.WEBP: _webp_size,
}
