"""Form: exact lengths, whole bars, markers on downbeats, sections that return, from one second to half an hour."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scumble.errors import ParamError
from scumble.music import STYLES, Score, Wishes, plan_from_wishes
from scumble.music.form import sections_from_grid
from scumble.music.plan import Plan
from scumble.music.score import SAMPLE_RATE_HZ, TempoMap
from scumble.music.timing import MAX_BPM, MIN_BPM

NAMES = st.sampled_from(sorted(STYLES))
DURATIONS = st.floats(1, 1800) | st.floats(1, 20) | st.sampled_from([1.0, 1.5, 2.0, 47.3, 1800.0])


def check_grid(plan: Plan, length: int) -> None:
    assert plan.grid.tempo.anchors[-1] == (plan.beats, length)
    assert plan.bars[0].start_beat == 0
    assert plan.bars[-1].end_beat == plan.beats
    assert all(bar.beats >= 1 for bar in plan.bars)
    assert all(later.start_beat == earlier.end_beat for earlier, later in itertools.pairwise(plan.bars))
    assert plan.sections[0].first_bar == 0
    ends = [section.first_bar + section.bars for section in plan.sections]
    assert ends == [section.first_bar for section in plan.sections[1:]] + [len(plan.bars)]
    assert plan.harmony[0].start_beat == 0
    assert plan.harmony[-1].end_beat == plan.beats
    assert all(later.start_beat == earlier.end_beat for earlier, later in itertools.pairwise(plan.harmony))
    assert len(plan.energies) == len(plan.bars)
    assert all(0 <= energy <= 1 for energy in plan.energies)


@settings(deadline=None)
@given(NAMES, DURATIONS, st.booleans(), st.integers(0, 5), st.floats(0, 1))
def test_every_length_is_exact_and_made_of_whole_bars(
    style: str, duration_s: float, loop: bool, seed: int, energy: float
) -> None:
    wishes = Wishes(duration_s, style, loop=loop, energy=energy)
    plan = plan_from_wishes(wishes, seed)
    check_grid(plan, round(duration_s * SAMPLE_RATE_HZ))
    odd = [bar for bar in plan.bars if bar.beats != plan.style.metre]
    assert len(odd) <= 1, "without markers one bar at most is of another size"
    bpm = plan.grid.tempo.bpm_at(0)
    if duration_s >= 16:
        slowest, _, _, fastest = plan.style.bpm
        assert slowest <= bpm <= fastest
        assert not odd


@settings(deadline=None)
@given(NAMES, st.floats(4, 300), st.lists(st.floats(0.5, 299.5), max_size=12), st.booleans(), st.integers(0, 3))
def test_markers_fall_on_the_first_beat_of_a_bar(
    style: str, duration_s: float, times: list[float], loop: bool, seed: int
) -> None:
    markers: list[float] = []
    for time_s in sorted(times):
        if time_s - (markers[-1] if markers else 0) >= 0.3 and duration_s - time_s >= 0.3:
            markers.append(time_s)
    wishes = Wishes(duration_s, style, markers_s=tuple(markers), loop=loop)
    plan = plan_from_wishes(wishes, seed)
    check_grid(plan, wishes.length_samples)
    downbeats = {plan.grid.tempo.sample_from_beat(bar.start_beat) for bar in plan.bars}
    assert all(round(time_s * SAMPLE_RATE_HZ) in downbeats for time_s in markers)
    pieces = itertools.pairwise(plan.grid.tempo.anchors)
    assert all(MIN_BPM <= plan.grid.tempo.bpm_at(start) <= MAX_BPM for (start, _), _ in pieces)


@settings(deadline=None)
@given(NAMES, st.floats(8, 400), st.floats(60, 180))
def test_a_tempo_that_is_named_is_kept_but_in_the_last_bar(style: str, duration_s: float, bpm: float) -> None:
    plan = plan_from_wishes(Wishes(duration_s, style, tempo_bpm=bpm))
    check_grid(plan, round(duration_s * SAMPLE_RATE_HZ))
    for bar in plan.bars[:-1]:
        exact = bar.start_beat * 60 / bpm * SAMPLE_RATE_HZ
        assert abs(plan.grid.tempo.sample_from_beat(bar.start_beat) - exact) <= 0.51


@given(NAMES, st.floats(100, 1800), st.booleans())
@settings(deadline=None, max_examples=40)
def test_sections_return_and_contrast(style: str, duration_s: float, loop: bool) -> None:
    plan = plan_from_wishes(Wishes(duration_s, style, loop=loop))
    names = [section.name for section in plan.sections]
    assert names.count("A") >= 2
    assert "B" in names
    assert [section.variant for section in plan.sections if section.name == "A"] == list(range(names.count("A")))
    assert ("intro" in names, "outro" in names) == (not loop, not loop)
    assert max(section.bars for section in plan.sections) <= 16


def test_far_markers_begin_sections_and_near_ones_are_accents() -> None:
    plan = plan_from_wishes(Wishes(60, "corporate", markers_s=(20.0, 20.6, 41.0)))
    starts = {section.start_s for section in plan.sections}
    assert {20.0, 41.0} <= starts
    assert 20.6 not in starts


def test_a_curve_is_followed() -> None:
    curve = ((0.0, 0.1), (0.5, 0.9), (0.5, 0.3), (1.0, 0.3))
    plan = plan_from_wishes(Wishes(120, "house", curve=curve))
    half = next(number for number, bar in enumerate(plan.bars) if bar.start_beat * 2 >= plan.beats)
    rising = plan.energies[: half - 1]
    assert list(rising) == sorted(rising)
    assert rising[0] < 0.15
    assert rising[-1] > 0.8
    assert all(energy == pytest.approx(0.3) for energy in plan.energies[half:])
    again = sections_from_grid(plan.grid, Wishes(120, "house", curve=curve), 0.5)
    assert again == plan.sections


def test_a_curve_decides_which_section_is_which() -> None:
    curve = ((0.0, 0.3), (0.4, 0.6), (0.41, 0.9), (0.8, 0.95), (0.82, 0.4), (1.0, 0.3))
    plan = plan_from_wishes(Wishes(75.5, "corporate", curve=curve, markers_s=(9.4, 30.9, 61.9)))
    names = {section.start_s: section.name for section in plan.sections}
    assert names[0.0] == "intro"
    assert names[30.9] == "B", "where the energy is highest"
    assert names[61.9] == "outro"
    assert "A" in names.values()


@pytest.mark.parametrize("loop", [False, True])
def test_the_harmony_comes_home(loop: bool) -> None:
    for style in STYLES:
        for seed in range(4):
            plan = plan_from_wishes(Wishes(40, style, loop=loop), seed)
            first, last = plan.harmony[0].chord, plan.harmony[-1].chord
            if loop:
                assert last != first, "the end leads on"
            else:
                assert last.root == last.bass == plan.key.tonic
                assert plan.harmony[-2].chord.root != plan.key.tonic, "a cadence comes before"


def test_markers_without_room_are_refused() -> None:
    with pytest.raises(ParamError) as caught:
        plan_from_wishes(Wishes(10, markers_s=(5.0, 5.1)))
    assert caught.value.code == "param.markers"
    assert "0.25 s" in caught.value.hint


@pytest.mark.parametrize("anchors", [((0, 0),), ((0, 1), (2, 3)), ((0, 0), (2, 5), (2, 9)), ((0, 0), (2, 5), (3, 5))])
def test_a_tempo_map_rises(anchors: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(ParamError):
        TempoMap(anchors)


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(9000, 900_000)), min_size=1, max_size=9), st.floats(0, 1))
def test_a_tempo_map_goes_there_and_back(steps: list[tuple[int, int]], share: float) -> None:
    sums = itertools.accumulate(steps, lambda a, b: (a[0] + b[0], a[1] + b[1]))
    tempo = TempoMap(((0, 0), *sums))
    assert all(tempo.sample_from_beat(beat) == sample for beat, sample in tempo.anchors)
    beat = share * tempo.beats
    assert tempo.beat_from_seconds(tempo.seconds_from_beat(beat)) == pytest.approx(beat, abs=1e-9)


def test_a_score_knows_its_parts(score_of_lofi: Score) -> None:
    assert score_of_lofi.track("bass").role == "bass"
    with pytest.raises(KeyError):
        score_of_lofi.track("kazoo")
