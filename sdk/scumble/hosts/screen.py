"""A display that nobody sees, for hosts that do not start without one."""

from __future__ import annotations

import os
import shutil
import subprocess

from scumble.errors import HostError

_TIMEOUT_S = 20.0
_OPTIONS = ("-nolisten", "tcp", "-noreset", "-dpi", "96", "-displayfd")


class Screen:
    """An Xvfb server at a number of its own choice; `name` is what DISPLAY wants.

    Raises HostError (host.no_display) when Xvfb is missing or does not start.
    """

    def __init__(self, width: int = 1280, height: int = 900) -> None:
        """Starts it and waits until it answers; sizes in pixels."""
        program = shutil.which("Xvfb")
        if program is None:
            hint = "Install Xvfb, for example with: apt-get install xvfb"
            raise HostError("There is no Xvfb", hint, "host.no_display")
        read_end, write_end = os.pipe()
        command = [program, "-screen", "0", f"{width}x{height}x24", *_OPTIONS, str(write_end)]
        self._process = subprocess.Popen(  # noqa: S603 - found on the path
            command, pass_fds=[write_end], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        os.close(write_end)
        with os.fdopen(read_end, encoding="ascii") as stream:
            number = stream.readline().strip()  # empty when it ends instead
        if not number:
            _, said = self._process.communicate(timeout=_TIMEOUT_S)
            last = said.decode(errors="replace").strip().splitlines()[-1:]
            raise HostError(
                f"Xvfb did not start: {' '.join(last)}", "Start Xvfb by hand to see why.", "host.no_display"
            )
        self.name = f":{number}"

    def stop(self) -> None:
        """Ends the server; a second call does nothing."""
        self._process.terminate()
        self._process.wait(_TIMEOUT_S)
        if self._process.stderr:
            self._process.stderr.close()
