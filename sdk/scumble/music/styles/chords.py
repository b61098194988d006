"""Chord sequences that several styles share."""

from __future__ import annotations

from scumble.music.score import Mode
from scumble.music.style import Harmony

DORIAN = Harmony(
    verses=("i IV i IV", "i ii IV IV", "i VII IV IV"),
    choruses=("III IV i VII", "VII IV i IV"),
    bridges=("ii III IV IV", "VII III ii IV"),
    cadences=("VII IV", "ii IV"),
)
MIXOLYDIAN = Harmony(
    verses=("I VII IV IV", "I v IV VII", "I IV VII IV"),
    choruses=("IV VII I v", "VII IV I IV"),
    bridges=("v IV VII IV", "ii IV v VII"),
    cadences=("VII IV", "v IV"),
)

POP: dict[Mode, Harmony] = {
    "major": Harmony(
        verses=("I V vi IV", "I vi IV V", "I iii IV V", "I IV vi V", "I V/3 vi IV"),
        choruses=("IV V I vi", "IV I V vi", "vi IV I V", "IV V vi V"),
        bridges=("ii IV vi V", "vi iii IV V", "ii V iii IV"),
        cadences=("IV V", "ii V", "IV Vsus4"),
    ),
    "minor": Harmony(
        verses=("i VI III VII", "i VII VI VII", "i iv VI V", "i v VI VII"),
        choruses=("VI VII i III", "VI III VII i", "iv VI i V"),
        bridges=("iv i VI V", "VI iv VII VII", "III VII iv V"),
        cadences=("iv V", "VI VII", "VI V"),
    ),
    "dorian": DORIAN,
    "mixolydian": MIXOLYDIAN,
}

MELLOW: dict[Mode, Harmony] = {
    "major": Harmony(
        verses=("ii V I vi", "I vi ii V", "IV iii ii I", "I iii vi IV", "IV V iii vi"),
        choruses=("IV iii vi V", "IV V iii vi", "ii iii IV V"),
        bridges=("vi ii IV V", "IV iv I V", "iii vi ii V"),
        cadences=("ii V", "IV V", "IV iv"),
    ),
    "minor": Harmony(
        verses=("i iv VII III", "VI VII i i", "i VI iv V", "iv VII i VI"),
        choruses=("VI VII v i", "iv v VI VII", "VI iv i V"),
        bridges=("iv VII III VI", "VI v iv V"),
        cadences=("iv V", "ii° V", "VI VII"),
    ),
    "dorian": DORIAN,
    "mixolydian": MIXOLYDIAN,
}

DRAMA: dict[Mode, Harmony] = {
    "major": Harmony(
        verses=("I V/3 vi IV", "I iii vi IV", "I IV I V", "vi IV I V"),
        choruses=("IV I V vi", "I V vi IV", "IV V vi I"),
        bridges=("vi iii IV I", "ii vi IV V", "bVII IV I V"),
        cadences=("IV V", "IV iv", "ii V"),
    ),
    "minor": Harmony(
        verses=("i VI III VII", "i VI iv V", "i III VII iv", "i VII VI V"),
        choruses=("VI VII i i", "VI III VII i", "i VI VII iv"),
        bridges=("iv i V VI", "VI iv i V", "III iv VI V"),
        cadences=("VI VII", "iv V", "VI V"),
    ),
    "dorian": DORIAN,
    "mixolydian": MIXOLYDIAN,
}
