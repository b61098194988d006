"""Keeps what takes seconds to make in the user's cache folder: whole or not at all, checked when read, limited."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import platformdirs

LARGEST_BYTES = 256 << 20
_SUFFIX = ".sf2"
_DIGEST = hashlib.sha256().digest_size


def cache_folder() -> Path:
    """Returns where instruments are kept: SCUMBLE_CACHE, or the user's cache folder."""
    named = os.environ.get("SCUMBLE_CACHE", "")
    return (Path(named) if named else Path(platformdirs.user_cache_dir("scumble"))) / "timbres"


def cached(key: str, make: Callable[[], bytes]) -> bytes:
    """Returns the content kept under a key, a hash in hexadecimal, or makes and keeps it.

    A file that was damaged is made anew. Where nothing can be kept, for want of room or rights, all works without.
    Several processes may do this at a time: each writes a file of its own and then gives it the name.
    """
    path = cache_folder() / (key + _SUFFIX)
    with contextlib.suppress(OSError):
        content = path.read_bytes()
        if hashlib.sha256(content[_DIGEST:]).digest() == content[:_DIGEST]:
            os.utime(path)
            return content[_DIGEST:]
    content = make()
    with contextlib.suppress(OSError):
        _write(path, hashlib.sha256(content).digest() + content)
        _make_room(path)
    return content


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _make_room(fresh: Path) -> None:
    """Removes the files that were longest of no use until the rest is within the limit; the fresh one stays."""
    facts = [(path, path.stat()) for path in fresh.parent.glob("*" + _SUFFIX) if path != fresh]
    left = LARGEST_BYTES - fresh.stat().st_size
    for path, fact in sorted(facts, key=lambda entry: -entry[1].st_mtime):
        left -= fact.st_size
        if left < 0:
            path.unlink(missing_ok=True)
