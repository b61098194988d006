"""Trailer: tension on low strings, ticking, hits and silence before them."""

from __future__ import annotations

from scumble.music.style import Harmony, Kit, Level, Part, Style, Tune, Voice
from scumble.music.styles.chords import DORIAN, DRAMA
from scumble.music.wishes import Mood

_KIT = Kit(
    grooves=(
        (
            Voice(
                35,
                (Level(0.0, "8..............."), Level(0.4, "8.......7......."), Level(0.7, "8..7..8.7..7..8.")),
                0.95,
            ),
            Voice(
                41,
                (Level(0.3, "8.............6."), Level(0.55, "8..6..6.8.....66"), Level(0.8, "8.668.668.668.68")),
                0.8,
            ),
            Voice(43, (Level(0.6, "...6..6....6..6."), Level(0.85, "66.666.666.666.6")), 0.65),
            Voice(76, (Level(0.1, "3...3...3...3..."), Level(0.5, "4.3.4.3.4.3.4.3.")), 0.35),
        ),
        (
            Voice(
                35,
                (Level(0.0, "8..............."), Level(0.4, "8.........7....."), Level(0.7, "8.....8...8...8.")),
                0.95,
            ),
            Voice(
                41,
                (Level(0.3, "8...........6.6."), Level(0.55, "8...6...8...6.66"), Level(0.8, "8.6.8.668.6.8666")),
                0.8,
            ),
            Voice(38, (Level(0.7, "....8.......8..."),), 0.6),
            Voice(
                42,
                (Level(0.1, "3.......3......."), Level(0.4, "3.3.3.3.3.3.3.3."), Level(0.8, "3333333333333333")),
                0.35,
            ),
        ),
    ),
    fills=(
        ((41, "____________...."), (35, "____________...."), (43, "____________....")),
        ((41, "________66667788"),),
        ((38, "________33445578"), (41, "________7...7...")),
    ),
    crash=57,
)

TRAILER = Style(
    name="trailer",
    title="Trailer tension",
    doc="Pressure that grows to blows, for suspense, sport and announcements.",
    bpm=(70, 80, 132, 144),
    color="triad",
    mood=Mood(0.15, 0.75),
    modes=("mixolydian", "minor"),
    harmony={
        "major": DRAMA["major"],
        "mixolydian": Harmony(
            verses=("I I VII IV", "I VII IV I"),
            choruses=("I v VII IV", "IV VII I VII"),
            bridges=("VII IV v v", "ii IV VII VII"),
            cadences=("IV VII", "VII v"),
        ),
        "minor": Harmony(
            verses=("i i VI VI", "i VI i VII", "i i iv VI", "i VI iv V"),
            choruses=("i VI III VII", "i VI iv V", "VI VII i V"),
            bridges=("iv iv VI V", "VI VI iv V"),
            cadences=("VI V", "iv V", "VI VII"),
        ),
        "dorian": DORIAN,
    },
    loose=0.004,
    parts=(
        Part("drums", "drums", "drums", (48, 16, 0), enter=0.15, kit=_KIT, gain_db=0, reverb=0.4),
        Part(
            "low-strings",
            "bass",
            "bass",
            (43, 48),
            patterns=(
                (Level(0.0, "1---------------"), Level(0.3, "1-1-1-1-1-1-1-1-"), Level(0.65, "1-111-111-111-15")),
                (Level(0.0, "1---------------"), Level(0.3, "1-..1-1-..1-1-1-"), Level(0.65, "1.111.1.1.111.31")),
            ),
            low=29,
            high=48,
            gain_db=3,
            reverb=0.3,
            gate=0.8,
        ),
        Part("drone", "pad", "pad", (48, 89, 95), low=45, high=65, gain_db=-3, reverb=0.5, voices=3, level=0.65),
        Part(
            "ostinato",
            "arpeggio",
            "arpeggio",
            (48, 45, 44),
            patterns=(
                (Level(0.0, "0...0...0...1..."), Level(0.3, "0.0.1.0.0.0.2.1."), Level(0.65, "0.0010200.001021")),
                (Level(0.0, "0.......1......."), Level(0.3, "0..0..1.0..0..2."), Level(0.65, "0010002000100021")),
            ),
            low=55,
            high=84,
            gain_db=-2,
            pan=0.3,
            reverb=0.35,
            gate=0.6,
            voices=3,
            enter=0.2,
            level=0.65,
        ),
        Part(
            "brass",
            "chords",
            "chords",
            (61, 60, 57),
            patterns=(
                (Level(0.0, "x---------------"), Level(0.75, "X-----x---------")),
                (Level(0.0, "x-------........"), Level(0.75, "X--x--x---......")),
            ),
            low=48,
            high=67,
            gain_db=-5.5,
            pan=-0.1,
            reverb=0.45,
            enter=0.5,
            away=("intro",),
            level=0.72,
        ),
        Part(
            "theme",
            "melody",
            "melody",
            (48, 60, 52),
            low=62,
            high=81,
            gain_db=-2,
            pan=-0.2,
            reverb=0.5,
            enter=0.3,
            away=("intro", "outro"),
            gate=1.0,
            level=0.66,
            tune=Tune(
                ("x---------------", "x-------x-------", "x-----x-x-------", "x---x---x---x---"), leap=0.2, rest=0.2
            ),
        ),
        Part("choir", "pad", "pad", (52,), low=57, high=76, gain_db=-8, reverb=0.6, voices=3, enter=0.75, level=0.62),
        Part("riser", "effects", "riser", (119,), low=60, high=71, gain_db=-11.5, reverb=0.4, enter=0.3, level=0.75),
    ),
)
