"""Waltz: three beats of harp and strings, a music box, a story about to begin."""

from __future__ import annotations

from scumble.music.style import Kit, Level, Part, Style, Tune, Voice
from scumble.music.styles.chords import DRAMA
from scumble.music.wishes import Mood

_KIT = Kit(
    grooves=(
        (
            Voice(81, (Level(0.3, "....4...4..."), Level(0.7, "....5.3.5.3.")), 0.45),
            Voice(35, (Level(0.45, "7..........."), Level(0.75, "7.......4...")), 0.6),
            Voice(38, (Level(0.6, "....4...4..."), Level(0.85, "....4.3.4.33")), 0.35),
        ),
        (
            Voice(54, (Level(0.3, "....4...4..."), Level(0.75, "....5.4.5.4.")), 0.4),
            Voice(35, (Level(0.45, "7..........."), Level(0.75, "7.....5.....")), 0.6),
        ),
    ),
    fills=(((38, "____334455.."),), ((81, "____5.5.5.5."),)),
)

WALTZ = Style(
    name="waltz",
    title="Storybook waltz",
    doc="Harp, strings and music box in three, for fairy tales, weddings and winter.",
    bpm=(88, 96, 132, 150),
    metre=3,
    color="triad",
    mood=Mood(0.7, 0.4),
    harmony=DRAMA,
    loose=0.008,
    parts=(
        Part("percussion", "drums", "drums", (48,), enter=0.25, kit=_KIT, gain_db=2, reverb=0.4),
        Part(
            "bass",
            "bass",
            "bass",
            (43, 32),
            patterns=(
                (Level(0.0, "1-----------"), Level(0.35, "1---....5---"), Level(0.7, "1---5---a---")),
                (Level(0.0, "1-----------"), Level(0.35, "1-------5---"), Level(0.7, "1---3---5-a-")),
            ),
            low=31,
            high=52,
            gain_db=-3,
            reverb=0.3,
        ),
        Part(
            "harp",
            "arpeggio",
            "arpeggio",
            (46, 0),
            patterns=(
                (Level(0.0, "0---1---2---"), Level(0.25, "0-1-2-3-2-1-"), Level(0.65, "0-1-2-3-4-5-|4-3-2-3-2-1-")),
                (Level(0.0, "....1---2---"), Level(0.25, "0-2-1-3-2-1-"), Level(0.65, "0-2-1-3-2-4-")),
            ),
            low=50,
            high=81,
            gain_db=-3,
            pan=-0.2,
            reverb=0.4,
            gate=1.4,
            voices=3,
            level=0.6,
        ),
        Part(
            "pizzicato",
            "chords",
            "chords",
            (45,),
            patterns=(
                (Level(0.0, "....x-..x-.."), Level(0.7, "....x-x-x-x-")),
                (Level(0.0, "....x-..x-.."), Level(0.7, "..x-x-..x-x-")),
            ),
            low=52,
            high=69,
            gain_db=-6,
            pan=0.25,
            reverb=0.3,
            gate=0.7,
            voices=3,
            enter=0.2,
            level=0.62,
        ),
        Part(
            "melody",
            "melody",
            "melody",
            (10, 40, 73, 68),
            low=67,
            high=86,
            gain_db=-1,
            pan=0.1,
            reverb=0.45,
            enter=0.1,
            away=("intro",),
            level=0.64,
            tune=Tune(
                (
                    "x-----------",
                    "x-------x---",
                    "x---x---x---",
                    "x-----x-x---",
                    "x---x-x-x-x-",
                    "x-x-x-x-x-x-",
                ),
                leap=0.3,
                rest=0.1,
            ),
        ),
        Part(
            "strings", "pad", "pad", (48, 49), low=48, high=67, gain_db=-7, reverb=0.5, voices=3, enter=0.22, level=0.6
        ),
        Part(
            "choir",
            "pad",
            "pad",
            (52,),
            low=55,
            high=72,
            gain_db=-9,
            reverb=0.6,
            voices=3,
            enter=0.7,
            away=("intro",),
            level=0.55,
        ),
    ),
)
