"""Levin's optimisation: what its equations and its authors say it does."""

from __future__ import annotations

import numpy as np
import pytest

from scumble_export.colorize.levin import affinities, anchored_ab, levin_ab, pull_of


def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    light = np.random.default_rng(0).uniform(0, 100, (20, 24)).astype(np.float32)
    ab, mask = np.zeros((2, 20, 24), np.float32), np.zeros((20, 24), bool)
    for (y, x), colour in {(3, 4): (50, -20), (15, 20): (-30, 40)}.items():
        ab[:, y, x], mask[y, x] = colour, True
    return light, ab, mask


def test_weights_are_positive_sum_to_one_and_fall_with_difference() -> None:
    light = np.full((5, 5), 50, np.float32)
    light[2, 3], light[2, 1] = 52, 58
    weights = affinities(light)
    assert weights.shape == (25, 25)
    assert weights.sum(1) == pytest.approx(1)
    middle = weights[[12]].toarray().reshape(5, 5)
    assert middle[2, 2] == 0
    assert middle[1, 1] > middle[2, 3] > middle[2, 1]
    assert np.count_nonzero(weights[[0]].toarray()) == 3


def test_every_other_pixel_is_the_weighted_mean_of_its_neighbours() -> None:
    light, ab, mask = scene()
    result = levin_ab(light, ab, mask)
    assert np.array_equal(result[:, mask], ab[:, mask])
    means = (affinities(light) @ result.reshape(2, -1).T).T.reshape(ab.shape)
    assert np.abs(means - result)[:, ~mask].max() < 1e-3
    assert result[0].min() >= -30 - 1e-3
    assert result[0].max() <= 50 + 1e-3


def test_colours_fill_their_regions_and_stop_at_edges() -> None:
    light = np.full((32, 32), 30, np.float32)
    light[:, 16:] = 70
    ab, mask = np.zeros((2, 32, 32), np.float32), np.zeros((32, 32), bool)
    mask[16, 8] = mask[16, 24] = True
    ab[:, 16, 8], ab[:, 16, 24] = 40, -40
    result = levin_ab(light, ab, mask)
    assert np.abs(result[:, :, :15] - 40).max() < 4
    assert np.abs(result[:, :, 17:] + 40).max() < 4


def test_one_hint_colours_all_and_none_leaves_gray() -> None:
    light, ab, mask = scene()
    mask[15, 20] = False
    assert np.abs(levin_ab(light, ab, mask)[0] - 50).max() < 0.1
    assert not levin_ab(light, ab, mask & False).any()


def test_an_anchor_fills_what_hints_do_not_say_and_hints_are_met() -> None:
    light, ab, mask = scene()
    net = np.stack((np.full_like(light, 7), np.full_like(light, -9)))
    assert np.array_equal(anchored_ab(light, net, ab, mask & False, 0.01), net)
    result = anchored_ab(light, net, ab, mask, 0.01)
    assert np.array_equal(result[:, mask], ab[:, mask])
    means = (affinities(light) @ result.reshape(2, -1).T).T.reshape(ab.shape)
    assert np.abs((means + 0.01 * net) / 1.01 - result)[:, ~mask].max() < 1e-3
    strong = anchored_ab(light, net, ab, mask, 10.0)
    weak = anchored_ab(light, net, ab, mask, 1e-6)
    assert np.abs(strong - net)[:, ~mask].mean() < np.abs(result - net)[:, ~mask].mean()
    assert np.abs(weak - levin_ab(light, ab, mask)).max() < 0.1


def test_the_net_counts_where_the_hints_say_little() -> None:
    light, ab, mask = scene()
    net = np.full_like(ab, 7)
    confidence = np.ones_like(light)
    confidence[:, 12:] = 0
    pull = pull_of(confidence)
    assert pull[0, 0] < 0.001 < 0.01 < pull[0, 20]
    near = np.abs(anchored_ab(light, net, ab, mask, pull) - net)
    even = np.abs(anchored_ab(light, net, ab, mask, 0.0003) - net)
    assert near[:, :, 16:].mean() < even[:, :, 16:].mean()
