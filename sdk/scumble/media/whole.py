"""Whether a file's end is there: asked before decoding, since decoders fill what is missing with gray."""

from __future__ import annotations

import mmap
import re
import struct
import zlib
from typing import TYPE_CHECKING, BinaryIO

from scumble.media.headers import FileFormat, damaged, opened_file, truncated

if TYPE_CHECKING:
    from pathlib import Path

_JPEG_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # in scan data: neither a stuffed zero nor a restart


def check_whole(path: Path, kind: FileFormat) -> None:
    """Raises MediaError media.truncated or media.damaged when the file visibly ends too early.

    PNG: every chunk is there and its checksum holds. JPEG: the end-of-image marker is reached. WebP: the container
    is as long as it says. TIFF and EXR have no end mark; their decoders report missing strips by themselves.
    """
    with opened_file(path) as stream:
        if kind is FileFormat.PNG:
            _check_png(path, stream)
        elif kind is FileFormat.JPEG:
            _check_jpeg(path, stream)
        elif kind is FileFormat.WEBP:
            _check_webp(path, stream)


def _check_png(path: Path, stream: BinaryIO) -> None:
    stream.seek(8)
    while True:
        head = stream.read(8)
        if len(head) < 8:
            raise truncated(path)
        length, kind = struct.unpack(">I4s", head)
        checksum, left = zlib.crc32(kind), length
        while left:
            part = stream.read(min(left, 1 << 20))
            if not part:
                raise truncated(path)
            checksum, left = zlib.crc32(part, checksum), left - len(part)
        stored = stream.read(4)
        if len(stored) < 4:
            raise truncated(path)
        is_critical = not kind[0] & 0x20
        if is_critical and int.from_bytes(stored, "big") != checksum:
            raise damaged(path, "a checksum does not match")
        if kind == b"IEND":
            return


def _check_jpeg(path: Path, stream: BinaryIO) -> None:
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = 2
        while at + 2 <= len(data):
            mark = data[at + 1]
            if data[at] != 0xFF:
                raise damaged(path, "a segment does not start with a marker")
            if mark == 0xD9:
                return
            if mark == 0xFF:  # a fill byte
                at += 1
            elif mark == 0x01 or 0xD0 <= mark <= 0xD7:
                at += 2
            else:
                at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
                if mark == 0xDA:
                    found = _JPEG_MARKER.search(data, at)
                    at = found.start() if found else len(data)
    raise truncated(path)


def _check_webp(path: Path, stream: BinaryIO) -> None:
    stream.seek(4)
    claimed = 8 + int.from_bytes(stream.read(4), "little")
    if stream.seek(0, 2) < claimed:
        raise truncated(path)
