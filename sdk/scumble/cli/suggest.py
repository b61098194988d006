"""The command `scumble suggest`: colours that suit a pixel, for people as a table, for programs as JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from scumble.cli.commands import (
    COMMON,
    MAIN_CLIP,
    engine_from_options,
    option_of_clip,
    option_of_param,
    values_from_options,
    with_options,
)
from scumble.cli.console import say, shown_progress, warn
from scumble.effect import MOST_SUGGESTIONS, Effect, Suggestion
from scumble.errors import ParamError
from scumble.media.files import read_image
from scumble.params import IntParam

_DOC = "Suggests colours for a pixel, likeliest first; the options are those of the effect that they are for."
_PLACE = re.compile(r"\s*(-?\d+)\s*,\s*(-?\d+)\s*")
_COUNT = IntParam(default=5, min=1, max=MOST_SUGGESTIONS, name="count", doc="How many colours at most.")
_SWATCH = " " * 6
_AT = typer.Option("--at", metavar="X,Y", help="The pixel, counted from the top left.", show_default=False)
_OWN = ("at", "count", "effect")
_LENIENT = {"ignore_unknown_options": True, "allow_extra_args": True}


def add_suggest(app: typer.Typer, effects: Mapping[str, type[Effect]], arguments: Sequence[str]) -> None:
    """Adds the command, with the options of the one effect that suggests, or of that which `arguments` name."""
    suggesting = [name for name, kind in sorted(effects.items()) if _suggests(kind)]
    named = _effect_named(arguments)
    chosen = named or (suggesting[0] if len(suggesting) == 1 else "")
    if chosen in suggesting:
        app.command("suggest")(_command_of(effects[chosen], suggesting))
        return

    def refuse(effect: str) -> None:
        raise _refusal(effect, effects, suggesting)

    option = {"effect": (Annotated[str, _effect_option(suggesting)], "")}
    app.command("suggest", context_settings=_LENIENT)(with_options(refuse, option, _DOC))


def _suggests(kind: type[Effect]) -> bool:
    schema = kind.declaration()
    return bool(schema.suggests) and any(clip.name == MAIN_CLIP for clip in schema.clips)


def _effect_named(arguments: Sequence[str]) -> str:
    """Returns what `--effect` names among the arguments of suggest: it decides which options there are."""
    if "suggest" not in arguments[:1]:
        return ""
    for before, argument in pairwise(arguments):
        if before == "--effect":
            return argument
        if argument.startswith("--effect="):
            return argument.removeprefix("--effect=")
    return ""


def _effect_option(suggesting: list[str]) -> Any:
    names = "|".join(suggesting) or "ID"
    return typer.Option(
        "--effect", metavar=names, help="For which effect; its options are those of that effect.", show_default=False
    )


def _refusal(named: str, effects: Mapping[str, type[Effect]], suggesting: list[str]) -> ParamError:
    choice = f"Choose one that does: {', '.join(suggesting)}." if suggesting else "No installed effect does."
    if not named and suggesting:
        hint = f"Choose one with --effect: {', '.join(suggesting)}."
        return ParamError("More than one effect suggests colours", hint, "param.effect")
    if not named:
        return ParamError("No installed effect suggests colours", "Install one that does.", "param.no_suggestions")
    if named not in effects:
        return ParamError(f"There is no effect called {named!r}", choice, "param.effect")
    return ParamError(f"{effects[named].title} suggests no colours", choice, "param.no_suggestions")


def _command_of(kind: type[Effect], suggesting: list[str]) -> Callable[..., None]:
    """Builds the command with the clips and parameters of one effect."""
    schema = kind.declaration()
    params = tuple(param for param in schema.params if param.name not in (*_OWN, *COMMON))  # ours go first

    def run(**options: Any) -> None:
        x, y = _place_from(options["at"])
        wanted: dict[str, Any] = {"count": _COUNT.default} | values_from_options((_COUNT,), options)
        effect = kind(**values_from_options(params, options))
        given = [clip.name for clip in schema.clips if options[clip.name] is not None]
        most = options["max_megapixels"]
        engine = engine_from_options(options)
        limits = engine.read_limits
        clips: dict[str, Any] = {name: read_image(options[name], max_megapixels=most, **limits) for name in given}
        with shown_progress("Suggestions", quiet=options["quiet"] or options["as_json"]) as progress:
            source = clips.pop(MAIN_CLIP)
            found = effect.suggestions(source, x, y, engine=engine, progress=progress, **wanted, **clips)
        if engine.fallback_reason:
            warn(f"ran on the CPU: {engine.fallback_reason}")
        if options["as_json"]:
            colours = [{"color": color.hex, "weight": weight} for color, weight in found]
            provider = engine.provider if effect.bundles else "none"
            result = {"effect": effect.id, "at": [x, y], "suggestions": colours, "provider": provider}
            say(result, "", as_json=True)
            return
        _show(found)

    fields = {clip.name: option_of_clip(clip) for clip in schema.clips if clip.name == MAIN_CLIP}
    fields["at"] = (Annotated[str, _AT], ...)
    fields["count"] = option_of_param(_COUNT)
    fields["effect"] = (Annotated[str, _effect_option(suggesting)], "")
    fields |= {param.name: option_of_param(param) for param in params}
    fields |= {clip.name: option_of_clip(clip) for clip in schema.clips if clip.name != MAIN_CLIP}
    fields |= COMMON
    return with_options(run, fields, _DOC)


def _place_from(text: str) -> tuple[int, int]:
    found = _PLACE.fullmatch(text)
    if found is None:
        hint = "at takes X,Y in pixels from the top left, such as --at 250,400"
        raise ParamError(f"at cannot be {text!r}", hint, "param.type")
    return int(found[1]), int(found[2])


def _show(found: Sequence[Suggestion]) -> None:
    """Prints the table on stdout; a terminal with colours shows each one."""
    console = Console(highlight=False, soft_wrap=True)
    is_coloured = console.is_terminal and console.color_system is not None and not console.no_color
    console.print("colour   share")
    for color, weight in found:
        line = Text(f"{color.hex}  {_percent(weight)}")
        if is_coloured:
            line.append("  ").append(_SWATCH, style=f"on {color.hex}")
        console.print(line)


def _percent(weight: float) -> str:
    return f"{round(100 * weight):3d} %" if weight >= 0.005 else " <1 %"
