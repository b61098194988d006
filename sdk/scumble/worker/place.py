"""Where hosts and the worker of one user meet: a private folder with address, token, lock and the record of crashes."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from scumble.errors import HostError

LAYERS_PREFIX = "layers-"
"""How folders in the runtime folder begin that a host has layers written into."""
RUNTIME_VARIABLE = "SCUMBLE_RUNTIME"
MOST_CRASHES = 3
CRASH_WINDOW_S = 600.0
_LONGEST_SOCKET_PATH = 100


def runtime_folder(recorded: str = "") -> Path:
    """Returns the folder that is used: SCUMBLE_RUNTIME, else what install recorded, else one of the session's own."""
    named = os.environ.get(RUNTIME_VARIABLE) or recorded
    if named:
        return Path(named)
    session = os.environ.get("XDG_RUNTIME_DIR")
    if session and Path(session).is_dir():
        return Path(session) / "scumble"
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    return Path(tempfile.gettempdir()) / f"scumble-{user}"


def state_folder() -> Path:
    """Returns where the log lies: it outlives the session, so that it can be read after a crash."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "Scumble"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Logs" / "Scumble"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "scumble"


def cache_folder() -> Path:
    """Returns where what can be made again lies: the list of effects, and pixels too many for the runtime folder."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "Scumble" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "Scumble"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scumble"


def log_path() -> Path:
    """Returns the worker's log file."""
    return state_folder() / "worker.log"


def last_log_lines(count: int) -> list[str]:
    """Returns the last lines of the worker's log; none where there is no log."""
    try:
        with log_path().open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - 16384))
            return stream.read().decode("utf-8", "replace").splitlines()[-count:]
    except OSError:
        return []


def make_private(folder: Path) -> Path:
    """Makes a folder that only this user may enter, and returns it. Raises HostError when it cannot be trusted."""
    hint = f"Remove it, or name another folder in {RUNTIME_VARIABLE}."
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = os.lstat(folder)
    except OSError as error:
        message = f"The folder {folder} cannot be made: {error.strerror}"
        raise HostError(
            message, f"Check your rights, or name another folder in {RUNTIME_VARIABLE}.", "host.runtime"
        ) from error
    if not stat.S_ISDIR(found.st_mode):
        raise HostError(f"{folder} is no folder", hint, "host.runtime")
    if hasattr(os, "getuid"):
        if found.st_uid != os.getuid():
            raise HostError(f"The folder {folder} belongs to somebody else", hint, "host.runtime")
        if stat.S_IMODE(found.st_mode) & 0o077:
            folder.chmod(0o700)
    return folder


class Place:
    """The runtime folder and the files in it. Raises HostError when the folder cannot be made or trusted."""

    def __init__(self, folder: Path) -> None:
        self.folder = make_private(folder)
        self.address_file = folder / "worker.json"
        self.lock_file = folder / "worker.lock"
        self.crash_file = folder / "crashes.json"
        self.socket = folder / "worker.socket"

    @property
    def uses_socket(self) -> bool:
        """True where a Unix socket can be had: the system knows them and the path is not too long for one."""
        return sys.platform != "win32" and len(os.fsencode(str(self.socket))) <= _LONGEST_SOCKET_PATH

    def address(self) -> dict[str, Any] | None:
        """Returns what the worker wrote about itself (pid, family, address, token, version), or None."""
        try:
            found = json.loads(self.address_file.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def write(self, path: Path, content: Any) -> None:
        """Writes a small JSON file of this folder, whole or not at all, readable by this user only."""
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(str(temporary), os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(content, stream)
        temporary.replace(path)

    def crashes(self) -> list[dict[str, Any]]:
        """Returns the crashes of the last ten minutes, oldest first: each a time (s since 1970) and a reason."""
        try:
            found = json.loads(self.crash_file.read_text("utf-8"))
            recent = [row for row in found if 0 <= time.time() - float(row["time"]) < CRASH_WINDOW_S]
        except (OSError, ValueError, TypeError, KeyError):
            return []
        return [{"time": float(row["time"]), "reason": str(row.get("reason")), "pid": row.get("pid")} for row in recent]

    def record_crash(self, reason: str, pid: int) -> None:
        """Adds the crash of a process, once; from the third one on the worker is not started any more (safe mode)."""
        crashes = self.crashes()
        if pid not in [row["pid"] for row in crashes]:
            self.write(self.crash_file, [*crashes, {"time": time.time(), "reason": reason, "pid": pid}])

    def clear_crashes(self) -> None:
        """Ends safe mode."""
        with contextlib.suppress(FileNotFoundError):
            self.crash_file.unlink()

    @property
    def in_safe_mode(self) -> bool:
        """True when the worker crashed too often to be started again by itself."""
        return len(self.crashes()) >= MOST_CRASHES
