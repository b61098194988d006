"""What is written in the effect's text parameters, read: the course of the energy, the markers."""

from __future__ import annotations

from scumble.errors import ParamError
from scumble.music import CURVES

Curve = str | tuple[tuple[float, float], ...]


def energy_from_text(text: str) -> tuple[float | None, Curve]:
    """Returns the energy (None when nothing is said of it) and its course ("" for the form's own).

    `text` is empty, a number 0 to 1, the name of a course, or "0:0.3,0.5:1": energies at shares of the length. Raises
    ParamError for anything else.
    """
    words = text.strip()
    if not words or words in CURVES:
        return None, words
    try:
        if ":" not in words:
            return float(words), ""
        pairs = [point.split(":") for point in words.split(",")]
        return None, tuple((float(share), float(energy)) for share, energy in pairs)
    except ValueError:
        hint = f"Give 0 to 1, one of {', '.join(CURVES)}, or shares and energies as in 0:0.3,0.5:1."
        raise ParamError(f"The energy cannot be {text!r}", hint, "param.energy") from None


def times_from_text(text: str) -> tuple[float, ...]:
    """Returns times in seconds from "3.2,10.5". Raises ParamError for anything else."""
    try:
        return tuple(float(word) for word in text.split(",") if word.strip())
    except ValueError:
        hint = "Give seconds with commas between, as in 3.2,10.5."
        raise ParamError(f"The markers cannot be {text!r}", hint, "param.markers") from None
