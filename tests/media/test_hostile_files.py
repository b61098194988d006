"""Files that are broken, huge, lying or not there: a clear error each time, never a picture in part."""

from __future__ import annotations

import contextlib
import io
import os
import re
import resource
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from tests.media.builders import noise, png_chunk, png_file, smooth, tiff_file, write_exr, write_good_file

from scumble.errors import MediaError
from scumble.media.files import read_image, sniff


def refused(path: Path, **settings: Any) -> MediaError:
    with pytest.raises(MediaError) as caught:
        read_image(path, **settings)
    assert caught.value.code.startswith("media.")
    assert caught.value.hint
    assert "scumble-" not in caught.value.message.replace(str(path), "")  # no names of temporary files
    return caught.value


def make(path: Path, kind: str) -> bytes:
    """One sound file of every way to store pixels that ends differently; returns its bytes."""
    rgb = Pillow.fromarray(smooth())
    half = (smooth() / 255).astype(np.float16)
    if kind.startswith("exr"):
        _, compression, tile = kind.split()
        write_exr(path, half, "RGB", compression=compression, tile=int(tile))
    elif kind.startswith("tif"):
        rgb.save(path, compression=kind.split()[1])
    else:
        settings: dict[str, dict[str, Any]] = {
            "jpg": {"quality": 90},
            "jpg progressive": {"quality": 90, "progressive": True},
            "jpg restarts": {"quality": 90, "restart_marker_rows": 1},
            "webp lossless": {"lossless": True},
        }
        rgb.save(path, **settings.get(kind, {}))
    return path.read_bytes()


KINDS = [
    "png",
    "jpg",
    "jpg progressive",
    "jpg restarts",
    "webp",
    "webp lossless",
    "tif raw",
    "tif tiff_lzw",
    "tif tiff_adobe_deflate",
    "tif jpeg",
    "tif packbits",
    *(f"exr {compression} {tile}" for compression in ("none", "zip", "piz", "dwaa") for tile in (0, 32)),
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_cut_short_is_refused_wherever_the_cut_is(tmp_path: Path, kind: str) -> None:
    path = tmp_path / ("a." + kind.split()[0])
    data = make(path, kind)
    assert read_image(path).width == 160
    cuts = {1, 2, 3, 4, 8, 12, 16, 20, 30, 50, 100, 200, *(len(data) * part // 20 for part in range(1, 20))}
    for length in sorted(cuts | {len(data) - 10, len(data) - 2, len(data) - 1}):
        path.write_bytes(data[:length])
        error = refused(path)
        assert error.code in {"media.truncated", "media.damaged", "media.unknown_format"}, (length, error)
        if length > 100 and not kind.startswith("tif jpeg"):
            assert error.code == "media.truncated", (length, error)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_with_its_middle_missing_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / ("a." + kind.split()[0])
    data = make(path, kind)
    path.write_bytes(data[: len(data) // 2] + data[len(data) // 2 + 500 :])
    assert refused(path).code in {"media.truncated", "media.damaged"}


def test_a_jpeg_cut_short_and_given_an_end_is_refused(tmp_path: Path) -> None:
    data = make(tmp_path / "a.jpg", "jpg")
    (tmp_path / "a.jpg").write_bytes(data[: len(data) // 2] + b"\xff\xd9")
    assert refused(tmp_path / "a.jpg").code in {"media.truncated", "media.damaged"}


def test_a_jpeg_whose_thumbnail_has_the_only_end_is_refused(tmp_path: Path) -> None:
    data = make(tmp_path / "a.jpg", "jpg")
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(data)) + data  # a whole JPEG inside a segment
    (tmp_path / "a.jpg").write_bytes(data[:2] + segment + data[2 : len(data) // 2])
    assert refused(tmp_path / "a.jpg").code == "media.truncated"


def test_bytes_after_the_end_do_no_harm(tmp_path: Path) -> None:
    for ending in ("jpg", "png", "webp", "tif"):
        path = tmp_path / f"a.{ending}"
        write_good_file(path)
        path.write_bytes(path.read_bytes() + b"after the end" * 100)
        assert read_image(path).width == 160


def test_a_png_whose_checksum_fails_is_refused(tmp_path: Path) -> None:
    data = bytearray(make(tmp_path / "a.png", "png"))
    data[len(data) // 2] ^= 1
    (tmp_path / "a.png").write_bytes(data)
    assert refused(tmp_path / "a.png").code == "media.damaged"


def huge(ending: str, side: int) -> bytes:
    """A file of a few kilobytes whose header claims side × side pixels."""
    if ending == "png":
        return png_file(side, side, 8, 2, [bytes(100)])
    if ending in ("jpg", "progressive.jpg"):
        stream = io.BytesIO()
        Pillow.fromarray(smooth()).save(stream, "jpeg", progressive=ending.startswith("p"))
        data = bytearray(stream.getvalue())
        at = re.search(rb"\xff[\xc0\xc2]\0\x11", data)
        assert at is not None
        struct.pack_into(">HH", data, at.end() + 1, min(side, 65535), min(side, 65535))
        return bytes(data)
    if ending == "tif":
        data = bytearray(tiff_file(smooth(), photometric=2))
        for tag in (256, 257):
            at_tag = data.index(struct.pack("<HHI", tag, 4, 1), len(data) - 400)
            struct.pack_into("<I", data, at_tag + 8, side)
        return bytes(data)
    box = struct.pack("<4i", 0, 0, side - 1, side - 1)
    boxes = b"".join(name + b"\0box2i\0" + struct.pack("<I", 16) + box for name in (b"dataWindow", b"displayWindow"))
    if ending == "exr":
        return b"\x76\x2f\x31\x01" + struct.pack("<I", 2) + boxes + b"\0" + bytes(1000)
    extended = bytes(4) + (side - 1).to_bytes(3, "little") * 2
    return b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + extended


@pytest.mark.parametrize("ending", ["png", "jpg", "progressive.jpg", "tif", "exr", "webp"])
def test_a_huge_header_is_refused_at_once_and_without_memory(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    path.write_bytes(huge(ending, 70_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = refused(path)
    grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert error.code == "media.too_large"
    assert "the limit is 100" in error.message
    assert grown_mib < 20


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "exr", "webp"])
def test_the_limit_can_be_moved(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    write_good_file(path)
    assert read_image(path, max_megapixels=0.0192).width == 160
    assert refused(path, max_megapixels=0.0191).code == "media.too_large"


def test_a_display_window_counts_against_the_limit(tmp_path: Path) -> None:
    write_exr(tmp_path / "a.exr", (smooth() / 255).astype(np.float16), "RGB", full=(0, 0, 70_000, 70_000))
    assert refused(tmp_path / "a.exr").code == "media.too_large"


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "exr"])
def test_a_header_that_lies_within_the_limit_gives_no_picture(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    path.write_bytes(huge(ending, 3000))
    assert refused(path).code in {"media.truncated", "media.damaged"}


def test_a_size_of_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png_file(0, 5, 8, 2, [b""]))
    assert refused(tmp_path / "a.png").code == "media.damaged"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "media.empty_file"),
        (b"This is a shopping list, renamed.", "media.unknown_format"),
        (b"GIF89a" + bytes(100), "media.unknown_format"),
        (b"\0\0\0\x18ftypheic" + bytes(100), "media.unknown_format"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "media.unknown_format"),
        (b"8BPS" + bytes(100), "media.unknown_format"),
        (b"\xff\xd8\xff", "media.truncated"),
        (b"\xff\xd8\xff\xd9", "media.damaged"),
        (b"\xff\xd8\xff\xe0\0\x04ab" + b"no marker here", "media.damaged"),
        (b"II*\0" + struct.pack("<I", 8) + b"\0\0", "media.damaged"),
        (b"II*\0" + struct.pack("<I", 2**31), "media.truncated"),
        (b"II+\0" + struct.pack("<HHQ", 8, 0, 2**63 + 5), "media.damaged"),
        (b"RIFF\x10\0\0\0WEBPJUNK" + bytes(20), "media.damaged"),
        (b"\x76\x2f\x31\x01" + bytes(50), "media.damaged"),
        (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IDAT", bytes(13)), "media.damaged"),
    ],
)
def test_content_decides_and_says_what_is_wrong(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    assert refused(path).code == code


def test_the_message_names_what_the_file_is(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"GIF89a" + bytes(100))
    error = refused(tmp_path / "a.png")
    assert "a GIF" in error.message
    assert "PNG" in error.hint


def test_places_that_hold_no_file(tmp_path: Path) -> None:
    assert refused(tmp_path / "missing.png").code == "media.missing"
    assert refused(tmp_path).code == "media.not_a_file"
    assert refused(tmp_path / "zero\0byte.png").code == "media.unreadable"
    assert refused(Path("/dev/zero")).code == "media.not_a_file"
    assert refused(tmp_path / ("n" * 300)).code == "media.unreadable"
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    assert refused(tmp_path / "loop.png").code == "media.unreadable"
    os.mkfifo(tmp_path / "pipe.png")
    assert refused(tmp_path / "pipe.png").code == "media.not_a_file"


def test_sniffing_reads_content_only(tmp_path: Path) -> None:
    write_good_file(tmp_path / "a.webp")
    (tmp_path / "a.webp").rename(tmp_path / "b.exr")
    assert sniff(tmp_path / "b.exr").value == "webp"
    with pytest.raises(MediaError) as caught:
        sniff(tmp_path / "missing")
    assert caught.value.code == "media.missing"


def test_no_other_reader_is_ever_asked(tmp_path: Path) -> None:
    """A PNG's first bytes before a format that OpenImageIO also reads must not reach that reader."""
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"P6 2 2 255\n" + bytes(12))
    assert refused(tmp_path / "a.png").code in {"media.damaged", "media.truncated"}
    code = "import scumble.media.files, OpenImageIO; print(OpenImageIO.get_int_attribute('try_all_readers', 1))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "0"


@pytest.mark.parametrize("kind", KINDS)
def test_random_damage_gives_an_error_or_a_picture_of_the_right_size(tmp_path: Path, kind: str) -> None:
    path = tmp_path / ("a." + kind.split()[0])
    data = make(path, kind)
    random = np.random.default_rng(7)
    for _ in range(40):
        spoilt = bytearray(data)
        for at in random.integers(0, min(len(data), int(random.choice([200, len(data)]))), 3):
            spoilt[at] = int(random.integers(0, 256))
        path.write_bytes(spoilt)
        with contextlib.suppress(MediaError):
            image = read_image(path, max_megapixels=1)
            assert len(image.data) == image.width * image.height * image.channels * image.sample.itemsize


def test_noise_behind_magic_bytes_is_refused(tmp_path: Path) -> None:
    for magic in (
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"II*\0",
        b"MM\0+",
        b"\x76\x2f\x31\x01",
        b"RIFF\x10\0\0\0WEBP",
    ):
        for seed in range(20):
            (tmp_path / "a").write_bytes(magic + noise(20, 20, 1, seed=seed).tobytes())
            refused(tmp_path / "a")
