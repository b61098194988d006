"""Models found elsewhere: from a file to pictures, tiled where that changes nothing."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scumble import _native  # noqa: TID251 - this is the room
from scumble.engine.inspecting import ModelFacts, inspected
from scumble.engine.ladder import Ladder
from scumble.engine.machine import runtime_library
from scumble.engine.planning import Planning
from scumble.errors import MemoryBudgetTooSmall, ModelError, ParamError
from scumble.media.arrays import array_from_image, image_from_array
from scumble.models.foreign import read_model

if TYPE_CHECKING:
    from scumble.media.image import Image

Listener = Callable[[float], object] | None
Mode = Literal["exact", "rounding", "full frame", "seams"]
SEAM_HALO = 64
"""Pixels of halo for tiles that cannot be exact, where none is asked for."""


class ModelPlan(NamedTuple):
    """How a picture is cut for a model, the workers that run it, the bytes that were counted, and what it means.

    `mode` is exact or rounding as in `ModelFacts.tiling`, full frame for one tile, and seams for tiles that differ.
    """

    plan: _native.TilePlan
    workers: int
    bytes: int
    mode: Mode


class ImageModel:
    """A model that makes a picture of a picture, on an engine; call it with a picture.

    Attributes:
        name: its file's name.
        facts: what it takes and gives, and how it may be tiled.
    """

    def __init__(self, engine: Modelling, name: str, content: bytes, facts: ModelFacts) -> None:
        self.name = name
        self.facts = facts
        self._engine = engine
        self._content = content

    def plan(
        self,
        width: int,
        height: int,
        *,
        tile: int | None = None,
        halo: int | None = None,
        allow_seams: bool = False,
        budget_bytes: int | None = None,
    ) -> ModelPlan:
        """Returns how a picture of a size would be cut, within the memory budget; nothing is run.

        Args:
            width: columns of the picture.
            height: rows of the picture.
            tile: the largest side that a tile may read, halos included; None chooses.
            halo: pixels around each tile's core; None takes what makes tiles exact.
            allow_seams: whether tiles may differ from the full frame.
            budget_bytes: memory for it; None takes the engine's.

        Raises ModelError model.needs_full_frame where tiles would differ and are not allowed to, MemoryBudgetTooSmall,
        ParamError for sides or halos below 0 or a tile too small for its halos.
        """
        facts = self.facts
        if (tile is not None and tile < 1) or (halo is not None and halo < 0):
            raise ParamError(f"A tile of {tile} with a halo of {halo}", "Give pixels, or nothing.", "param.tile")
        budget: dict[str, Any] = {
            "bytes_per_pixel": facts.memory.bytes_per_pixel,
            "weights_bytes": facts.weights_bytes,
            "budget_bytes": self._engine.budget_bytes if budget_bytes is None else budget_bytes,
        }
        grain: dict[str, Any] = {"stride": facts.stride, "min_size": facts.min_size}
        is_exact = facts.tiling != "none" and facts.halo is not None and (halo is None or halo >= facts.halo)
        wanted = halo if halo is not None else facts.halo if facts.halo is not None else SEAM_HALO
        mode: Mode = facts.tiling if is_exact and facts.tiling != "none" else "seams"
        is_refused = mode == "seams" and not allow_seams
        if facts.fixed_size is not None:
            if halo is None and facts.halo is None:
                wanted = min(SEAM_HALO, min(facts.fixed_size) // 4) // facts.stride * facts.stride
            fixed: Any = {"tile": facts.fixed_size, "stride": facts.stride, "min_size": 1, "fixed": True}
            return self._counted(_native.TilePlan(width, height, halo=wanted, **fixed), mode, allow_seams, budget, halo)
        whole = _up(max(width, height, facts.min_size), facts.stride)
        if tile is not None and tile < whole:
            if is_refused:
                raise self._refusal(halo)
            plan = _native.TilePlan(width, height, tile=tile, halo=wanted, **grain)
            return self._counted(plan, mode, allow_seams, budget, halo)
        if tile is not None or mode == "seams":
            plan = _native.TilePlan(width, height, tile=whole, halo=0, **grain)
            try:
                return self._counted(plan, mode, allow_seams, budget, halo)
            except MemoryBudgetTooSmall as error:
                if tile is not None:
                    raise
                if is_refused:
                    raise self._refusal(halo, _needed_mib(plan, facts.memory.at(whole * whole), budget)) from error
        if facts.memory.growth:  # the planner counts with one figure for all tiles
            plan = _native.TilePlan(
                width, height, tile=2 * _up(wanted, facts.stride) + _up(128, facts.stride), halo=wanted, **grain
            )
            return self._counted(plan, mode, allow_seams, budget, halo)
        return ModelPlan(*self._engine.plan(width, height, halo=wanted, **grain, **budget), mode)

    def _counted(
        self, plan: _native.TilePlan, mode: Mode, allow_seams: bool, budget: dict[str, Any], halo: int | None
    ) -> ModelPlan:
        """Returns a plan with the workers that fit; refuses seams that were not allowed."""
        mode = "full frame" if len(plan.tiles) == 1 else mode
        if mode == "seams" and not allow_seams:
            raise self._refusal(halo)
        across, down = plan.shapes[0]
        budget = {**budget, "bytes_per_pixel": self.facts.memory.at(across * down)}
        return ModelPlan(plan, *plan.fit_workers(workers=self._engine.workers, **budget), mode)

    def _refusal(self, halo: int | None, needed: str = "") -> ModelError:
        facts = self.facts
        reason = facts.reason
        if facts.tiling != "none":
            reason = f"a halo of {halo} pixels is less than the {facts.halo} that it sees"
        named = "; ".join(f"{name} {how}" for name, how in facts.global_operators.items())
        message = f"{self.name} cannot be tiled exactly: {reason}{f' ({named})' if named else ''}"
        more = f"Allow it {needed} for the full frame (--memory)" if needed else "Run it on the full frame (no --tile)"
        hint = f"{more}, or accept tiles that differ, with visible seams (--allow-seams)."
        return ModelError(message, hint, "model.needs_full_frame")

    def __call__(
        self,
        image: Image,
        *,
        tile: int | None = None,
        halo: int | None = None,
        allow_seams: bool = False,
        value_range: tuple[float, float] = (0.0, 1.0),
        progress: Listener = None,
    ) -> Image:
        """Returns what the model makes of a picture, `facts.scale` times as large, in the picture's sample type.

        Gray pictures go into models of three channels three times; of a colour picture, each channel goes through a
        model of one by itself. Alpha is carried over. `value_range` is what stands for black and white to the model.
        Models get sRGB codes, linear pictures are converted there and back. The other arguments are those of `plan`.
        When the device runs out of memory smaller tiles are tried, where there are any, and remembered.

        Raises as `plan` and `Engine.session`, ModelError where the model fails, DeviceOutOfMemory, ParamError for an
        empty range, and whatever `progress` raises.
        """
        session = self._engine.session(self._content, self.facts.sha256)

        def fitted(budget_bytes: int) -> ModelPlan:
            options: Any = {"tile": tile, "halo": halo, "allow_seams": allow_seams, "budget_bytes": budget_bytes}
            return self.plan(image.width, image.height, **options)

        def attempt(cut: ModelPlan) -> Image:
            return self._made(session, image, cut, value_range, progress)

        return self._engine.within_memory(session, fitted, attempt)

    def _made(
        self,
        session: _native.Session,
        image: Image,
        cut: ModelPlan,
        value_range: tuple[float, float],
        progress: Listener,
    ) -> Image:
        facts = self.facts
        takes, gives = facts.channels
        single = takes == 1 and not image.model.is_gray
        if single and gives != 1:
            hint = "Give a gray picture."
            raise ParamError(f"{self.name} takes gray pictures, and this one is in colour", hint, "param.gray")
        colours = 3 if single else gives
        shape = (image.height * facts.scale, image.width * facts.scale, colours + image.model.has_alpha)
        result = self._engine.empty(shape, np.dtype(image.sample.value))
        parts: tuple[int | None, ...] = (0, 1, 2) if single else (None,)
        for index, colour in enumerate(parts):
            session.rework_tiled(
                cut.plan,
                array_from_image(image),
                result,
                input=facts.input,
                output=facts.output,
                channels=facts.channels,
                scale=facts.scale,
                value_range=value_range,
                axes=facts.axes,
                colour=colour,
                transfer=image.transfer.value,
                workers=cut.workers,
                progress=progress and _part(progress, index, len(parts)),
            )
        return image_from_array(result, like=image)


def _part(progress: Callable[[float], object], index: int, count: int) -> Callable[[float], object]:
    return lambda fraction: progress((index + fraction) / count)


def _up(length: int, step: int) -> int:
    """Returns a length in whole steps."""
    return -(-length // step) * step


def _needed_mib(plan: _native.TilePlan, bytes_per_pixel: float, budget: dict[str, Any]) -> str:
    """Returns what one worker needs for a plan, whatever the budget."""
    unbounded = {**budget, "bytes_per_pixel": bytes_per_pixel, "budget_bytes": 2**62}
    _, needed = plan.fit_workers(workers=1, **unbounded)
    return f"{-(-needed // 2**20)} MiB"


class Modelling(Planning):
    """What an engine does with a model that came from elsewhere."""

    _ladder: Ladder
    _known: dict[str, ModelFacts]
    _lock: threading.RLock

    @abstractmethod
    def session(self, model_bytes: bytes | Callable[[], bytes], key: str) -> _native.Session:
        """Returns the session of a model."""

    @abstractmethod
    def _memory_key(self, session: _native.Session) -> Hashable:
        """Names the session's model and its device."""

    @abstractmethod
    def _empty(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Returns memory for a result."""

    @property
    @abstractmethod
    def runtime_version(self) -> str:
        """ONNX Runtime's version; starts it."""

    @property
    def budget_bytes(self) -> int:
        """The memory budget, in bytes."""
        return self._ladder.budget_bytes

    def model(self, source: Path | str | bytes, progress: Listener = None) -> ImageModel:
        """Reads, checks and inspects a model that makes a picture of a picture: an ONNX file, or its bytes.

        Inspecting runs it on small pictures of noise, on the processor, for some seconds; what was found is remembered
        in this engine by the model's hash. Raises UnsafeModel for what `models.lint` refuses, ModelError
        model.not_image for other kinds of models, RuntimeNotFound, and whatever `progress`, called with 0, raises.
        """
        found = read_model(source)
        with self._lock:
            facts = self._known.get(found.sha256)
        if facts is None:
            assert self.runtime_version  # noqa: S101 - starts the runtime, or says what is wrong with it
            facts = inspected(found, runtime_library(), progress)
            with self._lock:
                self._known[found.sha256] = facts
        return ImageModel(self, found.name, found.content, facts)

    def within_memory(
        self, session: _native.Session, fitted: Callable[[int], ModelPlan], attempt: Callable[[ModelPlan], Image]
    ) -> Image:
        """Runs `attempt` on the cut that fits, and on smaller ones where the device runs out of memory."""
        return self._ladder.run(self._memory_key(session), fitted, attempt)

    def empty(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Returns memory for a result, where the engine was told to have it."""
        return self._empty(shape, dtype)
