"""Styles that a net has learnt: its bundle, its global vector by seed and mood, and the picture that it makes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scumble.effects.background.layouts import layout_of, turned
from scumble.engine.generating import PlaneFacts
from scumble.errors import DeviceError, ModelError

if TYPE_CHECKING:
    from scumble.effect import RenderContext
    from scumble.effects.background.styles import Order
    from scumble.engine import Engine
    from scumble.models.manifest import Manifest

Floats = NDArray[np.float32]

BUNDLE = "background"


def generated(order: Order, without_model: tuple[str, ...], ctx: RenderContext) -> NDArray[np.uint8]:
    """Returns the picture of an order, 8-bit RGB, (height, width, 3); new memory that may be changed.

    Raises ModelError or DeviceError when the net cannot be used; the hint names the styles `without_model`.
    """
    try:
        bundle = ctx.bundle(BUNDLE)
        style, facts = _weights_of(order.style, bundle.manifest), facts_from_manifest(bundle.manifest)
        latent = _latent(order, bundle.manifest, ctx.engine)
        session = ctx.session(bundle)
    except (ModelError, DeviceError) as error:
        message = f"The style {order.style} needs its net: {error.message}"
        hint = f"{error.hint.rstrip('.')}. Or choose a style that needs none: {', '.join(without_model)}."
        raise type(error)(message, hint.lstrip(". "), error.code) from error
    rows, columns = (_cells(side, facts.cell_px, order) for side in (order.height, order.width))
    out = ctx.engine.empty_pixels(order.width, order.height)
    ctx.engine.generate_tiled(
        session,
        facts,
        out,
        layout_of(order, rows, columns, ctx.engine),
        latent=latent,
        style=style,
        detail=_detail(order, bundle.manifest),
        seed=order.seed,
        blend=order.blend,
        seamless=order.seamless,
        scale=order.scale,
        progress=ctx.progress.sub(0.0, 0.85).report,
    )
    return out


def facts_from_manifest(manifest: Manifest) -> PlaneFacts:
    """Returns what the engine must know of the net. Raises ModelError when the manifest does not say it."""
    settings = manifest.settings
    try:
        return PlaneFacts(
            cell_px=int(settings["cell_px"]),
            cell_margin=int(settings["cell_margin"]),
            noise_margins=tuple(int(word) for word in str(settings["noise_margins"]).split()),
            stream_latents=int(settings["stream_latents"]),
            stream_noise=int(settings["stream_noise_0"]),
            bytes_per_pixel=manifest.tiling.bytes_per_pixel,
            weights_bytes=4 * manifest.model.parameters,
        )
    except (KeyError, ValueError) as error:
        raise _wrong(manifest, f"its settings lack or garble {error}") from error


def styles_of(manifest: Manifest) -> tuple[str, ...]:
    """Returns the styles that the net has learnt, in the order of its weights."""
    return tuple(str(manifest.settings.get("styles", "")).split())


def _weights_of(style: str, manifest: Manifest) -> Floats:
    names = styles_of(manifest)
    if style not in names:
        raise _wrong(manifest, f"it has not learnt the style {style}, but {', '.join(names) or 'none'}")
    return np.asarray([name == style for name in names], np.float32)


def _wrong(manifest: Manifest, reason: str) -> ModelError:
    hint = "Install the bundle that belongs to this version of Scumble."
    return ModelError(f"The bundle {manifest.name} cannot be used: {reason}", hint, "bundle.bad_manifest")


def _cells(side_px: int, cell_px: int, order: Order) -> int:
    """Returns how many cells a side of the picture shows; a whole number of them fills a seamless one."""
    cells = side_px / order.scale / cell_px
    return max(1, round(cells)) if order.seamless else math.ceil(cells)


def _detail(order: Order, manifest: Manifest) -> float:
    """Returns how strongly the net adds to the layout: less when calm, more when energetic, as the bundle says."""
    return 1.0 + (2 * order.energy - 1) * float(manifest.settings.get("mood_energy_detail", 0.0))


def _latent(order: Order, manifest: Manifest, engine: Engine) -> Floats:
    """Returns the global vector, (n,): the seed's noise, or that between two seeds, and the energy's direction."""
    count = next((clip.channels for clip in manifest.inputs if clip.name == "latent"), 0)
    if not count or "stream_latent" not in manifest.settings:
        raise _wrong(manifest, "it says nothing of the input latent or of its stream")
    stream = int(manifest.settings["stream_latent"])

    def noise(seed: int) -> Floats:
        return engine.noise(seed, stream, (0, 0, 1, 1), channels=count)[:, 0, 0]

    latent = noise(order.seed)
    if order.blend is not None:
        latent = turned(latent, noise(order.blend[0]), order.blend[1])
    words = str(manifest.settings.get("mood_energy", "")).split()
    if len(words) == count:
        latent = latent + np.float32(2 * order.energy - 1) * np.asarray(words, np.float32)
    return latent
