"""One sub-command per effect, generated from its declaration."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from scumble.cli.console import say, shown_progress, warn
from scumble.effect import Effect
from scumble.engine import Engine
from scumble.errors import ParamError
from scumble.media.headers import FileFormat
from scumble.media.sound import SOUND_FORMATS
from scumble.params import BoolParam, FileParam, IntParam, Param, PointsParam, SeedParam
from scumble.rendering import render_files
from scumble.schema import ClipSchema
from scumble.variations import render_variations

Device = Annotated[
    str, typer.Option("--device", metavar="auto|cpu|cuda", help="Where models run; cuda never falls back.")
]
Workers = Annotated[int, typer.Option("--workers", metavar="N", help="Tile workers; 0 chooses.")]
Memory = Annotated[int, typer.Option("--memory", metavar="MIB", help="Memory budget in MiB; 0 chooses.")]
Megapixels = Annotated[
    float, typer.Option("--max-megapixels", metavar="MP", help="Refuse larger pictures before decoding.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result, or the error, as JSON on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]

Precision = Annotated[
    str, typer.Option("--precision", metavar="float32|float16", help="Numbers of the model; float16 is for cards.")
]
_MEGAPIXELS = 100.0
COMMON: dict[str, tuple[Any, Any]] = {
    "device": (Device, "auto"),
    "workers": (Workers, 0),
    "memory": (Memory, 0),
    "max_megapixels": (Megapixels, _MEGAPIXELS),
    "as_json": (Json, False),
    "quiet": (Quiet, False),
}
MAIN_CLIP = "source"
_MOST_SHOWN = 3
_SIDES = ("width", "height")


def engine_from_options(options: dict[str, Any]) -> Engine:
    """Makes the engine that the common options ask for."""
    return Engine(
        device=options["device"],
        workers=options["workers"] or None,
        memory_budget_mib=options["memory"] or None,
        precision=options.get("precision", "float32"),
    )


def option_of_param(param: Param) -> tuple[Any, Any]:
    """Returns annotation and default of the option that sets `param`; text is parsed by the param itself."""
    flag = "--" + param.name.replace("_", "-")
    if isinstance(param, BoolParam):
        return Annotated[bool, typer.Option(f"{flag}/--no-{flag[2:]}", help=param.doc)], param.default
    note = param.allowed()
    shown = param.text(param.default) if param.default is not None else ""
    help_text = param.doc + f" ({note}{f'; default {shown}' if shown else ''})"
    option = typer.Option(flag, metavar=_metavar(param), help=help_text, show_default=False)
    if isinstance(param, PointsParam):
        return Annotated[list[str], option], []
    return Annotated[str, option], None


def option_of_clip(clip: ClipSchema) -> tuple[Any, Any]:
    """Returns annotation and default of the argument or option that names a clip's file."""
    if clip.name == MAIN_CLIP:
        return Annotated[Path, typer.Argument(metavar="IN", help=clip.doc)], inspect.Parameter.empty
    flag = "--" + clip.name.replace("_", "-")
    note = clip.allowed()
    help_text = clip.doc + (f" ({note})" if note else "")
    return Annotated[Path, typer.Option(flag, metavar="FILE", help=help_text, show_default=False)], None


def values_from_options(params: tuple[Param, ...], options: dict[str, Any]) -> dict[str, Any]:
    """Parses the given options; those not given keep their defaults."""
    values: dict[str, Any] = {}
    for param in params:
        given = options[param.name]
        if isinstance(param, BoolParam):
            values[param.name] = given
        elif isinstance(param, PointsParam):
            values[param.name] = [point for text in given for point in param.parse(text)]
        elif given is not None:
            if isinstance(param, FileParam) and not given.strip():  # a shell's variable that was never set
                option = "--" + param.name.replace("_", "-")
                raise ParamError(f"{option} names no file", f"Name one, or leave {option} out.", f"param.{param.name}")
            values[param.name] = param.parse(given)
    return values


def options_of_kind(kind: type[Effect]) -> dict[str, tuple[Any, Any]]:
    """Returns the options that follow from what an effect is: for sides its size, for a seed variations."""
    params = {param.name: param for param in kind.declaration().params}
    found: dict[str, tuple[Any, Any]] = {}
    if all(isinstance(params.get(side), IntParam) for side in _SIDES):
        found["size"] = (
            Annotated[str, typer.Option("--size", metavar="WIDTHxHEIGHT", help="Both sides at once.")],
            None,
        )
    if kind.declaration().output.media == "image" and any(isinstance(param, SeedParam) for param in params.values()):
        text = "Write OUT-1 to OUT-N with this seed and those after it, and a contact sheet OUT-sheet.png."
        found["variations"] = (Annotated[int, typer.Option("--variations", metavar="N", help=text)], None)
    return found


def with_size(options: dict[str, Any]) -> None:
    """Puts what --size says, "1280x720", where --width and --height would be. Raises ParamError."""
    text = options.get("size")
    if text is None:
        return
    sides = re.fullmatch(r"\s*(\d+)\s*[x×X]\s*(\d+)\s*", text)
    given = [side for side in _SIDES if options[side] is not None]
    if sides is None or given:
        message = f"--size and --{given[0]} say the same" if given else f"{text!r} is no size"
        raise ParamError(message, "Write it as WIDTHxHEIGHT in pixels: --size 1280x720.", "param.size")
    options.update(zip(_SIDES, sides.groups(), strict=True))


def command_of_effect(kind: type[Effect]) -> Callable[..., None]:
    """Builds the command `scumble ID IN OUT --param VALUE ...` of an effect."""
    schema = kind.declaration()

    def run(**options: Any) -> None:
        with_size(options)
        effect = kind(**values_from_options(schema.params, options))
        clips = {clip.name: options[clip.name] for clip in schema.clips if options[clip.name] is not None}
        engine = engine_from_options(options)
        variations = options.get("variations")
        sheet: Path | None = None
        with shown_progress(schema.title, quiet=options["quiet"] or options["as_json"]) as progress:
            common: Any = {
                "engine": engine,
                "progress": progress,
                "max_megapixels": options.get("max_megapixels", _MEGAPIXELS),
            }
            if variations is not None:
                made, sheet = render_variations(effect, clips, options["output"], variations, **common)
            else:
                made = [render_files(effect, clips, options["output"], **common)]
        if engine.fallback_reason:
            warn(f"ran on the CPU: {engine.fallback_reason}")
        results = [
            {"output": str(one.output), "provenance": str(one.sidecar), "provider": one.record.provider} for one in made
        ]
        if sheet is None:
            say(results[0], str(made[0].output), as_json=options["as_json"])
        else:
            lines = [*(str(one.output) for one in made), str(sheet)]
            say({"outputs": results, "sheet": str(sheet)}, "\n".join(lines), as_json=options["as_json"])

    fields = {clip.name: option_of_clip(clip) for clip in schema.clips if clip.name == MAIN_CLIP}
    suffixes = [kind.suffixes[0] for kind in FileFormat] if schema.output.media == "image" else SOUND_FORMATS
    place = typer.Argument(metavar="OUT", help=f"File to write, ending in {', '.join(suffixes)}.")
    fields["output"] = (Annotated[Path, place], inspect.Parameter.empty)
    fields |= {param.name: option_of_param(param) for param in schema.params}
    fields |= {clip.name: option_of_clip(clip) for clip in schema.clips if clip.name != MAIN_CLIP}
    fields |= options_of_kind(kind)
    fields |= {name: option for name, option in COMMON.items() if schema.clips or name != "max_megapixels"}
    return with_options(run, fields, schema.doc)


def with_options(function: Callable[..., None], fields: dict[str, tuple[Any, Any]], doc: str) -> Callable[..., None]:
    """Gives a function of keywords the signature that typer reads, from annotations and defaults by name."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter(name, keyword, annotation=annotation, default=default)
        for name, (annotation, default) in fields.items()
    ]
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    function.__doc__ = re.sub(r"\s*\n\s*", " ", doc.split("\n\n")[0])
    return function


def _metavar(param: Param) -> str:
    choices = getattr(param, "choices", None)
    if choices and len(choices) <= _MOST_SHOWN:
        return "|".join(choices)
    if choices:  # the text beside it lists them, and a narrow column would break the words
        return param.name.upper()
    if isinstance(param, PointsParam):
        return "X,Y,#RRGGBB"
    if isinstance(param, FileParam) and param.is_folder:
        return "DIR"
    return type(param).__name__.removesuffix("Param").upper()
