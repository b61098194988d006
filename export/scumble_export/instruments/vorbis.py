"""Ogg Vorbis streams that are the same bytes every time."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import soundfile
from numpy.typing import NDArray

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


def _checksum(page: bytearray) -> int:
    """Returns Ogg's checksum: zlib's with bits the other way round and nothing inverted."""
    value = ~zlib.crc32(bytes(page).translate(_REVERSED), 0xFFFFFFFF) & 0xFFFFFFFF
    return int.from_bytes(value.to_bytes(4, "big").translate(_REVERSED), "little")


_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))
