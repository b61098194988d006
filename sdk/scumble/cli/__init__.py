"""The command line: `scumble EFFECT IN OUT`, `run`, `inspect`, `suggest`, `describe`, `replay`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from scumble.cli.commands import (
    COMMON,
    Device,
    Json,
    Megapixels,
    Memory,
    Quiet,
    Workers,
    command_of_effect,
    engine_from_options,
)
from scumble.cli.console import say, say_error, shown_progress, warn
from scumble.cli.hosts import add_commands
from scumble.cli.models import add_model_commands
from scumble.cli.suggest import add_suggest
from scumble.effect import Effect, discover
from scumble.effects.run_model import RunModel
from scumble.errors import JobCancelled, MediaError, ParamError, ScumbleError
from scumble.provenance import provenance_from_file
from scumble.rendering import replayed


def application(arguments: Sequence[str] = ()) -> typer.Typer:
    """Builds the application with a command for every effect; `arguments` tell for which one to suggest."""
    app = typer.Typer(
        name="scumble",
        help="Effects for pictures, and music, made on your own machine. Every output gets a record beside it.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    found = discover()
    add_commands(app)
    for identifier, kind in sorted(found.effects.items()):
        app.command(identifier)(command_of_effect(kind))
    add_suggest(app, found.effects, arguments)
    add_model_commands(app)
    for problem in found.problems:
        warn(f"the effect {problem.name!r} could not be loaded: {problem.reason}")

    @app.command()
    def describe(
        effect: Annotated[str, typer.Argument(help="Only this effect.")] = "",
        as_json: Json = False,
    ) -> None:
        """Tells which effects there are, and their parameters."""
        chosen = _chosen(found.effects, effect)
        if as_json:
            sys.stdout.write(json.dumps([kind.declaration().to_json() for kind in chosen], indent=2) + "\n")
            return
        sys.stdout.write("\n\n".join(_described(kind) for kind in chosen) + "\n")

    @app.command()
    def replay(
        sidecar: Annotated[Path, typer.Argument(metavar="OUT.scumble.json", help="Record of a rendering.")],
        output: Annotated[
            Path | None, typer.Argument(metavar="FILE", help="Where to write; default: the recorded name.")
        ] = None,
        device: Device = COMMON["device"][1],
        workers: Workers = COMMON["workers"][1],
        memory: Memory = COMMON["memory"][1],
        max_megapixels: Megapixels = COMMON["max_megapixels"][1],
        as_json: Json = False,
        quiet: Quiet = False,
    ) -> None:
        """Renders a record again, with its workers and memory unless others are named, and checks the bytes."""
        record = provenance_from_file(sidecar)
        cut = {"workers": workers or record.workers, "memory": memory or record.memory_budget_mib}
        engine = engine_from_options({"device": device} | cut)
        with shown_progress("Replay", quiet=quiet or as_json) as progress:
            effects: dict[str, type[Effect]] = {RunModel.id: RunModel, **found.effects}
            rendered, same = replayed(
                sidecar, output, effects, engine=engine, progress=progress, max_megapixels=max_megapixels
            )
        if not same:
            message = f"The replay {rendered.output} has other bytes than the record names"
            hint = "Compare versions, device and model hashes in the two records."
            raise MediaError(message, hint, "provenance.differs")
        say({"output": str(rendered.output), "same_bytes": True}, f"{rendered.output}: same bytes", as_json=as_json)

    return app


def _chosen(effects: Mapping[str, type[Effect]], name: str) -> list[type[Effect]]:
    if name and name not in effects:
        hint = f"There are: {', '.join(sorted(effects)) or 'none'}."
        raise ParamError(f"There is no effect called {name!r}", hint, "param.effect")
    return [kind for identifier, kind in sorted(effects.items()) if name in ("", identifier)]


def _described(kind: type[Effect]) -> str:
    schema = kind.declaration()
    lines = [f"{schema.id}: {schema.doc.splitlines()[0]}"]
    lines += [f"  {clip.name}: {clip.doc}{f' [{clip.allowed()}]' if clip.allowed() else ''}" for clip in schema.clips]
    lines += [f"  --{param.name.replace('_', '-')}: {param.doc} [{param.allowed()}]" for param in schema.params]
    return "\n".join(lines)


def main() -> None:
    """Runs the command line; exits with 0, or with the code of the error's class (see scumble.errors)."""
    as_json = "--json" in sys.argv[1:]
    try:
        application(sys.argv[1:])()
    except ScumbleError as error:
        say_error(error, as_json=as_json)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        cancelled = JobCancelled("Cancelled; nothing was written")
        say_error(cancelled, as_json=as_json)
        raise SystemExit(cancelled.exit_code) from None
