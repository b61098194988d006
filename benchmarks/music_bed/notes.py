"""Notes: in key, in whole bars, and how alike they are to music that people wrote and nobody was taught."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.figures import Figure, figure, percent, share, shown, table
from benchmarks.music_bed.bars import Bar, Part
from benchmarks.music_bed.features import complete_bars, in_key
from benchmarks.music_bed.writing import SECONDS, Made
from scumble.music import vocabulary as v
from scumble_export.composer import measures as m
from scumble_export.composer.copying import melody_of
from scumble_export.composer.corpus import Piece
from scumble_export.composer.evaluate import music_report

_SHOWN = {
    "groove_consistency": "groove consistency",
    "scale_consistency": "scale consistency",
    "pitch_class_overlap": "pitch classes shared",
    "tones_a_bar": "tones a bar",
}


def held_out_in_key(pieces: Sequence[Piece]) -> Figure:
    """Returns the share of held-out melodies in the scale of the key that was heard in them."""
    place = v.PREFIX.index("mode")
    modes = {v.number("mode", number): mode for number, mode in enumerate(v.MODE_WORDS)}
    shares = [
        m.in_scale(melody_of(piece), modes[piece.heading[place]])
        for piece in pieces
        if piece.held_out and "melody" in piece.parts and m.pitch_classes(melody_of(piece)).any()
    ]
    return figure(np.array(shares))


def _cell(row: dict[str, Any], name: str, count: int) -> str:
    return shown(Figure(row[name]["mean"], row[name]["low"], row[name]["high"], count))


def measured(made: Made, pieces: Sequence[Piece]) -> Part:
    """Returns the bars and tables of pieces, beside the held-out ones of `pieces`."""
    report = music_report(made, pieces)
    keyed = {name: np.array([in_key(bed.score) for bed in own]) for name, own in made.items()}
    whole = {name: np.array([complete_bars(bed.score) for bed in own]) for name, own in made.items()}
    heard = held_out_in_key(pieces)
    rows = []
    for name, row in report.items():
        count = row["pieces"]
        own = [f"{100 * keyed[name].mean():.2f}", f"{100 * whole[name].mean():.2f}"] if name in made else ["", ""]
        overlap = f"{row['pitch_class_overlap_of_means']:.2f}"
        rows.append([name, str(count), *own, *(_cell(row, key, count) for key in _SHOWN), overlap])
    bars = []
    for name in made:
        if "strict" in name:
            of = f"{len(made[name])} pieces of {SECONDS:.0f} s"
            for what, shares in (("in key", keyed[name]), ("complete bars", whole[name])):
                exact = share(int((shares == 1).sum()), len(shares))
                bars.append(Bar(f"{what} ({name})", "100 % of every piece", f"{percent(exact)} % of pieces", of,
                                exact.value == 1))  # fmt: skip
    lines = [
        f"{len(next(iter(made.values())))} pieces of {SECONDS:.0f} s of each kind, styles in turn, energy and valence "
        "at random. *In key*: tones, drums aside, in the scale of key and mode, by a table of this bench. *Complete*: "
        "bars that begin where the last one ends, on whole beats, and in which something sounds. The others are of "
        "the melody alone, by the code that judges the composer (`scumble_export.composer.measures`): groove "
        "consistency as in MusPy (Dong et al. 2020, after Wu and Yang 2020: neighbouring bars' onsets on sixteenths), "
        "scale consistency (Mogren 2016), the share of its pitch classes above the tonic that it has in common with "
        "the mean of one half of the held-out pieces; *held-out* is the other half, so its row is what music that "
        "people wrote scores. Means over pieces, 95 % intervals by bootstrap over pieces. The last column compares "
        "the mean histograms; *pieces* are those that have a melody.",
        "",
        *table(["notes", "pieces", "in key %", "complete %", *_SHOWN.values(), "of means"], rows),
        "",
        f"Held-out melodies are {percent(heard)} % in the scale of the key that is heard in them ({heard.samples} "
        "pieces; the seventh that minor raises counts as outside, as it does for beds).",
    ]
    return Part(bars, lines)
