"""Pixels into a file's bytes; encoders that cannot bear a full disk work in memory."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import OpenImageIO
from numpy.typing import NDArray

from scumble.errors import MediaError
from scumble.media.headers import FileFormat
from scumble.media.jpeg import jpeg_with_profile
from scumble.media.metadata import is_unicode, put_metadata, put_profile
from scumble.media.webp import exif_from_png, webp_with_exif
from scumble.media.whole import check_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scumble.media.image import Metadata

Rows = Callable[[int, int], NDArray[Any]]
"""Gives the pixels of the rows from one to before another, (n, W, C), without gaps."""

_HEAD_BYTES = 1 << 20  # JFIF and EXIF, segments of 64 KB at most, lie in it
_STRIP_BYTES = 4 << 20
_CHUNK_ROWS = 64  # a multiple of what TIFF and EXR compress together

_log = logging.getLogger(__name__)


def encode(
    path: Path,
    kind: FileFormat,
    spec: OpenImageIO.ImageSpec,
    rows: Rows,
    *,
    metadata: Metadata,
    profile: bytes | None,
) -> None:
    """Writes a picture of the size and type that `spec` says into `path`, strip by strip.

    Raises OSError when the encoder fails or the disk is full.
    """
    put_metadata(spec, metadata, is_jpeg=kind is FileFormat.JPEG)
    if profile is not None:
        spec.attribute("oiio:ColorSpace", "unknown")  # else a PNG says beside the profile that it is sRGB
        if kind is not FileFormat.JPEG:
            put_profile(spec, profile)
    if kind is FileFormat.JPEG:
        with _memory_file(kind) as name:
            _run_encoder(kind, name, spec, rows)
            with Path(name).open("rb") as encoded, path.open("wb") as file:
                head = encoded.read(_HEAD_BYTES)
                file.write(jpeg_with_profile(head, profile) if profile else head)
                shutil.copyfileobj(encoded, file)
    elif kind is FileFormat.WEBP:
        data = _encoded(kind, spec, rows)
        exif = _exif_from_metadata(metadata) if metadata else b""
        if exif:
            has_alpha = spec.alpha_channel >= 0
            data = webp_with_exif(data, exif, width=spec.width, height=spec.height, has_alpha=has_alpha)
        path.write_bytes(data)
    else:
        _run_direct(path, kind, spec, rows)
    try:
        check_whole(path, kind)
    except MediaError as error:  # an encoder did not notice that its writes failed
        raise OSError(errno.EIO, "it came out cut short") from error


def _run_direct(path: Path, kind: FileFormat, spec: OpenImageIO.ImageSpec, rows: Rows) -> None:
    if not is_unicode(str(path)):
        path.write_bytes(_encoded(kind, spec, rows))
        return
    try:
        _run_encoder(kind, str(path), spec, rows)
    except OSError:
        if kind is not FileFormat.PNG or spec.getattribute("ICCProfile") is None:
            raise
        spec.erase_attribute("ICCProfile")  # libpng writes sound profiles only; JPEG files often hold others
        _run_encoder(kind, str(path), spec, rows)
        _log.warning("The colour profile is left out: it breaks the rules, so that PNG cannot hold it")


def _exif_from_metadata(metadata: Metadata) -> bytes:
    """Returns the EXIF block that OpenImageIO makes of these facts, taken from a PNG of one pixel."""
    spec = OpenImageIO.ImageSpec(1, 1, 1, "uint8")
    put_metadata(spec, metadata)
    return exif_from_png(_encoded(FileFormat.PNG, spec, lambda top, behind: np.zeros((behind - top, 1, 1), np.uint8)))


def _encoded(kind: FileFormat, spec: OpenImageIO.ImageSpec, rows: Rows) -> bytes:
    """Where a write fails, libjpeg ends the process and the WebP writer never returns; memory does not fail so."""
    with _memory_file(kind) as name:
        _run_encoder(kind, name, spec, rows)
        return Path(name).read_bytes()


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


def _run_encoder(kind: FileFormat, name: str, spec: OpenImageIO.ImageSpec, rows: Rows) -> None:
    output = OpenImageIO.ImageOutput.create(kind.value)
    if output is None:
        raise OSError(errno.ENOSYS, OpenImageIO.geterror())
    is_written = output.open(name, spec)
    if is_written and kind is FileFormat.WEBP:  # which is encoded as a whole
        is_written = output.write_image(rows(0, spec.height))
    elif is_written:
        step = max(1, _STRIP_BYTES // (spec.width * spec.pixel_bytes()) // _CHUNK_ROWS) * _CHUNK_ROWS
        for top in range(0, spec.height, step):
            behind = min(spec.height, top + step)
            is_written = is_written and output.write_scanlines(top, behind, 0, rows(top, behind))
    is_written = output.close() and is_written
    if not is_written:
        report = " ".join(output.geterror().split()).replace(name, "the file")
        raise OSError(errno.EIO, report or "its encoder gave up")
