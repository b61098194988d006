"""Acoustic: strummed and picked guitars, a shaker, a whistle of a tune."""

from __future__ import annotations

from scumble.music.style import Kit, Level, Part, Style, Tune, Voice
from scumble.music.styles.chords import POP
from scumble.music.wishes import Mood

_KIT = Kit(
    grooves=(
        (
            Voice(82, (Level(0.0, "6.4.6.4.6.4.6.4."), Level(0.45, "6364636463646364")), 0.5),
            Voice(36, (Level(0.3, "8.......8......."), Level(0.6, "8..5..8.8..5...."))),
            Voice(39, (Level(0.5, "....6.......6..."),), 0.6),
            Voice(54, (Level(0.7, "....7.......7..."),), 0.6),
        ),
        (
            Voice(70, (Level(0.0, "..5...5...5...5."), Level(0.45, "5.6.5.6.5.6.5.6.")), 0.5),
            Voice(36, (Level(0.25, "8.......8......."), Level(0.6, "8.....5.8.5....."))),
            Voice(37, (Level(0.35, "....6.......6..."), Level(0.65, "....6..o....6.o.")), 0.7),
            Voice(54, (Level(0.7, "..5...7...5...7."),), 0.5),
        ),
    ),
    fills=(((54, "____________7777"),), ((36, "________8..8..8."),), ((39, "____________6.66"),)),
    crash=None,
)

ACOUSTIC = Style(
    name="acoustic",
    title="Acoustic",
    doc="Warm guitars and hand percussion, for travel, family and craft.",
    bpm=(84, 92, 116, 128),
    color="open",
    mood=Mood(0.75, 0.5),
    harmony=POP,
    parts=(
        Part("percussion", "drums", "drums", (0,), enter=0.2, kit=_KIT, gain_db=-1.5, reverb=0.15),
        Part(
            "bass",
            "bass",
            "bass",
            (32, 33),
            patterns=(
                (Level(0.0, "1-------5-------"), Level(0.4, "1-----1-5-----a-"), Level(0.7, "1--.1-1-5--.5-a-")),
                (Level(0.0, "1---------------"), Level(0.4, "1-----5-1-----a-"), Level(0.7, "1-.11-5-1-.11-a-")),
            ),
            low=31,
            high=52,
            gain_db=-2.5,
            reverb=0.06,
            enter=0.2,
        ),
        Part(
            "guitar",
            "arpeggio",
            "arpeggio",
            (24, 25),
            patterns=(
                (Level(0.0, "0---2---3---2---"), Level(0.25, "0-2-3-2-4-3-2-3-")),
                (Level(0.0, "0---1---2---3---"), Level(0.25, "0-..2-3-0-4-3-2-")),
                (Level(0.0, "0-----3-2-----3-"), Level(0.25, "0-3-2-3-1-3-2-3-")),
            ),
            low=48,
            high=77,
            gain_db=-1,
            pan=-0.35,
            reverb=0.2,
            gate=1.4,
            level=0.65,
        ),
        Part(
            "strums",
            "chords",
            "strum",
            (25,),
            patterns=(
                (Level(0.0, "x-------x-------"), Level(0.45, "x---x-o-..o-x-o-"), Level(0.7, "X-o-x-o-.oo-X-oo")),
                (Level(0.0, "x---------o-----"), Level(0.45, "x---o-o-x---o-o-"), Level(0.7, "X-.oX-o-x-.oX-oo")),
            ),
            low=48,
            high=71,
            gain_db=-6,
            pan=0.35,
            reverb=0.18,
            enter=0.35,
            voices=5,
            level=0.62,
        ),
        Part(
            "melody",
            "melody",
            "melody",
            (0, 25, 73, 12),
            low=65,
            high=86,
            gain_db=1.5,
            pan=0.1,
            reverb=0.3,
            enter=0.15,
            away=("intro", "outro", "C"),
            level=0.65,
            tune=Tune(
                (
                    "x-------x-------",
                    "x---x---x-------",
                    "x---x-x-x---....",
                    "..x-x-x-x-----x-",
                    "x-x-x---x-x-x---",
                    "x-x-x-x-..x-x-x-",
                ),
                rest=0.15,
            ),
        ),
        Part(
            "strings",
            "pad",
            "pad",
            (48, 49),
            low=52,
            high=74,
            gain_db=-6.5,
            reverb=0.4,
            voices=3,
            enter=0.5,
            away=("intro",),
            level=0.55,
        ),
    ),
)
