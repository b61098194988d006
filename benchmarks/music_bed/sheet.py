"""Twenty-four beds that nobody chose: MIDI files, a sheet of pictures, and what an analysis says of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.background.processes import ROOT
from benchmarks.figures import table
from benchmarks.music_bed.bars import Bar, Part
from benchmarks.music_bed.drawing import put_sheet, tile
from benchmarks.music_bed.features import complete_bars, in_key
from benchmarks.music_bed.form import ENDS_DB, ending_db
from benchmarks.music_bed.hearing import RATE_HZ, onset_times_s, window_levels_db
from benchmarks.music_bed.playing import made
from benchmarks.music_bed.sound import CEILING_DBTP, NEAR_LU, Health, health_of
from scumble.music import MOODS, STYLES, Score, Wishes, compose, findings_from_score, midi_from_score

FOLDER = ROOT / "docs" / "music-quality"
COUNT, SECONDS = 24, 30.0
FEWEST, MOST = 0.5, 10.0
"""Strokes a second of all parts together: below, a bed is nearly empty; above, denser than sixteenths at 150 bpm."""
_TOGETHER_S = 0.05
_HEAD = "bpm notes/s strokes/s onsets/s key clashes mud bars LUFS dBTP DC silent phase tilt moves last"
MOST_MUD, MOST_CLASHES = 0.1, 0.1
_LEAST_MOVE_DB = 1.0


class Checked(NamedTuple):
    """One bed: its number, wishes and score, and what was found."""

    number: int
    mood: str
    score: Score
    health: Health
    notes_a_second: float
    strokes_a_second: float
    onsets_a_second: float
    last_db: float
    moves_db: float
    same_notes: bool
    frames_off: int

    @property
    def outliers(self) -> list[str]:
        """What is outside of what is wanted, in words."""
        found = findings_from_score(self.score)
        facts = {
            f"loudness {self.health.lufs:.2f}": abs(self.health.lufs + 14) > NEAR_LU,
            f"peak {self.health.dbtp:.2f}": self.health.dbtp > CEILING_DBTP,
            f"sparse, {self.strokes_a_second:.1f}/s": self.strokes_a_second < FEWEST,
            f"dense, {self.strokes_a_second:.1f}/s": self.strokes_a_second > MOST,
            f"end {self.last_db:.0f} dB": self.last_db > ENDS_DB,
            f"level moves by {self.moves_db:.1f} dB": self.moves_db < _LEAST_MOVE_DB,
            f"mud {100 * found.mud:.0f} %": found.mud > MOST_MUD,
            f"clashes {100 * found.clashes:.0f} %": found.clashes > MOST_CLASHES,
            "bars not whole": complete_bars(self.score) < 1,
            "other notes than the score": not self.same_notes,
            "other length": self.frames_off != 0,
        }
        return self.health.faults() + [fact for fact, wrong in facts.items() if wrong]


def wishes_of(number: int) -> dict[str, Any]:
    """Returns the parameters of a bed of the sheet: its number chooses them all."""
    styles, moods = list(STYLES), list(MOODS)
    return {
        "style": styles[number % len(styles)],
        "mood": moods[number % len(moods)],
        "seed": number,
        "duration": SECONDS,
    }


def name_of(number: int) -> str:
    """Returns the bed's name, as in "07-trailer-dark"."""
    wishes = wishes_of(number)
    return f"{number:02d}-{wishes['style']}-{wishes['mood']}"


def strokes(score: Score) -> int:
    """Returns how often something begins: notes within 50 ms of the first of them are one stroke, as in a strum."""
    count, until = 0, -1.0
    for start in sorted(note.start_s for track in score.tracks for note in track.notes):
        if start >= until:
            count, until = count + 1, start + _TOGETHER_S
    return count


def checked(number: int, folder: Path) -> tuple[Checked, Any]:
    """Makes a bed, writes its notes, and returns what was found and its picture, (height, width, 3) of 8 bits."""
    wishes = wishes_of(number)
    bed = made(**wishes)
    score = compose(Wishes(SECONDS, wishes["style"], wishes["mood"]), number)
    (folder / f"{name_of(number)}.mid").write_bytes(bed.midi)
    levels = window_levels_db(bed.sound, 3.0)[:-1]
    found = Checked(
        number,
        wishes["mood"],
        score,
        health_of(bed.sound),
        sum(len(track.notes) for track in score.tracks) / score.length_s,
        strokes(score) / score.length_s,
        len(onset_times_s(bed.sound)) / SECONDS,
        ending_db(bed.sound)[0],
        float(levels.max() - levels.min()),
        bed.midi == midi_from_score(score),
        len(bed.sound) - round(SECONDS * RATE_HZ),
    )
    return found, tile(score, bed.sound, name_of(number))


def measured(count: int = COUNT, folder: Path = FOLDER) -> Part:
    """Makes the beds, writes their files and the sheet, and returns the bar and the table."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.mid"):
        old.unlink()
    pairs = [checked(number, folder) for number in range(count)]
    put_sheet([picture for _, picture in pairs], folder / "sheet.png")
    rows = []
    for bed, _ in pairs:
        found, sick = findings_from_score(bed.score), bed.health
        rows.append([
            f"[{name_of(bed.number)}](music-quality/{name_of(bed.number)}.mid)",
            f"{bed.score.tempo.bpm_at(0):.0f}", f"{bed.notes_a_second:.1f}", f"{bed.strokes_a_second:.1f}",
            f"{bed.onsets_a_second:.1f}",
            f"{100 * in_key(bed.score):.0f}", f"{100 * found.clashes:.0f}", f"{100 * found.mud:.0f}",
            str(found.melodies), f"{sick.lufs:.2f}", f"{sick.dbtp:.2f}", f"{sick.dc_dbfs:.0f}",
            f"{sick.silence_s:.1f}", f"{sick.correlation:.2f}", f"{sick.tilt_db:.1f}", f"{bed.moves_db:.0f}",
            f"{bed.last_db:.0f}", ", ".join(bed.outliers),
        ])  # fmt: skip
    out = [bed for bed, _ in pairs if bed.outliers]
    bars = [
        Bar("uncurated beds", "none is an outlier", f"{len(out)} are", f"{len(pairs)} beds of {SECONDS:.0f} s", not out)
    ]
    named = ", ".join(f"{name_of(bed.number)} ({'; '.join(bed.outliers)})" for bed in out) or "none"
    lines = [
        f"{len(pairs)} beds of {SECONDS:.0f} s; bed *n* has style *n* mod {len(STYLES)}, mood *n* mod {len(MOODS)} and "
        "seed *n* of the product's own lists, so nobody chose. Each picture: the piece with its sections, piano roll, "
        "drums and energy, the waveform, and a log spectrogram from 40 Hz (below) to 16 kHz.",
        "",
        "![24 beds that nobody chose](music-quality/sheet.png)",
        "",
        f"Outliers: {named}. Wanted: {FEWEST} to {MOST:.0f} strokes a second (notes within 50 ms are one: a "
        f"strummed chord has six); clashes (the melody's time a semitone from "
        f"a chord's tone) and mud (time with two tones below C3 nearer than a fifth) ≤ {100 * MOST_MUD:.0f} %; the "
        f"last 50 ms ≤ {ENDS_DB:.0f} dB against the whole; stretches of three seconds that differ by at least "
        f"{_LEAST_MOVE_DB:.0f} dB; the file's notes byte for byte those of the score; and *Health* as above. *Onsets* "
        "are heard in the sound, *bars* are different bars of melody, *moves* is the level from the softest to the "
        "loudest stretch.",
        "",
        *table(["bed", *_HEAD.split(), "outlier"], rows),
    ]
    return Part(bars, lines)
