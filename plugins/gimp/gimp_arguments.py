"""Parameters as arguments of a GIMP procedure: declared from the schema, read back as plain JSON values."""

from __future__ import annotations

import re
from typing import Any

from gi.repository import Babl, Gegl, Gimp, Gio, GObject
from scumble.errors import ParamError
from scumble.hosts.adapter import never
from scumble.params import (
    BoolParam,
    ChoiceParam,
    ColorParam,
    FileParam,
    FloatParam,
    IntParam,
    PaletteParam,
    Param,
    PointsParam,
    RegionParam,
    SeedParam,
    TextParam,
)

UNSET = "unset"
READ_WRITE = GObject.ParamFlags.READWRITE
_TAKEN = frozenset(["run-mode", "image", "drawables", "procedure", "result"])


def argument_names(params: tuple[Param, ...]) -> dict[str, Param]:
    """Return the parameters by their arguments' names: GIMP takes a-z, 0-9 and dashes, beginning with a letter."""
    named: dict[str, Param] = {}
    for number, param in enumerate(params, 1):
        name = re.sub(r"[^a-z0-9]+", "-", param.name.lower()).strip("-")
        fits = name and name[0].isalpha() and name not in _TAKEN and name not in named
        named[name if fits else f"value-{number}"] = param
    return named


def add_argument(procedure: Gimp.Procedure, name: str, param: Param) -> None:
    """Declare one parameter: its kind's own widget, or text where GIMP has no kind like it or None is a value."""
    label, doc = param.title or param.name, param.doc
    if param.optional and not isinstance(param, (ChoiceParam, FileParam)):
        doc = f"{doc} Takes {param.allowed()}; leave it empty for none.".strip()
        procedure.add_string_argument(name, label, doc, "", READ_WRITE)
    elif isinstance(param, FloatParam):
        procedure.add_double_argument(name, _with_unit(label, param.unit), doc, *_scale(param), READ_WRITE)
    elif isinstance(param, IntParam):
        procedure.add_int_argument(name, _with_unit(label, param.unit), doc, *_scale(param), READ_WRITE)
    elif isinstance(param, SeedParam):
        procedure.add_int_argument(name, label, doc, *_scale(param), READ_WRITE)
    elif isinstance(param, BoolParam):
        procedure.add_boolean_argument(name, label, doc, param.default, READ_WRITE)
    elif isinstance(param, ChoiceParam):
        words = {UNSET: "—"} if param.optional else {}
        words.update((word, word.replace("_", " ").capitalize()) for word in param.choices)
        choice = Gimp.Choice.new()
        for number, (word, shown) in enumerate(words.items()):
            choice.add(word, number, shown, "")
        procedure.add_choice_argument(name, label, doc, choice, param.default or UNSET, READ_WRITE)
    elif isinstance(param, ColorParam):
        procedure.add_color_argument(name, label, doc, False, Gegl.Color.new(param.text(param.default)), READ_WRITE)
    elif isinstance(param, FileParam):
        action = Gimp.FileChooserAction.OPEN if param.role == "read" else Gimp.FileChooserAction.SAVE
        default = None if param.default is None else Gio.File.new_for_path(param.text(param.default))
        procedure.add_file_argument(name, label, doc, action, param.optional, default, READ_WRITE)
    elif isinstance(param, TextParam):
        procedure.add_string_argument(name, label, doc, param.default, READ_WRITE)
    elif isinstance(param, (PaletteParam, PointsParam, RegionParam)):
        doc = f"{doc} Takes {param.allowed()}.".strip()
        procedure.add_string_argument(name, label, doc, param.text(param.default), READ_WRITE)
    else:
        never(param)


def json_from_argument(config: Gimp.ProcedureConfig, name: str, param: Param) -> Any:
    """Return what the user set, as plain data. Raises ParamError, naming the parameter, for text that cannot be it."""
    value = config.get_property(name)
    if isinstance(value, Gegl.Color):
        rgba = bytes(value.get_bytes(Babl.format("R'G'B'A u8")).get_data())
        # GIMP 3.0 forgets a colour's default on its way to scripts, and hands on transparent black.
        value = "#" + rgba[:3].hex() if rgba[3] else param.default
    elif isinstance(value, Gio.File):
        value = value.get_path()
        if value is None:
            raise ParamError(f"{param.title} is not on this machine's disk", "Choose a local file.", "param.file")
    elif isinstance(param, ChoiceParam) and value == UNSET and param.optional:
        value = None
    elif isinstance(value, str):
        return param.to_json(param.parse(value))
    return param.to_json(param.check(value))


def _with_unit(label: str, unit: str) -> str:
    return f"{label} ({unit})" if unit else label


def _scale(param: FloatParam | IntParam | SeedParam) -> tuple[Any, Any, Any]:
    return param.min, param.max, param.default
