"""Looks at Scumble itself, step by step: Python, the native core, the runtime, models, disk, rights, the worker."""

from __future__ import annotations

import importlib
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

from scumble.errors import ScumbleError
from scumble.worker.client import Client
from scumble.worker.launch import Launch
from scumble.worker.place import (
    MOST_CRASHES,
    Place,
    cache_folder,
    last_log_lines,
    log_path,
    runtime_folder,
    state_folder,
)

State = Literal["ok", "note", "unproved", "problem"]
LEAST_FREE_MIB = 256
_REINSTALL = "Install Scumble again, for example with: pip install --force-reinstall 'scumble[cpu]'"
_LOG_LINES, _SHOWN_LINES = 200, 3
_BAD_LINE = re.compile(r" (ERROR|CRITICAL) |^(Fatal Python error|Traceback|\w*Error:)")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: for programs: "native-core", "worker", ...
        state: "ok"; "note", which is no fault; "unproved" and "problem", after which not all is well.
        text: what was found, one sentence.
        hint: what to do; empty when there is nothing to do.
    """

    name: str
    state: State
    text: str
    hint: str = ""


def checks_of_scumble() -> Iterator[Check]:
    """Yields what is found about this installation, in the order in which one thing needs the other."""
    yield Check(
        "python", "ok", f"Scumble {version('scumble')} runs on Python {platform.python_version()}, {sys.executable}"
    )
    core = _checked("native-core", _native_core, _REINSTALL)
    yield core
    if core.state == "ok":
        yield _checked("runtime", _runtime, _REINSTALL)
    yield from _models()
    yield from _effects()
    yield from _disk()
    yield from _worker()


def _checked(name: str, find: Callable[[], str], hint: str) -> Check:
    """Returns the check that `find` makes: its text, or what it raises in words."""
    try:
        return Check(name, "ok", find())
    except ScumbleError as error:
        return Check(name, "problem", error.message, error.hint or hint)
    except Exception as error:  # a doctor reports whatever is wrong
        return Check(name, "problem", f"{type(error).__name__}: {error}", hint)


def _native_core() -> str:
    try:
        engine = importlib.import_module("scumble.engine")
    except ImportError as error:
        raise ScumbleError(f"The native core cannot be loaded: {error}", _REINSTALL) from error
    engine.Engine()
    return "The native core loads"


def _runtime() -> str:
    library = importlib.import_module("scumble.engine.machine").runtime_library()
    return f"ONNX Runtime is there: {library}"


def _models() -> Iterator[Check]:
    try:
        bundles = importlib.import_module("scumble.models.store").installed_bundles()
    except ScumbleError as error:
        yield Check("models", "problem", error.message, error.hint or _REINSTALL)
        return
    for bundle in bundles:

        def whole(bundle: object = bundle) -> str:
            size = len(bundle.model_bytes())  # type: ignore[attr-defined] # imported late
            return f"The model {bundle.folder.name} is whole: {size / 1e6:.1f} MB, hash and graph checked"  # type: ignore[attr-defined]

        yield _checked("models", whole, _REINSTALL)
    if not bundles:
        yield Check("models", "problem", "There is no model", _REINSTALL)


def _effects() -> Iterator[Check]:
    try:
        found = importlib.import_module("scumble.effect").discover()
    except ImportError as error:
        yield Check("effects", "problem", f"No effect can be loaded: {error}", _REINSTALL)
        return
    names = ", ".join(sorted(found.effects))
    yield Check("effects", "ok" if names else "problem", f"Effects: {names or 'none'}", "" if names else _REINSTALL)
    for problem in found.problems:
        hint = f"Update or remove it: pip uninstall {problem.distribution}"
        yield Check("effects", "problem", f"The effect {problem.name} cannot be used: {problem.reason}", hint)


def _disk() -> Iterator[Check]:
    folders = {"pixels": runtime_folder(), "the log": state_folder(), "the list of effects": cache_folder()}
    short = []
    for purpose, folder in folders.items():
        there = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
        free_mib = shutil.disk_usage(there).free >> 20
        if free_mib < LEAST_FREE_MIB:
            short.append(f"{free_mib} MiB free for {purpose} in {folder}")
        elif not os.access(there, os.W_OK | os.X_OK):
            yield Check(
                "disk",
                "problem",
                f"{there} cannot be written: it is for {purpose}",
                f"Mend its rights: chmod u+rwx '{there}'",
            )
    if short:
        hint = f"Free some space: at least {LEAST_FREE_MIB} MiB are needed."
        yield Check("disk", "problem", f"Too little space on disk: {'; '.join(short)}", hint)
    else:
        yield Check("disk", "ok", f"There is space on disk, at least {LEAST_FREE_MIB} MiB for each purpose")


def _worker() -> Iterator[Check]:
    try:
        place = Place(runtime_folder())
    except ScumbleError as error:
        yield Check("runtime-folder", "problem", error.message, error.hint)
        return
    yield Check("runtime-folder", "ok", f"The folder where hosts meet the worker is private: {place.folder}")
    crashes = place.crashes()
    count, last = len(crashes), crashes[-1]["reason"] if crashes else ""
    if place.in_safe_mode:
        place.clear_crashes()
        text = f"The worker stopped {count} times in ten minutes, so it was not started any more (safe mode): {last}"
        hint = f"Safe mode is ended now. If that comes again, the log tells why: {log_path()}"
        yield Check("safe-mode", "problem", text, hint)
    elif crashes:
        text = f"The worker stopped in the last ten minutes, {count} of {MOST_CRASHES} times to safe mode: {last}"
        yield Check("crashes", "note", text)
    client = Client(Launch(sys.executable, version=version("scumble")), "doctor")
    try:
        names = ", ".join(schema.id for schema in client.effects())
        yield Check("worker", "ok", f"The worker starts and answers: {names}")
    except ScumbleError as error:
        said = "\n".join(last_log_lines(_SHOWN_LINES)) or "nothing"
        yield Check("worker", "problem", error.message, f"Its log {log_path()} says: {said}")
    finally:
        client.close()
    bad = [line for line in last_log_lines(_LOG_LINES) if _BAD_LINE.search(line)][-_SHOWN_LINES:]
    if bad:
        shown = "\n".join(bad)
        yield Check("log", "note", f"The last errors in the log {log_path()}:\n{shown}")
    else:
        yield Check("log", "ok", f"There are no recent errors in the log {log_path()}")
