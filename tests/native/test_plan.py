"""The plan as Python sees it; its properties are proved beside the Rust code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scumble import _native
from scumble.errors import MemoryBudgetTooSmall, ParamError

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_plan_covers_the_picture_once_with_aligned_reads() -> None:
    plan = _native.TilePlan(401, 303, tile=128, halo=20, stride=4, min_size=16)
    covered = np.zeros((303, 401), int)
    for tile in plan.tiles:
        x, y, width, height = tile.core
        covered[y : y + height, x : x + width] += 1
        assert all(value % 4 == 0 for value in tile.read)
    assert (covered == 1).all()
    assert plan.shapes == [(116, 128), (112, 128)]
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
    rich, rich_workers, rich_bytes = _native.TilePlan.fit(8000, 6000, **facts, workers=4, budget_bytes=4 << 30)
    poor, poor_workers, poor_bytes = _native.TilePlan.fit(8000, 6000, **facts, workers=4, budget_bytes=80 << 20)
    assert rich_workers == 4
    assert poor_workers < 4 or poor.computed_pixels > rich.computed_pixels
    fitted = ((rich, rich_workers, rich_bytes, 4 << 30), (poor, poor_workers, poor_bytes, 80 << 20))
    for plan, workers, counted, budget in fitted:
        width, height = plan.shapes[0]
        assert workers * ((20 << 20) + 600 * width * height) <= counted <= budget
        costs: Any = {name: facts[name] for name in ("bytes_per_pixel", "weights_bytes")}
        assert plan.fit_workers(**costs, workers=workers, budget_bytes=counted) == (workers, counted)
        with pytest.raises(MemoryBudgetTooSmall):
            plan.fit_workers(**costs, workers=workers, budget_bytes=counted // workers - 1)
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


GRAINS = st.fixed_dictionaries(
    {"halo": st.integers(0, 90), "stride": st.sampled_from([1, 2, 3, 8, 16]), "min_size": st.integers(1, 70)}
)


def check_shapes(plan: _native.TilePlan, stride: int) -> None:
    """Reads differ by one stride at most; the first shape is the largest."""
    (widest, *_), (highest, *_) = (sorted(sides, reverse=True) for sides in zip(*plan.shapes, strict=True))
    assert plan.shapes[0] == (widest, highest)
    assert set(plan.shapes) <= {(widest - x, highest - y) for x in (0, stride) for y in (0, stride)}


def check(plan: _native.TilePlan, width: int, height: int, halo: int, stride: int, min_size: int) -> None:
    """Cores cover the picture once; reads are on the grid, of like shapes, and have their halo but at the border."""
    covered = np.zeros((height, width), int)
    check_shapes(plan, stride)
    for tile in plan.tiles:
        x, y, core_width, core_height = tile.core
        covered[y : y + core_height, x : x + core_width] += 1
        sides = (
            (x, core_width, tile.read[0], tile.read[2], width),
            (y, core_height, tile.read[1], tile.read[3], height),
        )
        for core, core_size, read, read_size, size in sides:
            end = -(-max(size, min_size) // stride) * stride
            assert read % stride == 0 == read_size % stride
            assert read_size >= min_size
            assert read == 0 or core - read >= halo
            assert read + read_size == end or read + read_size - core - core_size >= halo
    assert (covered == 1).all()


@given(
    width=st.integers(1, 500),
    height=st.integers(1, 500),
    grain=GRAINS,
    mib=st.integers(1, 400),
    workers=st.integers(1, 9),
    bytes_per_pixel=st.floats(0, 5000),
)
@settings(max_examples=150, deadline=None)
def test_fitted_plans_are_plans_within_the_budget(
    width: int, height: int, grain: dict[str, int], mib: int, workers: int, bytes_per_pixel: float
) -> None:
    facts: Any = {**grain, "bytes_per_pixel": bytes_per_pixel, "weights_bytes": 1 << 20}
    try:
        plan, used, counted = _native.TilePlan.fit(width, height, **facts, workers=workers, budget_bytes=mib << 20)
    except MemoryBudgetTooSmall as error:
        assert error.hint.startswith("allow at least")  # noqa: PT017 - both ends are checked
        return
    check(plan, width, height, **grain)
    across, down = plan.shapes[0]
    assert 1 <= used <= workers
    assert used * ((1 << 20) + bytes_per_pixel * across * down) <= counted <= mib << 20


@given(
    width=st.integers(-5, 300),
    height=st.integers(-5, 300),
    tile=st.one_of(st.integers(-5, 400), st.tuples(st.integers(-5, 400), st.integers(-5, 400))),
    halo=st.integers(-5, 200),
    stride=st.integers(-5, 40),
    min_size=st.integers(-5, 100),
    fixed=st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_any_request_is_a_plan_or_an_error_of_ours(fixed: bool, tile: Any, **request: int) -> None:
    try:
        plan = _native.TilePlan(tile=tile, fixed=fixed, **request)
    except (ParamError, OverflowError, TypeError):  # the latter two: negative numbers
        return
    if fixed:
        request["min_size"] = 1
        assert plan.shapes == [tile if isinstance(tile, tuple) else (tile, tile)]
        assert sum(one.core[2] * one.core[3] for one in plan.tiles) == request["width"] * request["height"]
    else:
        check(plan, **request)


def by_fixed_tiles(size: int, tile: int, halo: int) -> int:
    """Pixels along an axis that a planner of fixed tiles computes: each keeps what both its halos leave."""
    return tile * -(-size // (tile - 2 * halo))


@given(
    size=st.tuples(st.integers(1, 30_000), st.integers(1, 30_000)),
    core=st.integers(1, 700),
    halo=st.integers(0, 300),
    stride=st.sampled_from([1, 2, 4, 8, 32]),
)
@settings(max_examples=400, deadline=None)
def test_no_plan_computes_more_than_fixed_tiles_do(size: tuple[int, int], core: int, halo: int, stride: int) -> None:
    width, height = size
    aligned = -(-halo // stride) * stride
    tile = 2 * aligned + -(-core // stride) * stride
    if width * height > 400_000 * core**2:
        return  # millions of tiles
    plan = _native.TilePlan(width, height, tile=tile, halo=halo, stride=stride)
    check_shapes(plan, stride)
    fixed = by_fixed_tiles(width, tile, aligned) * by_fixed_tiles(height, tile, aligned)
    assert plan.computed_pixels <= fixed


def test_at_tile_512_and_halo_32_less_than_a_third_is_computed_twice() -> None:
    for width, height in ((4000, 3000), (8000, 6000), (3000, 4000), (6000, 4000)):
        for stride in (1, 4, 8):
            plan = _native.TilePlan(width, height, tile=512, halo=32, stride=stride)
            fixed = by_fixed_tiles(width, 512, 32) * by_fixed_tiles(height, 512, 32)
            assert plan.overhead <= 1.30 < fixed / (width * height)


@given(size=st.tuples(st.integers(512, 30_000), st.integers(512, 30_000)))
@settings(max_examples=200, deadline=None)
def test_tiles_of_512_never_pass_their_limit_and_chosen_ones_do_better(size: tuple[int, int]) -> None:
    width, height = size
    # A tile amid a picture cannot do better than (512 / 448)² = 1.306; whole pixels cost a little more.
    assert _native.TilePlan(width, height, tile=512, halo=32).overhead <= (512 / 448) ** 2 + 0.005
    facts: Any = {"halo": 32, "stride": 1, "min_size": 1, "bytes_per_pixel": 600.0, "weights_bytes": 1 << 20}
    chosen, _, _ = _native.TilePlan.fit(width, height, **facts, workers=1, budget_bytes=4 << 30)
    assert chosen.overhead <= 1.30
    check_shapes(chosen, 1)


@given(
    sides=st.tuples(*[st.integers(0, 2**65) | st.integers(0, 2**25)] * 5),
    costs=st.tuples(st.floats(), st.integers(0, 2**66), st.integers(0, 2**66), st.integers(0, 2**66)),
)
@settings(max_examples=300, deadline=None)
def test_hostile_numbers_are_refused_in_words(sides: tuple[int, ...], costs: tuple[float, int, int, int]) -> None:
    width, height, tile, halo, stride = sides
    bytes_per_pixel, weights_bytes, workers, budget_bytes = costs
    grain: Any = {"halo": halo, "stride": stride}
    spent: Any = {"bytes_per_pixel": bytes_per_pixel, "weights_bytes": weights_bytes, "workers": workers}
    attempts: list[Callable[[], _native.TilePlan]] = [
        lambda: _native.TilePlan(width, height, tile=tile, **grain),
        lambda: _native.TilePlan(width, height, tile=tile, **grain, fixed=True),
        lambda: _native.TilePlan.fit(width, height, **grain, min_size=tile, **spent, budget_bytes=budget_bytes)[0],
    ]
    for attempt in attempts:
        try:
            plan = attempt()
        except (ParamError, MemoryBudgetTooSmall, OverflowError):  # the last: numbers beyond 64 bits
            continue
        except TypeError:  # such a number as a tile, which may be a pair too
            if tile < 2**64:
                raise
            continue
        assert sum(one.core[2] * one.core[3] for one in plan.tiles) == width * height


def test_a_plan_of_too_many_tiles_is_refused_before_it_is_made() -> None:
    with pytest.raises(ParamError, match="68719476736 of them"):
        _native.TilePlan(1 << 24, 1 << 24, tile=64, halo=0)


def test_a_side_that_is_whole_has_no_halo() -> None:
    plan = _native.TilePlan(300, 900, tile=(304, 200), halo=40, stride=8)
    assert {tile.read[0] for tile in plan.tiles} == {0}
    assert len(plan.tiles) > 5
    check(plan, 300, 900, 40, 8, 1)
