"""The way down when a device runs out of memory: half of what was used, remembered for each model on each device."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Protocol, TypeVar

from scumble.errors import DeviceOutOfMemory, MemoryBudgetTooSmall, ModelError


class Counted(Protocol):
    """A way to cut the work, and the bytes that its dry run counted."""

    @property
    def bytes(self) -> int:
        """Bytes that the work should take."""

    @property
    def taken(self) -> int:
        """Bytes of these that no smaller cut would give back."""


Cut = TypeVar("Cut", bound=Counted)
Result = TypeVar("Result")


class Ladder:
    """The budgets of an engine: what it was given, and less where a model has met the end of a device's memory."""

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self._reduced: dict[Hashable, int] = {}
        self._lock = threading.Lock()

    def budget_of(self, key: Hashable) -> int:
        """Returns the bytes that a model on a device, both named by `key`, may use."""
        with self._lock:
            return self._reduced.get(key, self.budget_bytes)

    def run(self, key: Hashable, fitted: Callable[[int], Cut], attempt: Callable[[Cut], Result]) -> Result:
        """Returns what `attempt` makes of a cut that fits; where memory ends, of one that takes half, and so on.

        `fitted` cuts the work for a number of bytes. Raises MemoryBudgetTooSmall where the first cut is impossible,
        DeviceOutOfMemory where no smaller one is left, and whatever else the two raise.
        """
        cut = fitted(self.budget_of(key))
        while True:
            try:
                return attempt(cut)
            except DeviceOutOfMemory as error:
                budget = cut.taken + (cut.bytes - cut.taken) // 2
                try:
                    cut = fitted(budget)
                except (MemoryBudgetTooSmall, ModelError):
                    raise error from None
                with self._lock:
                    self._reduced[key] = min(budget, self._reduced.get(key, budget))
