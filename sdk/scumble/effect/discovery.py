"""Finds the effects that are installed, and those in the folders of SCUMBLE_EFFECTS."""

from __future__ import annotations

import importlib
import os
import sys
import tomllib
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from scumble.effect.base import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENTRY_POINT_GROUP = "scumble.effects"
FOLDERS_VARIABLE = "SCUMBLE_EFFECTS"


@dataclass(frozen=True)
class Problem:
    """An installed effect that cannot be used: its entry point's name, the distribution it is from, and why."""

    name: str
    distribution: str
    reason: str


@dataclass(frozen=True)
class Discovery:
    """The effects that are installed, by id, and the problems met on the way."""

    effects: Mapping[str, type[Effect]]
    problems: tuple[Problem, ...]


def effect_folders() -> list[str]:
    """Return the folders where effects are looked for besides Python's own path: those of SCUMBLE_EFFECTS."""
    return [str(Path(folder).absolute()) for folder in os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep) if folder]


def discover() -> Discovery:
    """Load every effect that an installed distribution declares as an entry point in the group ``scumble.effects``.

    A folder of SCUMBLE_EFFECTS is a checkout whose pyproject.toml declares effects, or holds distributions as
    ``pip install --target`` leaves them.

    A plug-in that cannot be imported, is no effect, or takes an id that is taken, is reported and left out: Scumble's
    own effects come first, then distributions by name. Never raises for a plug-in's fault.
    """
    sys.path += [folder for folder in effect_folders() if folder not in sys.path]
    importlib.invalidate_caches()  # something may have been installed since
    effects: dict[str, type[Effect]] = {}
    problems: list[Problem] = []
    for point in sorted([*entry_points(group=ENTRY_POINT_GROUP), *_checkouts()], key=_rank):
        distribution = point.dist.name if point.dist else "unknown"
        try:
            kind = point.load()
        except (Exception, SystemExit) as error:  # whatever somebody else's import does
            problems.append(Problem(point.name, distribution, f"{type(error).__name__}: {error}"))
            continue
        if not (isinstance(kind, type) and issubclass(kind, Effect)):
            problems.append(Problem(point.name, distribution, f"{point.value} is no Effect"))
        elif kind.id != point.name:
            problems.append(Problem(point.name, distribution, f"the effect calls itself {kind.id!r}"))
        elif effects.setdefault(kind.id, kind) is not kind:
            problems.append(Problem(point.name, distribution, "another effect has that name already"))
    return Discovery(MappingProxyType(effects), tuple(problems))


def _checkouts() -> Iterator[EntryPoint]:
    """Give the entry points that the pyproject.toml of a named folder declares."""
    for folder in effect_folders():
        try:
            project = tomllib.loads((Path(folder) / "pyproject.toml").read_text("utf-8"))["project"]
            points = dict(project["entry-points"][ENTRY_POINT_GROUP])
        except (OSError, ValueError, KeyError, TypeError):
            continue  # a folder of distributions, then
        yield from (EntryPoint(name, str(value), ENTRY_POINT_GROUP) for name, value in points.items())


def _rank(point: EntryPoint) -> tuple[bool, str, str]:
    distribution = point.dist.name if point.dist else ""
    return distribution != "scumble", distribution, point.name
