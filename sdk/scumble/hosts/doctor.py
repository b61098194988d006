"""Examines Scumble and the hosts: says what is well, what is not, and what to do; proves it by starting each host."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from scumble.errors import HostError, ParamError, ScumbleError
from scumble.hosts.adapter import setup_from_file
from scumble.hosts.disk import EXECUTABLE, PLAIN
from scumble.hosts.install import edited_files, edits
from scumble.hosts.layout import HOSTS, Host, Machine, Variant, chosen, host_named
from scumble.hosts.payload import Record, is_main
from scumble.hosts.probe import probed
from scumble.hosts.selfcheck import Check, State, checks_of_scumble
from scumble.worker.place import runtime_folder

SCUMBLE = "Scumble"
_WELL = ("ok", "note")


@dataclass(frozen=True)
class Finding:
    """A check and what it is about: "Scumble", "GIMP 3 (3.0)", ..."""

    about: str
    check: Check

    @property
    def is_well(self) -> bool:
        """False when something is to be done."""
        return self.check.state in _WELL

    def to_json(self) -> dict[str, Any]:
        """Returns the finding as plain data."""
        return {"about": self.about, **vars(self.check)}


def examined(
    name: str = "",
    *,
    variant: str = "",
    folder: Path | None = None,
    program: str = "",
    machine: Machine | None = None,
) -> Iterator[Finding]:
    """Yields the findings as they are made: about Scumble, then about one host or all that are here.

    `program` is the command that starts the host, where it is not found by itself. A host that was not asked for by
    name may be absent, or without Scumble. Raises ParamError for names that are not there.
    """
    if not name and (variant or folder or program):
        hint = f"Name one of {', '.join(HOSTS)}."
        raise ParamError("A variant, a folder and a program belong to one host", hint, "param.host")
    machine = machine or Machine.here()
    hosts = [host_named(name)] if name else list(HOSTS.values())
    worker_answers = True
    for check in checks_of_scumble():
        worker_answers = worker_answers and not (
            check.name in ("worker", "runtime-folder") and check.state == "problem"
        )
        yield Finding(SCUMBLE, check)
    for host in hosts:
        try:
            found = chosen(host, machine, variant, folder)
        except HostError as error:
            state: State = "problem" if name else "note"
            yield Finding(host.title, Check("host", state, error.message, error.hint if name else ""))
            continue
        for entry in found:
            about = f"{host.title} ({entry.name})"
            for check in _checks_of_host(entry, machine, program, asked=bool(name), worker_answers=worker_answers):
                yield Finding(about, check)


def text_of_finding(finding: Finding, *, first: bool) -> str:
    """Returns a finding as lines: about what, in which state, what was found, and what to do."""
    check = finding.check
    lines = [finding.about] if first else []
    margin = "\n" + " " * 12
    lines.append(f"  {check.state:<9} {check.text.replace(chr(10), margin)}")
    if check.hint:
        lines.append(f"            what to do: {check.hint.replace(chr(10), margin)}")
    return "\n".join(lines) + "\n"


def main_of_a_broken_installation(error: ImportError) -> int:
    """Prints what is wrong with this installation, in which the command line itself cannot be loaded; returns 6."""
    sys.stderr.write(f"scumble: the command line cannot be loaded: {error}\n")
    for index, check in enumerate(checks_of_scumble()):
        sys.stderr.write(text_of_finding(Finding(SCUMBLE, check), first=index == 0))
    return HostError.exit_code


def _checks_of_host(
    variant: Variant, machine: Machine, program: str, *, asked: bool, worker_answers: bool
) -> Iterator[Check]:
    host = variant.host
    again = f"Run: scumble install {host.id}"
    if not variant.folder.exists():
        text = f"Scumble is not installed in it: there is no {variant.folder}"
        yield Check("adapter", "problem" if asked else "note", text, again)
        return
    record = Record.of(variant.folder)
    if record is None:
        hint = f"Move it away or remove it. {again}"
        yield Check("adapter", "problem", f"The folder {variant.folder} was not made by `scumble install`", hint)
        return
    faults = [*_faults_of_files(variant, record), *_faults_of_setup(variant, record), *_faults_of_settings(variant)]
    for name, text in faults:
        yield Check(name, "problem", text, again)
    if not faults:
        yield Check("adapter", "ok", f"The plug-in is complete, of this version, and switched on: {variant.folder}")
    if not worker_answers:
        hint = "Mend what is said about Scumble first."
        yield Check("registered", "unproved", f"{host.title} was not started, since the worker does not answer", hint)
        return
    try:
        found = probed(variant, machine, program, runtime_folder(variant.runtime))
    except ScumbleError as error:
        state: State = "unproved" if error.code == "host.not_proved" else "problem"
        yield Check("registered", state, error.message, error.hint)
        return
    names = ", ".join(found.names)
    yield Check("registered", "ok", f"{host.title}, version {found.version}, was started and has registered: {names}")


def _faults_of_files(variant: Variant, record: Record) -> Iterator[tuple[str, str]]:
    for name, sha256 in record.files.items():
        path = variant.plugins / name
        if not path.is_file():
            yield "files", f"{path} is missing"
        elif _sha256(path) != sha256:
            yield "files", f"{path} was changed since it was installed"
        elif os.name == "posix":
            mode, wanted = path.stat().st_mode & 0o777, _mode_of(variant.host, name)
            if mode & wanted != wanted:
                yield "mode", f"{path} has mode {mode:o} instead of {wanted:o}: {variant.host.title} passes over it"


def _faults_of_setup(variant: Variant, record: Record) -> Iterator[tuple[str, str]]:
    now = version("scumble")
    if record.version != now:
        yield "version", f"The plug-in is of Scumble {record.version}, and this is {now}"
    try:
        setup = setup_from_file(str(variant.folder / "any"))
    except HostError as error:
        yield "setup", error.message
        return
    if not (Path(setup.python).is_file() and os.access(setup.python, os.X_OK)):
        yield "recorded-python", f"The Python that the plug-in starts is gone: {setup.python}"
    elif Path(setup.python) != Path(os.path.abspath(sys.executable)):  # noqa: PTH100 - a link is another environment
        yield "recorded-python", f"The plug-in starts another Python, {setup.python}, and this is {sys.executable}"


def _faults_of_settings(variant: Variant) -> Iterator[tuple[str, str]]:
    try:
        for path in edits(variant):
            yield "settings", f"{path} does not tell {variant.host.title} of the plug-in"
    except ScumbleError as error:
        yield "settings", error.message
    if variant.host.id == "obs" and not edited_files(variant):
        yield "settings", "OBS has no scene collection yet that could load the script: start OBS once"


def _mode_of(host: Host, name: str) -> int:
    return EXECUTABLE if is_main(host, name) else PLAIN


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
