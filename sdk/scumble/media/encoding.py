"""Pixels into a file's bytes; encoders that cannot bear a full disk work in memory."""

from __future__ import annotations

import contextlib
import errno
import logging
import math
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import OpenImageIO
from numpy.typing import NDArray

from scumble.errors import MediaError
from scumble.media.headers import FileFormat
from scumble.media.jpeg import jpeg_with_profile
from scumble.media.metadata import is_unicode, put_metadata, put_profile
from scumble.media.waiting import Listener, Tell, waited
from scumble.media.webp import exif_from_png, webp_with_exif
from scumble.media.whole import check_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scumble.media.image import Metadata

Rows = Callable[[int, int], NDArray[Any]]
"""Gives the pixels of the rows from one to before another, (n, W, C), without gaps."""

_HEAD_BYTES = 1 << 20  # JFIF and EXIF, segments of 64 KB at most, lie in it
_STRIP_BYTES = 1 << 18  # some milliseconds of the slowest encoder
_CHUNK_ROWS = {FileFormat.TIFF: 32, FileFormat.EXR: 16}  # what they compress together
_TOLD_EVERY_S = 0.05

_log = logging.getLogger(__name__)


def encode(
    path: Path,
    kind: FileFormat,
    spec: OpenImageIO.ImageSpec,
    rows: Rows,
    *,
    metadata: Metadata,
    profile: bytes | None,
    progress: Listener = None,
) -> None:
    """Writes a picture of the size and type that `spec` says into `path`, strip by strip.

    Raises OSError when the encoder fails or the disk is full, and whatever `progress` raises.
    """
    put_metadata(spec, metadata, is_jpeg=kind is FileFormat.JPEG)
    if profile is not None:
        spec.attribute("oiio:ColorSpace", "unknown")  # else a PNG says beside the profile that it is sRGB
        if kind is not FileFormat.JPEG:
            put_profile(spec, profile)
    if kind is FileFormat.JPEG:
        with _encoded(kind, spec, rows, progress) as encoded, path.open("wb") as file:
            head = encoded.read(_HEAD_BYTES)
            file.write(jpeg_with_profile(head, profile) if profile else head)
            shutil.copyfileobj(encoded, file)
    elif kind is FileFormat.WEBP:
        data = _encoded_bytes(kind, spec, rows, progress)
        exif = _exif_from_metadata(metadata) if metadata else b""
        if exif:
            has_alpha = spec.alpha_channel >= 0
            data = webp_with_exif(data, exif, width=spec.width, height=spec.height, has_alpha=has_alpha)
        path.write_bytes(data)
    else:
        _run_direct(path, kind, spec, rows, progress)
    try:
        check_whole(path, kind)
    except MediaError as error:  # an encoder did not notice that its writes failed
        raise OSError(errno.EIO, "it came out cut short") from error


def _run_direct(
    path: Path, kind: FileFormat, spec: OpenImageIO.ImageSpec, rows: Rows, progress: Listener = None
) -> None:
    if not is_unicode(str(path)):
        path.write_bytes(_encoded_bytes(kind, spec, rows, progress))
        return
    tell = _seldom(progress)
    try:
        _run_encoder(kind, str(path), spec, rows, tell)
    except OSError:
        if kind is not FileFormat.PNG or spec.getattribute("ICCProfile") is None:
            raise
        spec.erase_attribute("ICCProfile")  # libpng writes sound profiles only; JPEG files often hold others
        _run_encoder(kind, str(path), spec, rows, tell)
        _log.warning("The colour profile is left out: it breaks the rules, so that PNG cannot hold it")


def _exif_from_metadata(metadata: Metadata) -> bytes:
    """Returns the EXIF block that OpenImageIO makes of these facts, taken from a PNG of one pixel."""
    spec = OpenImageIO.ImageSpec(1, 1, 1, "uint8")
    put_metadata(spec, metadata)
    pixel = np.zeros((1, 1, 1), np.uint8)
    return exif_from_png(_encoded_bytes(FileFormat.PNG, spec, lambda top, behind: pixel[top:behind], None))


def _encoded_bytes(kind: FileFormat, spec: OpenImageIO.ImageSpec, rows: Rows, progress: Listener) -> bytes:
    with _encoded(kind, spec, rows, progress) as encoded:
        return encoded.read()


def _encoded(kind: FileFormat, spec: OpenImageIO.ImageSpec, rows: Rows, progress: Listener) -> BinaryIO:
    """Returns the encoded picture, open, in memory: nobody sees it when its encoder is left at its work.

    Where a write fails, libjpeg ends the process and the WebP writer never returns; memory does not fail so.
    """

    def work(tell: Tell) -> BinaryIO:
        with _memory_file(kind) as name:
            _run_encoder(kind, name, spec, rows, tell)
            return Path(name).open("rb")

    return waited(work, progress)


def _seldom(progress: Listener) -> Tell:
    """Returns what may be told as often as one likes: `progress` hears of it 20 times a second."""
    last = -math.inf

    def tell(fraction: float) -> None:
        nonlocal last
        now = time.monotonic()
        if progress is not None and now - last >= _TOLD_EVERY_S:
            last = now
            progress(fraction)

    return tell


@contextlib.contextmanager
def _memory_file(kind: FileFormat) -> Iterator[str]:
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("scumble")
        try:
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
    else:
        with tempfile.TemporaryDirectory(prefix="scumble-") as folder:
            yield str(Path(folder, "picture" + kind.suffixes[0]))


def _run_encoder(kind: FileFormat, name: str, spec: OpenImageIO.ImageSpec, rows: Rows, tell: Tell) -> None:
    output = OpenImageIO.ImageOutput.create(kind.value)
    if output is None:
        raise OSError(errno.ENOSYS, OpenImageIO.geterror())
    tell(0.0)  # libpng complains aloud of a file that is closed before its first row
    is_written = output.open(name, spec)
    try:
        if is_written and kind is FileFormat.WEBP:  # which is encoded as a whole
            is_written = output.write_image(rows(0, spec.height))
        elif is_written:
            chunk = _CHUNK_ROWS.get(kind, 1)
            step = max(1, _STRIP_BYTES // (spec.width * spec.pixel_bytes()) // chunk) * chunk
            for top in range(0, spec.height, step):
                if top:
                    tell(top / spec.height)
                behind = min(spec.height, top + step)
                is_written = is_written and output.write_scanlines(top, behind, 0, rows(top, behind))
    finally:
        is_written = output.close() and is_written
    if not is_written:
        report = " ".join(output.geterror().split()).replace(name, "the file")
        raise OSError(errno.EIO, report or "its encoder gave up")
