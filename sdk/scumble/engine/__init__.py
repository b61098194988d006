"""The device, its memory budget and its sessions: the only room that speaks to the native core."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from scumble import _native  # noqa: TID251 - this is the room
from scumble.engine.drawing import Drawing
from scumble.engine.generating import Generating
from scumble.engine.inspecting import ModelFacts
from scumble.engine.ladder import Ladder
from scumble.engine.machine import cores, preload_cuda, runtime_library
from scumble.engine.modelling import ImageModel, Modelling
from scumble.engine.planes import area_means
from scumble.engine.planning import Fitted
from scumble.engine.resident import default_budget_mib
from scumble.errors import DeviceOutOfMemory, ParamError, ProviderUnavailable
from scumble.media.arrays import array_from_image, image_from_array
from scumble.media.profiles import meaning_of

if TYPE_CHECKING:
    from scumble.media.image import Image

Device = Literal["auto", "cpu", "cuda"]
Floats = NDArray[np.float32]
Mask = NDArray[np.uint8]
Listener = Callable[[float], object] | None
Places = NDArray[np.int32]
__all__ = ["Device", "Engine", "Fitted", "HintField", "ImageModel", "ModelFacts", "Session", "SpreadHints", "TilePlan"]

HintField = _native.HintField
Session = _native.Session
SpreadHints = _native.SpreadHints
TilePlan = _native.TilePlan

_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_DEVICES = ("auto", "cpu", "cuda")
_GPU_SLOTS = 2
_MIB = 1 << 20


class Engine(Drawing, Generating, Modelling):
    """Runs models on one device within one memory budget, and converts colours; safe to share between threads.

    Args:
        device: "cpu"; "cuda", which never falls back; or "auto": the graphics card if it works, else the processor.
        workers: tiles that run at a time; None takes one for each core, or two on a card.
        memory_budget_mib: memory of this process, in MiB; None takes a quarter of what is free. Pictures that it has
            no room for are decoded, coloured and encoded strip by strip in mapped files.
        allocate: gives writable memory of so many bytes for each result, such as shared memory; None takes the heap.

    Raises ParamError for another device, or a worker count or budget below 1. The runtime is looked for when the
    first model is loaded: colour functions do without it.

    Attributes:
        fallback_reason: why "auto" did not take the graphics card that the runtime is made for, or None.
    """

    _default: Engine | None = None
    _default_lock = threading.Lock()

    def __init__(
        self,
        device: Device = "auto",
        workers: int | None = None,
        memory_budget_mib: int | None = None,
        allocate: Callable[[int], memoryview] | None = None,
    ) -> None:
        if device not in _DEVICES:
            raise ParamError(f"There is no device {device!r}", f"Choose one of {', '.join(_DEVICES)}.", "param.device")
        for name, value in (("workers", workers), ("memory_budget_mib", memory_budget_mib)):
            if value is not None and value < 1:
                raise ParamError(
                    f"{name} is {value}", "Give 1 or more, or nothing to choose by itself.", f"param.{name}"
                )
        self.device: Device = device
        self.fallback_reason: str | None = None
        self._workers = workers
        self._allocate = allocate
        self._ladder = Ladder((memory_budget_mib or default_budget_mib()) * _MIB)
        self._lock = threading.RLock()
        self._sessions: dict[str, Session] = {}
        self._known: dict[str, ModelFacts] = {}
        self._runtime_version: str | None = None
        self._provider: str | None = None

    @classmethod
    def default(cls) -> Engine:
        """Returns the engine of this process that is used where none is given."""
        with cls._default_lock:
            if cls._default is None:
                cls._default = cls()
            return cls._default

    @property
    def runtime_version(self) -> str:
        """ONNX Runtime's version. Raises RuntimeNotFound when there is none, two, or one that cannot be used."""
        with self._lock:
            if self._runtime_version is None:
                self._runtime_version = _native.init_runtime(str(runtime_library()))
            return self._runtime_version

    @property
    def provider(self) -> str:
        """ONNX Runtime's name of the provider in use: what a session got, or would be given. Raises as `session`."""
        with self._lock:
            return self._provider or self._wanted_provider()

    @property
    def device_used(self) -> str:
        """The device in use, "cpu" or "cuda"."""
        return "cuda" if self.provider == _CUDA else "cpu"

    @property
    def workers(self) -> int:
        """Tiles that run at a time."""
        return self._workers or (_GPU_SLOTS if self._provider == _CUDA else cores())

    def session(self, model_bytes: bytes | Callable[[], bytes], key: str) -> Session:
        """Returns the session of a model, loading it at the first call with this key (its hash).

        `model_bytes` may be a function that reads and checks the model: only that first call does.

        Raises ModelError when the graph cannot be loaded, RuntimeNotFound without a usable runtime,
        ProviderUnavailable when "cuda" was asked for and does not work.
        """
        with self._lock:
            if key not in self._sessions:
                self._sessions[key] = self._loaded(model_bytes() if callable(model_bytes) else model_bytes)
            return self._sessions[key]

    def unload(self) -> None:
        """Drops every session; memory is given back once the last user of a session is done."""
        with self._lock:
            self._sessions.clear()

    def _memory_key(self, session: Session) -> Hashable:
        """Names the session's model and its device: what was learnt of their memory outlives the session."""
        with self._lock:
            keys = [key for key, kept in self._sessions.items() if kept is session]
        return (keys[0], session.provider) if keys else session

    def _loaded(self, model_bytes: bytes) -> Session:
        if self.provider == _CUDA:
            try:
                preload_cuda()
                session = Session(model_bytes, device="cuda", workers=self._workers or _GPU_SLOTS)
            except (ProviderUnavailable, DeviceOutOfMemory) as error:
                if self.device == "cuda":
                    raise
                self.fallback_reason = error.message
            else:
                self._provider = session.provider
                return session
        session = Session(model_bytes, device="cpu", workers=self._workers or cores())
        self._provider = session.provider
        return session

    def _wanted_provider(self) -> str:
        built_in = _native.available_providers() if self.runtime_version else []
        if self.device == "cuda" and _CUDA not in built_in:
            hint = "pip uninstall -y onnxruntime && pip install 'scumble[gpu]', or use --device cpu."
            raise ProviderUnavailable("The installed ONNX Runtime is the one without CUDA", hint)
        return _CUDA if self.device != "cpu" and _CUDA in built_in else _CPU

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
