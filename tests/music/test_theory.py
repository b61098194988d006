"""Theory: Roman numerals become the chords they name, voices move little, chance is the same everywhere."""

from __future__ import annotations

import itertools
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble.music import chance as chance_module
from scumble.music.chance import Chance
from scumble.music.score import Mode
from scumble.music.styles import STYLES
from scumble.music.theory import (
    Color,
    chord_from_numeral,
    clashes,
    nearest_pitch,
    scale_from_key,
    scale_over_chord,
)
from scumble.music.voicing import voicings_from_chords

MODES = st.sampled_from(get_args(Mode))
COLORS = st.sampled_from(get_args(Color))
NUMERALS = sorted(
    {
        numeral
        for style in STYLES.values()
        for harmony in style.harmony.values()
        for sequences in (harmony.verses, harmony.choruses, harmony.bridges, harmony.cadences)
        for sequence in sequences
        for bar in sequence.split()
        for numeral in bar.split(",")
    }
)


@pytest.mark.parametrize(
    ("numeral", "mode", "color", "tones"),
    [
        ("I", "major", "triad", (0, 4, 7)),
        ("vi", "major", "triad", (9, 0, 4)),
        ("V7", "major", "triad", (7, 11, 2, 5)),
        ("I", "major", "seventh", (0, 4, 7, 11)),
        ("ii", "major", "ninth", (2, 5, 9, 0, 4)),
        ("iv", "major", "triad", (5, 8, 0)),
        ("bVII", "major", "triad", (10, 2, 5)),
        ("VI", "minor", "triad", (8, 0, 3)),
        ("V", "minor", "seventh", (7, 11, 2, 5)),
        ("ii°", "minor", "seventh", (2, 5, 8, 0)),
        ("IV", "dorian", "triad", (5, 9, 0)),
        ("VII", "mixolydian", "triad", (10, 2, 5)),
        ("Vsus4", "major", "triad", (7, 0, 2)),
        ("I", "major", "open", (0, 4, 7, 2)),
    ],
)
def test_numerals_name_chords(numeral: str, mode: Mode, color: Color, tones: tuple[int, ...]) -> None:
    assert chord_from_numeral(numeral, 0, mode, color).pitch_classes == tones
    moved = chord_from_numeral(numeral, 5, mode, color)
    assert moved.pitch_classes == tuple((tone + 5) % 12 for tone in tones)


def test_an_inversion_names_its_bass() -> None:
    assert chord_from_numeral("V/3", 0, "major").bass == 11
    assert chord_from_numeral("I/5", 2, "major").bass == 9


@pytest.mark.parametrize("text", ["", "H", "Ix", "viii", "I/4"])
def test_other_texts_are_no_numerals(text: str) -> None:
    with pytest.raises(ValueError, match="numeral"):
        chord_from_numeral(text, 0, "major")


@given(st.sampled_from(NUMERALS), st.integers(0, 11), MODES, COLORS)
def test_strict_chords_keep_to_the_scale(numeral: str, key: int, mode: Mode, color: Color) -> None:
    chord = chord_from_numeral(numeral, key, mode, color, strict=True)
    assert set(chord.pitch_classes) | {chord.bass} <= set(scale_from_key(key, mode))
    free = chord_from_numeral(numeral, key, mode, color)
    assert len(set(free.pitch_classes)) == len(free.pitch_classes) >= 2


def test_a_foreign_tone_takes_its_neighbours_place() -> None:
    scale = scale_from_key(0, "minor")
    dominant = chord_from_numeral("V", 0, "minor")
    assert scale_over_chord(scale, dominant) == (2, 3, 5, 7, 8, 11)
    assert clashes(8, dominant)
    assert not clashes(7, dominant)
    assert not clashes(5, dominant)


@given(st.lists(st.sampled_from(NUMERALS), min_size=2, max_size=12), MODES, COLORS, st.integers(2, 5))
def test_voices_stay_in_range_and_hold_the_chord(numerals: list[str], mode: Mode, color: Color, voices: int) -> None:
    chords = [chord_from_numeral(numeral, 4, mode, color) for numeral in numerals]
    for chord, pitches in zip(chords, voicings_from_chords(chords, 50, 74, voices), strict=True):
        assert list(pitches) == sorted(set(pitches))
        assert pitches[0] >= 50
        assert pitches[-1] <= 74
        assert {pitch % 12 for pitch in pitches} <= set(chord.pitch_classes)
        assert len(pitches) == min(voices, len(chord.pitch_classes))


def test_voices_move_little() -> None:
    chords = [
        chord_from_numeral(numeral, 0, "major")
        for numeral in ["I", "V", "vi", "IV", "ii", "V", "I", "iii", "vi", "ii", "V", "I"]
    ]
    laid = voicings_from_chords(chords, 48, 76, 3)
    moves = [abs(a - b) for one, other in itertools.pairwise(laid) for a, b in zip(one, other, strict=True)]
    assert sum(moves) / len(moves) <= 2.0


def test_the_nearest_pitch_is_in_range() -> None:
    assert nearest_pitch(61, (0,), 48, 72) == 60
    assert nearest_pitch(10, (7,), 40, 60) == 43


def test_chance_is_the_same_everywhere() -> None:
    assert (chance_module._splitmix64(0), chance_module._number_from_name("a")) == PUBLISHED
    chance = Chance(7).at("melody", 3)
    assert [chance.integer(1000, "step", number) for number in range(5)] == PINNED
    assert chance.uniform("x") == chance.uniform("x") != chance.uniform("y")
    assert chance.choice("abc", 1) in "abc"
    assert chance.weighted("ab", (0, 1), 5) == "b"


def test_chance_is_even_and_its_bell_has_the_deviation_it_says() -> None:
    chance = Chance(11)
    drawn = [chance.uniform(number) for number in range(4000)]
    assert abs(sum(drawn) / 4000 - 0.5) < 0.02
    assert min(drawn) > 0
    assert max(drawn) < 1
    bells = [chance.bell(number) for number in range(4000)]
    assert abs(sum(bells) / 4000) < 0.07
    assert abs(sum(bell * bell for bell in bells) / 4000 - 1) < 0.1
    assert all(2 <= chance.between(2, 3, number) <= 3 for number in range(50))


PUBLISHED = 0xE220A8397B1DCDAF, 0xAF63DC4C8601EC8C
"""The first output of splitmix64 from 0, and FNV-1a's value of "a", as published with them."""

PINNED = [722, 767, 509, 966, 126]
"""A change of these would change the music of every seed."""
