"""House: four on the floor, off-beat hats, stabs and a bass that answers the kick."""

from __future__ import annotations

from scumble.music.style import Harmony, Kit, Level, Part, Style, Tune, Voice, steady
from scumble.music.styles.chords import DORIAN, MIXOLYDIAN
from scumble.music.wishes import Mood

_FLOOR = (Level(0.0, "8...8...8...8..."),)
_KIT = Kit(
    grooves=(
        (
            Voice(36, _FLOOR, 0.95),
            Voice(46, (Level(0.3, "..6...6...6...6."),), 0.5),
            Voice(42, (Level(0.15, "..4...4...4...4."), Level(0.5, "3.435.433.435.43")), 0.45),
            Voice(39, (Level(0.2, "....7.......7..."),), 0.7),
            Voice(38, (Level(0.6, "............7..o"),), 0.4),
            Voice(70, (Level(0.7, "3434343434343434"),), 0.4),
        ),
        (
            Voice(36, _FLOOR, 0.95),
            Voice(46, (Level(0.25, "..6...6...6...6."),), 0.5),
            Voice(39, (Level(0.2, "....7.......7..."), Level(0.65, "....7.......7.o.")), 0.7),
            Voice(42, (Level(0.4, "44.444.444.444.4"),), 0.4),
            Voice(63, (Level(0.55, "...5..5....5..5."),), 0.45),
            Voice(54, (Level(0.7, "....6.......6..."),), 0.5),
        ),
    ),
    fills=(
        ((38, "________5.5.5667"), (36, "________8......."), (46, "________........")),
        ((39, "____________7.77"), (36, "____________....")),
        ((38, "____5.5.55556677"),),
    ),
)

HOUSE = Style(
    name="house",
    title="House",
    doc="A four-on-the-floor club beat, for fashion, sport and parties.",
    bpm=(114, 118, 126, 130),
    color="seventh",
    mood=Mood(0.6, 0.7),
    modes=("major", "minor"),
    harmony={
        "major": Harmony(
            verses=("I vi IV V", "IV V iii vi", "ii IV I V", "I iii vi IV"),
            choruses=("IV V vi iii", "vi IV I V", "IV I ii vi"),
            bridges=("ii vi IV V", "IV IV vi V"),
            cadences=("IV V", "ii V"),
        ),
        "minor": Harmony(
            verses=("i VII VI VII", "i iv VI VII", "i III VII VI", "i v VI iv"),
            choruses=("VI VII i v", "VI VII v i", "iv VI i VII"),
            bridges=("VI VI VII VII", "iv iv VI VII"),
            cadences=("VI VII", "iv VII"),
        ),
        "dorian": DORIAN,
        "mixolydian": MIXOLYDIAN,
    },
    loose=0.003,
    swing=0.08,
    parts=(
        Part("drums", "drums", "drums", (24, 25, 0), enter=0.1, kit=_KIT, gain_db=2, reverb=0.06),
        Part(
            "bass",
            "bass",
            "bass",
            (38, 39),
            patterns=(
                (Level(0.0, "..1-..1-..1-..1-"), Level(0.5, "..1-.11-..1-.18-")),
                (Level(0.0, "1-....1-..1-...."), Level(0.5, "1-.1..1-.11-..8-")),
                (Level(0.0, "..1...1...1...1."), Level(0.5, "..11..18..11..5a")),
            ),
            low=29,
            high=50,
            gain_db=0,
            reverb=0.03,
            enter=0.2,
            gate=0.85,
        ),
        Part(
            "stabs",
            "chords",
            "chords",
            (4, 16, 0),
            patterns=(
                (Level(0.0, "x-----x---------"), Level(0.3, "x-.x..x-..x-...."), Level(0.7, "x-.x..x-.xx-.x..")),
                (Level(0.0, "..x-......x-...."), Level(0.3, "..x-..x-..x-..x-"), Level(0.7, "..xx..x-..xx..xo")),
                (Level(0.0, "x---......x-----"), Level(0.3, "x--x--x---.x..x-"), Level(0.7, "x--x--x-x-.x..xo")),
            ),
            low=53,
            high=72,
            gain_db=-1.5,
            pan=0.1,
            reverb=0.22,
            gate=0.8,
            level=0.66,
        ),
        Part("pad", "pad", "pad", (89, 90), low=50, high=69, gain_db=-5, reverb=0.4, level=0.6),
        Part(
            "pluck",
            "arpeggio",
            "arpeggio",
            (81, 87, 45),
            patterns=(
                (steady("0.2.1.30.2.1.32.")),
                (steady("0..1..2..3..2.1.")),
                (steady("3.2.0.3.2.0.3.2.")),
            ),
            low=62,
            high=91,
            gain_db=-6,
            pan=-0.4,
            reverb=0.4,
            gate=0.6,
            enter=0.5,
            away=("intro",),
            level=0.55,
        ),
        Part(
            "lead",
            "melody",
            "melody",
            (80, 81, 0),
            low=67,
            high=86,
            gain_db=-3,
            pan=0.2,
            reverb=0.4,
            enter=0.18,
            away=("intro", "outro", "C"),
            gate=0.85,
            level=0.6,
            tune=Tune(
                (
                    "x-------..x-----",
                    "..x-..x-....x---",
                    "x-.x..x-..x-....",
                    "x-.x-.x-x---....",
                    "..x-x-.xx-.x-.x-",
                ),
                rest=0.2,
                gapped=True,
            ),
        ),
        Part("riser", "effects", "riser", (119,), low=60, high=71, gain_db=-9.5, reverb=0.3, enter=0.4, level=0.65),
    ),
)
