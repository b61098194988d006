"""The music itself: in key, agreeing, moving, breathing, returning, growing with the energy, and the same again."""

from __future__ import annotations

import dataclasses
import itertools
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scumble.errors import ParamError
from scumble.music import (
    MOODS,
    STYLES,
    Score,
    Wishes,
    compose,
    findings_from_score,
    midi_from_score,
    pieces,
    plan_from_wishes,
    score_from_plan,
)
from scumble.music.instruments import trim_db
from scumble.music.plan import Event, cells
from scumble.music.score import SAMPLE_RATE_HZ, Mode, Role
from scumble.music.style import Part
from scumble.music.theory import chord_from_numeral

ALL = sorted(STYLES)
NAMES = st.sampled_from(ALL)


def check_notes(score: Score) -> None:
    """What a sampler relies on."""
    names = [track.name for track in score.tracks]
    assert names
    assert len(set(names)) == len(names)
    for track in score.tracks:
        assert track.role in get_args(Role)
        assert 0 <= track.program <= 127
        assert -1 <= track.pan <= 1
        assert -24 <= track.gain_db <= 12
        assert 0 <= track.reverb <= 1
        assert list(track.notes) == sorted(track.notes)
        ends: dict[int, float] = {}
        for note in track.notes:
            assert 0 <= note.start_s < score.length_s
            assert note.end_s > note.start_s
            assert 0 <= note.pitch <= 127
            assert 0 < note.velocity <= 1
            assert note.start_s >= ends.get(note.pitch, 0.0), "one key sounds once at a time"
            ends[note.pitch] = note.end_s
            assert score.loop or note.end_s <= score.length_s
        assert all(0 <= point.value <= 1 for point in track.expression)


@settings(deadline=None, max_examples=60)
@given(
    NAMES,
    st.sampled_from(["", *MOODS]),
    st.floats(1, 90),
    st.floats(0, 1),
    st.sampled_from([None, *get_args(Mode)]),
    st.booleans(),
    st.booleans(),
    st.integers(0, 1 << 40),
)
@example("lofi", "playful", 34.21131819486618, 0.5, None, False, False, 54991).via(
    "a phrase ends over a minor ninth with a major seventh"
)
@example("ambient", "", 1.25, 0.5, None, False, False, 1).via("a piece that is all ending")
def test_whatever_is_wished_for_can_be_played(
    style: str, mood: str, duration_s: float, energy: float, mode: Mode | None, strict: bool, loop: bool, seed: int
) -> None:
    wishes = Wishes(duration_s, style, mood, energy=energy, mode=mode, strict=strict, loop=loop)
    score = compose(wishes, seed)
    assert score.length_samples == round(duration_s * SAMPLE_RATE_HZ)
    check_notes(score)


@pytest.mark.parametrize("style", ALL)
def test_the_ending_ends(style: str) -> None:
    for seed in range(3):
        score = compose(Wishes(40, style), seed)
        last = score.tempo.seconds_from_beat(score.bars[-1].start_beat)
        final = [n for t in score.tracks if t.role != "drums" for n in t.notes if n.start_s >= last - 0.02]
        assert {note.pitch % 12 for note in final} <= set(score.chords[-1].pitch_classes)
        assert min(final, key=lambda note: note.pitch).pitch % 12 == score.key, "the tonic lies below"
        end_s = max(note.end_s for track in score.tracks for note in track.notes)
        assert 0.3 <= score.length_s - end_s <= 2.6, "the sound has time to die away, and no more"


@pytest.mark.parametrize("style", ALL)
@pytest.mark.parametrize("mode", get_args(Mode))
def test_strict_music_has_the_keys_tones_only(style: str, mode: Mode) -> None:
    for seed, duration_s in enumerate((3, 25, 70)):
        score = compose(Wishes(duration_s, style, mode=mode, energy=0.9, strict=True), seed)
        assert findings_from_score(score).in_key == 1.0


@pytest.mark.parametrize("style", ALL)
def test_the_music_holds_up_under_examination(style: str) -> None:
    """Bounds that hold for every piece, and closer ones for the mean of a style."""
    found = [
        findings_from_score(compose(Wishes(48, style, energy=energy), seed))
        for seed in range(3)
        for energy in (0.4, 0.8)
    ]
    for findings in found:
        assert findings.in_key >= 0.88
        assert findings.chord_tones >= 0.97
        assert findings.wide_leaps <= 0.03
        assert findings.clashes <= 0.15
        assert findings.melodies >= 2
        assert findings.longest_silence_s <= 1.0
    assert mean([findings.clashes for findings in found]) <= 0.03
    assert 0.55 <= mean([findings.returns for findings in found]) <= 0.99, "motifs come back, and not only they"
    assert mean([findings.mud for findings in found]) <= 0.1


@pytest.mark.parametrize("style", ALL)
def test_energy_shows_in_density_and_level(style: str) -> None:
    densities, levels = [], []
    for tenth in range(11):
        score = compose(Wishes(30, style, energy=tenth / 10), 1)
        notes = [(track, note) for track in score.tracks for note in track.notes]
        densities.append(len(notes))
        levels.append(sum(n.velocity * 10 ** (t.gain_db / 20) * min(n.end_s - n.start_s, 1) for t, n in notes))
    assert spearman(densities) >= 0.9
    assert spearman(levels) >= 0.8


def test_quiet_sections_are_thinner_than_full_ones() -> None:
    score = compose(Wishes(180, "corporate"), 2)
    density = dict(zip((s.name for s in score.sections), findings_from_score(score).densities, strict=True))
    assert density["intro"] < density["A"] < density["B"]
    assert density["C"] < density["B"]


def test_a_section_that_returns_is_known_again() -> None:
    score = compose(Wishes(120, "synthwave", loop=True), 3)
    first, second = [section for section in score.sections if section.name == "A"][:2]
    chords = [
        [chord.symbol for chord in score.chords if section.start_s <= chord.start_s + 1e-6 < section.end_s]
        for section in (first, second)
    ]
    assert chords[0] == chords[1]
    heard = [set(grid(score, section.first_bar, 2)) for section in (first, second)]
    assert heard[0] == heard[1] != set(), "the phrase begins with the same notes"


def test_the_same_seed_gives_the_same_notes_in_another_process() -> None:
    wishes = "Wishes(47.3, 'bossa', markers_s=(12.5,), curve='arc')"
    code = f"import sys; from scumble.music import *; sys.stdout.buffer.write(midi_from_score(compose({wishes}, 9)))"
    environment = {**os.environ, "PYTHONHASHSEED": "4242"}
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment).stdout
    here = midi_from_score(compose(Wishes(47.3, "bossa", markers_s=(12.5,), curve="arc"), 9))
    assert other == here
    assert here != midi_from_score(compose(Wishes(47.3, "bossa", markers_s=(12.5,), curve="arc"), 10))


def test_seeds_give_different_music() -> None:
    melodies = set()
    for seed in range(12):
        score = compose(Wishes(30, "acoustic", key="C"), seed)
        melodies.add(tuple(note.pitch for note in score.track("melody").notes))
    assert len(melodies) == 12


def test_pieces_go_through_styles_and_do_not_depend_on_where_one_begins() -> None:
    scores = list(itertools.islice(pieces(5, min_s=5, max_s=9), len(STYLES)))
    assert {score.style for score in scores} == set(STYLES)
    assert all(5 <= score.length_s <= 9.001 for score in scores)
    again = list(itertools.islice(pieces(5, min_s=5, max_s=9), 3))
    assert again == scores[:3]
    assert next(pieces(6, min_s=5, max_s=9)) != scores[0]
    with pytest.raises(ParamError):
        next(pieces(0, min_s=0))


def test_harmony_and_melody_can_come_from_elsewhere() -> None:
    plan = plan_from_wishes(Wishes(20, "acoustic", key="C", mode="major"), 3)
    minor = chord_from_numeral("vi", 0, "major")
    other = dataclasses.replace(plan, harmony=tuple(span._replace(chord=minor) for span in plan.harmony))
    sung = tuple(Event(float(beat), beat + 0.9, 76, 0.6) for beat in range(0, plan.beats - 4, 2))
    score = score_from_plan(other, 3, sung)
    assert [note.pitch for note in score.track("melody").notes] == [76] * len(sung)
    assert {note.pitch % 12 for note in score.track("guitar").notes} == {9, 0, 4}
    assert {note.pitch % 12 for note in score.track("bass").notes} <= {9, 4, 7, 11}


def test_the_melody_can_be_left_out() -> None:
    sung, bare = (compose(Wishes(30, "corporate", melody=melody), 2) for melody in (True, False))
    assert bare.tracks == tuple(track for track in sung.tracks if track.role != "melody")
    assert len(bare.tracks) == len(sung.tracks) - 1


def test_a_second_of_music_is_a_chord_with_a_top() -> None:
    score = compose(Wishes(1, "corporate"), 2)
    assert {"melody", "chords", "bass"} <= {track.role for track in score.tracks}
    assert all(note.end_s < 0.9 for track in score.tracks for note in track.notes)


def test_half_an_hour_does_not_go_round_in_circles() -> None:
    score = compose(Wishes(1800, "lofi"), 1)
    check_notes(score)
    names = [section.name for section in score.sections]
    assert {"A", "B", "C", "D", "E"} <= set(names)
    assert findings_from_score(score).melodies >= 12


@pytest.mark.parametrize("style", ALL)
def test_patterns_are_written_well(style: str) -> None:
    bar = STYLES[style].metre * 4
    for part in STYLES[style].parts:
        for text, tokens in texts(part):
            assert len(cells(text)) % bar == 0, f"{part.name}: {text!r} is no whole bars"
            assert set(cells(text)) <= set(tokens), f"{part.name}: {text!r}"
        for ladder in part.patterns:
            assert [level.energy for level in ladder] == sorted({level.energy for level in ladder})
        assert part.low + 11 <= part.high, "every pitch class has a place"
        loudest = max(part.gain_db + trim_db(part.role, program) for program in part.programs)
        assert loudest <= 8, "MIDI's volume has no more"
    assert all(0 <= value <= 1 for value in STYLES[style].mood)
    assert len(MOODS) >= 4


def texts(part: Part) -> list[tuple[str, str]]:
    """All patterns of a part, each with the letters that it may be written in."""
    tokens = {"bass": "-.13578a", "arpeggio": "-.0123456789"}.get(part.playing, "-.xXobt")
    found = [(level.text, tokens) for ladder in part.patterns for level in ladder]
    if part.tune is not None:
        found += [(text, "-.x") for text in part.tune.rhythms]
    if part.kit is not None:
        found += [(lv.text, ".xXo123456789") for groove in part.kit.grooves for v in groove for lv in v.ladder]
        found += [(text, "._xXo123456789") for fill in part.kit.fills for _, text in fill]
    return found


def grid(score: Score, first_bar: int, bars: int) -> list[tuple[int, int]]:
    """Melody notes of some bars as (sixteenth from their beginning, pitch)."""
    start, end = score.bars[first_bar].start_beat, score.bars[first_bar + bars - 1].end_beat
    melody = [note for track in score.tracks if track.role == "melody" for note in track.notes]
    places = [(round((score.tempo.beat_from_seconds(note.start_s) - start) * 4), note.pitch) for note in melody]
    return [(place, pitch) for place, pitch in places if 0 <= place < (end - start) * 4]


def mean(values: list[float]) -> float:
    """The arithmetic mean."""
    return sum(values) / len(values)


def spearman(values: Sequence[float]) -> float:
    """Rank correlation of values with their order."""
    ranks = [sum(other < value for other in values) + sum(other == value for other in values) / 2 for value in values]
    middle = mean(ranks)
    order = [place - (len(values) - 1) / 2 for place in range(len(values))]
    above = sum((rank - middle) * place for rank, place in zip(ranks, order, strict=True))
    spread = sum((rank - middle) ** 2 for rank in ranks) * sum(place * place for place in order)
    return float(above / spread**0.5)
