"""What goes into a host's folder: the adapter, the part of Scumble that it imports, and the record of both."""

from __future__ import annotations

import ast
import json
import os
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from scumble.errors import HostError
from scumble.hosts.adapter import SETUP_FILE, Setup
from scumble.hosts.disk import EXECUTABLE, PLAIN, File
from scumble.hosts.layout import Host, Variant

RECORD_FILE = "scumble-files.json"
BACKUP_FOLDER = "before"
PACKAGE = Path(__file__).resolve().parents[1]
_FORMAT = 1


@dataclass(frozen=True)
class Record:
    """What an installation wrote, kept in the adapter's folder, so that uninstall can take exactly that away.

    Attributes:
        version: Scumble's version.
        files: path relative to the folder for plug-ins, and hash.
        edits: files of the host that got a line: path, and hash of what was written.
        folders: folders that were made on the way, the outermost first.
    """

    version: str
    files: dict[str, str] = field(default_factory=dict)
    edits: dict[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()

    def to_file(self) -> File:
        """Returns the record as it is written."""
        data = {"format": _FORMAT, **vars(self)}
        return File((json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode())

    @classmethod
    def of(cls, folder: Path) -> Record | None:
        """Reads the record in an adapter's folder; None where there is none, and the folder is none of ours."""
        try:
            data = json.loads((folder / RECORD_FILE).read_text("utf-8"))
            if data["format"] != _FORMAT:
                return None
            edits, folders = dict(data["edits"]), tuple(data["folders"])
            return cls(str(data["version"]), dict(data["files"]), edits, folders)
        except (OSError, ValueError, KeyError, TypeError):
            return None


def adapter_sources(host: Host) -> Path:
    """Returns the folder of an adapter's own files: in the package, else in the checkout. Raises HostError."""
    for folder in (PACKAGE / "plugins", PACKAGE.parents[1] / "plugins"):
        if (folder / host.id).is_dir():
            return folder / host.id
    hint = "Install Scumble again, for example with: pip install --force-reinstall scumble"
    raise HostError(f"This Scumble was installed without its plug-in for {host.title}", hint, "host.no_adapter")


def payload(host: Host, setup: Setup) -> dict[str, File]:
    """Returns every file of an adapter by its path relative to the folder for plug-ins. Raises HostError."""
    source = adapter_sources(host)
    folder = source / host.plugin if (source / host.plugin).is_dir() else source
    files: dict[str, File] = {}
    for path in _files_below(source):
        inside = path.is_relative_to(folder)
        name = Path(host.plugin) / path.relative_to(folder) if inside else path.relative_to(source)
        files[name.as_posix()] = File(path.read_bytes(), EXECUTABLE if is_main(host, name.as_posix()) else PLAIN)
    adapter = [PACKAGE / "hosts" / "adapter.py", *(path for path in _files_below(source) if path.suffix == ".py")]
    for path in sorted(imported_files(adapter)):
        files[f"{host.plugin}/lib/scumble/{path.relative_to(PACKAGE).as_posix()}"] = File(path.read_bytes())
    content = json.dumps(setup.to_json(), indent=1, ensure_ascii=False) + "\n"
    files[f"{host.plugin}/{SETUP_FILE}"] = File(content.encode())
    return files


def is_main(host: Host, name: str) -> bool:
    """Returns whether the host runs that file itself; GIMP silently leaves out one that may not be run."""
    return host.id == "gimp" and name == f"{host.plugin}/{host.plugin}.py"


def setup_for(variant: Variant) -> Setup:
    """Returns what the adapter must know of this Scumble. Raises HostError when this Python does not know its place."""
    if not sys.executable:
        raise HostError("This Python does not know its own path", "Start scumble from its own environment.")
    python = os.path.abspath(sys.executable)  # noqa: PTH100 - resolving would lead out of the environment
    watch = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    return Setup(variant.host.id, python, variant.prefix, version("scumble"), variant.runtime, tuple(watch))


def imported_files(starts: list[Path]) -> set[Path]:
    """Returns the files of the package that those files import, and what these import, and so on."""
    found: set[Path] = set()
    waiting = list(starts)
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        if path.is_relative_to(PACKAGE) and "plugins" not in path.relative_to(PACKAGE).parts:
            found.add(path)
        for name in _imports(ast.parse(path.read_bytes())):
            waiting.extend(_files_of_module(name))
    return found


def _imports(tree: ast.AST) -> Iterator[str]:
    """Yields the dotted names that a module imports when it runs; what only type checkers see is left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for other in node.orelse:
                yield from _imports(ast.Module([other], []))
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        yield from _imports(node)


def _files_of_module(name: str) -> list[Path]:
    """Returns the files that an import of a module of ours runs: its packages' and its own."""
    parts = name.split(".")
    if parts[0] != PACKAGE.name:
        return []
    found = []
    for count in range(1, len(parts) + 1):
        path = PACKAGE.joinpath(*parts[1:count])
        found += [file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file()]
    return found


def _files_below(folder: Path) -> list[Path]:
    def wanted(path: Path) -> bool:
        parts = path.relative_to(folder).parts
        return path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts)

    return sorted(path for path in folder.rglob("*") if wanted(path))
