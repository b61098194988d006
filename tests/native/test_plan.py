"""The plan as Python sees it; its properties are proved beside the Rust code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scumble import _native
from scumble.errors import MemoryBudgetTooSmall, ParamError


def test_a_plan_covers_the_picture_once_with_aligned_reads() -> None:
    plan = _native.TilePlan(401, 303, tile=128, halo=20, stride=4, min_size=16)
    covered = np.zeros((303, 401), int)
    for tile in plan.tiles:
        x, y, width, height = tile.core
        covered[y : y + height, x : x + width] += 1
        assert all(value % 4 == 0 for value in tile.read)
    assert (covered == 1).all()
    assert len(plan.shapes) == 1
    assert plan.computed_pixels == sum(tile.read[2] * tile.read[3] for tile in plan.tiles)
    assert plan.overhead == plan.computed_pixels / (401 * 303)
    assert (plan.width, plan.height) == (401, 303)


def test_a_small_picture_is_one_padded_tile() -> None:
    plan = _native.TilePlan(1, 7, tile=64, halo=30, stride=8, min_size=16)
    assert [(tile.core, tile.read) for tile in plan.tiles] == [((0, 0, 1, 7), (0, 0, 16, 16))]


def test_plans_and_tiles_compare_and_print() -> None:
    plan = _native.TilePlan(100, 100, tile=64, halo=8)
    assert plan == _native.TilePlan(100, 100, tile=64, halo=8)
    assert plan != _native.TilePlan(100, 100, tile=52, halo=8)
    assert len(set(plan.tiles)) == len(plan.tiles)
    assert repr(plan.tiles[0]).startswith("Tile(core=(0, 0, ")
    assert "TilePlan of 100x100" in repr(plan)


def test_a_fitted_plan_uses_what_the_budget_allows() -> None:
    facts: Any = {"halo": 24, "stride": 8, "min_size": 32, "bytes_per_pixel": 600.0, "weights_bytes": 20 << 20}
    rich, rich_workers = _native.TilePlan.fit(8000, 6000, **facts, workers=4, budget_bytes=4 << 30)
    poor, poor_workers = _native.TilePlan.fit(8000, 6000, **facts, workers=4, budget_bytes=80 << 20)
    assert rich_workers == 4
    assert poor_workers < 4 or poor.computed_pixels > rich.computed_pixels
    for plan, workers, budget in ((rich, rich_workers, 4 << 30), (poor, poor_workers, 80 << 20)):
        width, height = plan.shapes[0]
        assert workers * ((20 << 20) + 600 * width * height) <= budget
    with pytest.raises(MemoryBudgetTooSmall) as caught:
        _native.TilePlan.fit(8000, 6000, **facts, workers=4, budget_bytes=10 << 20)
    assert caught.value.code == "device.budget_too_small"
    assert "MiB" in caught.value.hint


def test_impossible_plans_are_refused() -> None:
    with pytest.raises(ParamError, match="too small"):
        _native.TilePlan(500, 500, tile=40, halo=20, stride=4)
    with pytest.raises(ParamError, match="stride"):
        _native.TilePlan(500, 500, tile=400, halo=20, stride=0)
    with pytest.raises(ParamError, match="sides"):
        _native.TilePlan(0, 500, tile=400, halo=20)
