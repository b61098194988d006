"""Hip-hop: half-time drums with rolling hats, deep bass, a dark bell or piano figure."""

from __future__ import annotations

from scumble.music.style import Kit, Level, Part, Style, Tune, Voice
from scumble.music.styles.chords import POP
from scumble.music.wishes import Mood

_KIT = Kit(
    grooves=(
        (
            Voice(
                36,
                (
                    Level(0.0, "9...............|........8......."),
                    Level(0.35, "9.....8.........|..8.....8......."),
                    Level(0.7, "9.....8...8.....|..8...8.8.....8."),
                ),
                0.95,
            ),
            Voice(39, (Level(0.1, "........8......."),), 0.8),
            Voice(38, (Level(0.5, "........6......."),), 0.6),
            Voice(
                42,
                (
                    Level(0.1, "5...5...5...5..."),
                    Level(0.3, "5.4.5.4.5.4.5.4."),
                    Level(0.6, "5.4.5.4.5.4.5456|5.4.5.445.4.5.4."),
                ),
                0.5,
            ),
            Voice(46, (Level(0.7, "..............5."),), 0.4),
        ),
        (
            Voice(
                36, (Level(0.0, "9.........6....."), Level(0.35, "9..7......8....."), Level(0.7, "9..7..7...8..7.."))
            ),
            Voice(38, (Level(0.1, "....8.......8..."), Level(0.65, "....8..o.o..8..o")), 0.75),
            Voice(
                42,
                (Level(0.1, "5...5...5...5..."), Level(0.3, "5.5.5.5.5.5.5.5."), Level(0.65, "5.545.5.5.5.545.")),
                0.5,
            ),
            Voice(54, (Level(0.75, "....5.......5..."),), 0.45),
        ),
    ),
    fills=(
        ((42, "________55.55555"), (36, "____________....")),
        ((38, "____________5.67"),),
        ((36, "________........"), (39, "____________8.88"), (42, "________........")),
    ),
    crash=None,
)

HIPHOP = Style(
    name="hiphop",
    title="Hip-hop",
    doc="Heavy half-time drums and a deep bass, for street, sport and streams.",
    bpm=(72, 78, 94, 102),
    swing=0.12,
    color="triad",
    mood=Mood(0.35, 0.6),
    harmony=POP,
    loose=0.005,
    parts=(
        Part("drums", "drums", "drums", (25, 24, 0), enter=0.08, kit=_KIT, gain_db=2, reverb=0.06),
        Part(
            "bass",
            "bass",
            "bass",
            (38, 39, 33),
            patterns=(
                (Level(0.0, "1-----------...."), Level(0.35, "1-----1-....1-a-"), Level(0.7, "1-----1-..1-8-a-")),
                (Level(0.0, "1---------......"), Level(0.35, "1--1------..5-.."), Level(0.7, "1--1--1---1--15-")),
            ),
            low=28,
            high=47,
            gain_db=0,
            reverb=0.02,
        ),
        Part(
            "figure",
            "arpeggio",
            "arpeggio",
            (0, 11, 108),
            patterns=(
                (Level(0.0, "2-----1-----0---"), Level(0.3, "2-.1-.0-..1-2-.."), Level(0.7, "2-.1-.0-3-.2-.1-")),
                (Level(0.0, "0-------1---2---"), Level(0.3, "0-1-2---..2-1---"), Level(0.7, "0-1-2-1-3-2-1-0-")),
                (Level(0.0, "3-------2-------"), Level(0.3, "3--2--1---2--1--"), Level(0.7, "3--2--1-0-2--1-2")),
            ),
            low=57,
            high=84,
            gain_db=3,
            pan=-0.1,
            reverb=0.3,
            voices=3,
            level=0.62,
        ),
        Part(
            "melody",
            "melody",
            "melody",
            (73, 80, 104, 10),
            low=65,
            high=84,
            gain_db=-1,
            pan=0.2,
            reverb=0.4,
            enter=0.25,
            away=("intro", "outro", "C"),
            level=0.6,
            tune=Tune(
                ("x---------------", "x-----x---------", "..x---x-----x---", "x-.x..x-x-......", "x-.x-.x-..x-x-x-"),
                rest=0.35,
                gapped=True,
            ),
        ),
        Part(
            "strings",
            "pad",
            "pad",
            (48, 50),
            low=52,
            high=71,
            gain_db=-3,
            reverb=0.35,
            voices=3,
            enter=0.3,
            level=0.55,
        ),
        Part("riser", "effects", "riser", (119,), low=60, high=71, gain_db=-6, reverb=0.3, enter=0.6, level=0.55),
    ),
)
