"""Pictures and sounds in memory-mapped files that host and worker both see, so that the wire carries none."""

from __future__ import annotations

import base64
import binascii
import contextlib
import errno
import mmap
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scumble.errors import HostError, MediaError
from scumble.media.audio import Audio
from scumble.media.image import ColorModel, Image, SampleType, Transfer
from scumble.worker.place import LAYERS_PREFIX, cache_folder, make_private, runtime_folder
from scumble.worker.wire import Message, WireError, field

FILE = "file"
"""Says of a clip that the wire carries the path of a picture file, which the worker reads itself."""
MOST_PROFILE_BYTES = 1 << 20
_NAME = re.compile(r"[0-9a-f]{32}\.pixels")
_STALE_S = 3600.0


class Pixels:
    """One picture in a file of its own, to be filled row by row: `image.data` is writable until it is submitted.

    `close` removes the file; what is still mapped stays readable until the last `Image` of it is dropped.
    """

    def __init__(self, path: Path, image: Image) -> None:
        self.path = path
        self.image = image

    @classmethod
    def create(
        cls,
        width: int,
        height: int,
        *,
        model: ColorModel = ColorModel.RGBA,
        sample: SampleType = SampleType.U8,
        transfer: Transfer = Transfer.SRGB,
        icc_profile: bytes | None = None,
        folder: Path | None = None,
    ) -> Pixels:
        """Makes the file, with all its space taken at once, so that filling it cannot fail.

        The file lies in `folder` (the runtime folder by default) or, when that is full, in the user's cache.
        Raises MediaError: media.empty for no pixels, media.no_space when no disk has room.
        """
        needed = max(1, width * height * model.channels * sample.itemsize)
        path, view = create_file(needed, folder)
        try:
            return cls(path, Image(view, width, height, model, sample, transfer, icc_profile=icc_profile))
        except BaseException:
            path.unlink()
            raise

    @classmethod
    def copy_of(cls, image: Image, folder: Path | None = None) -> Pixels:
        """Returns a picture's copy in a file of its own, its rows without gaps. Raises as `create`."""
        facts: Any = {name: getattr(image, name) for name in ("model", "sample", "transfer", "icc_profile")}
        pixels = cls.create(image.width, image.height, **facts, folder=folder)
        target, source, row = memoryview(pixels.image.data), memoryview(image.data), image.row_bytes
        if image.stride == row:
            target[: row * image.height] = source[: row * image.height]
        else:
            for y in range(image.height):
                target[y * row : (y + 1) * row] = source[y * image.stride : y * image.stride + row]
        return pixels

    def close(self) -> None:
        """Removes the file; a second call does nothing."""
        with contextlib.suppress(OSError):
            self.path.unlink()

    def as_message(self) -> Message:
        """Returns what the wire says about the picture."""
        image = self.image
        profile = image.icc_profile if image.icc_profile and len(image.icc_profile) <= MOST_PROFILE_BYTES else b""
        return {
            "media": "image",
            "file": str(self.path),
            "width": image.width,
            "height": image.height,
            "model": image.model.value,
            "sample": image.sample.value,
            "transfer": image.transfer.value,
            "stride": image.stride,
            "profile": base64.b64encode(profile).decode("ascii"),
        }


def image_from_message(message: Message, *, writable: bool = False) -> Image:
    """Returns the picture that `Pixels.as_message` told of, mapped. Raises WireError, MediaError."""
    profile = field(message, "profile", str)
    try:
        facts = (
            ColorModel(field(message, "model", str)),
            SampleType(field(message, "sample", str)),
            Transfer(field(message, "transfer", str)),
        )
        icc_profile = base64.b64decode(profile, validate=True) or None
    except (ValueError, binascii.Error) as error:
        raise WireError(f"A picture is described wrongly: {error}") from error
    width, height, stride = (field(message, name, int) for name in ("width", "height", "stride"))
    view = mapped_file(field(message, "file", str), writable=writable)
    return Image(view, width, height, *facts, stride=stride, icc_profile=icc_profile)


def audio_as_message(path: Path, audio: Audio) -> Message:
    """Returns what the wire says about a sound whose samples are in the file `path`."""
    return {"media": "audio", "file": str(path), "channels": audio.channels, "rate_hz": audio.rate_hz}


def audio_from_message(message: Message) -> Audio:
    """Returns the sound that `audio_as_message` told of, mapped. Raises WireError, MediaError."""
    view = mapped_file(field(message, "file", str))
    return Audio(view, field(message, "channels", int), field(message, "rate_hz", int))


def result_from_message(message: Any) -> Any:
    """Returns a job's result: plain data as it is; pixels or sound mapped, and their file removed at once.

    Where the system cannot remove what is mapped, the worker sweeps it away later. Raises WireError, MediaError.
    """
    if not isinstance(message, dict) or "media" not in message:
        return message
    result = image_from_message(message) if message["media"] == "image" else audio_from_message(message)
    with contextlib.suppress(OSError):
        Path(field(message, "file", str)).unlink()
    return result


def create_file(size_bytes: int, folder: Path | None = None) -> tuple[Path, memoryview]:
    """Makes a file of that size and maps it for writing. Raises MediaError (media.no_space) when no disk has room."""
    reason = ""
    for place in (folder or runtime_folder(), cache_folder()):
        path = make_private(place / "pixels") / f"{secrets.token_hex(16)}.pixels"
        try:
            descriptor = os.open(str(path), os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
            try:
                _take_space(descriptor, size_bytes)
                return path, memoryview(mmap.mmap(descriptor, size_bytes))
            finally:
                os.close(descriptor)
        except OSError as error:
            reason = error.strerror or str(error)
            with contextlib.suppress(OSError):
                path.unlink()
    hint = f"Free {size_bytes / 2**20:.0f} MiB of disk space, or use a smaller picture."
    raise MediaError(f"There is no room for the picture's pixels: {reason}", hint, "media.no_space")


def _take_space(descriptor: int, size_bytes: int) -> None:
    """Takes the space now: a mapped page that finds the disk full later would end the process."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(descriptor, 0, size_bytes)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
                raise
        else:
            return
    os.ftruncate(descriptor, size_bytes)


def mapped_file(name: str, *, writable: bool = False) -> memoryview:
    """Maps a file that `create_file` made. Raises HostError for any other file, MediaError when it is gone."""
    path = Path(name)
    if not (path.is_absolute() and _NAME.fullmatch(path.name) and path.parent.name == "pixels"):
        raise HostError(f"{name!r} is no file of pixels", "Install the plug-in again.", "host.pixels")
    flags = (os.O_RDWR if writable else os.O_RDONLY) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(name, flags)
    except OSError as error:
        raise MediaError(f"The pixels are gone: {error.strerror}", "Start the job again.", "media.missing") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
            raise HostError(f"{name!r} is no file of pixels of this user", "Install the plug-in again.", "host.pixels")
        if not found.st_size:
            raise MediaError("The file of pixels is empty", "Start the job again.", "media.empty")
        access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
        return memoryview(mmap.mmap(descriptor, found.st_size, access=access))
    finally:
        os.close(descriptor)


class ResultDrawer:
    """Gives the engine mapped files to write results into, so that a result need not be copied to be handed over.

    As a context manager it removes, at the end, every file that was given and not taken. For one thread.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._given: list[tuple[Path, memoryview]] = []

    def allocate(self, size_bytes: int) -> memoryview:
        """Returns the memory of a new file. Raises MediaError (media.no_space)."""
        self._given.append(create_file(size_bytes, self._folder))
        return self._given[-1][1]

    def take(self, image: Image) -> Pixels:
        """Returns the file that holds the picture: the one that its memory was given from, else a copy."""
        data = memoryview(image.data)
        for index, (path, view) in enumerate(self._given):
            if _root(data) is _root(view) and len(data) == len(view):
                del self._given[index]
                return Pixels(path, image)
        return Pixels.copy_of(image, self._folder)

    def __enter__(self) -> ResultDrawer:
        return self

    def __exit__(self, *_: object) -> None:
        for path, _view in self._given:
            with contextlib.suppress(OSError):
                path.unlink()
        self._given.clear()


def _root(view: object) -> object:
    """Returns what a buffer's memory belongs to in the end."""
    while True:
        below = view.obj if isinstance(view, memoryview) else getattr(view, "base", None)
        if below is None:
            return view
        view = below


def remove_file(name: str) -> None:
    """Removes a file that `create_file` made, if it is there; no other one."""
    path = Path(name)
    if path.is_absolute() and _NAME.fullmatch(path.name) and path.parent.name == "pixels":
        with contextlib.suppress(OSError):
            path.unlink()


def sweep(folder: Path, older_than_s: float = _STALE_S) -> int:
    """Removes what crashed hosts left behind, and returns how many files and folders of layers that were."""
    removed = 0
    for path in _left_files(folder):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime >= older_than_s:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
                removed += 1
    return removed


def _left_files(folder: Path) -> Iterator[Path]:
    yield from folder.glob(f"{LAYERS_PREFIX}*")
    for place in (folder, cache_folder()):
        yield from (path for path in (place / "pixels").glob("*.pixels") if _NAME.fullmatch(path.name))
