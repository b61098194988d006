"""Lo-fi: soft electric piano, lazy drums, a bass that leaves room."""

from __future__ import annotations

from scumble.music.style import Kit, Level, Part, Style, Tune, Voice
from scumble.music.styles.chords import MELLOW
from scumble.music.wishes import Mood

_HATS = (Level(0.0, "o...o...o...o..."), Level(0.2, "5.3.5.3.5.3.5.3."), Level(0.6, "5.3.6.335.3.6.33"))
_KIT = Kit(
    grooves=(
        (
            Voice(
                36, (Level(0.0, "8.........8....."), Level(0.3, "8......5..8....."), Level(0.65, "8..5...5..8..5.."))
            ),
            Voice(38, (Level(0.25, "....7.......7..."), Level(0.6, "....7..o.o..7..o")), 0.7),
            Voice(37, (Level(0.0, "....5.......5..."), Level(0.25, "................")), 0.7),
            Voice(42, _HATS, 0.55),
        ),
        (
            Voice(
                36, (Level(0.0, "8.....5........."), Level(0.3, "8.....7.5......."), Level(0.65, "8..6..7.5.8....."))
            ),
            Voice(37, (Level(0.0, "....6.......6..."), Level(0.5, "................")), 0.75),
            Voice(38, (Level(0.5, "....7.......7.o."),), 0.7),
            Voice(42, _HATS, 0.5),
            Voice(70, (Level(0.4, "..4...4...4...4."),), 0.4),
        ),
    ),
    fills=(
        ((38, "____________o.55"),),
        ((36, "__________8....."), (38, "____________7.o5")),
        ((42, "____________5.77"), (38, "____________...6")),
    ),
    crash=None,
)

LOFI = Style(
    name="lofi",
    title="Lo-fi",
    doc="Relaxed beats with soft electric piano, for talking, studying, cooking.",
    bpm=(66, 72, 86, 94),
    swing=0.26,
    color="ninth",
    mood=Mood(0.6, 0.4),
    modes=("major", "minor"),
    harmony=MELLOW,
    loose=0.009,
    parts=(
        Part("drums", "drums", "drums", (0, 8), enter=0.1, kit=_KIT, gain_db=1, reverb=0.12, late_s=0.006),
        Part(
            "bass",
            "bass",
            "bass",
            (33, 32, 35),
            patterns=(
                (Level(0.0, "1-------....5-.."), Level(0.35, "1-----.15-..a-.."), Level(0.7, "1---.1.15-.88-a-")),
                (Level(0.0, "1---------......"), Level(0.35, "1-----..1-5-.a.."), Level(0.7, "1--.1-8.5-5-1-a-")),
            ),
            low=31,
            high=52,
            gain_db=-2,
            reverb=0.04,
            enter=0.05,
        ),
        Part(
            "keys",
            "chords",
            "chords",
            (4, 5),
            patterns=(
                (Level(0.0, "x---------------"), Level(0.2, "x-----..o-------"), Level(0.55, "x-----.oo---.x--")),
                (Level(0.0, "x---------------"), Level(0.2, "x-------..o-----"), Level(0.55, "x--.o---..x--.o-")),
                (Level(0.0, "b-t-------------"), Level(0.2, "b.t---..b.t-----"), Level(0.55, "b.t---.ob.t-..o-")),
            ),
            low=50,
            high=71,
            gain_db=0.5,
            pan=-0.15,
            reverb=0.25,
            late_s=0.012,
            level=0.6,
        ),
        Part(
            "guitar",
            "arpeggio",
            "arpeggio",
            (24, 26),
            patterns=(
                (Level(0.0, "..0-..1-..2-...."), Level(0.5, "0-..1-2-..3-2-..")),
                (Level(0.0, "....2-..1-......"), Level(0.5, "..2-1-0-..2-3-1-")),
            ),
            low=50,
            high=79,
            gain_db=-2,
            pan=0.4,
            reverb=0.3,
            enter=0.4,
            away=("intro", "outro"),
            level=0.6,
        ),
        Part(
            "melody",
            "melody",
            "melody",
            (11, 4, 26, 73),
            low=66,
            high=86,
            gain_db=-2,
            pan=0.15,
            reverb=0.35,
            away=("intro", "outro", "C"),
            enter=0.12,
            late_s=0.015,
            level=0.65,
            tune=Tune(
                (
                    "........x---x---",
                    "x-----x---------",
                    "..x---x-----x---",
                    "x-..x-x---..x-..",
                    "x-x-..x-x---....",
                    "..x-x-x-.x-x----",
                ),
                rest=0.3,
                gapped=True,
            ),
        ),
        Part("pad", "pad", "pad", (89, 91), low=48, high=67, gain_db=-6, reverb=0.4, voices=3, enter=0.25, level=0.5),
    ),
)
