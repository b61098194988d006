"""The styles of a background, by name: what draws an order of one, whether it needs a model or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scumble.effects.background.generated import generated

if TYPE_CHECKING:
    from scumble.effect import RenderContext

PROCEDURAL = ("gradient", "low-poly", "bokeh", "waves", "paper")
"""Styles of the native core (`Engine.background`): they need no model."""
GENERATED = ("abstract", "defocus", "sky", "soft", "texture")
"""Styles that the generator in the bundle has learnt; a test holds them against its manifest."""
STYLES = PROCEDURAL + GENERATED
"""Every style."""


class Order(NamedTuple):
    """What is to be drawn: everything that a style may depend on."""

    style: str
    width: int
    height: int
    palette: NDArray[np.float32]
    """sRGB 0 to 1, (1 to 6, 3), the mood's brightness and warmth included; the first is the ground."""
    seed: int
    blend: tuple[int, float] | None
    """A second seed, and the share of the way to it."""
    energy: float
    seamless: bool
    scale: float
    """How large a generated style's things are; 1 as it learnt them."""


def drawn(order: Order, ctx: RenderContext) -> NDArray[np.uint8]:
    """Returns the picture, 8-bit RGB, (height, width, 3); new memory that may be changed."""
    if order.style in GENERATED:
        return generated(order, PROCEDURAL, ctx)
    return ctx.engine.background(
        order.style,
        order.width,
        order.height,
        order.palette,
        seed=order.seed,
        blend=order.blend,
        energy=order.energy,
        seamless=order.seamless,
        progress=ctx.progress.sub(0.0, 0.85).report,
    )
