"""Files and folders written whole or not at all, and words for what could not be."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scumble.errors import HostError

PLAIN, EXECUTABLE = 0o644, 0o755
_STALE_S = 3600.0


@dataclass(frozen=True)
class File:
    """Bytes and rights of a file that is to be written."""

    content: bytes
    mode: int = PLAIN

    @property
    def sha256(self) -> str:
        """Hash of the content."""
        return hashlib.sha256(self.content).hexdigest()


def replace_folder(folder: Path, files: dict[str, File]) -> None:
    """Builds the folder beside its place and swaps it in; what was there stays until the new one is complete."""
    for left in folder.parent.glob(f".{folder.name}-*"):
        if time.time() - left.stat().st_mtime > _STALE_S:  # from an installation that was cut off
            shutil.rmtree(left)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        new, old = temporary / "new", temporary / "old"
        for name, file in files.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
            path.chmod(file.mode)
        for path in (new, *new.rglob("*")):
            if path.is_dir():
                path.chmod(EXECUTABLE)
        if folder.exists():
            folder.rename(old)
        try:
            new.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all, through a link to it, with the rights that it had."""
    target = path.resolve()
    mode = target.stat().st_mode & 0o777 if target.exists() else PLAIN
    temporary = target.with_name(f".{target.name}.scumble-{os.getpid()}")
    try:
        with temporary.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(mode)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def text_of(path: Path) -> str:
    """Returns a file's text, every byte of it to be had back; empty where there is no file."""
    return path.read_bytes().decode("utf-8", "surrogateescape") if path.exists() else ""


def bytes_of(text: str) -> bytes:
    """Returns the bytes of what `text_of` gave."""
    return text.encode("utf-8", "surrogateescape")


def missing_folders(path: Path) -> list[Path]:
    """Returns those of a folder and its parents that are not there, the outermost first."""
    return [parent for parent in reversed((path, *path.parents)) if not parent.exists()]


@contextlib.contextmanager
def words_for_rights(place: Path) -> Iterator[None]:
    """Turns what the system refuses into HostError, with what to do; `place` is named where the system names none."""
    try:
        yield
    except OSError as error:
        where = error.filename or place
        hint = "Check its rights and the space on its disk, or name another folder with --folder PATH."
        raise HostError(f"{where} cannot be used: {error.strerror}", hint, "host.not_writable") from error
