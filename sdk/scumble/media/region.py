"""Integer rectangles in pixel coordinates; x grows to the right, y downwards."""

from __future__ import annotations

from typing import NamedTuple

from scumble.errors import ParamError


class Region(NamedTuple):
    """A rectangle: its left and top edge, width and height in pixels. It may be empty, never negative."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column behind the rectangle."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row below the rectangle."""
        return self.y + self.height

    @property
    def area(self) -> int:
        """The number of pixels."""
        return self.width * self.height

    @property
    def is_empty(self) -> bool:
        """True when no pixel lies inside."""
        return self.width <= 0 or self.height <= 0

    def contains(self, other: Region) -> bool:
        """True when every pixel of `other` lies inside; an empty rectangle lies in every one."""
        return other.is_empty or (
            self.x <= other.x and self.y <= other.y and other.right <= self.right and other.bottom <= self.bottom
        )

    def intersection(self, other: Region) -> Region:
        """Returns the common pixels; an empty rectangle of size 0 where there are none."""
        left, top = max(self.x, other.x), max(self.y, other.y)
        width, height = min(self.right, other.right) - left, min(self.bottom, other.bottom) - top
        return Region(left, top, max(0, width), max(0, height))

    def translated(self, dx: int, dy: int) -> Region:
        """Returns the rectangle moved by (dx, dy)."""
        return Region(self.x + dx, self.y + dy, self.width, self.height)


def region_from_text(text: str) -> Region:
    """Reads "X,Y,W,H". Raises ParamError."""
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise ParamError(f"{text!r} is not a region", "Write four whole numbers: X,Y,W,H.", "param.region") from None
    if width < 0 or height < 0:
        raise ParamError(f"The region {text!r} has a negative size", "Width and height are 0 or more.", "param.region")
    return Region(x, y, width, height)
