"""Predictions that meet the hints, against elimination by scipy; exact at hints, near the solution elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.native import hint_oracle
from tests.native.test_hints import hints, picture

from scumble import _native
from scumble.errors import ParamError

Floats = NDArray[np.float32]


def met(light: Floats, ab: Floats, hint_ab: Floats, hinted: NDArray[np.bool_], pull: Floats) -> Floats:
    return _native.HintField(light).met(ab, hint_ab, hinted.astype(np.float32), pull)


def prediction(rng: np.random.Generator, size: tuple[int, int]) -> Floats:
    y, x = np.mgrid[: size[0], : size[1]] / 20.0
    waves = [25 * np.sin(x + rng.uniform(0, 6)) * np.cos(y + rng.uniform(0, 6)) for _ in range(2)]
    return np.asarray(waves, np.float32)


@given(
    height=st.integers(1, 24),
    width=st.integers(1, 24),
    seed=st.integers(0, 2**32 - 1),
    share=st.floats(0, 1),
    pull=st.floats(1e-4, 1),
)
@settings(max_examples=60, deadline=None)
def test_small_pictures_are_solved_exactly(height: int, width: int, seed: int, share: float, pull: float) -> None:
    rng = np.random.default_rng(seed)
    size = (height, width)
    light, ab = picture(rng, size), prediction(rng, size)
    hint_ab, hinted = hints(rng, size, share)
    pulls = (pull * rng.uniform(0.5, 1.5, size)).astype(np.float32)
    got = met(light, ab, hint_ab, hinted, pulls)
    assert np.abs(got - hint_oracle.met(light, ab, hint_ab, hinted, pulls)).max() < 0.02
    assert np.array_equal(got[:, hinted], hint_ab[:, hinted])


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (700, 1), (2, 300)])
def test_lines_of_pixels_are_solved_exactly(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(size)
    light, ab = picture(rng, size), prediction(rng, size)
    hint_ab, hinted = hints(rng, size, 0.01)
    pull = np.full(size, 0.002, np.float32)
    want = hint_oracle.met(light, ab, hint_ab, hinted, pull)
    assert np.abs(met(light, ab, hint_ab, hinted, pull) - want).max() < 0.02


@pytest.mark.parametrize(("size", "count"), [((150, 170), 1), ((150, 170), 12), ((129, 201), 150), ((90, 400), 30)])
def test_larger_pictures_come_near_the_solution(size: tuple[int, int], count: int) -> None:
    rng = np.random.default_rng((*size, count))
    light, ab = picture(rng, size, speckles=0.0), prediction(rng, size)
    hint_ab, hinted = hints(rng, size, 0.0)
    for _ in range(count - 1):
        y, x = (int(rng.integers(side - 6)) for side in size)
        hinted[y : y + 6, x : x + 6] = True
        hint_ab[:, y : y + 6, x : x + 6] = rng.uniform(-60, 60, (2, 1, 1))
    confidence = _native.HintField(light).spread(hint_ab, hinted.astype(np.float32))[1]
    pull = (0.0003 + 0.03 * (1 - confidence)).astype(np.float32)
    got = met(light, ab, hint_ab, hinted, pull)
    apart = got - hint_oracle.met(light, ab, hint_ab, hinted, pull)
    assert np.sqrt((apart**2).mean()) < 0.03
    assert np.abs(apart).max() < 0.5
    assert np.array_equal(got[:, hinted], hint_ab[:, hinted])


def test_without_hints_the_prediction_is_unchanged() -> None:
    rng = np.random.default_rng(2)
    for size in [(9, 7), (150, 160)]:
        ab = prediction(rng, size)
        unhinted = np.zeros(size, np.bool_)
        assert np.array_equal(met(picture(rng, size), ab, ab * 0, unhinted, np.ones(size, np.float32)), ab)


def test_a_prediction_that_agrees_with_its_neighbours_and_hints_is_kept() -> None:
    rng = np.random.default_rng(4)
    for size in [(20, 20), (140, 150)]:
        ab = np.broadcast_to(np.array([[[12.0]], [[-7.0]]], np.float32), (2, *size)).copy()
        _, hinted = hints(rng, size, 0.01)
        got = met(picture(rng, size), ab, ab, hinted, np.full(size, 0.002, np.float32))
        assert np.abs(got - ab).max() < 1e-3


def test_a_correction_dies_out_and_stops_at_edges() -> None:
    light = np.full((150, 200), 30, np.float32)
    light[:, 100:] = 70
    ab, hint_ab = np.zeros((2, 150, 200), np.float32), np.zeros((2, 150, 200), np.float32)
    hinted = np.zeros((150, 200), np.bool_)
    hinted[70:76, 88:94] = True
    hint_ab[0, hinted] = 50
    got = met(light, ab, hint_ab, hinted, np.full((150, 200), 0.01, np.float32))[0]
    assert got[73, 94] > 35
    assert got[73, 98] > 15
    assert np.abs(got[:, 102:]).max() < 0.5
    assert np.abs(got[:, :10]).max() < 0.5
    assert np.abs(got[:10]).max() < 0.5


def test_the_same_input_gives_the_same_bits() -> None:
    rng = np.random.default_rng(9)
    size = (200, 210)
    light, ab = picture(rng, size), prediction(rng, size)
    hint_ab, hinted = hints(rng, size, 0.002)
    pull = np.full(size, 0.002, np.float32)
    results = [met(light, ab, hint_ab, hinted, pull) for _ in range(3)]
    assert all(np.array_equal(result, results[0]) for result in results)


@pytest.mark.parametrize("size", [(20, 30), (150, 140)])
def test_channels_do_not_mix(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(10)
    light, ab = picture(rng, size), prediction(rng, size)
    hint_ab, hinted = hints(rng, size, 0.01)
    pull = np.full(size, 0.01, np.float32)
    straight = met(light, ab, hint_ab, hinted, pull)
    swapped = met(light, ab[::-1].copy(), hint_ab[::-1].copy(), hinted, pull)
    assert np.array_equal(straight, swapped[::-1])


def test_every_value_is_finite_even_without_pull() -> None:
    rng = np.random.default_rng(12)
    for size in [(1, 1), (1, 9), (30, 20), (140, 150)]:
        light = np.where(rng.random(size) < 0.5, 0, 100).astype(np.float32)
        hint_ab, hinted = hints(rng, size, 0.0)
        ab = prediction(rng, size)
        ab[0, 0, 0] = np.nan
        got = met(light, ab, hint_ab, hinted, np.zeros(size, np.float32))
        assert np.isfinite(got).all()
        assert np.array_equal(got[:, hinted], hint_ab[:, hinted])


def test_values_that_do_not_fit_are_refused() -> None:
    field = _native.HintField(np.zeros((4, 5), np.float32))
    ab, mask, pull = np.zeros((2, 4, 5), np.float32), np.ones((4, 5), np.float32), np.ones((4, 5), np.float32)
    with pytest.raises(ParamError, match="shape"):
        field.met(ab[:1], ab, mask, pull)
    with pytest.raises(ParamError, match="shape"):
        field.met(ab, ab, mask, pull[:2])
    with pytest.raises(ParamError, match="shape"):
        field.met(ab, ab[..., :2], mask, pull)
    with pytest.raises(ParamError, match="pull"):
        field.met(ab, ab, mask, -pull)
    with pytest.raises(ParamError, match="pull"):
        field.met(ab, ab, mask, pull * np.nan)
    with pytest.raises(ParamError, match="no number"):
        field.met(ab, ab * np.nan, mask, pull)
