"""The commands that bring Scumble into host programs: `install`, `uninstall`, `doctor`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from scumble.cli.commands import Json
from scumble.cli.console import say
from scumble.errors import HostError, HostNotFound
from scumble.hosts.doctor import Finding, examined, text_of_finding
from scumble.hosts.install import Outcome, install, uninstall
from scumble.hosts.layout import HOSTS

ALL = "all"
_WORDS = {
    "installed": "installed in",
    "updated": "updated in",
    "repaired": "repaired in",
    "unchanged": "is up to date in",
    "removed": "removed from",
    "absent": "was not in",
}
HostName = Annotated[str, typer.Argument(metavar=f"{'|'.join(HOSTS)}|{ALL}", help="Which program.", show_default=False)]
VariantName = Annotated[
    str, typer.Option("--variant", metavar="NAME", help="Only this copy of it, where there are several.")
]
Folder = Annotated[
    Path | None,
    typer.Option("--folder", metavar="PATH", help="The program's own folder, which holds that of its plug-ins."),
]


def add_commands(app: typer.Typer) -> None:
    """Adds the commands to the application."""

    @app.command("install")
    def install_command(
        host: HostName, variant: VariantName = "", folder: Folder = None, as_json: Json = False
    ) -> None:
        """Puts Scumble into a host program's menus; a second call changes nothing."""
        _do(install, host, variant, folder, as_json)

    @app.command("uninstall")
    def uninstall_command(
        host: HostName, variant: VariantName = "", folder: Folder = None, as_json: Json = False
    ) -> None:
        """Takes out of a host program what `install` put in, and nothing else."""
        _do(uninstall, host, variant, folder, as_json)

    @app.command("doctor")
    def doctor_command(
        host: Annotated[str, typer.Argument(metavar=f"[{'|'.join(HOSTS)}]", help="Only this program.")] = "",
        variant: VariantName = "",
        folder: Folder = None,
        program: Annotated[
            str, typer.Option("--program", metavar="COMMAND", help="What starts it, where it is not found by itself.")
        ] = "",
        as_json: Json = False,
    ) -> None:
        """Says what is well and what is not, and what to do; starts each host unseen to prove it."""
        findings: list[Finding] = []
        for finding in examined(host, variant=variant, folder=folder, program=program):
            if not as_json:
                sys.stdout.write(text_of_finding(finding, first=not findings or findings[-1].about != finding.about))
                sys.stdout.flush()
            findings.append(finding)
        well = all(finding.is_well for finding in findings)
        report = {"well": well, "checks": [finding.to_json() for finding in findings]}
        ending = "All is well." if well else "Not all is well: see what to do above."
        sys.stdout.write((json.dumps(report, ensure_ascii=False) if as_json else ending) + "\n")
        if not well:
            raise typer.Exit(HostError.exit_code)


def _do(action: Callable[..., list[Outcome]], host: str, variant: str, folder: Path | None, as_json: bool) -> None:
    outcomes: list[Outcome] = []
    absent: list[HostNotFound] = []
    for name in HOSTS if host == ALL else (host,):
        try:
            outcomes += action(name, variant=variant, folder=folder)
        except HostNotFound as error:
            absent.append(error)
    if not outcomes:
        raise absent[0]
    result = {"hosts": [outcome.to_json() for outcome in outcomes], "not_found": [error.message for error in absent]}
    lines = [line for outcome in outcomes for line in _lines(outcome)] + [f"{error.message}." for error in absent]
    say(result, "\n".join(lines), as_json=as_json)


def _lines(outcome: Outcome) -> list[str]:
    variant = outcome.variant
    first = f"Scumble {_WORDS[outcome.status]} {variant.host.title} ({variant.name}): {variant.folder}"
    return [first, *(f"  {note}" for note in outcome.notes)]
