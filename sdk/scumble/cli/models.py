"""The commands for models found elsewhere: `run` and `inspect`."""

from __future__ import annotations

import inspect as signatures
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from scumble.cli.commands import (
    COMMON,
    MAIN_CLIP,
    Json,
    Precision,
    Quiet,
    engine_from_options,
    option_of_clip,
    option_of_param,
    values_from_options,
    with_options,
)
from scumble.cli.console import say, shown_progress, warn
from scumble.effects.run_model import RunModel
from scumble.engine import ModelFacts
from scumble.errors import ModelError
from scumble.models.fitting import KINDS, fitted, given_from_text
from scumble.models.foreign import ForeignModel, image_ports, read_model
from scumble.models.graph import Port
from scumble.rendering import render_files

_AUTO = {"tile": "0", "halo": "-1"}
_MODEL = typer.Argument(metavar="MODEL.onnx", help="The model.", show_default=False)
_Set = Annotated[
    list[str],
    typer.Option("--set", metavar="NAME=VALUE", help="Value of an input that is not the picture; may be repeated."),
]
_Keep = Annotated[str, typer.Option("--keep", metavar="NAME", help="The output that is the picture, if not the first.")]


def add_model_commands(app: typer.Typer) -> None:
    """Adds `run` and `inspect`."""
    app.command("run")(_run_command())

    @app.command()
    def inspect(
        model: Annotated[Path, _MODEL],
        inputs: _Set = [],  # noqa: B006 - typer reads it
        keep: _Keep = "",
        precision: Precision = "float32",
        as_json: Json = False,
        quiet: Quiet = False,
    ) -> None:
        """Tells what a model takes and gives, what an output pixel sees, and whether it can be tiled exactly."""
        found = read_model(model)
        given: Any = {"inputs": given_from_text(inputs), "keep": keep or None}
        try:
            image_ports(fitted(found, **given).graph)
        except ModelError as error:  # what it takes can be told of any model
            lines = [_title(found), *_told_ports(found), f"  {error.message}", f"  {error.hint}"]
            say(_plain_ports(found) | {"problem": error.as_dict()}, "\n".join(lines), as_json=as_json)
            return
        with shown_progress("Inspect", quiet=quiet or as_json) as progress:
            engine = engine_from_options({"device": "cpu", "workers": 0, "memory": 0, "precision": precision})
            facts = engine.model(found.content, progress.report, **given).facts
        say(_plain(found, facts), _told(found, facts), as_json=as_json)


def _run_command() -> Callable[..., None]:
    """Builds `scumble run MODEL.onnx IN OUT` from the effect's declaration."""
    schema = RunModel.declaration()
    source = next(clip for clip in schema.clips if clip.name == MAIN_CLIP)

    def run(**options: Any) -> None:
        options["inputs"] = "\n".join(options["inputs"])
        options |= {name: number for name, number in _AUTO.items() if options[name] == "auto"}
        effect = RunModel(**values_from_options(schema.params, options))
        engine = engine_from_options(options)
        with shown_progress(schema.title, quiet=options["quiet"] or options["as_json"]) as progress:
            made = render_files(
                effect,
                {MAIN_CLIP: options[MAIN_CLIP]},
                options["output"],
                engine=engine,
                progress=progress,
                max_megapixels=options["max_megapixels"],
            )
        if engine.fallback_reason:
            warn(f"ran on the CPU: {engine.fallback_reason}")
        result = {"output": str(made.output), "provenance": str(made.sidecar), "provider": made.record.provider}
        say(result, str(made.output), as_json=options["as_json"])

    fields: dict[str, tuple[Any, Any]] = {"model": (Annotated[str, _MODEL], signatures.Parameter.empty)}
    fields[MAIN_CLIP] = option_of_clip(source)
    output = typer.Argument(metavar="OUT", help="File to write.")
    fields["output"] = (Annotated[Path, output], signatures.Parameter.empty)
    fields |= {param.name: option_of_param(param) for param in schema.params if param.name != "model"}
    for name in _AUTO:
        text = next(param.doc for param in schema.params if param.name == name)
        option = typer.Option(f"--{name}", metavar="auto|N", help=text)
        fields[name] = (Annotated[str, option], "auto")
    fields |= {"inputs": (_Set, []), "keep": (_Keep, ""), "precision": (Precision, "float32")} | COMMON
    return with_options(run, fields, schema.doc)


def _plain(model: ForeignModel, facts: ModelFacts) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(facts)
    return _plain_ports(model) | plain | {"memory": facts.memory._asdict()}


def _plain_ports(model: ForeignModel) -> dict[str, Any]:
    ports = {"inputs": model.graph.inputs, "outputs": model.graph.outputs}
    listed = {name: [_port(port) for port in found] for name, found in ports.items()}
    return {"model": model.name, "sha256": model.sha256, **listed, "operators": model.operators}


def _port(port: Port) -> dict[str, Any]:
    return {"name": port.name, "type": KINDS.get(port.kind, str(port.kind)), "shape": list(port.shape)}


def _told(model: ForeignModel, facts: ModelFacts) -> str:
    """Returns the facts in words, one a line."""
    lines = [_title(model), *_told_ports(model)]
    if len(model.graph.inputs) > 1 or len(model.graph.outputs) > 1:
        lines.append(f"  picture: {facts.input!r} to {facts.output!r}")
    lines.append(f"  scale: {facts.scale}, measured")
    lines.append(f"  stride: {facts.stride}, {_by(facts.stride_by)}; sides are multiples of {facts.multiple}")
    if facts.halo is not None:
        lines.append(f"  receptive field: {facts.receptive_field} pixels, {_by(facts.halo_by)}")
    if facts.measured_reach is not None:
        left, right = facts.measured_reach
        lines.append(f"  seen to depend on pixels up to {left} to the left or above and {right} to the right or below")
    for name, how in facts.global_operators.items():
        lines.append(f"  global operator: {name} {how}")
    lines.append(f"  memory: {facts.memory.bytes_per_pixel:,.0f} bytes for each pixel of a tile, measured")
    if facts.memory.growth:
        lines[-1] += f", and {facts.memory.growth:,.2f} more for each pixel that the tile has"
    if facts.tiling == "none":
        lines.append(f"  exact tiling: impossible, since {facts.reason}")
    else:
        where = f"halo {-(-(facts.halo or 0) // facts.stride) * facts.stride}, origins at multiples of {facts.stride}"
        tried = facts.largest_difference
        proof = "not tried, since it takes one size only" if tried is None else f"largest difference {tried:g} on noise"
        lines.append(f"  {'exact' if facts.tiling == 'exact' else 'all but exact'} tiling: {where}; {proof}")
    return "\n".join(lines)


def _title(model: ForeignModel) -> str:
    graph = model.graph
    return f"{model.name}: {graph.parameters:,} parameters, opset {graph.opset}, sha256 {model.sha256}"


def _told_ports(model: ForeignModel) -> list[str]:
    lines = []
    for what, ports in (("input", model.graph.inputs), ("output", model.graph.outputs)):
        for port in ports:
            shape = ", ".join("?" if size is None else str(size) for size in port.shape)
            lines.append(f"  {what} {port.name!r}: {KINDS.get(port.kind, port.kind)} ({shape})")
    return lines


def _by(how: str) -> str:
    return {"graph": "read from the graph"}.get(how, how)
