"""Memory for pictures larger than a budget: unnamed files, mapped, whose pages do not stay with the process."""

from __future__ import annotations

import contextlib
import math
import mmap
import os
import tempfile
import threading
import weakref
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scumble.errors import MediaError

Array = NDArray[Any]

_EVERY_S = 0.02
"""Between two times that pages are let go: what the fastest work touches meanwhile is some ten MiB."""


class _Keeper:
    """Lets go, every few milliseconds, of the pages of all mapped pictures that are alive."""

    def __init__(self) -> None:
        self._maps: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def watch(self, mapped: mmap.mmap) -> None:
        with self._lock:
            self._maps.add(mapped)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="scumble-mapped", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(_EVERY_S):
            with self._lock:
                alive = list(self._maps)
                if not alive:
                    self._thread = None
                    return
            for mapped in alive:
                let_go(mapped)
            del alive


_keeper = _Keeper()


def empty(shape: tuple[int, ...], dtype: np.dtype[Any], heap_bytes: int | None = None) -> Array:
    """Returns uninitialised memory: on the heap up to `heap_bytes`, beyond in a mapped file that has no name.

    The file's space is taken at once. What is written there is in the system's cache, which it empties when others
    need the memory, and on the disk; it does not stay resident in this process. Raises MediaError media.no_space when
    neither the folder for temporary files nor /var/tmp has room.
    """
    size = math.prod(shape) * dtype.itemsize
    if heap_bytes is None or size <= heap_bytes or not hasattr(mmap, "MADV_DONTNEED"):
        return np.empty(shape, dtype)
    mapped = _mapped(size)
    _keeper.watch(mapped)
    return np.frombuffer(mapped, dtype, math.prod(shape)).reshape(shape)


def heap_bytes_of(buffer: Any) -> int:
    """Returns how many bytes of a picture's buffer stay in this process' memory: none where it is a mapped file."""
    view = memoryview(buffer)
    owner: Any = view
    while owner is not None:
        if isinstance(owner, mmap.mmap):
            return 0
        owner = owner.obj if isinstance(owner, memoryview) else getattr(owner, "base", None)
    return view.nbytes


def let_go(mapped: mmap.mmap) -> None:
    """Takes a map's pages from the process; they come back, as they were written, when they are touched."""
    with contextlib.suppress(ValueError, OSError):  # closed meanwhile
        mapped.madvise(mmap.MADV_DONTNEED)


def _mapped(size: int) -> mmap.mmap:
    # /tmp is often memory itself, which /var/tmp never is.
    folders = [os.environ.get("TMPDIR"), "/var/tmp", tempfile.gettempdir()]  # noqa: S108
    for folder in folders:
        if folder and Path(folder).is_dir():
            with contextlib.suppress(OSError), tempfile.TemporaryFile(dir=folder, prefix="scumble-") as file:
                os.posix_fallocate(file.fileno(), 0, size)
                return mmap.mmap(file.fileno(), size)
    message = f"There is no room for {size >> 20} MiB of pixels on the disk"
    raise MediaError(message, "Free some space, or allow more memory (--memory).", "media.no_space")
