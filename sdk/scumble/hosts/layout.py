"""Where each host keeps its plug-ins and settings, by system, package and version; nothing is written here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from scumble.errors import HostNotFound, ParamError

FLATPAK_PREFIX = ("flatpak-spawn", "--host")
# One folder for the Flatpak and for a GIMP outside of it: which one it is, is known only when the worker is started.
_EITHER = 'if [ -e /.flatpak-info ]; then exec flatpak-spawn --host "$@"; else exec "$@"; fi'
EITHER_PREFIX = ("/bin/sh", "-c", _EITHER, "sh")
_FLATPAK_FOLDERS = ("/var/lib/flatpak/app", "~/.local/share/flatpak/app", "~/.var/app")
_SERIES = re.compile(r"3\.\d+")
_VERSION_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Host:
    """A host program: its names, and the names of our things in it.

    Attributes:
        id: "gimp", "krita" or "obs".
        title: what people call it.
        plugin: name of the adapter's folder, and of its main file or package.
        plugins_folder: the folder for plug-ins inside the host's own folder.
        flatpak, snap: names of its packages in the two stores.
        programs: names on the path, and places of its own on other systems.
    """

    id: str
    title: str
    plugin: str
    plugins_folder: str
    flatpak: str
    snap: str
    programs: tuple[str, ...]


HOSTS = {
    "gimp": Host(
        "gimp", "GIMP 3", "scumble_gimp", "plug-ins", "org.gimp.GIMP", "gimp",
        ("gimp-3.*", "gimp-console-3.*", "gimp", "/Applications/GIMP.app", "C:/Program Files/GIMP 3/bin"),
    ),
    "krita": Host(
        "krita", "Krita", "scumble_krita", "pykrita", "org.kde.krita", "krita",
        ("krita", "/Applications/krita.app", "C:/Program Files/Krita (x64)/bin"),
    ),
    "obs": Host(
        "obs", "OBS Studio", "scumble_obs", "scripts", "com.obsproject.Studio", "obs-studio",
        ("obs", "/Applications/OBS.app", "C:/Program Files/obs-studio/bin"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """One copy of a host on this machine.

    Attributes:
        host: which host.
        name: what `--variant` takes: "3.0", "flatpak-3.0", "native", "flatpak", "snap" or "folder".
        root: the host's own folder for this user; what `--folder` names.
        settings: kritarc; for other hosts the same as `root`.
        prefix: words before the worker's command that lead out of its sandbox.
        runtime: folder to meet the worker in; empty for the session's own.
    """

    host: Host
    name: str
    root: Path
    settings: Path
    prefix: tuple[str, ...] = ()
    runtime: str = ""

    @property
    def plugins(self) -> Path:
        """The folder for plug-ins."""
        return self.root / self.host.plugins_folder

    @property
    def folder(self) -> Path:
        """The adapter's folder."""
        return self.plugins / self.host.plugin

    @property
    def portable(self) -> bool:
        """True for a folder that the user named."""
        return self.name == "folder"

    @property
    def kind(self) -> str:
        """How it is packaged: "native", "flatpak" or "snap"."""
        word = self.name.partition("-")[0]
        return word if word in ("flatpak", "snap") else "native"


@dataclass(frozen=True)
class Machine:
    """A system and a user on it: ``sys.platform``, the home folder and the environment's variables."""

    platform: str
    home: Path
    variables: Mapping[str, str]

    @classmethod
    def here(cls) -> Machine:
        """Returns this one."""
        return cls(sys.platform, Path.home(), dict(os.environ))

    def folder(self, variable: str, *otherwise: str) -> Path:
        """Returns the folder that a variable names, else one below the home folder."""
        named = self.variables.get(variable)
        return Path(named) if named else self.home.joinpath(*otherwise)

    def program(self, name: str) -> Path | None:
        """Returns a program on the path, or at a place of its own; ``*`` stands for any version."""
        if _is_place(name):
            return Path(name) if Path(name).exists() else None
        for entry in filter(None, self.variables.get("PATH", "").split(os.pathsep)):
            for found in sorted(Path(entry).glob(f"{name}.exe" if self.platform == "win32" else name), reverse=True):
                if shutil.which(found):
                    return found
        return None


def _is_place(program: str) -> bool:
    return "/" in program


def host_named(name: str) -> Host:
    """Returns the host of that name. Raises ParamError."""
    if name not in HOSTS:
        raise ParamError(f"There is no host called {name!r}", f"There are: {', '.join(HOSTS)}.", "param.host")
    return HOSTS[name]


def roots(host: Host, machine: Machine) -> dict[str, tuple[Path, Path]]:
    """Returns, for each kind of package, the host's own folder and its settings; whether they exist or not.

    GIMP's is the folder that holds one for each series: ``3.0``, ``3.2``.
    """
    config = {
        "win32": machine.folder("APPDATA", "AppData", "Roaming"),
        "darwin": machine.home / "Library" / "Application Support",
    }.get(machine.platform) or machine.folder("XDG_CONFIG_HOME", ".config")
    if host.id == "krita":
        rc = {
            "win32": machine.folder("LOCALAPPDATA", "AppData", "Local"),
            "darwin": machine.home / "Library" / "Preferences",
        }.get(machine.platform, config)
        data = config if machine.platform in ("win32", "darwin") else machine.folder("XDG_DATA_HOME", ".local", "share")
        found = {"native": (data / "krita", rc / "kritarc")}
        inside = {"flatpak": ("data/krita", "config/kritarc"), "snap": (".local/share/krita", ".config/kritarc")}
    else:
        name = {"gimp": "GIMP", "obs": "obs-studio"}[host.id]
        found = {"native": (config / name, config / name)}
        inside = {"flatpak": (f"config/{name}",) * 2, "snap": (f".config/{name}",) * 2}
    if machine.platform not in ("win32", "darwin"):
        homes = {
            "flatpak": machine.home / ".var" / "app" / host.flatpak,
            "snap": machine.home / "snap" / host.snap / "current",
        }
        found |= {kind: (homes[kind] / root, homes[kind] / settings) for kind, (root, settings) in inside.items()}
    return {kind: (_chosen_by_user(host, root, settings), settings) for kind, (root, settings) in found.items()}


def _chosen_by_user(host: Host, root: Path, settings: Path) -> Path:
    """Returns Krita's folder as its settings name it (``ResourceDirectory``), else `root`."""
    if host.id != "krita" or not settings.is_file():
        return root
    head = re.split(r"^\[", settings.read_text("utf-8", "surrogateescape"), maxsplit=1, flags=re.MULTILINE)[0]
    named = re.search(r"^ResourceDirectory=(.+?)\s*$", head, re.MULTILINE)
    return Path(named[1]) if named and Path(named[1]).is_dir() else root


def has_flatpak(host: Host, machine: Machine) -> bool:
    """Returns whether the host's Flatpak is installed for this user or for all."""
    folders = (machine.home / entry[2:] if entry.startswith("~/") else Path(entry) for entry in _FLATPAK_FOLDERS)
    return machine.platform == "linux" and any((folder / host.flatpak).is_dir() for folder in folders)


def variants(host: Host, machine: Machine) -> list[Variant]:
    """Returns every copy of a host that is found, native ones first."""
    return list(_gimps(host, machine) if host.id == "gimp" else _others(host, machine))


def _gimps(host: Host, machine: Machine) -> Iterator[Variant]:
    own = machine.variables.get("GIMP3_DIRECTORY")
    if own:  # GIMP itself takes this one instead of any other
        root = machine.home / own
        yield Variant(host, "own", root, root)
    for kind, (base, _) in roots(host, machine).items():
        series = {child.name for child in base.glob("3.*") if child.is_dir() and _SERIES.fullmatch(child.name)}
        if kind == "native" and not series:
            series = _series_of_programs(host, machine)
        for name in sorted(series):
            shared = kind == "native" and has_flatpak(host, machine)
            prefix = EITHER_PREFIX if shared else FLATPAK_PREFIX if kind == "flatpak" else ()
            label = name if kind == "native" else f"{kind}-{name}"
            yield Variant(host, label, base / name, base / name, prefix, _runtime(host, kind, machine))


def _series_of_programs(host: Host, machine: Machine) -> set[str]:
    """Returns the series of the GIMPs on the path, for users who never started theirs."""
    named = [found.name for name in host.programs if "*" in name and (found := machine.program(name))]
    series = {match[0] for name in named if (match := _SERIES.search(name))}
    plain = machine.program("gimp")
    if plain and not series:
        try:
            said = subprocess.run(  # noqa: S603 - the user's own GIMP
                [plain, "--version"], capture_output=True, text=True, timeout=_VERSION_TIMEOUT_S, check=False
            ).stdout
        except (OSError, subprocess.TimeoutExpired):
            said = ""
        series = {match[1] for match in [re.search(r"\b(3\.\d+)", said)] if match}
    return series


def _others(host: Host, machine: Machine) -> Iterator[Variant]:
    for kind, (root, settings) in roots(host, machine).items():
        found = root.is_dir() or (settings.is_file() and settings != root)
        if kind == "native":
            found = found or any(machine.program(name) for name in host.programs)
        elif kind == "flatpak":
            found = found or has_flatpak(host, machine)
        if found:
            prefix = FLATPAK_PREFIX if kind == "flatpak" else ()
            yield Variant(host, kind, root, settings, prefix, _runtime(host, kind, machine))


def _runtime(host: Host, kind: str, machine: Machine) -> str:
    """Returns where a snap can meet the worker: of the user's folders it sees only its own."""
    return str(machine.home / "snap" / host.snap / "common" / "scumble") if kind == "snap" else ""


def chosen(host: Host, machine: Machine, variant: str = "", folder: Path | None = None) -> list[Variant]:
    """Returns the copies that are meant: all, the one of that name, or the one whose own folder is `folder`.

    Raises HostNotFound, which says where was looked; ParamError for a variant that is not there.
    """
    if folder is not None:
        settings = roots(host, machine)["native"][1] if host.id == "krita" else folder
        return [Variant(host, "folder", folder.absolute(), settings)]
    found = variants(host, machine)
    if not found:
        folders = ", ".join(str(root) for root, _ in roots(host, machine).values())
        programs = ", ".join(name for name in host.programs if not _is_place(name))
        hint = (
            f"Looked for the folders {folders} and on the path for {programs}. If it was never started, start it once; "
            f"if it lies elsewhere, name its folder: scumble install {host.id} --folder PATH."
        )
        raise HostNotFound(f"{host.title} was not found", hint)
    named = [entry for entry in found if variant in ("", entry.name)]
    if not named:
        names = ", ".join(entry.name for entry in found)
        raise ParamError(f"There is no {host.title} called {variant!r}", f"There are: {names}.", "param.variant")
    return named
