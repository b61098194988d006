"""Pictures and files for the tests of media: plain ones, rare ones and hostile ones."""

from __future__ import annotations

import functools
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import OpenImageIO
from PIL import Image as Pillow
from PIL import ImageCms

from scumble.media.arrays import Array, array_from_image, image_from_array
from scumble.media.image import Image, SampleType

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ENDINGS = ["png", "jpg", "tif", "exr", "webp"]
LOSSLESS = {  # what comes back unchanged, to the last bit
    "png": [SampleType.U8, SampleType.U16],
    "tif": [SampleType.U8, SampleType.U16, SampleType.F32],
    "exr": [SampleType.F16, SampleType.F32],
    "webp": [SampleType.U8],
}


def noise(height: int, width: int, channels: int, sample: SampleType = SampleType.U8, seed: int = 0) -> Array:
    """Random samples over the whole range; alpha, if there is one, has runs of 0 and of its maximum."""
    values = np.random.default_rng(seed).random((height, width, channels))
    if channels in (2, 4):
        values[: height // 4, :, -1] = 0
        values[-height // 4 :, :, -1] = 1
    top = 1 if sample.is_float else np.iinfo(sample.value).max
    array: Array = (values * top).astype(sample.value)
    return array


def smooth(height: int = 120, width: int = 160) -> Array:
    """An RGB picture that compresses like a photograph."""
    y, x = np.mgrid[0:height, 0:width]
    planes = np.stack([x * 255 / width, y * 255 / height, (x + y) * 255 / (width + height)], axis=-1)
    grain = np.random.default_rng(1).normal(0, 4, planes.shape)
    array: Array = (planes + grain).clip(0, 255).astype(np.uint8)
    return array


def picture(array: Array, **facts: Any) -> Image:
    return image_from_array(array).replace(**facts) if facts else image_from_array(array)


def pixels(image: Image) -> Array:
    return array_from_image(image)


@functools.cache  # the profile holds the time of its making
def srgb_profile() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    return bytes(profile.tobytes())


def long_profile(length: int) -> bytes:
    """A profile padded with noise behind its tags, as long as those of printers."""
    start = srgb_profile()
    padding = np.random.default_rng(2).integers(0, 256, length - len(start), dtype=np.uint8).tobytes()
    return struct.pack(">I", length) + start[4:] + padding


def gray_profile() -> bytes:
    """A profile whose header says GRAY; enough for programs that carry it without using it."""
    start = bytearray(srgb_profile())
    start[16:20] = b"GRAY"
    return bytes(start)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_file(width: int, height: int, depth: int, kind: int, rows: Sequence[bytes], extra: bytes = b"") -> bytes:
    """A PNG of packed rows; kind is the colour type of the PNG standard, extra whole chunks before the data."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
    data = png_chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + header + extra + data + png_chunk(b"IEND", b"")


def png_kinds(data: bytes) -> list[bytes]:
    """The chunks of a PNG, in order."""
    kinds, at = [], 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        kinds.append(kind)
        at += 12 + length
    return kinds


def tiff_file(array: Array, *, photometric: int, extra: Sequence[int] = (), kind: int = 1) -> bytes:
    """A TIFF of one strip; tags as in TIFF 6.0. kind: 1 unsigned, 2 signed, 3 float samples."""
    height, width, channels = array.shape
    data = array.astype(array.dtype.newbyteorder("<")).tobytes()
    bits = 8 * array.dtype.itemsize
    values = {
        256: [width],
        257: [height],
        258: [bits] * channels,
        259: [1],
        262: [photometric],
        273: [8],
        277: [channels],
        278: [height],
        279: [len(data)],
        338: list(extra),
        339: [kind] * channels,
    }
    fields, spilled = b"", b""
    entries = [(tag, numbers) for tag, numbers in sorted(values.items()) if numbers]
    spill_at = 8 + len(data) + 2 + 12 * len(entries) + 4
    for tag, numbers in entries:
        packed = struct.pack(f"<{len(numbers)}I", *numbers)
        if len(numbers) > 1:
            field = struct.pack("<I", spill_at + len(spilled))
            spilled += packed
        else:
            field = packed
        fields += struct.pack("<HHI", tag, 4, len(numbers)) + field
    directory = struct.pack("<H", len(entries)) + fields + struct.pack("<I", 0)
    return struct.pack("<2sHI", b"II", 42, 8 + len(data)) + data + directory + spilled


def write_exr(path: Path, array: Array, names: Sequence[str], *, x: int = 0, y: int = 0, **settings: Any) -> None:
    """An EXR with its pixels at (x, y); settings: full=(x, y, width, height), compression, formats, tile."""
    height, width, channels = array.shape
    kind = {"float16": "half", "float32": "float", "uint32": "uint"}[array.dtype.name]
    spec = OpenImageIO.ImageSpec(width, height, channels, kind)
    spec.channelnames = tuple(names)
    spec.x, spec.y = x, y
    full = settings.get("full", (0, 0, width, height))
    spec.full_x, spec.full_y, spec.full_width, spec.full_height = full
    spec.attribute("compression", settings.get("compression", "zip"))
    spec.tile_width = spec.tile_height = settings.get("tile", 0)
    output = OpenImageIO.ImageOutput.create("openexr")
    assert output is not None
    assert output.open(str(path), spec), output.geterror()
    if spec.tile_width:
        assert output.write_tiles(x, x + width, y, y + height, 0, 1, array)
    else:
        assert output.write_image(array), output.geterror()
    assert output.close()


def write_good_file(path: Path) -> None:
    """A sound RGB picture in the format that the name ends with."""
    ending = path.suffix[1:]
    if ending == "exr":
        write_exr(path, (smooth() / 255).astype(np.float16), "RGB")
    else:
        Pillow.fromarray(smooth()).save(path, lossless=True) if ending == "webp" else Pillow.fromarray(smooth()).save(
            path
        )
