"""Notes: in key, in whole bars, and how alike they are to music that people wrote and nobody was taught."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.figures import Figure, figure, percent, share, shown, table
from benchmarks.music_bed.bars import Bar, Part
from benchmarks.music_bed.writing import SECONDS, Made
from scumble.music import Score
from scumble.music import vocabulary as v
from scumble_export.composer import measures as m
from scumble_export.composer.copying import melody_of
from scumble_export.composer.corpus import Piece
from scumble_export.composer.evaluate import music_report

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}
"""Semitones above the tonic, said again here so that the product's own table is judged too."""
_SHOWN = {
    "groove_consistency": "groove consistency",
    "scale_consistency": "scale consistency",
    "pitch_class_overlap": "pitch classes shared",
    "tones_a_bar": "tones a bar",
}


def in_key(score: Score) -> float:
    """Returns the share of a score's tones, drums and effects aside, in the scale of its key and mode."""
    scale = {(score.key + step) % 12 for step in SCALES[score.mode]}
    tones = [
        note.pitch % 12 in scale
        for track in score.tracks
        if track.role not in ("drums", "effects")
        for note in track.notes
    ]
    return float(np.mean(tones)) if tones else 1.0


def complete_bars(score: Score) -> float:
    """Returns the share of a score's bars that are whole and sound.

    Whole: it begins where the one before it ends, on a whole beat, and has two beats or more; the last one ends with
    the piece. Sounding: some note is held in it.
    """
    edges = [score.tempo.seconds_from_beat(bar.start_beat) for bar in score.bars]
    ends = [score.tempo.seconds_from_beat(bar.end_beat) for bar in score.bars]
    following = [*edges[1:], score.length_s]
    spans = [(note.start_s, note.end_s) for track in score.tracks for note in track.notes]
    fine = [
        abs(end - after) < 1e-6 and bar.beats >= 2 and any(first < end and last > start for first, last in spans)
        for bar, start, end, after in zip(score.bars, edges, ends, following, strict=True)
    ]
    return float(np.mean(fine))


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
        "the mean histograms.",
        "",
        *table(["notes", "pieces", "in key %", "complete %", *_SHOWN.values(), "of means"], rows),
        "",
        f"Held-out melodies are {percent(heard)} % in the scale of the key that is heard in them ({heard.samples} "
        "pieces; the seventh that minor raises counts as outside, as it does for beds).",
    ]
    return Part(bars, lines)
