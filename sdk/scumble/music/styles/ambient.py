"""Ambient: slow pads, distant notes, no drums but a breath of shaker."""

from __future__ import annotations

from scumble.music.style import Harmony, Level, Part, Style, Tune, steady
from scumble.music.styles.chords import DORIAN, MIXOLYDIAN
from scumble.music.wishes import Mood

AMBIENT = Style(
    name="ambient",
    title="Ambient",
    doc="Wide, slow sounds without a beat, for meditation, nature and sleep.",
    bpm=(54, 58, 76, 88),
    color="ninth",
    mood=Mood(0.6, 0.25),
    bars_per_chord=2,
    harmony={
        "major": Harmony(
            verses=("I IV", "I vi IV I", "I iii IV IV", "IV I"),
            choruses=("IV vi I V", "vi IV I iii", "IV iii ii V"),
            bridges=("ii IV", "vi iii ii IV"),
            cadences=("IV Vsus4", "ii IV"),
        ),
        "minor": Harmony(
            verses=("i VI", "i III VI iv", "i v VI iv"),
            choruses=("VI III i VII", "iv VI i v"),
            bridges=("iv VI", "III VII iv VI"),
            cadences=("VI iv", "iv VII"),
        ),
        "dorian": DORIAN,
        "mixolydian": MIXOLYDIAN,
    },
    loose=0.012,
    parts=(
        Part("pad", "pad", "pad", (89, 91, 94), low=48, high=74, gain_db=-6, reverb=0.7, level=0.65),
        Part("choir", "pad", "pad", (52, 54, 92), low=55, high=79, gain_db=-13, pan=0.2, reverb=0.8, voices=3, enter=0.22, level=0.5),
        Part(
            "bass",
            "bass",
            "bass",
            (38, 39, 43),
            patterns=(
                (Level(0.0, "1---------------1-----------...."), Level(0.4, "1-----------5---1-------------a-")),
                (Level(0.0, "1---------------................"), Level(0.4, "1-------8-------1-------5-------")),
            ),
            low=29,
            high=50,
            gain_db=-8,
            reverb=0.2,
            enter=0.1,
            level=0.6,
        ),
        Part(
            "bells",
            "arpeggio",
            "arpeggio",
            (98, 10, 88, 14),
            patterns=(
                (Level(0.0, "2-----------....1---------......"), Level(0.3, "0---2---4---....3---....1---...."), Level(0.6, "0-2-4---3-2-5---0-2-4---6-5-3---")),
                (Level(0.0, "....3-----------........1-------"), Level(0.3, "..1---3---..4---..2---0---..3---"), Level(0.6, "1-3-..4-5-3-..2-1-3-6-4-..3-2-0-")),
            ),
            low=60,
            high=91,
            gain_db=-12,
            pan=-0.35,
            reverb=0.8,
            enter=0.08,
            level=0.5,
        ),
        Part(
            "piano",
            "melody",
            "melody",
            (0, 11, 46),
            low=62,
            high=82,
            gain_db=-7,
            pan=0.15,
            reverb=0.65,
            enter=0.15,
            away=("intro", "outro"),
            gate=1.0,
            level=0.5,
            tune=Tune(
                ("x---------------", "....x-----------", "x-------x-------", "x-----x-----x---", "x---x---..x-x---"),
                leap=0.35,
                rest=0.5,
                gapped=True,
            ),
        ),
        Part(
            "pulse",
            "chords",
            "chords",
            (4, 11),
            patterns=(steady("x---..o---..o---"), steady("x-..o-..x-..o-..")),
            low=55,
            high=76,
            gain_db=-14,
            pan=0.35,
            reverb=0.6,
            enter=0.5,
            voices=3,
            level=0.5,
        ),
    ),
)
