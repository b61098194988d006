"""Colorize: colours for a black-and-white picture, automatic or guided by the user's strokes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scumble.effect import Bool, Choice, Effect, Float, Input, Points, RenderContext, Suggestion
from scumble.effects.colorize.palette import suggestions
from scumble.effects.colorize.prediction import (
    USER_MASK,
    VIEWS,
    Seen,
    Told,
    seen_at_two_sizes,
    thinned,
    whole_picture,
)
from scumble.effects.colorize.recoloring import change_of_ab, own_ab
from scumble.effects.colorize.reference import no_statistics, statistics_from_image
from scumble.effects.colorize.strokes import Plane, plane_of_mask, stroke_colours
from scumble.errors import ParamError
from scumble.media.image import Image

if TYPE_CHECKING:
    from scumble.engine import Session
    from scumble.models.manifest import Manifest
    from scumble.params import HintPoint

CONTEXT_MASK = 0.5
_HINT_CELLS = 3
_GUIDE_RADIUS = 4
_GUIDE_EPSILON = 4.0


class Colorize(Effect, id="colorize", title="Colorize", context="filter", bundles=("colorize",), version="2"):
    """Adds colour to a black-and-white picture; its lightness is taken from the source unchanged.

    The net sees the picture at two small sizes and predicts chroma (ab of CIE Lab); hints are spread along the
    lightness before it and met exactly after it (Levin et al. 2004). The chroma is brought to full size along the
    edges of the full-resolution lightness (fast guided filter, He and Sun 2015). A colour picture is read as its
    lightness, so sepia and faded prints can be given as they are.
    """

    source: Image = Input(doc="Picture to colour.")
    hints: Image | None = Input(default=None, doc="Strokes of wanted colour on transparent ground, same size.")
    mask: Image | None = Input(default=None, doc="Where to colour: white yes, black no; same size.")
    reference: Image | None = Input(
        default=None, separate=True, doc="Photograph to take after: its mix of colours and how saturated they are."
    )
    strength: float = Float(default=1.0, min=0.0, max=1.0, step=0.01, doc="0 keeps the source's own colours.")
    vividness: float = Float(
        default=0.6, min=0.0, max=1.0, step=0.01, doc="1 is as colourful as photographs are, 0 the cautious average."
    )
    keep_colors: bool = Bool(
        default=False, doc="Recolours: the picture's own colours stay but for what is like the places of the hints."
    )
    hint: tuple[HintPoint, ...] = Points(default=(), doc="A wanted colour at a pixel; may be given many times.")
    detail: str = Choice(
        default="auto",
        choices=("auto", "fast", "full"),
        doc="fast predicts at the working size; full refines that in tiles at full size; auto is fast.",
    )

    def render(self, ctx: RenderContext) -> Image:
        """Returns the coloured picture: RGB or RGBA, sample type and lightness of the source."""
        mask = self._mask_plane(ctx)
        if self.keep_colors:
            return self._recoloured(ctx, mask)
        session, manifest = self._model(ctx)
        told = self._told(ctx, manifest)
        seen = self._seen(ctx, told, session, manifest)
        vivid = seen.regressed + np.float32(self.vividness) * (seen.vivid - seen.regressed)
        ab = seen.meeting(vivid, told, manifest)
        if self.detail == "full":
            return self._at_full_size(ctx, told, seen, ab, mask)
        hint_xy, hint_ab = self._points(ctx)
        return ctx.engine.recolor_guided(
            self.source,
            ab,
            told.lightness,
            strength=self.strength,
            mask=mask,
            radius=_GUIDE_RADIUS,
            eps=_GUIDE_EPSILON,
            hint_xy=hint_xy,
            hint_ab=hint_ab,
            strokes=self.hints,
            progress=ctx.progress.sub(0.3, 0.7).report,
        )

    def work(self) -> float:
        """Returns what was measured, in tiles and without."""
        return 150.0 if self.detail == "full" and not self.keep_colors else 2.0

    def suggest(self, ctx: RenderContext, x: int, y: int) -> tuple[Suggestion, ...]:
        """Returns at most `ctx.count` colours for the pixel (x, y), likeliest first, with the pixel's own lightness."""
        session, manifest = self._model(ctx)
        seen = self._seen(ctx, self._told(ctx, manifest), session, manifest)
        shares = seen.shares_at((x + 0.5) / self.source.width, (y + 0.5) / self.source.height)
        pixel = self.source.crop(self.source.bounds._replace(x=x, y=y, width=1, height=1))
        lightness = float(ctx.engine.lightness(pixel)[0, 0])
        logits = np.log(np.maximum(shares, 1e-12)).astype(np.float32)
        return suggestions(logits, centres_from_manifest(manifest), lightness, ctx.engine, ctx.count)

    def _model(self, ctx: RenderContext) -> tuple[Session, Manifest]:
        bundle = ctx.bundle("colorize")
        return ctx.session(bundle), bundle.manifest

    def _told(self, ctx: RenderContext, manifest: Manifest) -> Told:
        """Gathers what the user gave, at the working size."""
        working = int(manifest.settings["working_size"])
        width, height = working_extent(self.source, working, manifest.tiling.stride)
        lightness = ctx.waited(lambda: ctx.engine.lightness_thumbnail(self.source, width, height))
        hint_ab, hint_mask = self._hint_planes(ctx, width, height)
        centres = centres_from_manifest(manifest)
        statistics = no_statistics(centres)
        if self.reference is not None:
            statistics = statistics_from_image(self.reference, centres, ctx.engine, ctx.progress.check)
        return Told(lightness, hint_ab, thinned(hint_mask, hint_ab), statistics, hint_mask)

    def _seen(self, ctx: RenderContext, told: Told, session: Session, manifest: Manifest) -> Seen:
        sessions = min(VIEWS, ctx.engine.workers)
        ctx.engine.require(_views_bytes(told, manifest), 4 * manifest.model.parameters, sessions)
        ctx.progress.report(0.05, "Colours")
        return seen_at_two_sizes(told, session, manifest, ctx.engine, ctx.progress.sub(0.05, 0.25).report)

    def _recoloured(self, ctx: RenderContext, mask: NDArray[np.uint8] | None) -> Image:
        """Returns the picture with its own colours changed by the hints; no model is asked."""
        if not self.hint and self.hints is None:
            raise ParamError(
                "There is no hint to recolour by",
                "Give points or strokes, or do not keep the colours.",
                "param.no_hint",
            )
        bundle = ctx.bundle("colorize").manifest
        width, height = working_extent(self.source, int(bundle.settings["working_size"]), bundle.tiling.stride)
        lightness = ctx.waited(lambda: ctx.engine.lightness_thumbnail(self.source, width, height))
        hint_ab, hint_mask = self._hint_planes(ctx, width, height)
        check = ctx.progress.check
        own = own_ab(self.source, width, height, ctx.engine, check)
        hint_xy, wanted_ab = self._points(ctx)
        if hint_xy is not None and wanted_ab is not None:
            pixels = (self.source.crop(self.source.bounds._replace(x=x, y=y, width=1, height=1)) for x, y in hint_xy)
            wanted_ab = wanted_ab - np.stack([own_ab(pixel, 1, 1, ctx.engine, check)[:, 0, 0] for pixel in pixels])
        return ctx.engine.recolor_guided(
            self.source,
            change_of_ab(own, lightness, hint_ab, hint_mask, ctx.engine),
            lightness,
            adds=True,
            strength=self.strength,
            mask=mask,
            radius=_GUIDE_RADIUS,
            eps=_GUIDE_EPSILON,
            hint_xy=hint_xy,
            hint_ab=wanted_ab,
            progress=ctx.progress.report,
        )

    def _at_full_size(
        self, ctx: RenderContext, told: Told, seen: Seen, ab: Plane, mask: NDArray[np.uint8] | None
    ) -> Image:
        """Runs the net again over tiles of the full picture, each told the coarse result as weak hints."""
        session, manifest = self._model(ctx)
        paler = ab * np.float32(manifest.settings["context_saturation"])  # as pale as in training, on average
        user = told.mask >= USER_MASK
        hinted = told._replace(
            hint_ab=np.where(user, told.hint_ab, paler).astype(np.float32),
            mask=np.where(user, USER_MASK, CONTEXT_MASK).astype(np.float32),
        )
        spread_ab, confidence = seen.field.spread(told.hint_ab, told.mask)
        hint_xy, hint_ab = self._points(ctx)
        return ctx.engine.colorize_tiled(
            session,
            self.source,
            {"hint_ab": hinted.hint_ab, "hint_mask": hinted.mask[None]},
            constants=whole_picture(hinted, spread_ab, confidence, ctx.engine),
            spread_inputs=("spread_ab", "confidence"),
            spread=seen.field.grid(told.hint_ab, told.mask),
            **manifest.plan_facts("global"),
            held_bytes=_views_bytes(told, manifest) + 4 * manifest.model.parameters * (VIEWS - 1),
            lightness_input="lightness",
            output="ab",
            nearest=("hint_mask",),
            strength=self.strength,
            mask=mask,
            hint_xy=hint_xy,
            hint_ab=hint_ab,
            strokes=self.hints,
            progress=ctx.progress.sub(0.3, 0.7).report,
        )

    def _mask_plane(self, ctx: RenderContext) -> NDArray[np.uint8] | None:
        """Returns the mask as one 8-bit plane: the gray value, times alpha where there is one."""
        if self.mask is None:
            return None
        self._check_size(self.mask, "mask")
        return plane_of_mask(self.mask, ctx.progress.check)

    def _hint_planes(self, ctx: RenderContext, width: int, height: int) -> tuple[Plane, Plane]:
        """Returns wanted ab, (2, h, w), and where the user gave it, (h, w), at working size."""
        lab = np.zeros((height, width, 3), np.float32)
        mask = np.zeros((height, width), np.float32)
        if self.hints is not None:
            self._check_size(self.hints, "hints")
            if not self.hints.model.has_alpha:
                message = "The picture of strokes has no transparency, so its strokes cannot be told from its ground"
                raise ParamError(message, "Paint the strokes on a transparent layer.", "param.hints")
            lab, mask = stroke_colours(self.hints, width, height, ctx.engine, ctx.progress.check)
        for point in self.hint:
            if not (0 <= point.x < self.source.width and 0 <= point.y < self.source.height):
                message = f"The hint {point.x},{point.y} lies outside the picture"
                hint = f"x is 0 to {self.source.width - 1}, y is 0 to {self.source.height - 1}."
                raise ParamError(message, hint, "param.hint_outside")
            row = min(height - 1, point.y * height // self.source.height)
            column = min(width - 1, point.x * width // self.source.width)
            reach = _HINT_CELLS // 2
            patch = (slice(max(0, row - reach), row + reach + 1), slice(max(0, column - reach), column + reach + 1))
            color = np.asarray([point.color], np.float32) / np.float32(255)
            lab[patch] = ctx.engine.lab_from_rgb(color)
            mask[patch] = USER_MASK
        return np.ascontiguousarray(lab[..., 1:].transpose(2, 0, 1) * mask), mask

    def _points(self, ctx: RenderContext) -> tuple[NDArray[np.int32] | None, Plane | None]:
        """Returns the points' pixels, (n, 2), and wanted ab, (n, 2); of several at one pixel the last."""
        last = {(point.x, point.y): point.color for point in self.hint}
        if not last:
            return None, None
        rgb = np.asarray([*last.values()], np.float32) / np.float32(255)
        ab = np.ascontiguousarray(ctx.engine.lab_from_rgb(rgb)[:, 1:])
        return np.asarray([*last], np.int32), ab

    def _check_size(self, clip: Image, name: str) -> None:
        if (clip.width, clip.height) != (self.source.width, self.source.height):
            message = f"The clip {name!r} has {clip.width} by {clip.height} pixels, the source another size"
            hint = f"Make it {self.source.width} by {self.source.height} pixels."
            raise ParamError(message, hint, "param.clip_size")


def _views_bytes(told: Told, manifest: Manifest) -> int:
    """Returns the working memory of the net's look at the whole picture, at both sizes."""
    views = 1 + float(manifest.settings["small_view"]) ** 2
    return math.ceil(manifest.tiling.bytes_per_pixel * told.lightness.size * views)


def centres_from_manifest(manifest: Manifest) -> Plane:
    """Returns the Lab ab that each class stands for, (n, 2)."""
    (logits,) = (clip for clip in manifest.outputs if clip.centres)
    return np.asarray(logits.centres, np.float32)


def working_extent(image: Image, working_size: int, stride: int) -> tuple[int, int]:
    """Returns width and height for the net: the picture's shape, about working_size² pixels, whole strides."""
    scale = working_size / math.sqrt(image.width * image.height)
    width, height = (max(1, round(side * scale / stride)) * stride for side in (image.width, image.height))
    longest = 4 * working_size
    return min(width, longest), min(height, longest)
