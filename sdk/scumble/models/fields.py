"""How a tensor's elements lie on the picture: arithmetic of receptive fields (Araujo, Norris and Sim 2019)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Span:
    """One axis: element i depends on the picture's pixels from step · i + low to step · i + high, and no others."""

    step: Fraction = Fraction(1)
    low: Fraction = Fraction(0)
    high: Fraction = Fraction(0)

    def taken(self, step: Fraction, low: Fraction, high: Fraction) -> Span:
        """Returns the span of a tensor whose element i is made of elements step · i + low to step · i + high."""
        return Span(self.step * step, self.low + self.step * low, self.high + self.step * high)

    def joined(self, other: Span) -> Span:
        """Returns the span of what is made of two tensors with the same step."""
        return Span(self.step, min(self.low, other.low), max(self.high, other.high))

    @property
    def halo(self) -> int:
        """Pixels that a tile must show beyond its core, for outputs that lie where their input pixel does."""
        # The last output of a pixel lies one step short of the next pixel; what is seen are whole pixels.
        return max(0, math.floor(-self.low), math.floor(self.high + 1 - self.step))

    @property
    def width(self) -> int:
        """The receptive field: pixels that one element depends on at most."""
        return math.floor(self.high) - math.ceil(self.low) + 1


@dataclass(frozen=True)
class Seen:
    """A tensor that is a plane of the picture: which of its axes are rows and columns, and what they see."""

    rows: int
    columns: int
    y: Span = Span()
    x: Span = Span()

    @property
    def axes(self) -> tuple[int, int]:
        """The axes that are space."""
        return self.rows, self.columns

    def taken(self, y: tuple[Fraction, Fraction, Fraction], x: tuple[Fraction, Fraction, Fraction]) -> Seen:
        """Returns what is made of it by a window: step, low and high along each axis."""
        return Seen(self.rows, self.columns, self.y.taken(*y), self.x.taken(*x))

    def joined(self, other: Seen) -> Seen | None:
        """Returns what is made of two of them, element by element; None where they do not lie alike."""
        if self.axes != other.axes or (self.y.step, self.x.step) != (other.y.step, other.x.step):
            return None
        return Seen(self.rows, self.columns, self.y.joined(other.y), self.x.joined(other.x))


class Fixed:
    """A tensor that depends on no picture."""


class Sizes:
    """A tensor that depends on the picture's size, and not on what it shows."""


class Whole:
    """A tensor whose every element depends on the whole picture."""


class Merged:
    """A tensor one of whose axes runs over all pixels of the picture, rows and columns in one."""


class Unknown:
    """A tensor that was not followed: only a measurement can tell what it sees."""


State = Seen | Fixed | Sizes | Whole | Merged | Unknown
FIXED, SIZES, WHOLE, MERGED, UNKNOWN = Fixed(), Sizes(), Whole(), Merged(), Unknown()
