"""Parameters on a scale: real numbers, whole numbers and the seed."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any

from scumble.params.base import ParamBase

SEED_MAX = 2**31 - 1
"""The largest seed: what every host's integer field and every JSON reader can hold."""


@dataclass(frozen=True)
class FloatParam(ParamBase):
    """A finite real number in ``min..max``; ``step`` is what one click of a spinner adds, ``unit`` what it counts."""

    kind = "float"
    annotations = ("float",)

    default: float | None
    min: float = 0.0
    max: float = 1.0
    step: float = 0.01
    unit: str = ""

    def __post_init__(self) -> None:
        _check_scale(self)
        for field in ("min", "max", "step"):
            object.__setattr__(self, field, float(getattr(self, field)))
        super().__post_init__()

    def _allowed(self) -> str:
        return _scale_in_words("a number", self.min, self.max, self.unit)

    def _checked(self, value: Any) -> float:
        if isinstance(value, (bool, str, bytes)):
            self.refuse(value)
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            self.refuse(value)
        if not self.min <= number <= self.max:
            self.refuse(value, "param.range")
        return number

    def _parsed(self, text: str) -> float:
        try:
            return float(text)
        except ValueError:
            self.refuse(text)

    def _text(self, value: float) -> str:
        return repr(value)


class _WholeParam(ParamBase):
    """What Int and Seed share; no kind of its own, so that a host can tell the two apart in any order."""

    min: int
    max: int
    unit: str = ""

    def _allowed(self) -> str:
        return _scale_in_words("a whole number", self.min, self.max, self.unit)

    def _checked(self, value: Any) -> int:
        if isinstance(value, bool):
            self.refuse(value)
        try:
            number = operator.index(value)
        except TypeError:
            self.refuse(value)
        if not self.min <= number <= self.max:
            self.refuse(value, "param.range")
        return number

    def _parsed(self, text: str) -> int:
        try:
            return int(text)
        except ValueError:
            self.refuse(text)


@dataclass(frozen=True)
class IntParam(_WholeParam):
    """A whole number in ``min..max``."""

    kind = "int"
    annotations = ("int",)

    default: int | None
    min: int = 0
    max: int = 100
    step: int = 1
    unit: str = ""

    def __post_init__(self) -> None:
        _check_scale(self)
        super().__post_init__()


@dataclass(frozen=True)
class SeedParam(_WholeParam):
    """Where chance starts: the same seed makes the same output again. A whole number from 0 to `SEED_MAX`."""

    kind = "seed"
    annotations = ("int",)
    min = 0
    max = SEED_MAX

    default: int | None = 0


def _check_scale(param: FloatParam | IntParam) -> None:
    if not (math.isfinite(param.min) and math.isfinite(param.max) and param.min < param.max and param.step > 0):
        raise TypeError(f"a scale needs a finite min below its max and a step above 0: {param.min}..{param.max}")


def _scale_in_words(noun: str, low: float, high: float, unit: str) -> str:
    return f"{noun} from {low:.10g} to {high:.10g}{' ' + unit if unit else ''}"
