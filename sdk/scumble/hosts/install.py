"""Puts an adapter into its host and takes it out again: whole or not at all, touching nothing that is not ours."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scumble.errors import HostError
from scumble.hosts import kritarc, scenes
from scumble.hosts.disk import File, bytes_of, missing_folders, replace_folder, text_of, words_for_rights, write
from scumble.hosts.layout import Machine, Variant, chosen, host_named
from scumble.hosts.payload import BACKUP_FOLDER, RECORD_FILE, Record, payload, setup_for
from scumble.hosts.running import refuse_while_running

RESTART = "Restart {title} to see it."


@dataclass(frozen=True)
class Outcome:
    """What became of one copy of a host.

    Attributes:
        variant: which copy.
        status: "installed", "updated" (from another version), "repaired", "unchanged", "removed" or "absent".
        notes: sentences for the user.
    """

    variant: Variant
    status: str
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Returns the outcome as plain data."""
        entry = self.variant
        place = {"host": entry.host.id, "variant": entry.name, "folder": str(entry.folder)}
        return {**place, "status": self.status, "notes": list(self.notes)}


def install(
    name: str, *, variant: str = "", folder: Path | None = None, machine: Machine | None = None
) -> list[Outcome]:
    """Installs the adapter into every copy of a host that is found, or into the one that is named.

    A second call changes nothing. Raises HostNotFound; HostError when the host runs and would undo it, when a folder
    of that name is not ours, or when something cannot be written; ParamError for names that are not there.
    """
    machine = machine or Machine.here()
    return [_install(entry, machine) for entry in chosen(host_named(name), machine, variant, folder)]


def uninstall(
    name: str, *, variant: str = "", folder: Path | None = None, machine: Machine | None = None
) -> list[Outcome]:
    """Removes what `install` wrote, and nothing else, from every copy of a host or the one that is named.

    Raises as `install` does.
    """
    machine = machine or Machine.here()
    return [_uninstall(entry, machine) for entry in chosen(host_named(name), machine, variant, folder)]


def differences(variant: Variant, wanted: dict[str, File]) -> list[str]:
    """Returns in words how the files on disk differ from those wanted; none when all is well."""
    found = []
    for name, file in wanted.items():
        path = variant.plugins / name
        try:
            content, mode = path.read_bytes(), path.stat().st_mode & 0o777
        except OSError:
            found.append(f"{path} is missing")
            continue
        if content != file.content:
            found.append(f"{path} has other content")
        elif os.name == "posix" and (mode & 0o755) != file.mode:
            found.append(f"{path} has mode {mode:o} instead of {file.mode:o}")
    return found


def edits(variant: Variant, *, remove: bool = False) -> dict[Path, str]:
    """Returns the files of the host that need another text, and that text; none when all is as it should be."""
    wanted: dict[Path, str] = {}
    for path in edited_files(variant):
        text = text_of(path)
        if variant.host.id == "krita":
            change = kritarc.without_enabled if remove else kritarc.with_enabled
            changed = change(text, variant.host.plugin)
        else:
            script = str(variant.folder / f"{variant.host.plugin}.py")
            changed = scenes.without_script(text, script) if remove else scenes.with_script(text, script)
        if changed != text:
            wanted[path] = changed
    return wanted


def edited_files(variant: Variant) -> list[Path]:
    """Returns the files in which the host is told of the adapter: kritarc, OBS's scene collections, none of GIMP's."""
    if variant.host.id == "krita":
        return [variant.settings]
    if variant.host.id == "obs":
        return sorted((variant.root / "basic" / "scenes").glob("*.json"))
    return []


def _install(variant: Variant, machine: Machine) -> Outcome:
    with words_for_rights(variant.plugins):
        folder = variant.folder
        before = _own_record(variant)
        setup = setup_for(variant)
        files = payload(variant.host, setup)
        changes = edits(variant)
        if before and not changes and not differences(variant, files):
            return Outcome(variant, "unchanged", tuple(_notes(variant)))
        if changes:
            refuse_while_running(variant, machine)
        made = before.folders if before else tuple(map(str, missing_folders(variant.plugins)))
        kept = _kept(folder, before)
        for path in changes:
            kept.pop(_backup_of(path), None)
            if path.exists():
                kept[_backup_of(path)] = File(path.read_bytes())
        written = {str(path): File(bytes_of(text)).sha256 for path, text in changes.items()}
        hashes = {name: file.sha256 for name, file in files.items()}
        record = Record(setup.version, hashes, {**(before.edits if before else {}), **written}, made)
        inside = {Path(name).relative_to(folder.name).as_posix(): file for name, file in files.items() if "/" in name}
        variant.plugins.mkdir(parents=True, exist_ok=True)
        replace_folder(folder, {**kept, **inside, RECORD_FILE: record.to_file()})
        for name, file in files.items():
            if "/" not in name:
                write(variant.plugins / name, file.content)
        for path, text in changes.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, bytes_of(text))
    status = "installed" if before is None else "repaired" if before.version == record.version else "updated"
    return Outcome(variant, status, (RESTART.format(title=variant.host.title), *_notes(variant)))


def _uninstall(variant: Variant, machine: Machine) -> Outcome:
    with words_for_rights(variant.plugins):
        folder = variant.folder
        record = _own_record(variant)
        if record is None:
            return Outcome(variant, "absent")
        changes = edits(variant, remove=True)
        if changes:
            refuse_while_running(variant, machine)
        for path, text in changes.items():
            backup = folder / _backup_of(path)
            if File(path.read_bytes()).sha256 != record.edits.get(str(path)):
                write(path, bytes_of(text))  # the host or the user changed it since
            elif backup.exists():
                write(path, backup.read_bytes())
            else:
                path.unlink()  # there was none before
        for name in (*record.files, *(f"{folder.name}/{_backup_of(Path(path))}" for path in record.edits)):
            (variant.plugins / name).unlink(missing_ok=True)
        (folder / RECORD_FILE).unlink()
        for cache in list(folder.rglob("__pycache__")):
            shutil.rmtree(cache)
        inner = sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True)
        for path in (*inner, folder, *map(Path, reversed(record.folders))):
            with contextlib.suppress(OSError):
                path.rmdir()  # those that hold something else stay
    left = (f"{folder} stays: it holds files that are not Scumble's.",) if folder.exists() else ()
    return Outcome(variant, "removed", left)


def _backup_of(path: Path) -> str:
    """Returns where in the adapter's folder an edited file is kept as it was."""
    return f"{BACKUP_FOLDER}/{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}"


def _own_record(variant: Variant) -> Record | None:
    """Returns the record of what is installed, None where nothing is. Raises HostError for a stranger's folder."""
    folder = variant.folder
    record = Record.of(folder)
    if record is None and (folder.exists() or folder.is_symlink()):
        hint = "Move it away or remove it, then try again."
        raise HostError(f"The folder {folder} was not made by `scumble install`", hint, "host.not_ours")
    return record


def _kept(folder: Path, before: Record | None) -> dict[str, File]:
    """Returns the files in our folder that are not ours, and the texts as they were before our first edit."""
    ours = {*(before.files if before else ()), f"{folder.name}/{RECORD_FILE}"}
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    names = {path.relative_to(folder).as_posix(): path for path in found}
    return {
        name: File(path.read_bytes(), path.stat().st_mode & 0o777)
        for name, path in names.items()
        if f"{folder.name}/{name}" not in ours
    }


def _notes(variant: Variant) -> Iterator[str]:
    title, app = variant.host.title, variant.host.flatpak
    if variant.prefix:
        rights = f"--talk-name=org.freedesktop.Flatpak --filesystem=xdg-run/scumble:create {app}"
        yield f"The Flatpak of {title} needs leave to start the worker: flatpak override --user {rights}"
    if variant.kind == "snap":
        command = f"{setup_for(variant).python} -m scumble.worker --runtime {variant.runtime}"
        yield f"A snap may not start the worker: start it yourself, before {title}: {command}"
    if variant.host.id == "obs" and not edited_files(variant):
        script = variant.folder / f"{variant.host.plugin}.py"
        yield f"OBS has no scene collection yet: start it once and install again, or add {script} in Tools > Scripts."
