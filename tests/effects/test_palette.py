"""The palette's promises for any distribution: possible at the lightness, different, ranked, and at the peaks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scumble.effect import MOST_SUGGESTIONS, Suggestion
from scumble.effects.colorize.palette import suggestions
from scumble.engine import Engine

CENTRES = np.array([(a, b) for a in range(-90, 101, 10) for b in range(-110, 101, 10)], np.float32)
SHARPNESS = (0.0, 1.0, 4.0, 30.0)
PEAKS = ((40.0, 30.0), (-30.0, 30.0), (0.0, -30.0))
SHARES = (0.5, 0.3, 0.2)

Lab = NDArray[np.float64]
distributions = st.builds(
    lambda seed, sharpness: np.random.default_rng(seed).standard_normal(len(CENTRES)).astype(np.float32) * sharpness,
    st.integers(0, 2**32 - 1),
    st.sampled_from(SHARPNESS),
)
lightnesses = st.floats(0, 100, width=32)
counts = st.integers(1, MOST_SUGGESTIONS)


def lab_of(found: tuple[Suggestion, ...]) -> Lab:
    rgb = (np.array([suggestion.color for suggestion in found]) / 255).astype(np.float32)
    return Engine.default().lab_from_rgb(rgb).astype(np.float64)


def gray_code(lightness: Lab | float) -> Lab:
    """Returns the 8-bit code, unrounded, of the gray with this L."""
    f = (np.asarray(lightness) + 16) / 116
    linear = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    code = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)
    return np.asarray(255 * code, np.float64)


def peaked(width_ab: float) -> NDArray[np.float32]:
    """Returns logits of three bells at PEAKS with SHARES."""
    squares = ((CENTRES[:, None] - np.array(PEAKS)[None]) ** 2).sum(-1)
    bells = np.exp(-squares / (2 * width_ab**2))
    logits: NDArray[np.float32] = np.log((bells / bells.sum(0)) @ np.array(SHARES) + 1e-12).astype(np.float32)
    return logits


@settings(max_examples=150, deadline=None)
@given(distributions, lightnesses, counts)
def test_they_are_ranked_different_and_have_the_lightness(
    logits: NDArray[np.float32], lightness: float, count: int
) -> None:
    found = suggestions(logits, CENTRES, lightness, Engine.default(), count)
    weights = [suggestion.weight for suggestion in found]
    assert 1 <= len(found) <= count
    assert all(0 <= code <= 255 for suggestion in found for code in suggestion.color)
    assert weights == sorted(weights, reverse=True)
    assert min(weights) >= 0.01
    assert sum(weights) <= 1 + 1e-9
    lab = lab_of(found)
    apart = np.hypot(*(lab[:, None, 1:] - lab[None, :, 1:]).transpose(2, 0, 1))
    assert (apart[~np.eye(len(found), dtype=bool)] >= 6).all()
    # Rounding three channels moves L by at most half a code, but where one is near black and another is not.
    half = 0.52 if lightness > 5 else 0.7
    assert np.abs(gray_code(lab[:, 0]) - gray_code(lightness)).max() <= half


@settings(max_examples=40, deadline=None)
@given(distributions, lightnesses, counts)
def test_the_same_input_gives_the_same_and_is_left_alone(
    logits: NDArray[np.float32], lightness: float, count: int
) -> None:
    before = logits.copy()
    first = suggestions(logits, CENTRES, lightness, Engine.default(), count)
    assert suggestions(logits, CENTRES, lightness, Engine.default(), count) == first
    assert np.array_equal(logits, before)


@pytest.mark.parametrize("count", [3, 5, MOST_SUGGESTIONS])
def test_three_sharp_peaks_are_three_colours(count: int) -> None:
    found = suggestions(peaked(2.0), CENTRES, 60.0, Engine.default(), count)
    assert [round(suggestion.weight, 2) for suggestion in found] == list(SHARES)
    assert np.abs(lab_of(found)[:, 1:] - PEAKS).max() < 1.5


def test_three_broad_peaks_are_the_three_means() -> None:
    found = suggestions(peaked(9.0), CENTRES, 60.0, Engine.default(), 3)
    assert np.abs(np.array([suggestion.weight for suggestion in found]) - SHARES).max() < 0.03
    assert np.abs(lab_of(found)[:, 1:] - PEAKS).max() < 4


def test_fewer_than_there_are_peaks_join_the_nearest() -> None:
    found = suggestions(peaked(2.0), CENTRES, 60.0, Engine.default(), 1)
    assert len(found) == 1
    assert found[0].weight == pytest.approx(1)
    assert np.abs(lab_of(found)[0, 1:] - np.array(SHARES) @ np.array(PEAKS)).max() < 1.5


def test_what_the_lightness_cannot_show_counts_as_what_it_does() -> None:
    vivid = np.where((CENTRES == (0, 60)).all(1), 0.0, -20.0)  # two yellows that dark pixels cannot have
    vivid[(CENTRES == (0, 40)).all(1)] = 0.0
    dark = suggestions(vivid.astype(np.float32), CENTRES, 10.0, Engine.default())
    light = suggestions(vivid.astype(np.float32), CENTRES, 75.0, Engine.default())
    assert [round(suggestion.weight, 3) for suggestion in dark] == [1.0]
    assert [round(suggestion.weight, 3) for suggestion in light] == [0.5, 0.5]


@pytest.mark.parametrize(("lightness", "code"), [(0.0, 0), (100.0, 255)])
def test_black_and_white_have_one_colour(lightness: float, code: int) -> None:
    flat = np.zeros(len(CENTRES), np.float32)
    (only,) = suggestions(flat, CENTRES, lightness, Engine.default())
    assert tuple(only.color) == (code, code, code)
    assert only.weight == pytest.approx(1)


def test_chance_finds_hardly_better_means() -> None:
    chance = np.random.default_rng(1)
    points = CENTRES[np.hypot(*CENTRES.T) <= 30].astype(np.float64)  # all of them possible at L 60
    ratios = []
    for _ in range(20):
        logits = chance.standard_normal(len(points)).astype(np.float32)
        share = np.exp(logits.astype(np.float64))
        share /= share.sum()
        ours = lab_of(suggestions(logits, points.astype(np.float32), 60.0, Engine.default(), 5))[:, 1:]
        others = [lloyd(share, points, chance.choice(points, 5, replace=False)) for _ in range(30)]
        ratios.append(spread(share, points, ours) / min(spread(share, points, means) for means in others))
    assert np.mean(ratios) < 1.05
    assert max(ratios) < 1.2


def lloyd(share: Lab, points: Lab, means: Lab) -> Lab:
    """Returns plain K-means of weighted points from the given start."""
    for _ in range(30):
        owner = ((points[:, None] - means[None]) ** 2).sum(-1).argmin(1)
        groups = [(points[owner == k], share[owner == k]) for k in range(len(means))]
        means = np.array([p.T @ w / w.sum() if len(w) else means[k] for k, (p, w) in enumerate(groups)])
    return means


def spread(share: Lab, points: Lab, means: Lab) -> float:
    """Returns the weighted mean squared distance to the nearest mean."""
    return float(share @ ((points[:, None] - means[None]) ** 2).sum(-1).min(1))
