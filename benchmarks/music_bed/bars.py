"""What a part of the measurement hands over: bars that are met or not, and the tables behind them."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from benchmarks.figures import Figure, shown, table
from benchmarks.machine import processor

NAMES = ("notes", "copying", "form", "control", "sound", "speech", "speed", "sheet")
"""The parts, in the page's order."""


class Bar(NamedTuple):
    """One demand: what, how much is wanted, what was measured, of how many what, and whether that is enough."""

    what: str
    wanted: str
    measured: str
    samples: str
    met: bool


class Part(NamedTuple):
    """What one part found: its bars, and its text as lines of Markdown."""

    bars: list[Bar]
    lines: list[str]

    def stored(self) -> dict[str, Any]:
        """Returns it as plain data."""
        return {"bars": [bar._asdict() for bar in self.bars], "lines": self.lines}


def part_from_stored(data: dict[str, Any]) -> Part:
    """Returns what `Part.stored` gave."""
    return Part([Bar(**bar) for bar in data["bars"]], list(data["lines"]))


def bar_of(what: str, wanted: str, found: Figure, of: str, *, met: bool, digits: int = 2, unit: str = "") -> Bar:
    """Returns the bar of a figure with its interval."""
    return Bar(what, wanted, shown(found, digits=digits) + unit, f"{found.samples} {of}", met)


def bar_lines(parts: dict[str, Part]) -> list[str]:
    """Returns the table of all bars."""
    rows = [
        [bar.what, bar.wanted, bar.measured, bar.samples, "yes" if bar.met else "**no**"]
        for name in NAMES
        for bar in (parts[name].bars if name in parts else [])
    ]
    return table(["bar", "wanted", "measured", "of", "met"], rows)


def machine_line() -> str:
    """Returns the processor, its cores and its load now, in words."""
    return f"{processor()}, {len(os.sched_getaffinity(0))} cores, load average {os.getloadavg()[0]:.1f} at the end"
