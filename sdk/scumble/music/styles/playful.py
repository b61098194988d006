"""Playful: plucked strings on tiptoe, clarinet and glockenspiel, a wink in every fill."""

from __future__ import annotations

from scumble.music.style import Harmony, Kit, Level, Part, Style, Tune, Voice
from scumble.music.styles.chords import DORIAN, MIXOLYDIAN
from scumble.music.wishes import Mood

_KIT = Kit(
    grooves=(
        (
            Voice(76, (Level(0.15, "6.......4......."), Level(0.5, "6...4...6...4.4.")), 0.5),
            Voice(80, (Level(0.3, "....4.......4..."),), 0.5),
            Voice(37, (Level(0.4, "....5.......5..."),), 0.5),
            Voice(36, (Level(0.5, "7.......7......."),), 0.6),
            Voice(42, (Level(0.7, "..4...4...4...4."),), 0.4),
        ),
        (
            Voice(75, (Level(0.15, "5.....5.....5..."), Level(0.5, "5..5..5...5.5...")), 0.45),
            Voice(39, (Level(0.35, "....5.......5..."),), 0.5),
            Voice(36, (Level(0.5, "7.......7..5...."),), 0.6),
            Voice(54, (Level(0.65, "..4...4...4...4."),), 0.4),
        ),
    ),
    fills=(
        ((76, "____________6.6_"), (77, "______________.6")),
        ((56, "______________6."),),
        ((38, "____________o.o6"),),
    ),
    crash=None,
)

PLAYFUL = Style(
    name="playful",
    title="Playful",
    doc="Plucked strings on tiptoe, for pets, children and kitchen mishaps.",
    bpm=(92, 100, 128, 140),
    color="triad",
    swing=0.2,
    swing_steps=2,
    mood=Mood(0.85, 0.5),
    harmony={
        "major": Harmony(
            verses=("I V I V", "I IV V I", "I vi ii V", "I I V V"),
            choruses=("IV I V I", "vi ii V I", "IV I ii V"),
            bridges=("vi iii IV V", "ii vi IV V"),
            cadences=("IV V", "ii V"),
        ),
        "minor": Harmony(
            verses=("i V i V", "i iv V i", "i VI iv V"),
            choruses=("iv i V i", "VI III iv V"),
            bridges=("iv i VI V", "III VII iv V"),
            cadences=("iv V", "VI V"),
        ),
        "dorian": DORIAN,
        "mixolydian": MIXOLYDIAN,
    },
    loose=0.005,
    parts=(
        Part("percussion", "drums", "drums", (48, 0), enter=0.15, kit=_KIT, gain_db=3, reverb=0.25),
        Part(
            "bass",
            "bass",
            "bass",
            (32, 45, 58),
            patterns=(
                (Level(0.0, "1-......5-......"), Level(0.3, "1-..5-..1-..5-.."), Level(0.7, "1-..5-..1-3-5-a-")),
                (Level(0.0, "1-......1-......"), Level(0.3, "1-..1-..5-..a-.."), Level(0.7, "1-..8-..5-..5-a-")),
            ),
            low=31,
            high=53,
            gain_db=-5.5,
            reverb=0.15,
            gate=0.7,
        ),
        Part(
            "pizzicato",
            "chords",
            "chords",
            (45,),
            patterns=(
                (Level(0.0, "....x-......x-.."), Level(0.4, "..x-..x-..x-..x-"), Level(0.8, "..x-..x-..x-x-x-")),
                (Level(0.0, "....x-......x-.."), Level(0.4, "....x-x-....x-x-"), Level(0.8, "..x-x-x-..x-x-x-")),
            ),
            low=52,
            high=71,
            gain_db=-7.5,
            pan=-0.2,
            reverb=0.25,
            gate=0.6,
            voices=3,
            level=0.68,
        ),
        Part(
            "melody",
            "melody",
            "melody",
            (71, 68, 13, 45),
            low=64,
            high=84,
            gain_db=-0.5,
            pan=0.12,
            reverb=0.25,
            enter=0.08,
            away=("intro",),
            gate=0.65,
            level=0.68,
            tune=Tune(
                (
                    "x---x-----------",
                    "x-..x-..x---....",
                    "x-x-x---..x-x---",
                    "x-x-x-..x-x-x-..",
                    "x-xxx-x-x-..x-..",
                    "x-x-x-x-x-x-x-..",
                ),
                leap=0.35,
                rest=0.15,
            ),
        ),
        Part(
            "glockenspiel",
            "arpeggio",
            "arpeggio",
            (9, 8),
            patterns=(
                (Level(0.0, "........0.1.2..."), Level(0.7, "0.1.2...0.2.1...")),
                (Level(0.0, "..2...1...0....."), Level(0.7, "2.1.0.1.2.3.2...")),
            ),
            low=72,
            high=100,
            gain_db=-9,
            pan=0.4,
            reverb=0.35,
            enter=0.45,
            away=("intro",),
            voices=3,
            level=0.5,
        ),
        Part(
            "strings",
            "pad",
            "pad",
            (48,),
            low=52,
            high=71,
            gain_db=-8.5,
            reverb=0.35,
            voices=3,
            enter=0.55,
            away=("intro",),
            level=0.5,
        ),
    ),
)
