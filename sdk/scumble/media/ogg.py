"""Ogg streams that are the same bytes every time: encoders number them by chance, here they get the number 1."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

_HEAD_BYTES, _SEGMENTS = 27, 26
_SERIAL, _CHECKSUM = slice(14, 18), slice(22, 26)
_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def number_stream(stream: BinaryIO, serial: int = 1) -> None:
    """Gives every page of an Ogg stream this serial number and its checksum, in place (RFC 3533)."""
    stream.seek(0)
    while len(head := stream.read(_HEAD_BYTES)) == _HEAD_BYTES:
        table = stream.read(head[_SEGMENTS])
        page = bytearray(head + table + stream.read(sum(table)))
        page[_SERIAL], page[_CHECKSUM] = struct.pack("<I", serial), bytes(4)
        page[_CHECKSUM] = checksum(bytes(page))
        stream.seek(-len(page), 1)
        stream.write(page)


def checksum(page: bytes) -> bytes:
    """Returns a page's checksum as it is stored.

    It is zlib's polynomial with bits the other way round and nothing inverted; so is what is done to bytes and result.
    """
    value = ~zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) & 0xFFFFFFFF
    return value.to_bytes(4, "big").translate(_REVERSED)
