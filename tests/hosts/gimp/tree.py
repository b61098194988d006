"""GIMP 3 in its Debian tree: entered with chroot inside a mount name space of its own, so that no mount can be left.

The worker runs outside the tree: there, /outer is the real root, and the recorded command begins with
``chroot /outer``, just as ``flatpak-spawn --host`` leads out of a Flatpak.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.hosts.harness import REPO, Home, cli

from scumble.hosts.adapter import SETUP_FILE, setup_from_file

PREFIX = ("chroot", "/outer")
_PASSED = ("HOME", "DISPLAY", "LC_ALL")
_ENTER = """set -e
root=$1; repo=$2; shift 2
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mkdir -p "$root/outer" "$root$repo"
mount --rbind / "$root/outer"
mount --bind /tmp "$root/tmp"
mount --bind "$repo" "$root$repo"
exec chroot "$root" "$@"
"""


def tree_folder() -> Path | None:
    """Returns the tree that SCUMBLE_GIMP_ROOT names, else the one that .ci/hosts.sh makes; None without GIMP in it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    root = Path(os.environ.get("SCUMBLE_GIMP_ROOT") or cache / "scumble/gimp-root")
    return root if (root / "usr/bin/gimp-console-3.0").exists() else None


def install(home: Home) -> Path:
    """Installs the adapter as users do, records the way out of the tree, and returns the adapter's folder."""
    root = home.config / "GIMP/3.0"
    root.mkdir(parents=True)
    done = cli(["install", "gimp", "--folder", str(root)], home.environment())
    assert done.returncode == 0, done.stderr
    folder = root / "plug-ins/scumble_gimp"
    setup = replace(setup_from_file(str(folder / "scumble_gimp.py")), prefix=PREFIX)
    (folder / SETUP_FILE).write_text(json.dumps(setup.to_json()), "utf-8")
    # The first start would show a window of its own, and ask the net for news.
    (root / "gimprc").write_text('(config-version "3.0.4")\n(show-welcome-dialog no)\n(check-updates no)\n', "utf-8")
    return folder


class Gimp:
    """One running GIMP, driven by Python text over a socket; `stop` ends it and everything it started in the tree."""

    def __init__(self, root: Path, environment: dict[str, str], log: Path, *, gui: bool = False) -> None:
        self.log = log
        self.socket = Path(environment["XDG_RUNTIME_DIR"]) / f"gimp-{os.getpid()}-{time.monotonic_ns()}.socket"
        program = ["gimp-3.0"] if gui else ["gimp-console-3.0", "-i"]
        batch = f"exec(compile(open({str(REPO / 'tests/hosts/gimp/driver.py')!r}).read(), 'driver', 'exec'))"
        command = [*program, "-d", "-f", "--batch-interpreter=python-fu-eval", "-b", batch]
        kept = {
            name: value
            for name, value in environment.items()
            if name in _PASSED or name.startswith(("XDG_", "SCUMBLE_"))
        }
        variables = {**kept, "SCUMBLE_TEST_SOCKET": str(self.socket), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        entered = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _ENTER, "sh", str(root), str(REPO)]
        inside = ["env", "-i", *(f"{name}={value}" for name, value in variables.items()), *command]
        with log.open("ab") as stream:
            self.process = subprocess.Popen(
                [*entered, *inside],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                env={"PATH": variables["PATH"]},
                start_new_session=True,
            )

    def wait(self, timeout_s: float = 90.0) -> None:
        """Waits until GIMP listens. Raises AssertionError with the log's end when it does not."""
        deadline = time.monotonic() + timeout_s
        while not self.socket.exists():
            running = self.process.poll() is None and time.monotonic() < deadline
            assert running, self.log.read_text("utf-8")[-3000:]
            time.sleep(0.05)

    def run(self, code: str, timeout_s: float = 120.0, **names: Any) -> Any:
        """Runs Python text inside GIMP and returns what it put in `answer`; its traceback is an AssertionError."""
        self.wait()
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(timeout_s)
            link.connect(str(self.socket))
            with link.makefile("rw", encoding="utf-8") as stream:
                stream.write(json.dumps({"code": code, "names": names}) + "\n")
                stream.flush()
                reply = json.loads(stream.readline())
        assert "error" not in reply, reply["error"]
        return reply.get("answer")

    def stop(self) -> None:
        """Ends GIMP."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        self.socket.unlink(missing_ok=True)
