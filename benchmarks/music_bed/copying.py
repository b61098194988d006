"""Copying: whether stretches of melody are those of music that was taught, in any transposition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.figures import Figure, percent, share, table
from benchmarks.music_bed.bars import Bar, Part
from benchmarks.music_bed.writing import Made
from scumble.music import vocabulary as v
from scumble_export.composer.copying import Line, melody_of, rate_of, taught_stretches
from scumble_export.composer.corpus import Piece
from scumble_export.composer.evaluate import copying_report, lines_of

_PROBES = 60


def moved(bars: Sequence[Line], by: int) -> list[Line]:
    """Returns a melody some semitones higher."""
    return [tuple((value if value in (v.REST, v.HOLD) else value + by, until) for value, until in bar) for bar in bars]


def control_rate(pieces: Sequence[Piece], count: int) -> float:
    """Returns which share of stretches is found when taught melodies themselves are shown, transposed: it must be 1."""
    chance = np.random.default_rng(5)
    taught = [piece for piece in pieces if not piece.held_out and "melody" in piece.parts]
    some = [taught[number] for number in chance.choice(len(taught), min(_PROBES, len(taught)), replace=False)]
    melodies = [moved(melody_of(piece), int(chance.integers(-5, 7))) for piece in some]
    return rate_of(melodies, taught_stretches(pieces, count), count).rate


def measured(made: Made, pieces: Sequence[Piece]) -> Part:
    """Returns the bars and the table: what is made, what was held out, what was taught."""
    report = copying_report(made, pieces)
    rows, bars = [], []
    held = {count: report[f"bars_{count}"]["held-out, written"] for count in (4, 8)}
    for name in [*made, "held-out, written"]:
        cells = []
        for count in (4, 8):
            row = report[f"bars_{count}"][name]
            found = Figure(row["rate"], row["low"], row["high"], row["stretches"])
            cells += [f"{row['matches']} of {row['stretches']}", percent(found, digits=3)]
            if name in made:
                limit = 0.0 if count == 8 else held[4]["rate"]
                wanted = "none" if count == 8 else f"≤ held-out's {100 * limit:.3f} %"
                told = f"{row['matches']}" if count == 8 else f"{percent(found, digits=3)} %"
                of = f"{row['stretches']} stretches, {len(made[name])} pieces"
                bars.append(Bar(f"{count} bars taken over ({name})", wanted, told, of, row["rate"] <= limit))
        rows.append([name, *cells])
    probes = [f"{100 * control_rate(pieces, count):.1f} %" for count in (4, 8)]
    melodies = sum("melody" in piece.parts and not piece.held_out for piece in pieces)
    pieces_made = [bed for own in made.values() for bed in own]
    tones = sum(value not in (v.REST, v.HOLD) for bed in pieces_made for bar in lines_of(bed) for value, _ in bar)
    bound = share(0, len(pieces_made)).high
    lines = [
        f"Every stretch of four and eight bars of melody (rhythm and intervals, so every transposition at once; eight "
        f"tones of three pitches or more in four bars, sixteen in eight) looked up among those of the {melodies} "
        "taught melodies that people wrote. *Held-out* pieces are looked up too: people repeat each other, and that is "
        "the measure. 95 % intervals by bootstrap over pieces. Control: taught melodies themselves, transposed at "
        f"random, are found to {probes[0]} and {probes[1]}. It finds exact stretches only: one changed tone hides one.",
        "",
        *table(["melodies", "4 bars: matches", "%", "8 bars: matches", "%"], rows),
        "",
        f"What was made has {tones} tones of melody in {len(pieces_made)} pieces. Where none of them repeats anything "
        f"taught, the share of such pieces is still only known to be below {100 * bound:.1f} % (Wilson, 95 %). The "
        "rules were taught nothing: their matches are chance and common figures.",
    ]
    return Part(bars, lines)
