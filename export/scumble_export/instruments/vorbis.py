"""Ogg Vorbis streams that are the same bytes every time."""

from __future__ import annotations

import io
import struct

import numpy as np
import soundfile
from numpy.typing import NDArray

_POLYNOMIAL = 0x04C11DB7
_HEADER_BYTES = 27
_SERIAL, _CHECKSUM = slice(14, 18), slice(22, 26)


def stream_from_wave(wave: NDArray[np.int16], rate_hz: int, quality: float) -> bytes:
    """Returns a mono wave as Ogg Vorbis of quality 0 to 1; the same input gives the same bytes."""
    out = io.BytesIO()
    soundfile.write(out, wave, rate_hz, "VORBIS", format="OGG", compression_level=1.0 - quality)
    return with_serial(out.getvalue(), 1)


def with_serial(stream: bytes, serial: int) -> bytes:
    """Returns an Ogg stream whose pages carry this serial number instead of a random one (RFC 3533)."""
    pages, at = bytearray(), 0
    while at < len(stream):
        segments = stream[at + 26]
        size = _HEADER_BYTES + segments + sum(stream[at + _HEADER_BYTES : at + _HEADER_BYTES + segments])
        page = bytearray(stream[at : at + size])
        page[_SERIAL] = struct.pack("<I", serial)
        page[_CHECKSUM] = bytes(4)
        page[_CHECKSUM] = struct.pack("<I", _checksum(page))
        pages += page
        at += size
    return bytes(pages)


def _checksum(page: bytes) -> int:
    value = 0
    for byte in page:
        value = (value << 8 & 0xFFFFFFFF) ^ _TABLE[value >> 24 ^ byte]
    return value


def _table_entry(value: int) -> int:
    value <<= 24
    for _ in range(8):
        value = value << 1 ^ (_POLYNOMIAL if value & 0x80000000 else 0)
    return value & 0xFFFFFFFF


_TABLE = [_table_entry(value) for value in range(256)]
