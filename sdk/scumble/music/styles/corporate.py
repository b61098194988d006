"""Corporate: palm-muted guitar, bright piano, claps, always a little more than before."""

from __future__ import annotations

from scumble.music.style import Kit, Level, Part, Style, Tune, Voice, steady
from scumble.music.styles.chords import POP
from scumble.music.wishes import Mood

_KICK = (Level(0.0, "8.......8......."), Level(0.35, "8...7...8...7..."))
_KIT = Kit(
    grooves=(
        (
            Voice(36, _KICK),
            Voice(39, (Level(0.3, "....7.......7..."),), 0.65),
            Voice(38, (Level(0.55, "....7.......7..."),), 0.6),
            Voice(
                42,
                (Level(0.25, "..5...5...5...5."), Level(0.5, "5.4.5.4.5.4.5.4."), Level(0.75, "5344534453445344")),
                0.5,
            ),
            Voice(54, (Level(0.65, "..6...6...6...6."),), 0.5),
        ),
        (
            Voice(
                36, (Level(0.0, "8.........5....."), Level(0.35, "8.....5.8......."), Level(0.7, "8..5..5.8.5....."))
            ),
            Voice(38, (Level(0.35, "....7.......7..."), Level(0.7, "....8.......8..o")), 0.7),
            Voice(39, (Level(0.6, "....6.......6..."),), 0.6),
            Voice(
                42,
                (Level(0.2, "5...5...5...5..."), Level(0.5, "5.5.5.5.5.5.5.5."), Level(0.75, "6.5.6.556.5.6.55")),
                0.5,
            ),
            Voice(46, (Level(0.7, "..............6."),), 0.45),
        ),
    ),
    fills=(
        ((38, "________5.5.6677"),),
        ((47, "________7.7....."), (43, "____________7.7.")),
        ((39, "____________7.77"), (36, "____________....")),
        ((38, "____________6778"),),
    ),
)

CORPORATE = Style(
    name="corporate",
    title="Corporate",
    doc="Bright and confident, for products, explainers and good news.",
    bpm=(100, 108, 126, 134),
    color="open",
    mood=Mood(0.85, 0.6),
    modes=("major", "dorian"),
    harmony=POP,
    parts=(
        Part("drums", "drums", "drums", (0, 8), enter=0.25, kit=_KIT, gain_db=1, reverb=0.12),
        Part(
            "bass",
            "bass",
            "bass",
            (33, 34),
            patterns=(
                (Level(0.0, "1-------1-------"), Level(0.4, "1-.11-.11-.11-a-"), Level(0.7, "1-1-1-1-1-1-1-a-")),
                (Level(0.0, "1---------------"), Level(0.4, "1---1---1---1-a-"), Level(0.7, "1-1-1-1-5-5-1-a-")),
            ),
            low=31,
            high=50,
            gain_db=-2,
            reverb=0.04,
            enter=0.2,
        ),
        Part(
            "muted-guitar",
            "arpeggio",
            "arpeggio",
            (28,),
            patterns=(
                (Level(0.0, "0...0...0...0..."), Level(0.2, "0.0.1.0.0.0.1.0."), Level(0.6, "0.0.2.0.1.0.2.1.")),
                (Level(0.0, "0...1...0...1..."), Level(0.2, "0.1.0.2.0.1.0.2."), Level(0.6, "0.1.2.1.0.1.3.2.")),
            ),
            low=50,
            high=76,
            gain_db=-6.5,
            pan=-0.4,
            reverb=0.2,
            gate=0.7,
            voices=3,
            level=0.7,
        ),
        Part(
            "piano",
            "chords",
            "chords",
            (0, 1),
            patterns=(
                (Level(0.0, "x---------------"), Level(0.35, "x-----x-----x---"), Level(0.7, "X-x-x-X-x-x-X-x-")),
                (Level(0.0, "x---------------"), Level(0.35, "x---x---x---x---"), Level(0.7, "X-.xx-.xX-.xx-x-")),
            ),
            low=53,
            high=73,
            gain_db=-5,
            pan=0.2,
            reverb=0.22,
            level=0.62,
        ),
        Part(
            "melody",
            "melody",
            "melody",
            (10, 0, 14, 80),
            low=67,
            high=88,
            gain_db=0,
            pan=0.1,
            reverb=0.35,
            enter=0.14,
            away=("intro", "outro", "C"),
            level=0.65,
            tune=Tune(
                (
                    "x-------x-------",
                    "x---x---x-------",
                    "x-----x-----x---",
                    "x-x-..x-..x-x---",
                    "x-x-x---x-x-x---",
                    "x-.xx-.xx-x-x-x-",
                ),
                rest=0.1,
                leap=0.25,
                gapped=True,
            ),
        ),
        Part(
            "strings",
            "pad",
            "pad",
            (48, 50),
            low=52,
            high=73,
            gain_db=-5,
            reverb=0.4,
            enter=0.4,
            away=("intro",),
            level=0.6,
        ),
        Part(
            "sparkle",
            "arpeggio",
            "arpeggio",
            (46, 11),
            patterns=(steady("0.1.2.3.4.3.2.1."), steady("4.3.2.3.4.5.4.3.")),
            low=67,
            high=96,
            gain_db=-6,
            pan=0.5,
            reverb=0.4,
            enter=0.6,
            away=("intro", "outro"),
            level=0.5,
        ),
        Part("riser", "effects", "riser", (119,), low=60, high=71, gain_db=-8, reverb=0.3, enter=0.45, level=0.6),
    ),
)
