"""The composer's words: what is written can be read, bars are whole whatever is chosen, choices stand small errors."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scumble.music import MOODS, STYLES, pieces
from scumble.music import vocabulary as v
from scumble.music.chance import Chance
from scumble.music.deciding import chosen
from scumble.music.hearing import heard_from_score
from scumble.music.notation import Cell, Grammar, Hits, Measure, measures_from_numbers, numbers_from_measure


def test_every_word_has_one_number() -> None:
    words = [v.word(number) for number in range(v.SIZE)]
    assert len(set(words)) == v.SIZE
    assert [v.number(family, value) for family, value in words] == list(range(v.SIZE))
    for family, count in v.FAMILIES.items():
        with pytest.raises(ValueError, match=family):
            v.number(family, count)


def test_every_style_and_mood_has_a_word_and_strangers_have_one_too() -> None:
    assert {v.STYLE_WORDS[v.style_word(name)] for name in STYLES} == set(STYLES)
    assert {v.MOOD_WORDS[v.mood_word(name)] for name in MOODS} == set(MOODS)
    assert v.STYLE_WORDS[v.style_word("polka")] == "other"
    assert v.MOOD_WORDS[v.mood_word("jealous")] == ""


def test_drums_are_told_apart_by_key() -> None:
    keys = [key for own in v.DRUMS.values() for key in own]
    assert len(keys) == len(set(keys))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 39))
def test_what_is_written_is_read_again(number: int) -> None:
    score = next(itertools.islice(pieces(5, min_s=5, max_s=15), number, None))
    for heard in heard_from_score(score, score.style, keyed=True):
        heading = len(heard.heading.numbers())
        assert tuple(measures_from_numbers(heard.numbers()[heading:], heard.heading.parts)) == heard.measures


@settings(deadline=None)
@given(st.integers(0, 1 << 30), st.sets(st.sampled_from(v.PARTS)))
def test_bars_are_whole_whatever_is_chosen(seed: int, parts: set[str]) -> None:
    grammar = Grammar(tuple(parts))
    numbers: list[int] = []
    while len(numbers) < 150 or grammar.state != "bar":
        allowed = grammar.allowed()
        assert allowed == sorted(set(allowed))
        numbers.append(Chance(seed).choice(allowed, len(numbers)))
        grammar.follow(numbers[-1])
    for measure in measures_from_numbers(numbers, tuple(parts)):
        voices: dict[str, tuple[Cell | Hits, ...]] = {
            "bass": measure.bass,
            "melody": measure.melody,
            "drums": measure.drums,
        }
        assert measure.chords[-1].until == measure.steps
        assert {name for name, cells in voices.items() if cells} == parts
        assert all(cells[-1].until == measure.steps for cells in voices.values() if cells)


def test_a_voice_that_does_not_fill_its_bar_is_refused() -> None:
    heard = heard_from_score(next(pieces(1)), "lofi", keyed=True)[0]
    bar = next(bar for bar in heard.measures if bar.melody)
    short = dataclasses.replace(bar, melody=(Cell(v.REST, bar.steps - 1),))
    backwards = dataclasses.replace(bar, melody=(Cell(v.REST, bar.steps), Cell(v.REST, 3)))
    for wrong in (short, backwards, Measure(4, 0, ())):
        with pytest.raises(ValueError, match="voice"):
            numbers_from_measure(wrong, ("melody",))


def test_a_word_out_of_place_is_refused() -> None:
    with pytest.raises(ValueError, match="may not follow"):
        Grammar(("melody",)).follow(v.number("tune", 5))


def test_choices_are_as_likely_as_the_net_says() -> None:
    logits = [0.0, 0.6931, -0.6931, 9.0]
    drawn = Counter(chosen(logits, [0, 1, 2], Chance(seed)) for seed in range(3000))
    assert [drawn[number] / 3000 for number in range(4)] == pytest.approx([2 / 7, 4 / 7, 1 / 7, 0], abs=0.03)


def test_daring_and_nucleus_leave_out_what_is_unlikely() -> None:
    logits = [2.0, 1.0, 0.0, -6.0]
    assert {chosen(logits, range(4), Chance(seed), temperature=0) for seed in range(50)} == {0}
    assert {chosen(logits, range(4), Chance(seed), top_p=0.9) for seed in range(500)} == {0, 1}
    cold = Counter(chosen(logits, range(4), Chance(seed), temperature=0.3) for seed in range(500))
    warm = Counter(chosen(logits, range(4), Chance(seed), temperature=1.0) for seed in range(500))
    assert cold[0] > warm[0] + 50


@settings(deadline=None)
@given(st.integers(0, 1 << 40))
def test_other_machines_last_digits_change_nothing(seed: int) -> None:
    chance = Chance(seed)
    # Logits in the middle of their rounding steps: there is room for an error on both sides.
    logits = [round(chance.between(-30, 30, number)) * 0.0866434 for number in range(40)]
    blurred = [logit + chance.between(-1e-3, 1e-3, "error", number) for number, logit in enumerate(logits)]
    assert chosen(logits, range(40), chance.at("x")) == chosen(blurred, range(40), chance.at("x"))
