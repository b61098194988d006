"""How a picture is cut for a model found elsewhere: exactly, on the full frame, or with seams that were asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from scumble import _native  # noqa: TID251 - this is the room
from scumble.engine.inspecting import ModelFacts
from scumble.errors import MemoryBudgetTooSmall, ModelError, ParamError

Mode = Literal["exact", "rounding", "full frame", "seams"]
SEAM_HALO = 64
"""Pixels of halo for tiles that cannot be exact, where none is asked for."""
_SEAM_CORE = 128
_MIB = 1 << 20


class ModelPlan(NamedTuple):
    """How a picture is cut for a model, the workers that run it, the bytes that were counted, and what it means.

    `taken` are bytes of these beside the tiles. `mode` is exact or rounding as in `ModelFacts.tiling`, full frame for
    one tile, and seams for tiles that differ.
    """

    plan: _native.TilePlan
    workers: int
    bytes: int
    mode: Mode
    taken: int = 0


@dataclass(frozen=True)
class Cutter:
    """What is known of a model and was asked for; `plan` cuts a picture accordingly, within a budget."""

    name: str
    facts: ModelFacts
    tile: int | None
    halo: int | None
    allow_seams: bool
    workers: int
    budget_bytes: int
    taken_bytes: int = 0

    def plan(self, width: int, height: int) -> ModelPlan:
        """Returns the plan for a picture; arguments and errors are those of `ImageModel.plan`."""
        if (self.tile is not None and self.tile < 1) or (self.halo is not None and self.halo < 0):
            raise ParamError(f"A tile of {self.tile}, a halo of {self.halo}", "Give pixels, or nothing.", "param.tile")
        if self.facts.fixed_size is not None:
            return self._counted(self._of_one_size(width, height, self.facts.fixed_size))
        whole = self._up(max(width, height, self.facts.min_size))
        if self.tile is not None and self.tile < whole:
            self._check_seams()
            return self._counted(_native.TilePlan(width, height, tile=self.tile, halo=self._wanted, **self._grain))
        if self.tile is not None or self._mode == "seams":
            plan = _native.TilePlan(width, height, tile=whole, halo=0, **self._grain)
            try:
                return self._counted(plan)
            except MemoryBudgetTooSmall as error:
                if self.tile is not None:
                    raise
                self._check_seams(plan, error)
        if self.facts.memory.growth:  # the planner counts with one figure for tiles of all sizes
            tile = 2 * self._up(self._wanted) + self._up(_SEAM_CORE)
            return self._counted(_native.TilePlan(width, height, tile=tile, halo=self._wanted, **self._grain))
        plan, workers, counted = _native.TilePlan.fit(
            width,
            height,
            halo=self._wanted,
            **self._grain,
            **self._costs(self.facts.memory.bytes_per_pixel),
            workers=self.workers,
            budget_bytes=self.budget_bytes,
            taken_bytes=self.taken_bytes,
        )
        return ModelPlan(plan, workers, counted, self._mode, self.taken_bytes)

    @property
    def _mode(self) -> Mode:
        """What tiles are, if there are several."""
        facts = self.facts
        is_enough = facts.halo is not None and (self.halo is None or self.halo >= facts.halo)
        return facts.tiling if is_enough and facts.tiling != "none" else "seams"

    @property
    def _wanted(self) -> int:
        """The halo: what was asked for, or makes tiles exact, or is better than none."""
        given = [halo for halo in (self.halo, self.facts.halo) if halo is not None]
        return given[0] if given else SEAM_HALO

    @property
    def _grain(self) -> dict[str, Any]:
        return {"stride": self.facts.stride, "min_size": self.facts.min_size}

    def _costs(self, bytes_per_pixel: float) -> dict[str, Any]:
        return {"bytes_per_pixel": bytes_per_pixel, "weights_bytes": self.facts.weights_bytes}

    def _up(self, length: int) -> int:
        """Returns a length in whole strides."""
        return -(-length // self.facts.stride) * self.facts.stride

    def _of_one_size(self, width: int, height: int, size: tuple[int, int]) -> _native.TilePlan:
        stride = self.facts.stride
        halo = self._wanted
        if self.halo is None and self.facts.halo is None:
            halo = min(halo, min(size) // 4) // stride * stride
        plan = _native.TilePlan(width, height, tile=size, halo=halo, stride=stride, fixed=True)
        if len(plan.tiles) > 1:
            self._check_seams()
        return plan

    def _counted(self, plan: _native.TilePlan) -> ModelPlan:
        """Returns a plan with the workers that fit the budget."""
        costs = self._costs(self.facts.memory.at(_pixels(plan)))
        limits: Any = {"budget_bytes": self.budget_bytes, "taken_bytes": self.taken_bytes}
        workers, counted = plan.fit_workers(**costs, workers=self.workers, **limits)
        return ModelPlan(plan, workers, counted, "full frame" if len(plan.tiles) == 1 else self._mode, self.taken_bytes)

    def _check_seams(self, full: _native.TilePlan | None = None, error: MemoryBudgetTooSmall | None = None) -> None:
        """Refuses tiles that would differ, unless they are allowed to; `full` is a full frame that does not fit."""
        facts = self.facts
        if self._mode != "seams" or self.allow_seams:
            return
        reason = facts.reason
        if facts.tiling != "none":
            reason = f"a halo of {self.halo} pixels is less than the {facts.halo} that it sees"
        named = "; ".join(f"{name} {how}" for name, how in facts.global_operators.items())
        message = f"{self.name} cannot be tiled exactly: {reason}{f' ({named})' if named else ''}"
        instead = "Run it on the full frame (no --tile)"
        if full is not None:
            costs = self._costs(facts.memory.at(_pixels(full)))
            _, needed = full.fit_workers(**costs, workers=1, budget_bytes=2**63, taken_bytes=self.taken_bytes)
            instead = f"Allow it {-(-needed // _MIB)} MiB for the full frame (--memory)"
        hint = f"{instead}, or accept tiles that differ, with visible seams (--allow-seams)."
        raise ModelError(message, hint, "model.needs_full_frame") from error


def _pixels(plan: _native.TilePlan) -> int:
    """Returns the pixels that a tile reads."""
    across, down = plan.shapes[0]
    return across * down
