"""Tiles told of the whole picture: spread hints read in place, arrays that are the same for every tile."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.native import told_nets
from tests.native.test_hints import hints, picture
from tests.native.test_hints_touch import gray_picture

from scumble import _native
from scumble.errors import ModelError, ParamError

pytestmark = pytest.mark.usefixtures("runtime")

Floats = NDArray[np.float32]


@pytest.fixture(scope="module")
def spread_alone(runtime: str) -> _native.Session:
    return _native.Session(told_nets.spread_alone(), workers=3)


@pytest.fixture(scope="module")
def told(runtime: str) -> _native.Session:
    return _native.Session(told_nets.told(), workers=3)


def grid_of(rng: np.random.Generator, size: tuple[int, int]) -> _native.SpreadHints:
    ab, hinted = hints(rng, size, 0.01)
    grid = _native.HintField(picture(rng, size)).grid(ab, hinted.astype(np.float32))
    assert grid is not None
    return grid


def whole(rng: np.random.Generator) -> dict[str, Floats]:
    """What describes the whole picture."""
    return {
        "small": rng.normal(size=(1, 7, 4, 4)).astype(np.float32),
        "statistics": rng.normal(size=(1, 3, 1, 1)).astype(np.float32),
    }


def small_hints(rng: np.random.Generator) -> dict[str, Floats]:
    return {
        "hint_ab": rng.uniform(-40, 40, (2, 9, 7)).astype(np.float32),
        "hint_mask": rng.integers(0, 2, (1, 9, 7)).astype(np.float32),
    }


def coloured(
    session: _native.Session, src: NDArray[Any], context: dict[str, Floats], tile: int, **arguments: Any
) -> NDArray[Any]:
    height, width = src.shape[:2]
    plan = _native.TilePlan(width, height, tile=tile, halo=told_nets.REACH, stride=told_nets.STRIDE)
    dst = np.zeros((height, width, 3), src.dtype)
    session.colorize_tiled(plan, src, dst, context, lightness_input="lightness", output="ab", **arguments)
    return dst


@given(
    height=st.integers(1, 150),
    width=st.integers(1, 150),
    working=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    tile=st.sampled_from([48, 64, 100, 400]),
    dtype=st.sampled_from([np.uint8, np.float32]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None)
def test_spread_hints_of_tiles_are_those_of_the_whole_picture(
    spread_alone: _native.Session,
    height: int,
    width: int,
    working: tuple[int, int],
    tile: int,
    dtype: type,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    src = gray_picture(picture(rng, (height, width)), dtype)
    grid = grid_of(rng, working)
    got = coloured(spread_alone, src, {}, tile, spread_inputs=told_nets.SPREAD, spread=grid)
    ab, confidence = grid.slice(_native.lightness(src))
    want = np.zeros_like(got)
    _native.recolor(src, want, ab * confidence)
    assert np.array_equal(got, want)


@pytest.mark.parametrize("size", [(97, 151), (130, 64), (3, 5)])
def test_mirrored_pixels_beyond_the_picture_have_their_own_spread_hints(
    told: _native.Session, size: tuple[int, int]
) -> None:
    rng = np.random.default_rng(31)
    src = gray_picture(picture(rng, size), np.float32)
    grid, constants, context = grid_of(rng, (20, 30)), whole(rng), small_hints(rng)
    context = {name: np.ascontiguousarray(planes[:, :1, :1]) for name, planes in context.items()}
    lightness = _native.lightness(src)
    ab, confidence = grid.slice(lightness)
    beyond = ((0, 0), (0, -size[0] % told_nets.STRIDE), (0, -size[1] % told_nets.STRIDE))
    planes = {"lightness": lightness[None], "spread_ab": ab, "confidence": confidence[None]}
    feeds = {name: np.pad(plane, beyond, mode="reflect")[None] for name, plane in planes.items()}
    shape = feeds["lightness"].shape[2:]
    flat = {name: np.broadcast_to(plane, (1, len(plane), *shape)).copy() for name, plane in context.items()}
    full = told.run({**feeds, **flat, **constants})["ab"][0, :, : size[0], : size[1]]
    want = np.zeros((*size, 3), np.float32)
    _native.recolor(src, want, full)
    filters = dict.fromkeys(constants, "constant")
    for tile in (48, 64, 400):
        arguments: Any = {"context_filter": filters, "spread_inputs": told_nets.SPREAD, "spread": grid}
        assert np.array_equal(coloured(told, src, context | constants, tile, **arguments), want)


def test_without_hints_the_inputs_are_zero(told: _native.Session) -> None:
    rng = np.random.default_rng(32)
    src = gray_picture(picture(rng, (70, 90)), np.uint8)
    context = small_hints(rng) | whole(rng)
    filters = {"small": "constant", "statistics": "constant"}
    zeros = {"spread_ab": np.zeros((2, 1, 1), np.float32), "confidence": np.zeros((1, 1, 1), np.float32)}
    want = coloured(told, src, context | zeros, 64, context_filter=filters)
    got = coloured(told, src, context, 64, context_filter=filters, spread_inputs=told_nets.SPREAD)
    assert np.array_equal(got, want)
    grid = grid_of(rng, (20, 30))
    changed = coloured(told, src, context, 64, context_filter=filters, spread_inputs=told_nets.SPREAD, spread=grid)
    assert not np.array_equal(changed, want)


def test_inputs_that_do_not_fit_are_refused(told: _native.Session) -> None:
    rng = np.random.default_rng(33)
    src = gray_picture(picture(rng, (40, 40)), np.uint8)
    context = small_hints(rng) | whole(rng)
    filters = {"small": "constant", "statistics": "constant"}
    with pytest.raises(ParamError, match="spread_inputs"):
        coloured(told, src, context, 64, context_filter=filters, spread=grid_of(rng, (9, 9)))
    with pytest.raises(ModelError, match="not given"):
        coloured(told, src, context, 64, context_filter=filters)
    with pytest.raises(ModelError, match="no input"):
        coloured(told, src, context, 64, context_filter=filters, spread_inputs=("spread_ab", "trust"))
    with pytest.raises(ParamError, match="twice"):
        coloured(told, src, context, 64, context_filter=filters, spread_inputs=("spread_ab", "hint_mask"))
    wrong = context | {"small": np.zeros((1, 7, 5, 4), np.float32)}
    with pytest.raises(ModelError):
        coloured(told, src, wrong, 64, context_filter=filters, spread_inputs=told_nets.SPREAD)
