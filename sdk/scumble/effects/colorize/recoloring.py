"""A colour picture recoloured where hints are: things of one colour take another, everything else keeps its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scumble.effects.colorize.strokes import Check, Plane, cell_colours

if TYPE_CHECKING:
    from scumble.engine import Engine
    from scumble.media.image import Image

_LIKENESS_AB = 14.0
_EVIDENCE = 50.0


def own_ab(image: Image, width: int, height: int, engine: Engine, check: Check) -> Plane:
    """Returns the picture's own ab at a smaller size, (2, height, width); of gray pictures 0."""
    lab, _ = cell_colours(image, width, height, engine, check)
    return np.ascontiguousarray(lab[..., 1:].transpose(2, 0, 1))


def change_of_ab(own: Plane, lightness: Plane, hint_ab: Plane, hint_mask: Plane, engine: Engine) -> Plane:
    """Returns what to add to a picture's ab, (2, h, w), so that it is the wanted ab at hints and alike around them.

    The hints, and the picture's own colours beneath them, are spread along the lightness; what a hint changes is
    added wherever the picture's colour is like the one beneath that hint: a Gaussian of 14 ab units, times how near the
    evidence is. So shades within a thing stay, and its surroundings keep their colours.
    """
    field = engine.hint_field(lightness)
    wanted, confidence = field.spread(hint_ab, hint_mask)
    beneath, _ = field.spread(np.ascontiguousarray(own * hint_mask), hint_mask)
    distance = ((own - beneath) ** 2).sum(0)
    alike = np.exp(-distance / (2 * _LIKENESS_AB**2)) * (1 - (1 - confidence) ** _EVIDENCE)
    return np.asarray((wanted - beneath) * alike, np.float32)
