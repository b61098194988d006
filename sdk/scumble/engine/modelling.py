"""Models found elsewhere: from a file to pictures, tiled where that changes nothing."""

from __future__ import annotations

import math
import threading
from abc import abstractmethod
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scumble import _native  # noqa: TID251 - this is the room
from scumble.engine.cutting import Cutter, ModelPlan
from scumble.engine.inspecting import ModelFacts, inspected
from scumble.engine.machine import runtime_library
from scumble.engine.planning import Planning
from scumble.errors import ParamError
from scumble.media.arrays import array_from_image, image_from_array
from scumble.media.profiles import meaning_of
from scumble.models.foreign import read_model

if TYPE_CHECKING:
    from scumble.media.image import Image

Listener = Callable[[float], object] | None


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
        pictures_bytes: int = 0,
    ) -> ModelPlan:
        """Returns how a picture of a size would be cut, within the memory budget; nothing is run.

        Args:
            width: columns of the picture.
            height: rows of the picture.
            tile: the largest side that a tile may read, halos included; None chooses.
            halo: pixels around each tile's core; None takes what makes tiles exact.
            allow_seams: whether tiles may differ from the full frame.
            budget_bytes: memory for it; None takes the engine's.
            pictures_bytes: how much of that the pictures take that are in memory.

        Raises ModelError model.needs_full_frame where tiles would differ and are not allowed to, MemoryBudgetTooSmall,
        ParamError for sides or halos below 0 or a tile too small for its halos.
        """
        engine = self._engine
        budget = engine.budget_bytes if budget_bytes is None else budget_bytes
        taken = engine.bytes_beside(self.facts.weights_bytes) + pictures_bytes
        return Cutter(self.name, self.facts, tile, halo, allow_seams, engine.workers, budget, taken).plan(width, height)

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
        shape, itemsize = self._shape_for(image), np.dtype(image.sample.value).itemsize

        def fitted(budget_bytes: int) -> ModelPlan:
            options: Any = {"tile": tile, "halo": halo, "allow_seams": allow_seams, "budget_bytes": budget_bytes}
            options["pictures_bytes"] = self._engine.pictures_bytes(math.prod(shape) * itemsize, image.data)
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
        result = self._engine.empty(self._shape_for(image), np.dtype(image.sample.value))
        single = facts.channels[0] == 1 and not image.model.is_gray
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
                transfer=meaning_of(image),
                workers=cut.workers,
                progress=progress and _part(progress, index, len(parts)),
            )
        return image_from_array(result, like=image)

    def _shape_for(self, image: Image) -> tuple[int, int, int]:
        """Returns the result's shape. Raises ParamError for a colour picture that the model cannot take."""
        takes, gives = self.facts.channels
        single = takes == 1 and not image.model.is_gray
        if single and gives != 1:
            hint = "Give a gray picture."
            raise ParamError(f"{self.name} takes gray pictures, and this one is in colour", hint, "param.gray")
        colours = 3 if single else gives
        scale = self.facts.scale
        return image.height * scale, image.width * scale, colours + image.model.has_alpha


def _part(progress: Callable[[float], object], index: int, count: int) -> Callable[[float], object]:
    return lambda fraction: progress((index + fraction) / count)


class Modelling(Planning):
    """What an engine does with a model that came from elsewhere."""

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
