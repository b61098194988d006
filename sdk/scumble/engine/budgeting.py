"""What an engine's budget holds beside tiles: the program, its models, pictures and the strips in work."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypedDict

from scumble.engine.ladder import Ladder
from scumble.engine.machine import cores
from scumble.errors import MemoryBudgetTooSmall
from scumble.media import mapped

if TYPE_CHECKING:
    from scumble._native import Session  # noqa: TID251 - this is the room
    from scumble.media.image import Image

_MIB = 1 << 20
PROGRAM_BYTES = 104 << 20
"""What the interpreter and the libraries take, ONNX Runtime's among them: measured 95 to 102 MiB."""
STRIP_BYTES = 48 << 20
"""Rows that decoder, kernels and encoder have in work, and pages of mapped pictures not yet let go."""
WORKING_BYTES = 272 << 20
"""What the program, a net at its working size and strips in work take at most: measured 225 to 270 MiB, colorize."""
_SMALL_PICTURE_BYTES = 4 << 20
_MODEL_BYTES = 12 << 20
"""The runtime's own of a model beside its weights: graph, kernels, buffers."""
_LOADING_WEIGHTS = 4.5
"""How many times a model's weights are in memory while it is loaded: file, copies parsed, laid out: measured."""


class ReadLimits(TypedDict):
    """What `read_image` may take."""

    heap_bytes: int
    decoder_bytes: int


class Budgeting:
    """How an engine counts with its budget."""

    _ladder: Ladder
    _workers: int | None
    _sessions: dict[str, Session]

    @property
    def budget_bytes(self) -> int:
        """The memory budget, in bytes."""
        return self._ladder.budget_bytes

    @property
    def picture_bytes(self) -> int:
        """How large a picture may be that is kept in memory; larger ones are mapped files (`media.mapped`).

        A third of what the budget leaves beside the program and a net at its working size: source, result and a clip.
        """
        return max(_SMALL_PICTURE_BYTES, (self.budget_bytes - WORKING_BYTES) // 3)

    @property
    def read_limits(self) -> ReadLimits:
        """What reading a picture may take, before a model is loaded: arguments of `read_image`."""
        return {
            "heap_bytes": self.picture_bytes,
            "decoder_bytes": max(0, self.budget_bytes - PROGRAM_BYTES - STRIP_BYTES),
        }

    def encoder_bytes(self, image: Image) -> int:
        """What encoding a picture may take beside it, and beside the models that are loaded."""
        loaded = WORKING_BYTES if self._sessions else PROGRAM_BYTES + STRIP_BYTES
        return max(0, self.budget_bytes - loaded - mapped.heap_bytes_of(image.data))

    def require(self, working_bytes: float, weights_bytes: int = 0, sessions: int = 1) -> None:
        """Raises MemoryBudgetTooSmall when the budget holds not even the program, a model and so many bytes of work.

        `working_bytes` is what all `sessions` of the model take together; their weights are counted besides.
        """
        loading = PROGRAM_BYTES + _LOADING_WEIGHTS * weights_bytes
        running = self.bytes_beside(weights_bytes) + sessions * weights_bytes + working_bytes
        needed = max(loading, running)
        if needed > self.budget_bytes:
            raise too_small(self.budget_bytes, needed)

    def pictures_bytes(self, size_bytes: int, *buffers: Any) -> int:
        """Returns what pictures take of memory: clips' buffers, and a result of so many bytes yet to be made."""
        made = size_bytes if size_bytes <= self.picture_bytes else 0
        return made + sum(mapped.heap_bytes_of(buffer) for buffer in buffers if buffer is not None)

    def bytes_beside(self, weights_bytes: int) -> int:
        """Returns what is taken beside sessions and pictures: a model's file is kept for more sessions."""
        return PROGRAM_BYTES + STRIP_BYTES + ((_MODEL_BYTES + weights_bytes) if weights_bytes else 0)

    def _thread_count(self) -> int:
        return self._workers or cores()


def too_small(budget_bytes: float, needed_bytes: float) -> MemoryBudgetTooSmall:
    """Returns the error for a budget that does not do, with the one that would."""
    least = math.ceil(needed_bytes / _MIB)
    message = f"The memory budget of {budget_bytes / _MIB:.0f} MiB is too small: {least} MiB are needed"
    return MemoryBudgetTooSmall(message, f"Allow at least {least} MiB (--memory {least}).")
