"""Hearing: keys, chords, melody and bass of music that does not say them, and what is left out."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from scumble.music import Note, Score, Track, Wishes, compose, midi_from_score, pieces, score_from_midi
from scumble.music import vocabulary as v
from scumble.music.hearing import heard_from_score
from scumble.music.notation import Sounding
from scumble.music.score import Bar, TempoMap

TRIADS = [(0, 4, 7), (5, 9, 12), (9, 12, 16), (7, 11, 14)] * 4
"""C, F, A minor, G."""


def played(shift: int = 0, grid: float = 1.0) -> Score:
    """A bar a chord, a tune of eighths on its tones, a bass of roots; half a second a beat."""
    chords, tune, bass = [], [], []
    for bar, triad in enumerate(TRIADS):
        start = 2.0 * bar
        chords += [Note(start, start + 1.9, 48 + shift + tone, 0.6) for tone in triad]
        bass.append(Note(start, start + 1.9, 36 + shift + triad[0] % 12, 0.8))
        for place in range(8):
            begin = start + place * 0.25 * grid
            tune.append(Note(begin, begin + 0.2, 72 + shift + triad[place % 3], 0.7))
    tracks = (
        Track("piano", "chords", 0, tuple(sorted(chords))),
        Track("voice", "melody", 73, tuple(tune)),
        Track("bass", "bass", 33, tuple(bass)),
    )
    bars = tuple(Bar(4 * number, 4) for number in range(len(TRIADS)))
    end = 96_000 * len(TRIADS)
    return Score(tracks, TempoMap(((0, 0), (4 * len(TRIADS), end))), bars, (), (), end, False, "midi", 0, "major", 0)


@pytest.mark.parametrize("shift", range(-6, 6))
def test_key_chords_and_voices_are_heard_in_every_transposition(shift: int) -> None:
    (heard,) = heard_from_score(played(shift), "song")
    assert (heard.heading.tonic, heard.heading.mode) == (shift % 12, "major")
    assert heard.heading.parts == ("bass", "melody")
    found = [bar.chords[0].chord for bar in heard.measures]
    assert found == [Sounding(triad[0] % 12, int(triad[1] - triad[0] == 3)) for triad in TRIADS]
    assert [len(bar.melody) for bar in heard.measures] == [8] * len(TRIADS)
    assert heard.words_of_bars() == heard_from_score(played(0), "song")[0].words_of_bars()


def test_what_is_off_the_grid_is_left_out() -> None:
    assert heard_from_score(played(0, grid=4 / 3), "song") == []


def test_what_is_in_no_key_is_left_out() -> None:
    score = played()
    notes = tuple(Note(0.125 * place, 0.125 * place + 0.1, 60 + place * 7 % 12, 0.5) for place in range(96))
    assert heard_from_score(dataclasses.replace(score, tracks=(Track("any", "melody", 0, notes),)), "song") == []


def test_bars_too_long_for_the_words_are_left_out() -> None:
    score = played()
    assert heard_from_score(dataclasses.replace(score, bars=(Bar(0, 9), Bar(9, 55))), "song") == []


def test_long_music_is_heard_in_pieces() -> None:
    score = compose(Wishes(150, "corporate"), 4)
    heard = heard_from_score(score, "corporate", keyed=True)
    assert len(heard) > 1
    assert sum(len(one.measures) for one in heard) == len(score.bars)


def test_our_own_keys_are_heard_from_midi_alone() -> None:
    right = count = 0
    for score in itertools.islice(pieces(11, min_s=25, max_s=40), 26):
        untold = dataclasses.replace(score_from_midi(midi_from_score(score)), key=0, mode="major", chords=())
        for heard in heard_from_score(untold, "song")[:1]:
            count += 1
            right += heard.heading.tonic in (score.key, (score.key + 3) % 12, (score.key + 9) % 12)
    assert count >= 20
    assert right / count >= 0.7


def test_energy_is_the_forms_or_what_is_struck() -> None:
    score = compose(Wishes(60, "house", curve="rise"), 2)
    told = [bar.energy for heard in heard_from_score(score, "house", keyed=True) for bar in heard.measures]
    assert told[0] < told[-2]
    assert set(told) <= set(range(v.ENERGIES))
    untold = [bar.energy for heard in heard_from_score(score, "house") for bar in heard.measures]
    assert untold[0] < max(untold)
