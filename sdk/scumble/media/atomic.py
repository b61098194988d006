"""Files that appear whole or not at all: a temporary sibling, flushed to the disk, then renamed."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from scumble.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str], *, overwrite: bool = True) -> Iterator[Path]:
    """Gives an empty file in the folder of `path`, with its suffix, that takes its place when the block ends well.

    When the block raises, whatever it raises, the temporary file is removed and `path` is as it was. A symbolic
    link stays one: the file it points to is replaced. Permissions of a replaced file are kept.

    Raises MediaError: media.no_folder, media.not_a_file (a folder is in the way), media.exists (only without
    `overwrite`), media.unwritable (rights, or the disk is full).
    """
    target = _checked_target(Path(path), overwrite=overwrite)
    temporary = target.with_name(f".scumble-{secrets.token_hex(8)}{target.suffix}")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            yield temporary
            _commit(temporary, target, overwrite=overwrite)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise unwritable(target, error.strerror or str(error)) from error
    except MediaError as error:
        if str(temporary) not in error.message:
            raise
        raise MediaError(error.message.replace(str(temporary), str(path)), error.hint, error.code) from error


def unwritable(path: Path, reason: str) -> MediaError:
    """Returns the error for a file that cannot be written for `reason`."""
    hint = "Check your rights to the folder and the free space on its disk, or name another place."
    return MediaError(f"The file {path} cannot be written: {reason}", hint, "media.unwritable")


def _checked_target(path: Path, *, overwrite: bool) -> Path:
    try:
        target = path.resolve()
        is_folder, has_folder, exists = target.is_dir(), target.parent.is_dir(), target.exists()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links; a zero byte in the name
        raise unwritable(path, str(error)) from error
    if is_folder:
        raise MediaError(f"{path} is a folder", "Name a file in it.", "media.not_a_file")
    if not has_folder:
        hint = "Create the folder first, or name another place."
        raise MediaError(f"There is no folder {target.parent}", hint, "media.no_folder")
    if exists and not overwrite:
        raise _exists(path)
    return target


def _commit(temporary: Path, target: Path, *, overwrite: bool) -> None:
    with temporary.open("r+b") as stream:
        os.fsync(stream.fileno())
    if target.exists():
        if not overwrite:  # it came while we were writing
            raise _exists(target)
        shutil.copymode(target, temporary)
    temporary.replace(target)
    with contextlib.suppress(OSError):  # not every system can flush a folder, and the file itself is safe
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _exists(path: Path) -> MediaError:
    return MediaError(f"The file {path} is already there", "Name another file, or allow overwriting.", "media.exists")
