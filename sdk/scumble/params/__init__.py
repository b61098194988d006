"""The closed set of parameter kinds: what a user may adjust, in which range, and how it is written down.

A parameter is declared once, in an effect's class body, with a *field specifier* (`Float`, `Int`, ...); the object
behind it is a frozen dataclass (`FloatParam`, ...) that the schema carries and every host reads. Each has four verbs:

- ``check(value)``      the value in its one normal form, or `ParamError`;
- ``parse(text)``       the value written as text: the command line and hosts' text fields; ``text(value)`` inverts it;
- ``to_json(value)``    plain data; ``from_json(data)`` inverts it.

A parameter whose default is None is *optional*: None then means "not set", and so does every empty value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

from scumble.params.base import ParamBase
from scumble.params.colors import ColorParam, HintPoint, PaletteParam, PointsParam, RegionParam, Rgb
from scumble.params.scales import SEED_MAX, FloatParam, IntParam, SeedParam
from scumble.params.words import BoolParam, ChoiceParam, FileParam, TextParam

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec

    P = ParamSpec("P")

__all__ = [
    "SEED_MAX",
    "Bool",
    "BoolParam",
    "Choice",
    "ChoiceParam",
    "Color",
    "ColorParam",
    "File",
    "FileParam",
    "Float",
    "FloatParam",
    "HintPoint",
    "Int",
    "IntParam",
    "Palette",
    "PaletteParam",
    "Param",
    "ParamBase",
    "Points",
    "PointsParam",
    "Region",
    "RegionParam",
    "Rgb",
    "Seed",
    "SeedParam",
    "Text",
    "TextParam",
]

Param = Union[  # noqa: UP007 - evaluated when a host imports it
    FloatParam,
    IntParam,
    BoolParam,
    ChoiceParam,
    ColorParam,
    PaletteParam,
    TextParam,
    SeedParam,
    PointsParam,
    RegionParam,
    FileParam,
]
"""The closed set. A host maps it with one ``match ... case _: assert_never(p)``."""


def specifier(param_class: Callable[P, object]) -> Callable[P, Any]:
    """Return a parameter class as a field specifier: same signature, but assignable to the value's annotation."""
    return param_class


Float = specifier(FloatParam)
Int = specifier(IntParam)
Bool = specifier(BoolParam)
Choice = specifier(ChoiceParam)
Color = specifier(ColorParam)
Palette = specifier(PaletteParam)
Text = specifier(TextParam)
Seed = specifier(SeedParam)
Points = specifier(PointsParam)
Region = specifier(RegionParam)
File = specifier(FileParam)
