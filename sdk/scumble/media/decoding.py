"""A file's samples into memory: some rows at a time where its format allows, and counted first where it does not."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
import OpenImageIO

from scumble.errors import MediaError, MemoryBudgetTooSmall
from scumble.media import mapped
from scumble.media.arrays import Array
from scumble.media.headers import FileFormat, opened_file
from scumble.media.waiting import Tell

READ_TYPES = {"uint8": "uint8", "uint16": "uint16", "half": "half", "float": "float", "double": "float"}
_DTYPES = {"uint8": "uint8", "uint16": "uint16", "half": "float16", "float": "float32"}
_MIB = 1 << 20
_STRIP_BYTES = 4 << 20
_WEBP_BYTES_PER_PIXEL = 8.5
"""RGBA, and what libwebp works on: measured 8.1, the file left out."""
_BLOCK = 64
_COEFFICIENT_BYTES = 2


class Room(NamedTuple):
    """Memory for a file: how large a picture may be that stays out of a mapped file, and what a decoder may take.

    In bytes; None is as much as there is.
    """

    heap_bytes: int | None = None
    decoder_bytes: int | None = None


def decoded(
    path: Path,
    kind: FileFormat,
    source: OpenImageIO.ImageInput,
    channels: tuple[int, int],
    room: Room,
    tell: Tell,
) -> Array | None:
    """Returns channels of an open file, from one to before another, (H, W, C); None when the decoder gives up.

    Decodes strips or rows of tiles and tells the share that is done after each. Raises MemoryBudgetTooSmall,
    before anything is decoded, for a file that its format makes take more at once than there is room for; MediaError
    media.sample_type, and media.too_large where there is no memory.
    """
    spec = source.spec()
    sample = READ_TYPES.get(str(spec.format))
    if sample is None:
        hint = "Save it with 8 or 16 bits a channel, or as half or float."
        raise MediaError(f"{path} has samples of type {spec.format}", hint, "media.sample_type")
    dtype = np.dtype(_DTYPES[sample])
    size = spec.width * spec.height * (channels[1] - channels[0]) * dtype.itemsize
    is_large = room.heap_bytes is not None and size > room.heap_bytes
    check_decoder(path, kind, spec, 0 if is_large else size, room.decoder_bytes)
    try:
        pixels = mapped.empty((spec.height, spec.width, channels[1] - channels[0]), dtype, room.heap_bytes)
        return _in_strips(source, pixels, channels, sample, tell)
    except (MemoryError, RuntimeError) as error:
        message = f"There is not enough memory for the {spec.width} by {spec.height} pixels of {path}"
        raise MediaError(message, "Close other programs or scale the picture down.", "media.too_large") from error


def check_decoder(
    path: Path, kind: FileFormat, spec: OpenImageIO.ImageSpec, result_bytes: int, decoder_bytes: int | None
) -> None:
    """Raises MemoryBudgetTooSmall for a file that takes more at once than `decoder_bytes`, with the result or without.

    Progressive JPEG, interlaced PNG and WebP cannot be read by strips, whoever reads them.
    """
    what, needed = _whole_bytes(path, kind, spec)
    needed += result_bytes
    if decoder_bytes is None or needed <= decoder_bytes or not what:
        return
    more = math.ceil((needed - decoder_bytes) / _MIB)
    message = f"{path} is {what}, which is decoded as a whole: {math.ceil(needed / _MIB)} MiB are needed for that"
    left = f"and the memory budget leaves {decoder_bytes // _MIB}"
    hint = f"Allow {more} MiB more (--memory), or save it {_INSTEAD[kind]}."
    raise MemoryBudgetTooSmall(f"{message}, {left}", hint)


_INSTEAD = {
    FileFormat.JPEG: "as a baseline JPEG in RGB",
    FileFormat.PNG: "without interlacing",
    FileFormat.WEBP: "as a PNG or JPEG",
    FileFormat.TIFF: "as RGB",
}


def _whole_bytes(path: Path, kind: FileFormat, spec: OpenImageIO.ImageSpec) -> tuple[str, int]:
    """Returns what makes a file one that is decoded as a whole, and the bytes that takes; nothing for others."""
    pixels = spec.width * spec.height
    if "CMYK" in (spec.getattribute("jpeg:ColorSpace"), spec.getattribute("tiff:ColorSpace")):
        bytes_per_pixel = (4 + 3) * spec.format.basesize()  # inks and colours
        if kind is FileFormat.JPEG:  # decoded from memory, by planes
            return "a CMYK JPEG", path.stat().st_size + pixels * (bytes_per_pixel + 4)
        return "a CMYK TIFF", pixels * bytes_per_pixel
    if kind is FileFormat.WEBP:
        return "a WebP", path.stat().st_size + int(pixels * _WEBP_BYTES_PER_PIXEL)
    if kind is FileFormat.PNG and _is_interlaced(path):
        return "an interlaced PNG", pixels * spec.pixel_bytes()
    if kind is FileFormat.JPEG:
        samples = _progressive_samples(path)
        return ("a progressive JPEG" if samples else "", samples * _COEFFICIENT_BYTES)
    return "", 0


def _is_interlaced(path: Path) -> bool:
    """Returns the last byte of a PNG's header: 1 for Adam7."""
    with opened_file(path) as stream:
        return stream.read(29)[28:] == b"\1"


def _progressive_samples(path: Path) -> int:
    """Returns the samples of all blocks of a JPEG whose scans refine it or bring one component each; 0 for others.

    libjpeg keeps the coefficients of such a file until the last scan has been read.
    """
    with opened_file(path) as stream:
        stream.seek(2)
        frame: tuple[int, bytes] = (0, b"")
        while (mark := _marker(stream.read(1), stream.read(1))) is not None:
            if mark == 0xFF:
                stream.seek(-1, 1)
                continue
            (length,) = struct.unpack(">H", stream.read(2).ljust(2, b"\0"))
            body = stream.read(max(0, length - 2))
            if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
                frame = mark, body
            elif mark == 0xDA:
                kind, told = frame
                is_refined = kind & 3 == 2 or (len(told) > 5 and body[:1] < told[5:6])
                return _samples_of_frame(told) if is_refined else 0
    return 0


def _marker(first: bytes, second: bytes) -> int | None:
    return second[0] if first == b"\xff" and second else None


def _samples_of_frame(told: bytes) -> int:
    height, width, count = struct.unpack(">xHHB", told[:6])
    factors = [(told[at] >> 4, told[at] & 15) for at in range(7, 6 + 3 * count, 3)]
    most_across, most_down = max(max(a, 1) for a, _ in factors), max(max(d, 1) for _, d in factors)
    blocks = 0
    for across, down in factors:
        columns, rows = width * across / most_across / 8, height * down / most_down / 8
        blocks += math.ceil(columns + across) * math.ceil(rows + down)
    return blocks * _BLOCK


def _in_strips(
    source: OpenImageIO.ImageInput,
    pixels: Array,
    channels: tuple[int, int],
    sample: str,
    tell: Tell,
) -> Array | None:
    """Decodes some rows, or rows of tiles, at a time; None when the decoder gives up."""
    spec = source.spec()
    step = _rows_at_a_time(spec, pixels[0].nbytes)
    for top in range(0, spec.height, step):
        tell(top / spec.height)
        behind = min(spec.height, top + step)
        first, last = spec.y + top, spec.y + behind
        if spec.tile_width:
            strip = source.read_tiles(spec.x, spec.x + spec.width, first, last, 0, 1, *channels, sample)
        else:
            strip = source.read_scanlines(first, last, 0, *channels, sample)
        if strip is None:
            return None
        pixels[top:behind] = strip.reshape(behind - top, spec.width, -1)
    return pixels


def _rows_at_a_time(spec: OpenImageIO.ImageSpec, row_bytes: int) -> int:
    """Returns rows of about 4 MiB: whole tiles, and what is compressed together unless that is much more."""
    wanted = max(1, _STRIP_BYTES // row_bytes)
    chunk = max(1, spec.tile_height if spec.tile_width else spec.get_int_attribute("oiio:RowsPerChunk", 1))
    if chunk > wanted and not spec.tile_width:
        return wanted
    return max(1, wanted // chunk) * chunk
