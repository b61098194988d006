"""Chroma into pictures: by a model's tiles, led by lightness from a small prediction, or given for every pixel."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scumble import _native  # noqa: TID251 - this is the room
from scumble.engine.drawing import Drawing
from scumble.engine.machine import cores
from scumble.engine.planes import area_means
from scumble.engine.planning import Fitted, Planning
from scumble.errors import ParamError
from scumble.media.arrays import array_from_image, image_from_array
from scumble.media.profiles import meaning_of

if TYPE_CHECKING:
    from scumble.media.image import Image

Floats = NDArray[np.float32]
Mask = NDArray[np.uint8]
Listener = Callable[[float], object] | None
Places = NDArray[np.int32]

HintField = _native.HintField
Session = _native.Session
SpreadHints = _native.SpreadHints


class Coloring(Drawing, Planning):
    """What an engine does with the colours of a picture, alpha and lightness kept."""

    _workers: int | None

    @abstractmethod
    def _memory_key(self, session: Session) -> Hashable:
        """Names the session's model and its device."""

    def colorize_tiled(
        self,
        session: Session,
        image: Image,
        context: Mapping[str, Floats],
        *,
        halo: int,
        stride: int,
        min_size: int,
        bytes_per_pixel: float,
        weights_bytes: int,
        lightness_input: str,
        output: str,
        nearest: tuple[str, ...] = (),
        constants: Mapping[str, Floats] | None = None,
        spread_inputs: tuple[str, str] | None = None,
        spread: SpreadHints | None = None,
        strength: float = 1.0,
        mask: Mask | None = None,
        hint_xy: Places | None = None,
        hint_ab: Floats | None = None,
        strokes: Image | None = None,
        held_bytes: int = 0,
        progress: Listener = None,
    ) -> Image:
        """Returns the picture coloured tile by tile: `lightness_input` takes L, `output` gives Lab a and b.

        Each context array, (C, h, w) of any size, spans the whole picture and is stretched to each tile, linearly
        or by `nearest`; `constants` are given to every tile as they are. `spread_inputs` name the graph's inputs for
        spread ab and its confidence: `spread`, from `HintField.grid`, is read for them along each tile's own lightness,
        and without it they are 0. The facts from `halo` to `weights_bytes` are a manifest's. `mask`, (H, W), keeps
        pixels where it is 0. Hints at full size are as for `recolor_guided`, across the borders of tiles. `held_bytes`
        of the budget are what earlier runs of the session keep: the runtime gives nothing back. When the device runs
        out of memory, smaller tiles are tried, and remembered for this session.

        Raises ModelError when the graph does not fit, ParamError when an input is given twice, `spread` without
        `spread_inputs`, or hints that do not fit, MemoryBudgetTooSmall, DeviceOutOfMemory, and whatever `progress`
        raises.
        """
        fixed = constants or {}
        if twice := sorted(context.keys() & fixed.keys()):
            raise ParamError(
                f"The input {twice[0]!r} is given as context and as a constant", "Give it once.", "param.invalid"
            )
        filters = {name: "nearest" if name in nearest else "bilinear" for name in context}
        filters |= dict.fromkeys(fixed, "constant")
        facts: Any = {
            "halo": halo,
            "stride": stride,
            "min_size": min_size,
            "bytes_per_pixel": bytes_per_pixel,
            "weights_bytes": weights_bytes,
        }

        shape, dtype = self._shape_like(image)
        size_bytes = math.prod(shape) * dtype.itemsize
        pictures_bytes = held_bytes + self.pictures_bytes(size_bytes, image.data, mask, strokes and strokes.data)

        def fitted(budget_bytes: int) -> Fitted:
            return self.plan(
                image.width, image.height, **facts, budget_bytes=budget_bytes, pictures_bytes=pictures_bytes
            )

        def attempt(cut: Fitted) -> Image:
            result = self._empty_like(image)
            session.colorize_tiled(
                cut.plan,
                array_from_image(image),
                result,
                {**context, **fixed},
                lightness_input=lightness_input,
                output=output,
                context_filter=filters,
                spread_inputs=spread_inputs,
                spread=spread,
                strength=strength,
                mask=mask,
                hint_xy=hint_xy,
                hint_ab=hint_ab,
                **_stroke_arguments(strokes),
                transfer=meaning_of(image),
                workers=cut.workers,
                progress=progress,
            )
            return image_from_array(result, like=image)

        return self._ladder.run(self._memory_key(session), fitted, attempt)

    def recolor_guided(
        self,
        image: Image,
        ab: Floats,
        guide: Floats,
        *,
        strength: float = 1.0,
        mask: Mask | None = None,
        radius: int = 4,
        eps: float = 4.0,
        adds: bool = False,
        hint_xy: Places | None = None,
        hint_ab: Floats | None = None,
        strokes: Image | None = None,
        progress: Listener = None,
    ) -> Image:
        """Returns the picture with the chroma of a small prediction, led by its own full-size lightness.

        `ab`, (2, h, w), and `guide`, its L, (h, w), span the whole picture; `radius` counts their pixels, `eps` is a
        variance of L. Fast guided filter, He and Sun 2015. `mask`, (H, W), keeps pixels where it is 0. With `adds`,
        `ab` and `hint_ab` are changes of the picture's own chroma, and `strokes` are not for it.

        Pixels of the full-size picture at `hint_xy`, columns and rows, (n, 2), get the chroma `hint_ab`, (n, 2),
        exactly as far as it fits their lightness; what the stretched prediction lacks there is added around them
        too. So do the pixels where `strokes`, a picture of the same size, is opaque, with its chroma: a stroke's soft
        edge is left to the prediction, and strokes of any area need no memory. Where both name a pixel, `hint_xy`
        counts. Raises ParamError for a hint outside the picture, and strokes of another size or without alpha.
        """
        result = self._empty_like(image)
        _native.recolor_guided(
            array_from_image(image),
            result,
            ab,
            guide,
            strength=strength,
            mask=mask,
            radius=radius,
            eps=eps,
            adds=adds,
            hint_xy=hint_xy,
            hint_ab=hint_ab,
            **_stroke_arguments(strokes),
            transfer=meaning_of(image),
            workers=self._workers or cores(),
            progress=progress,
        )
        return image_from_array(result, like=image)

    def hint_field(self, lightness: Floats) -> HintField:
        """Returns what spreads hints over a picture of L 0 to 100, (h, w), and makes predictions meet them.

        It costs little and depends on the picture alone: make it once, and use it for every edit. See
        `HintField.spread` (before the net), `HintField.met` (after it) and `HintField.grid` (other sizes). Raises
        ParamError for an empty picture.
        """
        return HintField(lightness)

    def recolor(
        self,
        image: Image,
        ab: Floats,
        *,
        strength: float = 1.0,
        mask: Mask | None = None,
        hint_xy: Places | None = None,
        hint_ab: Floats | None = None,
        strokes: Image | None = None,
        progress: Listener = None,
    ) -> Image:
        """Returns the picture with chroma given for every pixel, `ab` (2, H, W); else as `recolor_guided`."""
        result = self._empty_like(image)
        _native.recolor(
            array_from_image(image),
            result,
            ab,
            strength=strength,
            mask=mask,
            hint_xy=hint_xy,
            hint_ab=hint_ab,
            **_stroke_arguments(strokes),
            transfer=meaning_of(image),
            workers=self._workers or cores(),
            progress=progress,
        )
        return image_from_array(result, like=image)

    def lightness(self, image: Image) -> Floats:
        """Returns L, 0 to 100, of every pixel: (H, W). Light beyond 0 to 1 counts as 0 or 1."""
        return _native.lightness(array_from_image(image), transfer=meaning_of(image))

    def lightness_thumbnail(self, image: Image, width: int, height: int) -> Floats:
        """Returns L, 0 to 100, averaged by area: (height, width)."""
        return _native.lightness_thumbnail(array_from_image(image), width, height, transfer=meaning_of(image))

    area_means = staticmethod(area_means)

    def lab_from_rgb(self, rgb: Floats, like: Image | None = None) -> Floats:
        """Returns Lab (D65, 2°) of colours 0 to 1, (n, 3): sRGB's, or in the space of the picture `like`."""
        return _native.lab_from_rgb(rgb, transfer="srgb" if like is None else meaning_of(like))

    def rgb_from_lab(self, lab: Floats) -> Floats:
        """Returns sRGB colours 0 to 1 of Lab, (n, 3); what does not fit loses chroma, not lightness or hue."""
        return _native.rgb_from_lab(lab)

    def _empty_like(self, image: Image) -> NDArray[Any]:
        """Returns memory for the picture's coloured copy."""
        return self._empty(*self._shape_like(image))

    def _shape_like(self, image: Image) -> tuple[tuple[int, int, int], np.dtype[Any]]:
        """Returns shape and type of the picture's coloured copy: (H, W, 3), or 4 with alpha, of its sample type."""
        channels = 4 if image.model.has_alpha else 3
        return (image.height, image.width, channels), np.dtype(image.sample.value)


def _stroke_arguments(strokes: Image | None) -> dict[str, Any]:
    """Returns what the native core is told of strokes."""
    if strokes is None:
        return {}
    return {"strokes": array_from_image(strokes), "strokes_transfer": meaning_of(strokes)}
