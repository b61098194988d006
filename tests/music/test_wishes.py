"""Wishes: what cannot be is refused with a hint, moods and curves mean what they say."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble.errors import ParamError
from scumble.music import CURVES, MOODS, STYLES, Wishes, compose, plan_from_wishes

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"duration_s": 0}, "param.range"),
    ({"duration_s": 36_000}, "param.range"),
    ({"duration_s": math.nan}, "param.range"),
    ({"duration_s": "long"}, "param.range"),
    ({"mood": "hapy"}, "param.mood"),
    ({"energy": 1.2}, "param.range"),
    ({"valence": -0.1}, "param.range"),
    ({"tempo_bpm": 400}, "param.range"),
    ({"key": "H"}, "param.key"),
    ({"mode": "lydian"}, "param.mode"),
    ({"curve": "zigzag"}, "param.curve"),
    ({"curve": ((0.6, 0.2), (0.5, 0.1))}, "param.curve"),
    ({"curve": ()}, "param.curve"),
    ({"curve": ((0.0, 2.0),)}, "param.range"),
    ({"markers_s": (5.0, 4.0)}, "param.markers"),
    ({"markers_s": (0.0,)}, "param.markers"),
    ({"markers_s": (31.0,)}, "param.range"),
    ({"markers_s": tuple(number / 100 for number in range(1, 1500))}, "param.markers"),
]


@pytest.mark.parametrize(("values", "code"), WRONG)
def test_what_cannot_be_is_refused(values: dict[str, Any], code: str) -> None:
    with pytest.raises(ParamError) as caught:
        Wishes(**{"duration_s": 30, **values})
    assert caught.value.code == code
    assert caught.value.hint


def test_an_unknown_style_is_refused_with_the_nearest() -> None:
    with pytest.raises(ParamError) as caught:
        compose(Wishes(30, "lo-fi"))
    assert caught.value.code == "param.style"
    assert "lofi" in caught.value.hint


@pytest.mark.parametrize("style", sorted(STYLES))
def test_valence_chooses_the_mode(style: str) -> None:
    for tenth in range(11):
        plan = plan_from_wishes(Wishes(20, style, valence=tenth / 10))
        bright = plan.key.mode in ("major", "mixolydian")
        assert bright == (tenth >= 5), f"{plan.key.mode} at valence {tenth / 10}"


def test_what_is_named_is_taken() -> None:
    plan = plan_from_wishes(Wishes(20, "lofi", key="A#", mode="dorian"))
    assert (plan.key.tonic, plan.key.mode) == (10, "dorian")
    assert plan_from_wishes(Wishes(20, mood="sad")).key.mode == "minor"
    assert {plan_from_wishes(Wishes(20), seed).key.tonic for seed in range(60)} == set(range(12))


@given(st.sampled_from(sorted(CURVES)), st.floats(0, 1), st.sampled_from(sorted(MOODS)))
def test_curves_stay_in_range(curve: str, share: float, mood: str) -> None:
    assert 0 <= Wishes(30, curve=curve).energy_at(share, MOODS[mood].energy) <= 1


def test_a_curve_of_points_is_straight_between_them() -> None:
    wishes = Wishes(30, curve=((0.2, 0.4), (0.6, 0.8)))
    found = [wishes.energy_at(share, 0.1) for share in (0.0, 0.2, 0.4, 0.6, 1.0)]
    assert found == pytest.approx([0.4, 0.4, 0.6, 0.8, 0.8])
