"""Background: pictures for thumbnails and screens, in any size and in your colours, with room for text."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scumble.effect import (
    Bool,
    Choice,
    Color,
    Effect,
    File,
    Float,
    Input,
    Int,
    Output,
    Palette,
    Region,
    RenderContext,
    Seed,
)
from scumble.effects.background.legible import check_area, reserved
from scumble.effects.background.palettes import in_mood, own_palette, palette_of_picture, unit_colours
from scumble.effects.background.styles import GENERATED, STYLES, Order, drawn
from scumble.effects.background.subject import placed
from scumble.media.arrays import image_from_array
from scumble.media.image import Image
from scumble.media.layers import Layer, files_from_layers, flattened
from scumble.media.region import Region as Rectangle
from scumble.params import Rgb

SIDES_PX = (64, 16384)
THUMBNAIL_PX = (1280, 720)
THUMBNAIL_BYTES = 2_000_000
_BLUR_REACH = 0.06  # of the picture's mean side: the deviation at the end of the slider


class Background(Effect, id="background", title="Background", context="generator", bundles=("background",)):
    """Makes a background from nothing but a style, colours and a seed: any size, no rights of others in it.

    The same values give the same bytes. Every style keeps to the palette, whose first colour is the ground; the
    three sliders of the mood leave the palette as it is in their middle.
    """

    palette_from: Image | None = Input(default=None, separate=True, doc="Picture to take the colours from.")
    subject: Image | None = Input(default=None, separate=True, doc="Cut-out with alpha, put in front with a shadow.")
    picture: Image = Output(doc="The background, 8-bit RGB.")
    style: str = Choice(default="gradient", choices=STYLES, doc="What it looks like.")
    width: int = Int(default=1280, min=SIDES_PX[0], max=SIDES_PX[1], unit="px", doc="Columns.")
    height: int = Int(default=720, min=SIDES_PX[0], max=SIDES_PX[1], unit="px", doc="Rows.")
    palette: tuple[Rgb, ...] = Palette(
        default=(), max_colors=6, doc="One to six colours, the first for the ground; chosen by the seed when empty."
    )
    energy: float = Float(default=0.5, min=0.0, max=1.0, step=0.01, doc="Mood: 0 calm, 1 energetic.")
    brightness: float = Float(default=0.5, min=0.0, max=1.0, step=0.01, doc="Mood: 0 dark, 1 bright.")
    warmth: float = Float(default=0.5, min=0.0, max=1.0, step=0.01, doc="Mood: 0 cold, 1 warm.")
    seed: int = Seed(default=0, doc="Where chance starts; another seed is another picture.")
    blend: int | None = Seed(default=None, doc="A second seed to move towards.")
    blend_amount: float = Float(
        default=0.5, min=0.0, max=1.0, step=0.01, doc="How far to go towards the second seed: 0 stays, 1 arrives."
    )
    text_area: tuple[int, int, int, int] | None = Region(default=None, doc="Where text will stand: calm and legible.")
    text_color: Rgb = Color(default=Rgb(255, 255, 255), doc="Colour of that text.")
    contrast: float = Float(
        default=4.5, min=1.0, max=21.0, step=0.1, doc="Contrast ratio of that text (WCAG): 4.5 normal, 3 large."
    )
    seamless: bool = Bool(default=False, doc="Opposite edges fit each other, for tiling.")
    scale: float = Float(
        default=1.0,
        min=0.5,
        max=8.0,
        step=0.1,
        doc=f"Of the styles {', '.join(GENERATED)}: 2 shows everything twice as large, and softer.",
    )
    blur: float = Float(default=0.0, min=0.0, max=1.0, step=0.01, doc="0 sharp, 1 nothing but soft colour.")
    thumbnail: bool = Bool(
        default=False, doc="1280 by 720 pixels whatever the size says, in a file of at most 2 MB, as video sites ask."
    )

    layers: Path | None = File(
        default=None, role="layers", doc="Also write the layers, each in full size: 1-background.png is the lowest."
    )

    def render(self, ctx: RenderContext) -> Image:
        """Returns the layers over each other: 8-bit RGB."""
        made = self._made(ctx)
        if self.layers is not None:
            for name, write in files_from_layers(made).items():
                ctx.also_write(self.layers / name, write)
        return ctx.waited(lambda: flattened(made))

    def _made(self, ctx: RenderContext) -> tuple[Layer, ...]:
        """Returns the background, the scrim where there is a text area, the subject where there is one."""
        blend = None if self.blend is None else (self.blend, self.blend_amount)
        palette = self._palette(ctx, blend)
        width, height = self.size()
        area = None if self.text_area is None else Rectangle(*self.text_area)
        if area is not None:
            check_area(area, width, height, self.text_color, self.contrast)
        order = Order(self.style, width, height, palette, self.seed, blend, self.energy, self.seamless, self.scale)
        pixels = drawn(order, ctx)
        self._blurred(ctx, pixels)
        above: list[Layer] = []
        if area is not None:
            told = (self.text_color, self.contrast, palette, ctx.engine, self.seed)
            above.append(ctx.waited(lambda: reserved(pixels, area, *told)))
        if self.subject is not None:
            cutout = self.subject
            above.append(ctx.waited(lambda: placed(cutout, pixels, area, ctx.engine)))
        ctx.progress.report(1.0)
        return (Layer("background", image_from_array(pixels)), *above)

    def used_bundles(self) -> tuple[str, ...]:
        """Returns the net's bundle where the style needs it."""
        return self.bundles if self.style in GENERATED else ()

    def size(self) -> tuple[int, int]:
        """Returns width and height of the picture that comes out, in pixels."""
        return THUMBNAIL_PX if self.thumbnail else (self.width, self.height)

    def work(self) -> float:
        """Returns what was measured, with and without the net."""
        return 30.0 if self.style in GENERATED else 15.0

    def most_bytes(self) -> int | None:
        """Returns what video sites take for a thumbnail, where it is to be one."""
        return THUMBNAIL_BYTES if self.thumbnail else None

    def _palette(self, ctx: RenderContext, blend: tuple[int, float] | None) -> NDArray[np.float32]:
        if self.palette:
            colours = unit_colours(self.palette)
        elif self.palette_from is not None:
            picture = self.palette_from
            colours = ctx.waited(lambda: palette_of_picture(ctx.engine, picture))
        else:
            colours = own_palette(ctx.engine, self.seed, blend)
        return in_mood(ctx.engine, colours, self.brightness, self.warmth)

    def _blurred(self, ctx: RenderContext, pixels: NDArray[np.uint8]) -> None:
        height, width = pixels.shape[:2]
        sigma = _BLUR_REACH * self.blur * self.blur * math.sqrt(width * height)
        if self.blur > 0:
            progress = ctx.progress.sub(0.85, 0.1).report
            ctx.engine.soften(pixels, max(0.7, sigma), seamless=self.seamless, seed=self.seed, progress=progress)
