"""The composer's vocabulary: every word of notated music as a whole number, the same for training and playing."""

from __future__ import annotations

import hashlib
from typing import NamedTuple, get_args

from scumble.music.score import Mode

STEPS = 4
"""Steps a beat: the grid of sixteenths on which everything is notated."""
MOST_BEATS = 8
"""Beats of the longest bar."""
ENGINE_STYLES = (
    "lofi",
    "ambient",
    "acoustic",
    "corporate",
    "cinematic",
    "house",
    "synthwave",
    "trailer",
    "piano",
    "hiphop",
    "bossa",
    "playful",
    "waltz",
    "other",
)
"""The style engine's styles that have a word; a later one is "other", so that nets do not need to learn anew."""
SOURCES = ("song", "quartet", "game", "pattern", "progression")
"""Kinds of music beside the style engine's styles that the composer learns from."""
ENERGIES = 5
TEMPO_EDGES_BPM = (60, 75, 90, 105, 120, 140, 165)
"""Where one tempo word ends and the next begins."""
QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "m7b5": (0, 3, 6, 10),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
}
"""Kinds of chords, as semitones above the root."""
DRUMS: dict[str, tuple[int, ...]] = {
    "kick": (36, 35),
    "snare": (38, 40),
    "side": (37, 39),
    "closed": (42, 44),
    "open": (46,),
    "low": (45, 41, 43),
    "high": (48, 47, 50),
    "crash": (49, 57, 52, 55),
    "ride": (51, 53, 59),
    "hand": (70, 54, 56, 60, 61, 62, 63, 64, 69, 75, 76, 77, 80, 81, 82),
}
"""Drums that are told apart, and the keys of General MIDI's map that count as each; the first is played."""
LOWEST_BASS, HIGHEST_BASS = -36, 7
LOWEST_TUNE, HIGHEST_TUNE = -24, 36
"""Ranges in semitones from the tonic nearest to middle C (F sharp below to F above)."""
PARTS = ("bass", "melody", "drums")


class Word(NamedTuple):
    """What a number means: a family of words, and which of it."""

    family: str
    value: int


def _families() -> dict[str, int]:
    """Returns how many words each family has, in the order of their numbers."""
    return {
        "pad": 1,
        "start": 1,
        "style": len(STYLE_WORDS),
        "mood": len(MOOD_WORDS),
        "key": 12,
        "mode": len(MODE_WORDS),
        "tempo": len(TEMPO_EDGES_BPM) + 1,
        "parts": 1 << len(PARTS),
        "bar": MOST_BEATS,
        "energy": ENERGIES,
        "chord": 12 * len(QUALITIES),
        "until": MOST_BEATS * STEPS,
        "bass": HIGHEST_BASS - LOWEST_BASS + 3,
        "tune": HIGHEST_TUNE - LOWEST_TUNE + 3,
        "drum": len(DRUMS),
    }


STYLE_WORDS = (*ENGINE_STYLES, *SOURCES)
MOOD_WORDS = (
    "",
    "happy",
    "sad",
    "calm",
    "energetic",
    "hopeful",
    "dreamy",
    "dark",
    "tense",
    "epic",
    "melancholic",
    "playful",
    "angry",
)
"""The moods that have a word; the first is none."""
MODE_WORDS: tuple[Mode, ...] = get_args(Mode)
REST, HOLD = 0, 1
"""The first two values of bass and tune: silence, and the tone before sounding on; then the tones from the lowest."""
FAMILIES = _families()
FIRST: dict[str, int] = {}
"""Number of each family's first word."""
for _name, _count in FAMILIES.items():
    FIRST[_name] = sum(FAMILIES[before] for before in FIRST)
SIZE = sum(FAMILIES.values())
PAD, START = FIRST["pad"], FIRST["start"]
_WORDS = tuple(Word(family, value) for family, count in FAMILIES.items() for value in range(count))
PREFIX = ("start", "style", "mood", "key", "mode", "tempo", "parts")
"""The families that every sequence begins with."""


def number(family: str, value: int) -> int:
    """Returns a word's number. Raises ValueError for a value that the family has not."""
    if not 0 <= value < FAMILIES[family]:
        raise ValueError(f"there is no {family} {value}")
    return FIRST[family] + value


def word(number: int) -> Word:
    """Returns what a number means; raises IndexError for none."""
    return _WORDS[number]


def style_word(style: str) -> int:
    """Returns the value of a style; that of "other" for one without a word."""
    return STYLE_WORDS.index(style if style in STYLE_WORDS else "other")


def mood_word(mood: str) -> int:
    """Returns the value of a mood; that of none for one without a word."""
    return MOOD_WORDS.index(mood) if mood in MOOD_WORDS else 0


def tempo_word(bpm: float) -> int:
    """Returns the value of a tempo."""
    return sum(bpm >= edge for edge in TEMPO_EDGES_BPM)


def energy_word(energy: float) -> int:
    """Returns the value of an energy of 0 to 1."""
    return min(int(max(energy, 0.0) * ENERGIES), ENERGIES - 1)


def centre(tonic: int) -> int:
    """Returns the MIDI pitch that counts as 0 in a key: the tonic nearest to middle C."""
    return 60 + (tonic if tonic < 6 else tonic - 12)


def fingerprint() -> str:
    """Returns what tells vocabularies apart: a hash of every family, name and range."""
    facts = (FAMILIES, STYLE_WORDS, MOOD_WORDS, MODE_WORDS, TEMPO_EDGES_BPM, QUALITIES, DRUMS, STEPS, PREFIX)
    ranges = (LOWEST_BASS, HIGHEST_BASS, LOWEST_TUNE, HIGHEST_TUNE)
    return hashlib.sha256(repr((facts, ranges)).encode()).hexdigest()[:16]
