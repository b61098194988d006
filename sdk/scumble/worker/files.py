"""Picture files that a host names instead of sending pixels: read by the worker, and once while they do not change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from scumble.engine.budgeting import ReadLimits
from scumble.errors import ParamError
from scumble.media.files import read_image
from scumble.media.image import Image
from scumble.media.mapped import heap_bytes_of

MOST_MEGAPIXELS = 400.0
MOST_KEPT_BYTES = 256 * 2**20
_Stamp = tuple[int, int, int]


class PictureFiles:
    """Reads picture files and keeps those that were read last, for previews ask for the same one again and again.

    Reading, and what is kept in memory, obey `limits`, those of an engine's budget.
    """

    def __init__(self, limits: ReadLimits | None = None) -> None:
        self._limits = limits
        self._kept: dict[Path, tuple[_Stamp, Image]] = {}

    def read(self, name: str, progress: Callable[[float], object] | None = None) -> Image:
        """Returns the picture in the file `name`; it is for several jobs, so its pixels cannot be written.

        Raises ParamError (param.relative_path) unless the path is absolute, and MediaError, and whatever `progress`
        raises, as `read_image` does.
        """
        path = absolute_path(name)
        stamp = _stamp_of(path)  # before reading: a file that changes meanwhile is read again
        if stamp is not None and path in self._kept and self._kept[path][0] == stamp:
            return self._kept[path][1]
        limits: Any = self._limits or {}
        image = read_image(path, max_megapixels=MOST_MEGAPIXELS, **limits, progress=progress)
        image = image.replace(data=memoryview(image.data).toreadonly())
        if stamp is not None:
            self._keep(path, stamp, image)
        return image

    def forget(self) -> None:
        """Drops what was kept."""
        self._kept = {}

    def _keep(self, path: Path, stamp: _Stamp, image: Image) -> None:
        """Keeps a picture, and of the others the newest that fit into the limit along with it."""
        kept: dict[Path, tuple[_Stamp, Image]] = {}
        room = MOST_KEPT_BYTES if self._limits is None else min(MOST_KEPT_BYTES, self._limits["heap_bytes"])
        for place, entry in ((path, (stamp, image)), *reversed(self._kept.items())):
            size = heap_bytes_of(entry[1].data)
            if place not in kept and size <= room:
                kept[place] = entry
                room -= size
        self._kept = dict(reversed(kept.items()))


def absolute_path(name: str) -> Path:
    """Returns a path that a host named. Raises ParamError for a relative one: the worker's folder is not the host's."""
    path = Path(name)
    if not path.is_absolute():
        raise ParamError(f"The path {name!r} is not absolute", "Give the whole path.", "param.relative_path")
    return path


def _stamp_of(path: Path) -> _Stamp | None:
    """Returns what changes when the file does; None where nothing can be told."""
    try:
        found = path.stat()
    except (OSError, ValueError):  # ValueError: a zero byte in the name
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
