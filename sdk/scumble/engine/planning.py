"""Cutting pictures into tiles that fit the memory: the dry run before any work."""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

from scumble import _native  # noqa: TID251 - this is the room
from scumble.engine.budgeting import Budgeting

TilePlan = _native.TilePlan


class Fitted(NamedTuple):
    """A plan that fits a memory budget, its workers, and the bytes counted, those beside tiles among them."""

    plan: TilePlan
    workers: int
    bytes: int
    taken: int = 0


class Planning(Budgeting):
    """What an engine plans with: its workers, and the budgets of its ladder."""

    @property
    @abstractmethod
    def workers(self) -> int:
        """Tiles that run at a time."""

    def plan(
        self,
        width: int,
        height: int,
        *,
        halo: int,
        stride: int,
        min_size: int,
        bytes_per_pixel: float,
        weights_bytes: int,
        budget_bytes: int | None = None,
        pictures_bytes: int = 0,
    ) -> Fitted:
        """Returns the plan that fits the memory budget, and its workers; the facts are a manifest's [tiling].

        Counted are the program, the model, and `pictures_bytes` of pictures in memory beside the tiles.

        Raises MemoryBudgetTooSmall when even one worker with a small tile does not fit.
        """
        taken = self.bytes_beside(weights_bytes) + pictures_bytes
        plan, workers, counted = TilePlan.fit(
            width,
            height,
            halo=halo,
            stride=stride,
            min_size=min_size,
            bytes_per_pixel=bytes_per_pixel,
            weights_bytes=weights_bytes,
            workers=self.workers,
            budget_bytes=self.budget_bytes if budget_bytes is None else budget_bytes,
            taken_bytes=taken,
        )
        return Fitted(plan, workers, counted, taken)
