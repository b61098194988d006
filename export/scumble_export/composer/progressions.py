"""Chord progressions with moods, as written by name: bars of one chord each for the composer."""

from __future__ import annotations

import re
from typing import Any

from scumble.music import vocabulary as v
from scumble.music.hearing import Heard
from scumble.music.notation import Chorded, Heading, Measure, Sounding
from scumble.music.score import Mode

MOOD_OF = {
    "Joyful": "happy",
    "Excited": "energetic",
    "Triumphant": "epic",
    "Empowered": "epic",
    "Dramatic": "epic",
    "Hopeful": "hopeful",
    "Romantic": "dreamy",
    "Tender": "calm",
    "Peaceful": "calm",
    "Relaxed": "calm",
    "Spiritual": "dreamy",
    "Nostalgic": "melancholic",
    "Lonely": "sad",
    "Sad": "sad",
    "Anguished": "sad",
    "Playful": "playful",
    "Surprised": "playful",
    "Mysterious": "dark",
    "Dark": "dark",
    "Fearful": "tense",
    "Rebellious": "angry",
}
"""The moods of the progressions' author in our own words."""
_NAMES = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True))
_SUFFIXES = {
    "m7b5": "m7b5",
    "m7": "m7",
    "m9": "m7",
    "M7": "maj7",
    "maj7": "maj7",
    "dim": "dim",
    "aug": "aug",
    "sus2": "sus2",
    "sus4": "sus4",
    "m": "m",
    "7": "7",
    "": "",
    "6": "",
    "add9": "",
    "69": "",
    "5": "",
}
_BEATS = 4


def chord_from_name(name: str) -> Sounding | None:
    """Returns the chord of a name such as "Bbm7" above C, or None for what is none or too unusual."""
    found = re.fullmatch(r"([A-G])([b#]?)([^/()]*)(?:/[A-G][b#]?)?", name)
    if found is None or found[3] not in _SUFFIXES:
        return None
    root = (_NAMES[found[1]] + {"b": -1, "#": 1, "": 0}[found[2]]) % 12
    return Sounding(root, list(v.QUALITIES).index(_SUFFIXES[found[3]]))


def heard_from_progression(record: dict[str, Any]) -> list[Heard]:
    """Returns a progression, all of which are written in C, once for each of its moods."""
    chords = [chord_from_name(name) for name in record["chords"]]
    known = [chord for chord in chords if chord is not None]
    if not known or len(known) != len(chords):
        return []
    minor = record["mode"] == "min" or (record["mode"] == "modal" and known[0].quality in (1, 6))
    mode: Mode = "minor" if minor else "major"
    steps = _BEATS * v.STEPS
    measures = tuple(Measure(_BEATS, v.ENERGIES // 2, (Chorded(chord, steps),)) for chord in known)
    moods = sorted({MOOD_OF[mood] for mood in record["mood"] if mood in MOOD_OF})
    return [Heard(Heading("progression", mood, 0, mode, 100.0, ()), measures) for mood in moods or [""]]
