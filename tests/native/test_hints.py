"""Hints spread in the bilateral grid, against the definition written out in numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.native import hint_oracle

from scumble import _native
from scumble.engine import Engine
from scumble.errors import JobCancelled, ParamError

Floats = NDArray[np.float32]

SIZES = [(1, 1), (1, 2), (1, 61), (53, 1), (4, 4), (5, 9), (23, 40), (48, 37)]


def picture(rng: np.random.Generator, size: tuple[int, int], speckles: float = 0.05) -> Floats:
    """Fields of even lightness with grain, a share of the pixels quite black or white."""
    height, width = size
    fields = rng.uniform(0, 100, (-(-height // 8), -(-width // 8))).repeat(8, 0).repeat(8, 1)[:height, :width]
    light = fields + rng.normal(0, 3, size)
    return np.where(rng.random(size) < speckles, rng.choice([0.0, 100.0], size), light).clip(0, 100).astype(np.float32)


def hints(rng: np.random.Generator, size: tuple[int, int], share: float) -> tuple[Floats, NDArray[np.bool_]]:
    """At least one pixel is hinted; beside a hint the ab plane holds what must not be read."""
    hinted = rng.random(size) < share
    hinted.flat[rng.integers(hinted.size)] = True
    return rng.uniform(-90, 90, (2, *size)).astype(np.float32), hinted


def spread(light: Floats, ab: Floats, hinted: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    return _native.HintField(light).spread(ab, hinted.astype(np.float32))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("share", [0.0, 0.03, 0.6, 1.0])
def test_spreading_follows_the_definition(size: tuple[int, int], share: float) -> None:
    rng = np.random.default_rng((7, *size, int(share * 100)))
    light = picture(rng, size)
    ab, hinted = hints(rng, size, share)
    got_ab, got_confidence = spread(light, ab, hinted)
    want_ab, want_confidence = hint_oracle.spread(light, ab * hinted, hinted)
    assert np.abs(got_ab - want_ab).max() <= 1e-3
    assert np.abs(got_confidence - want_confidence).max() <= 1e-4
    assert np.array_equal(got_ab[:, hinted], ab[:, hinted])


def test_a_wide_stroke_and_far_dots_follow_the_definition() -> None:
    rng = np.random.default_rng(3)
    light = picture(rng, (60, 90))
    ab, hinted = hints(rng, (60, 90), 0.0)
    hinted[20:30, 5:85] = hinted[58, 88] = hinted[0, 0] = True
    got = spread(light, ab, hinted)
    want = hint_oracle.spread(light, ab * hinted, hinted)
    assert np.abs(got[0] - want[0]).max() <= 1e-3
    assert np.abs(got[1] - want[1]).max() <= 1e-4


@pytest.mark.parametrize("size", [(1, 1), (40, 50), (97, 130), (12, 9)])
def test_the_grid_is_read_at_any_size(size: tuple[int, int]) -> None:
    rng = np.random.default_rng((11, *size))
    light = picture(rng, (32, 42))
    ab, hinted = hints(rng, (32, 42), 0.02)
    large = picture(rng, size)
    grid = _native.HintField(light).grid(ab, hinted.astype(np.float32))
    assert grid is not None
    got_ab, got_confidence = grid.slice(large)
    sums = hint_oracle.gathered(light.astype(np.float64), ab.astype(np.float64) * hinted, hinted)
    want_ab, want_confidence = hint_oracle.sliced(large.astype(np.float64), *sums, (32, 42))
    assert np.abs(got_ab - want_ab).max() <= 1e-3
    assert np.abs(got_confidence - want_confidence).max() <= 1e-4


@given(height=st.integers(1, 30), width=st.integers(1, 30), seed=st.integers(0, 2**32 - 1), share=st.floats(0, 0.3))
@settings(max_examples=60, deadline=None)
def test_spread_colours_stay_among_the_hints(height: int, width: int, seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    light = picture(rng, (height, width))
    ab, hinted = hints(rng, (height, width), share)
    got, confidence = spread(light, ab, hinted)
    assert confidence.min() >= 0
    assert confidence.max() < 1
    for plane, wanted in zip(got, ab, strict=True):
        # 1e-6 in the quotient pulls what is hardly known towards 0.
        assert plane.max() <= max(wanted[hinted].max(), 0) + 1e-2
        assert plane.min() >= min(wanted[hinted].min(), 0) - 1e-2


def test_lightness_keeps_colours_apart() -> None:
    light = np.full((40, 80), 20, np.float32)
    light[:, 40:] = 80
    ab = np.zeros((2, 40, 80), np.float32)
    mask = np.zeros((40, 80), np.float32)
    ab[0, 20, 36], ab[0, 20, 43] = 40, -40
    mask[20, 36] = mask[20, 43] = 1
    spread_ab, confidence = _native.HintField(light).spread(ab, mask)
    assert spread_ab[0, :, :39].min() > 39
    assert spread_ab[0, :, 41:].max() < -39
    assert confidence[20, 36] > 0.9
    assert confidence[20, 36] > confidence[20, 20] > confidence[20, 0]


def test_without_hints_nothing_is_spread() -> None:
    field = Engine(device="cpu").hint_field(picture(np.random.default_rng(1), (20, 30)))
    coarser = np.full((20, 30), 0.5, np.float32)
    ab, confidence = field.spread(np.full((2, 20, 30), 9, np.float32), coarser)
    assert not ab.any()
    assert not confidence.any()
    assert field.grid(np.zeros((2, 20, 30), np.float32), coarser) is None
    assert field.size == (30, 20)


def test_the_same_hints_give_the_same_bits_on_any_number_of_threads() -> None:
    rng = np.random.default_rng(5)
    light = picture(rng, (300, 310))
    ab, hinted = hints(rng, (300, 310), 0.001)
    mask = hinted.astype(np.float32)
    first, again = (_native.HintField(light).spread(ab, mask) for _ in range(2))
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
    grid = _native.HintField(light).grid(ab, mask)
    assert grid is not None
    sliced = [grid.slice(light, workers=workers) for workers in (1, 2, 5)]
    assert all(np.array_equal(sliced[0][0], other[0]) for other in sliced)
    assert all(np.array_equal(sliced[0][1], other[1]) for other in sliced)


def test_arrays_in_another_order_are_read_as_they_are() -> None:
    rng = np.random.default_rng(6)
    light = picture(rng, (30, 20))
    ab, hinted = hints(rng, (30, 20), 0.05)
    want = spread(light, ab, hinted)
    turned = np.asfortranarray(light), np.asfortranarray(ab)
    got = _native.HintField(turned[0]).spread(turned[1], hinted.astype(np.float32))
    assert all(np.array_equal(one, other) for one, other in zip(got, want, strict=True))


def test_lightness_that_is_no_number_counts_as_black() -> None:
    rng = np.random.default_rng(8)
    light = picture(rng, (20, 20))
    ab, hinted = hints(rng, (20, 20), 0.05)
    black, broken = light.copy(), light.copy()
    black[3, 4], broken[3, 4] = 0, np.nan
    want = spread(black, ab, hinted)
    got = spread(broken, ab, hinted)
    assert all(np.array_equal(one, other) for one, other in zip(got, want, strict=True))


def test_reading_can_be_cancelled() -> None:
    light = np.full((64, 64), 50, np.float32)
    grid = _native.HintField(light).grid(np.zeros((2, 64, 64), np.float32), np.ones((64, 64), np.float32))
    assert grid is not None

    def cancel(fraction: float) -> None:
        raise JobCancelled("stop")

    with pytest.raises(JobCancelled, match="stop"):
        grid.slice(np.full((2000, 2000), 50, np.float32), progress=cancel)


def test_hints_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ParamError, match="one pixel"):
        _native.HintField(np.zeros((0, 4), np.float32))
    field = _native.HintField(np.zeros((4, 5), np.float32))
    ab, mask = np.zeros((2, 4, 5), np.float32), np.ones((4, 5), np.float32)
    with pytest.raises(ParamError, match="shape"):
        field.spread(ab[:, :3], mask)
    with pytest.raises(ParamError, match="shape"):
        field.grid(ab, mask.T.copy())
    grid = field.grid(ab, mask)
    assert grid is not None
    with pytest.raises(ParamError, match="one pixel"):
        grid.slice(np.zeros((0, 0), np.float32))
    ab[1, 2, 2] = np.nan
    with pytest.raises(ParamError, match="no number"):
        field.spread(ab, mask)
    mask[2, 2] = 0
    field.spread(ab, mask)
