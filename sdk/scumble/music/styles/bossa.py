"""Bossa nova: nylon guitar, rim clicks, a bass on root and fifth, a cool flute."""

from __future__ import annotations

from scumble.music.style import Harmony, Kit, Level, Part, Style, Tune, Voice
from scumble.music.styles.chords import DORIAN, MIXOLYDIAN
from scumble.music.wishes import Mood

_KIT = Kit(
    grooves=(
        (
            Voice(37, (Level(0.15, "6..6..6...6..6.."), Level(0.6, "6..6..6...6..6.o")), 0.6),
            Voice(36, (Level(0.25, "6.....4.6.....4."),), 0.6),
            Voice(
                42,
                (Level(0.0, "4...4...4...4..."), Level(0.3, "5.4.5.4.5.4.5.4."), Level(0.65, "5344534453445344")),
                0.45,
            ),
            Voice(82, (Level(0.5, "4.6.4.6.4.6.4.6."),), 0.4),
        ),
        (
            Voice(37, (Level(0.15, "..6...6..6..6..."),), 0.6),
            Voice(36, (Level(0.25, "6.....5.6.....5."),), 0.6),
            Voice(51, (Level(0.0, "5...5...5...5..."), Level(0.35, "5.4.5.4.5.4.5.4.")), 0.42),
            Voice(70, (Level(0.5, "3.5.3.5.3.5.3.5."), Level(0.75, "3454345434543454")), 0.4),
        ),
    ),
    fills=(((37, "____________6.66"),), ((63, "________5.5.6.66"),), ((38, "____________o.55"),)),
    crash=None,
)

BOSSA = Style(
    name="bossa",
    title="Bossa nova",
    doc="Sunny and cool with rich chords, for food, cafés and city walks.",
    bpm=(104, 112, 136, 148),
    color="seventh",
    mood=Mood(0.75, 0.45),
    harmony={
        "major": Harmony(
            verses=("I vi ii V", "I ii V I", "I IV iii,vi ii,V", "I iii ii V"),
            choruses=("IV iii ii V", "IV iv iii,vi ii,V", "ii V I vi"),
            bridges=("iii vi ii V", "vi ii V V"),
            cadences=("ii V", "ii,V V", "IV iv"),
        ),
        "minor": Harmony(
            verses=("i iv VII III", "i VI ii° V", "i iv ii° V"),
            choruses=("iv VII III VI", "VI iv ii° V"),
            bridges=("iv i ii° V", "III VI ii° V"),
            cadences=("ii° V", "iv V"),
        ),
        "dorian": DORIAN,
        "mixolydian": MIXOLYDIAN,
    },
    loose=0.007,
    parts=(
        Part("drums", "drums", "drums", (40, 32, 0), enter=0.15, kit=_KIT, gain_db=4.5, reverb=0.15),
        Part(
            "bass",
            "bass",
            "bass",
            (32, 33),
            patterns=(
                (Level(0.0, "1-------5-------"), Level(0.25, "1-----5-5-----1-"), Level(0.7, "1-----5-5--.5-a-")),
                (Level(0.0, "1-------5-------"), Level(0.25, "1-----1-5-----a-"), Level(0.7, "1-..1-5-5-..5-a-")),
            ),
            low=31,
            high=52,
            gain_db=-1.5,
            reverb=0.08,
        ),
        Part(
            "guitar",
            "chords",
            "strum",
            (24,),
            patterns=(
                (
                    Level(0.0, "x-------x-------"),
                    Level(0.25, "x-----x---x---..|..x---x---x-----"),
                    Level(0.7, "x-.x..x-.xx-..x-|..x-..x-.xx-x---"),
                ),
                (Level(0.0, "..x-------x-----"), Level(0.25, "x---..x-..x-..x-"), Level(0.7, "x-.x..x-..x-.xx-")),
            ),
            low=50,
            high=70,
            gain_db=-3,
            pan=-0.25,
            reverb=0.18,
            gate=0.85,
            level=0.62,
        ),
        Part(
            "keys",
            "chords",
            "chords",
            (4, 11),
            patterns=(
                (Level(0.0, "x---------------"), Level(0.6, "x-------..o-----")),
                (Level(0.0, "......x---------"), Level(0.6, "......x-----o---")),
            ),
            low=55,
            high=74,
            gain_db=-2,
            pan=0.3,
            reverb=0.3,
            enter=0.35,
            voices=3,
            level=0.5,
        ),
        Part(
            "melody",
            "melody",
            "melody",
            (73, 11, 66, 0),
            low=67,
            high=86,
            gain_db=2,
            pan=0.1,
            reverb=0.3,
            enter=0.12,
            away=("intro", "outro", "C"),
            late_s=0.01,
            level=0.62,
            tune=Tune(
                (
                    "x-------x-------",
                    "..x---x-------..",
                    "x-----x---x-----",
                    "..x-x---x-x-----",
                    "x-x-..x-..x-x---",
                    "..x-x-x-.xx-x-x-",
                ),
                leap=0.25,
                rest=0.25,
            ),
        ),
        Part(
            "strings",
            "pad",
            "pad",
            (48,),
            low=55,
            high=74,
            gain_db=-8,
            reverb=0.4,
            voices=3,
            enter=0.55,
            away=("intro",),
            level=0.45,
        ),
    ),
)
