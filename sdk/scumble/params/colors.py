"""Parameters that are colours: one, several, or wished for at points; and the rectangle."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from scumble.params.base import ParamBase

_HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")


class Rgb(NamedTuple):
    """An opaque sRGB colour: three integers 0..255."""

    red: int
    green: int
    blue: int

    @property
    def hex(self) -> str:
        """The colour as ``#rrggbb``."""
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @classmethod
    def from_hex(cls, text: str) -> Rgb:
        """Read ``#rrggbb`` or ``#rgb``, the ``#`` optional; raises ValueError on anything else."""
        found = _HEX.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"not a colour: {text!r}")
        digits = found[1] if len(found[1]) == 6 else "".join(2 * digit for digit in found[1])
        return cls(int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16))


class HintPoint(NamedTuple):
    """A wish: the source pixel (x, y), counted from the top left, has this colour."""

    x: int
    y: int
    color: Rgb


@dataclass(frozen=True)
class ColorParam(ParamBase):
    """One opaque sRGB colour; its value is an `Rgb`, and hex text or three integers are taken for one."""

    kind = "color"
    annotations = ("Rgb",)

    default: Rgb | str | None

    def _allowed(self) -> str:
        return "a colour as #rrggbb"

    def _checked(self, value: Any) -> Rgb:
        color = _rgb_from(value)
        if color is None:
            self.refuse(value)
        return color

    def _text(self, value: Rgb) -> str:
        return value.hex

    def _to_json(self, value: Rgb) -> str:
        return value.hex


@dataclass(frozen=True)
class PaletteParam(ParamBase):
    """Up to ``max_colors`` colours in order; its value is a tuple of `Rgb`, its text ``#112233,#aabbcc``."""

    kind = "palette"
    annotations = ("tuple[Rgb, ...]",)

    default: tuple[Rgb | str, ...] | None = ()
    max_colors: int = 8

    def _allowed(self) -> str:
        return f"up to {self.max_colors} colours as #rrggbb,#rrggbb"

    def _checked(self, value: Any) -> tuple[Rgb, ...]:
        if not isinstance(value, (list, tuple)):
            self.refuse(value)
        colors = [_rgb_from(entry) for entry in value]
        if len(colors) > self.max_colors:
            self.refuse(value, "param.range")
        if None in colors:
            self.refuse(value)
        return tuple(color for color in colors if color is not None)

    def _parsed(self, text: str) -> list[str]:
        return text.split(",") if text.strip() else []

    def _text(self, value: tuple[Rgb, ...]) -> str:
        return ",".join(color.hex for color in value)

    def _to_json(self, value: tuple[Rgb, ...]) -> list[str]:
        return [color.hex for color in value]


@dataclass(frozen=True)
class PointsParam(ParamBase):
    """Up to ``max_points`` colour hints; its value is a tuple of `HintPoint`, its text ``X,Y,#RRGGBB`` by spaces."""

    kind = "points"
    annotations = ("tuple[HintPoint, ...]",)

    default: tuple[HintPoint, ...] | None = ()
    max_points: int = 1000

    def _allowed(self) -> str:
        return f"up to {self.max_points} hints, each X,Y,#RRGGBB with X and Y in pixels from the top left"

    def _checked(self, value: Any) -> tuple[HintPoint, ...]:
        if not isinstance(value, (list, tuple)):
            self.refuse(value)
        if len(value) > self.max_points:
            self.refuse(f"{len(value)} hints", "param.range")
        return tuple(self._point_from(entry) for entry in value)

    def _point_from(self, entry: Any) -> HintPoint:
        if not isinstance(entry, (list, tuple)) or len(entry) != 3:
            self.refuse(entry)
        place, color = _ints_from(entry[:2]), _rgb_from(entry[2])
        if place is None or color is None:
            self.refuse(entry)
        if min(place) < 0:
            self.refuse(entry, "param.range")
        return HintPoint(place[0], place[1], color)

    def _parsed(self, text: str) -> list[tuple[int, int, str]]:
        return [self._point_parsed(entry) for entry in text.split()]

    def _point_parsed(self, entry: str) -> tuple[int, int, str]:
        try:
            x, y, color = entry.split(",")
            return int(x), int(y), color
        except ValueError:
            self.refuse(entry)

    def _text(self, value: tuple[HintPoint, ...]) -> str:
        return " ".join(f"{point.x},{point.y},{point.color.hex}" for point in value)

    def _to_json(self, value: tuple[HintPoint, ...]) -> list[list[int | str]]:
        return [[point.x, point.y, point.color.hex] for point in value]


@dataclass(frozen=True)
class RegionParam(ParamBase):
    """A pixel rectangle; its value is (x, y, width, height), text ``X,Y,W,H``, ready for `scumble.media.Region`."""

    kind = "region"
    annotations = ("tuple[int, int, int, int]",)

    default: tuple[int, int, int, int] | None = None

    def _allowed(self) -> str:
        return "a rectangle as X,Y,WIDTH,HEIGHT in pixels, width and height at least 1"

    def _checked(self, value: Any) -> tuple[int, int, int, int]:
        numbers = _ints_from(value) if isinstance(value, (list, tuple)) else None
        if numbers is None or len(numbers) != 4:
            self.refuse(value)
        x, y, width, height = numbers
        if x < 0 or y < 0 or width < 1 or height < 1:
            self.refuse(value, "param.range")
        return x, y, width, height

    def _parsed(self, text: str) -> list[int]:
        try:
            return [int(number) for number in text.split(",")]
        except ValueError:
            self.refuse(text)

    def _text(self, value: tuple[int, int, int, int]) -> str:
        return ",".join(str(number) for number in value)

    def _to_json(self, value: tuple[int, int, int, int]) -> list[int]:
        return list(value)


def _ints_from(values: Any) -> tuple[int, ...] | None:
    try:
        return None if any(isinstance(value, bool) for value in values) else tuple(map(operator.index, values))
    except TypeError:
        return None


def _rgb_from(value: Any) -> Rgb | None:
    if isinstance(value, str):
        try:
            return Rgb.from_hex(value)
        except ValueError:
            return None
    numbers = _ints_from(value) if isinstance(value, (list, tuple)) else None
    if numbers is None or len(numbers) != 3 or min(numbers) < 0 or max(numbers) > 255:
        return None
    return Rgb(*numbers)
