"""Whether OBS runs: what it holds in memory it writes over our entry when it ends."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

from scumble.errors import HostError
from scumble.hosts.layout import Machine, Variant


def refuse_while_running(variant: Variant, machine: Machine) -> None:
    """OBS writes its scene collections when it ends, and would undo ours. Raises HostError while it runs."""
    if variant.host.id == "obs" and is_running(variant, machine):
        hint = "Close OBS, then try again: when it ends, it writes its scene collections anew, without this change."
        raise HostError("OBS Studio is running", hint, "host.running")


def is_running(variant: Variant, machine: Machine) -> bool:
    """Returns whether this copy of OBS runs; where processes tell their variables, one of another home is another."""
    if machine.platform == "linux":
        return any(_uses(process, variant) for process in Path("/proc").glob("[0-9]*") if _command(process) == "obs")
    windows = machine.platform == "win32"
    command = ["tasklist", "/FI", "IMAGENAME eq obs64.exe"] if windows else ["pgrep", "-x", "OBS"]
    with contextlib.suppress(OSError):
        said = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the system's own
        return "obs64.exe" in said.stdout if windows else said.returncode == 0
    return False


def _command(process: Path) -> str:
    with contextlib.suppress(OSError):
        return (process / "comm").read_text("utf-8", "replace").strip()
    return ""


def _uses(process: Path, variant: Variant) -> bool:
    try:
        pairs = (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return True
    variables = {os.fsdecode(name): os.fsdecode(value) for name, _, value in (pair.partition(b"=") for pair in pairs)}
    named = variables.get("XDG_CONFIG_HOME")
    config = Path(named) if named else Path(variables.get("HOME", "/")) / ".config"
    if (config / "obs-studio").resolve() == variant.root.resolve():
        return True
    # a portable OBS keeps its settings two folders below itself
    home = variant.root.resolve().parents[1]
    return variant.portable and (process / "exe").resolve().is_relative_to(home)
