"""EXIF data in WebP files: OpenImageIO reads it but does not write it, so its block is put in afterwards."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_HAS_ALPHA, _HAS_EXIF = 0x10, 0x08  # flags of the extended header


def exif_from_png(data: bytes) -> bytes:
    """Returns the EXIF block of a PNG file's bytes; empty when it has none."""
    at = 8
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"eXIf":
            return data[at + 8 : at + 8 + length]
        at += 12 + length
    return b""


def webp_with_exif(data: bytes, exif: bytes, *, width: int, height: int, has_alpha: bool) -> bytes:
    """Returns a WebP file's bytes with an EXIF block added; `width` and `height` are the picture's, in pixels."""
    chunks = dict(_chunks(data))
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    extended = bytearray(chunks.pop(b"VP8X", bytes([_HAS_ALPHA * has_alpha, 0, 0, 0]) + size))
    extended[0] |= _HAS_EXIF
    ordered = {b"VP8X": bytes(extended), **chunks, b"EXIF": exif}
    body = b"".join(kind + struct.pack("<I", len(part)) + part + bytes(len(part) % 2) for kind, part in ordered.items())
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        yield kind, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
