"""Synthwave: driving eighths, gated snare, neon arpeggios."""

from __future__ import annotations

from scumble.music.style import Kit, Level, Part, Style, Tune, Voice
from scumble.music.styles.chords import POP
from scumble.music.wishes import Mood

_SNARE = (Level(0.2, "....8.......8..."),)
_KIT = Kit(
    grooves=(
        (
            Voice(36, (Level(0.0, "8.......8......."), Level(0.4, "8...8...8...8...")), 0.9),
            Voice(40, _SNARE, 0.85),
            Voice(
                42,
                (Level(0.25, "5...5...5...5..."), Level(0.5, "5.5.5.5.5.5.5.5."), Level(0.75, "5354535453545354")),
                0.45,
            ),
            Voice(46, (Level(0.7, "..6...6...6...6."),), 0.35),
        ),
        (
            Voice(
                36,
                (Level(0.0, "8.......8......."), Level(0.4, "8.....8.8......."), Level(0.75, "8.....8.8..5..8.")),
                0.9,
            ),
            Voice(40, _SNARE, 0.85),
            Voice(42, (Level(0.25, "..5...5...5...5."), Level(0.5, "5.5.5.5.5.5.5.5.")), 0.45),
            Voice(54, (Level(0.6, "....6.......6..."),), 0.45),
        ),
    ),
    fills=(
        ((48, "________7.7....."), (45, "____________7.77"), (40, "________........")),
        ((40, "________8..8..8."),),
        ((50, "________77......"), (47, "__________77...."), (43, "____________7777")),
    ),
)

SYNTHWAVE = Style(
    name="synthwave",
    title="Synthwave",
    doc="Eighties synthesizers by night, for games, technology and drives.",
    bpm=(84, 90, 112, 124),
    color="triad",
    mood=Mood(0.4, 0.6),
    modes=("major", "minor"),
    harmony=POP,
    loose=0.002,
    parts=(
        Part("drums", "drums", "drums", (24, 16), enter=0.15, kit=_KIT, gain_db=0, reverb=0.3),
        Part(
            "bass",
            "bass",
            "bass",
            (38, 39),
            patterns=(
                (Level(0.0, "1---1---1---1---"), Level(0.35, "1.1.1.1.1.1.1.1."), Level(0.75, "1.181.181.181.18")),
                (Level(0.0, "1-------1-------"), Level(0.35, "1.1.8.1.1.1.8.1."), Level(0.75, "1.811.811.811.85")),
                (Level(0.0, "1-----1-1-----1-"), Level(0.35, "1.1.1.1.1.1.1.a."), Level(0.75, "1111111111111181")),
            ),
            low=28,
            high=52,
            gain_db=-1.5,
            reverb=0.03,
            gate=0.9,
        ),
        Part("pad", "pad", "pad", (90, 50, 89), low=48, high=69, gain_db=-1.5, reverb=0.45, level=0.65),
        Part(
            "arpeggio",
            "arpeggio",
            "arpeggio",
            (81, 87, 80),
            patterns=(
                (Level(0.0, "0...1...2...1..."), Level(0.25, "0.1.2.3.4.3.2.1."), Level(0.65, "0123432101234321")),
                (Level(0.0, "0...2...1...2..."), Level(0.25, "0.2.1.2.3.2.1.2."), Level(0.65, "0213021402130254")),
            ),
            low=57,
            high=88,
            gain_db=-5,
            pan=-0.35,
            reverb=0.35,
            gate=0.75,
            voices=3,
            enter=0.12,
            level=0.6,
        ),
        Part(
            "stabs",
            "chords",
            "chords",
            (62, 63, 90),
            patterns=(
                (Level(0.0, "x-----x---------"), Level(0.7, "x-----x-..x-....")),
                (Level(0.0, "..........x---x-"), Level(0.7, "..x-..x-..x---x-")),
            ),
            low=53,
            high=72,
            gain_db=-6,
            pan=0.3,
            reverb=0.3,
            gate=0.8,
            enter=0.5,
            away=("intro",),
            level=0.62,
        ),
        Part(
            "lead",
            "melody",
            "melody",
            (81, 80, 84),
            low=64,
            high=86,
            gain_db=-2,
            pan=0.1,
            reverb=0.45,
            enter=0.14,
            away=("intro", "outro", "C"),
            level=0.62,
            tune=Tune(
                (
                    "x---------------",
                    "x-------x-------",
                    "x-----x-----x---",
                    "x---x-x-x-------",
                    "..x-x-x---x-x---",
                    "x-x-x-x-x-x-x---",
                ),
                leap=0.25,
                rest=0.15,
                gapped=True,
            ),
        ),
        Part("riser", "effects", "riser", (119,), low=60, high=71, gain_db=-9.5, reverb=0.4, enter=0.4, level=0.65),
    ),
)
