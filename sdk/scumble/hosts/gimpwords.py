"""What GIMP calls things: procedures, arguments, and pixels by babl's names; for the adapter, and without GIMP."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from scumble.media.image import ColorModel, SampleType, Transfer
from scumble.params import ChoiceParam, Param

UNSET = "unset"
"""The word for None among a choice's words."""
SAMPLES = {SampleType.U8: "u8", SampleType.U16: "u16", SampleType.F16: "half", SampleType.F32: "float"}
_TAKEN = frozenset(["run-mode", "image", "drawables", "procedure", "result"])


def procedure_name(*words: str) -> str:
    """Returns the name of a procedure of ours: a-z, 0-9 and dashes."""
    return "scumble-" + _dashed("-".join(words))


def argument_names(params: Sequence[Param]) -> dict[str, Param]:
    """Returns the parameters by their arguments' names: GIMP takes a-z, 0-9 and dashes, beginning with a letter."""
    named: dict[str, Param] = {}
    for number, param in enumerate(params, 1):
        name = _dashed(param.name)
        fits = name and name[0].isalpha() and name not in _TAKEN and name not in named
        named[name if fits else f"value-{number}"] = param
    return named


def choice_words(param: ChoiceParam) -> dict[str, str]:
    """Returns what may be chosen, with what people see for it."""
    words = {UNSET: "—"} if param.optional else {}
    return {**words, **{word: word.replace("_", " ").capitalize() for word in param.choices}}


def label_of(title: str) -> str:
    """Returns a title as GIMP's widgets want it, where one underscore marks the key."""
    return title.replace("_", "__")


class Facts(NamedTuple):
    """What numbers a picture is made of, and whether they are the drawable's own (`exact`) or converted."""

    model: ColorModel
    sample: SampleType
    curve: str
    """Babl's mark: nothing for linear light, ' for the space's own curve, ~ for sRGB's; in sRGB those two are one."""
    exact: bool = True

    @classmethod
    def of(cls, model: ColorModel, encoding: str, space: str) -> Facts:
        """Returns how to read pixels of an encoding such as "R'G'B'A u16" in a space of that name, both babl's.

        Their own numbers where these are sRGB's in a type that Scumble has, else floats.
        """
        encoded, _, word = encoding.rpartition(" ")
        curve = next((mark for mark in "'~" if mark in encoded), "")
        sample = next((sample for sample, name in SAMPLES.items() if name == word), None)
        if sample is None or space != "sRGB" or not (sample.is_float or curve):
            return cls(model, SampleType.F32, curve and "'", exact=False)
        return cls(model, sample, curve)

    @property
    def transfer(self) -> Transfer:
        """How the numbers encode light."""
        return Transfer.SRGB if self.curve else Transfer.LINEAR

    @property
    def format(self) -> str:
        """Babl's name for it; the colours are sRGB's, since no other space is named."""
        letters = "".join(letter + self.curve for letter in ("Y" if self.model.is_gray else "RGB"))
        return f"{letters}{'A' if self.model.has_alpha else ''} {SAMPLES[self.sample]}"


STROKES = Facts(ColorModel.RGBA, SampleType.U8, "'")
MASK = Facts(ColorModel.GRAY, SampleType.U8, "")


def _dashed(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
