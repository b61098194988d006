"""Cinematic: strings over a moving ostinato, horns, timpani, a theme that grows."""

from __future__ import annotations

from scumble.music.style import Kit, Level, Part, Style, Tune, Voice
from scumble.music.styles.chords import DRAMA
from scumble.music.wishes import Mood

_KIT = Kit(
    grooves=(
        (
            Voice(
                35,
                (Level(0.4, "8..............."), Level(0.6, "8.......8......."), Level(0.8, "8.....5.8.....5.")),
                0.85,
            ),
            Voice(41, (Level(0.6, "........6...6.6."), Level(0.8, "..5...5.6..56.66")), 0.7),
            Voice(38, (Level(0.75, "....o.oo....o.55"),), 0.45),
        ),
        (
            Voice(
                35,
                (Level(0.4, "8..............."), Level(0.6, "8..6..8........."), Level(0.8, "8..6..8.8..6..8.")),
                0.85,
            ),
            Voice(43, (Level(0.6, "......6...6.6..."), Level(0.8, "..5...6..56.6.66")), 0.7),
        ),
    ),
    fills=(
        ((41, "________5.5.6677"), (35, "______________7.")),
        ((38, "________33445567"),),
        ((43, "________7.7....."), (41, "____________7.77")),
    ),
)

CINEMATIC = Style(
    name="cinematic",
    title="Cinematic",
    doc="An orchestra with a theme that grows, for stories and landscapes.",
    bpm=(66, 74, 100, 112),
    color="triad",
    mood=Mood(0.45, 0.5),
    harmony=DRAMA,
    loose=0.008,
    parts=(
        Part("drums", "drums", "drums", (48, 0), enter=0.4, kit=_KIT, gain_db=1, reverb=0.4),
        Part(
            "basses",
            "bass",
            "bass",
            (43, 48),
            patterns=(
                (Level(0.0, "1---------------"), Level(0.45, "1-------1-------"), Level(0.75, "1---1---1---5---")),
                (Level(0.0, "1---------------"), Level(0.45, "1-------5-------"), Level(0.75, "1-----1-1---5-1-")),
            ),
            low=29,
            high=50,
            gain_db=-3,
            reverb=0.35,
        ),
        Part("strings", "pad", "pad", (48, 49), low=45, high=67, gain_db=-1, pan=-0.15, reverb=0.5, level=0.68),
        Part(
            "ostinato",
            "arpeggio",
            "arpeggio",
            (45, 48, 0),
            patterns=(
                (Level(0.0, "0---2---1---2---"), Level(0.3, "0.2.1.2.0.2.1.2."), Level(0.65, "0.021.020.021.32")),
                (Level(0.0, "0---1---2---1---"), Level(0.3, "0.1.2.1.3.2.1.2."), Level(0.65, "0012001300120132")),
            ),
            low=55,
            high=84,
            gain_db=-4,
            pan=0.3,
            reverb=0.4,
            gate=0.7,
            voices=3,
            enter=0.2,
            level=0.62,
        ),
        Part(
            "piano",
            "arpeggio",
            "arpeggio",
            (0,),
            patterns=(
                (Level(0.0, "0-------2-------"), Level(0.2, "0---2---1---2---"), Level(0.5, "0-2-4-2-3-2-4-2-")),
                (Level(0.0, "0-------1-------"), Level(0.2, "0---1---2---3---"), Level(0.5, "0-1-2-3-4-3-2-1-")),
            ),
            low=48,
            high=79,
            gain_db=-2,
            reverb=0.4,
            gate=1.5,
            level=0.55,
        ),
        Part(
            "theme",
            "melody",
            "melody",
            (60, 68, 71, 40),
            low=63,
            high=83,
            gain_db=-1,
            pan=0.1,
            reverb=0.5,
            enter=0.12,
            away=("intro", "outro"),
            gate=1.0,
            level=0.68,
            tune=Tune(
                ("x---------------", "x-------x-------", "x-----x-x-------", "x---x---x-------", "x---x-x-x---x---"),
                leap=0.3,
                rest=0.15,
            ),
        ),
        Part("brass", "pad", "pad", (61, 60), low=48, high=67, gain_db=-3, reverb=0.5, voices=3, enter=0.65, level=0.6),
        Part("choir", "pad", "pad", (52,), low=55, high=74, gain_db=-8.5, reverb=0.6, voices=3, enter=0.8, level=0.6),
        Part("riser", "effects", "riser", (119,), low=60, high=71, gain_db=-9, reverb=0.5, enter=0.4, level=0.65),
    ),
)
