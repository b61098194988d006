"""Effects: one class says what may be adjusted and what it renders; everything else is derived from it.

    class Invert(Effect, id="invert", title="Invert", context="filter"):
        '''Turns light into dark.'''

        source: Image = Input(doc="Picture to turn.")
        strength: float = Float(default=1.0, min=0, max=1, doc="0 keeps the source.")

        def render(self, ctx: RenderContext) -> Image: ...

Parameters are given when the effect is made, clips when it is called: ``Invert(strength=0.5)(image)``. In `render`
both are plain attributes of ``self``; ``ctx`` has what comes from outside: progress, engine, models.
"""

from __future__ import annotations

from scumble.effect.base import AudioEffect, Effect, Suggestion
from scumble.effect.context import MOST_SUGGESTIONS, RenderContext
from scumble.effect.declaring import MAIN_CLIP, MASK_CLIP, Input, Output
from scumble.effect.discovery import Discovery, Problem, discover, effect_folders
from scumble.effect.extras import Extras, extra_places, read_places
from scumble.params import Bool, Choice, Color, File, Float, Int, Palette, Points, Region, Seed, Text

__all__ = [
    "MAIN_CLIP",
    "MASK_CLIP",
    "MOST_SUGGESTIONS",
    "AudioEffect",
    "Bool",
    "Choice",
    "Color",
    "Discovery",
    "Effect",
    "Extras",
    "File",
    "Float",
    "Input",
    "Int",
    "Output",
    "Palette",
    "Points",
    "Problem",
    "Region",
    "RenderContext",
    "Seed",
    "Suggestion",
    "Text",
    "discover",
    "effect_folders",
    "extra_places",
    "read_places",
]
