"""Sound: loudness, true peak, stems, files, and what a bad mix would show: clipping, DC, silence, phase, tilt."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.background.processes import ROOT
from benchmarks.figures import figure, shown, table
from benchmarks.music_bed.bars import Bar, Part
from benchmarks.music_bed.hearing import (
    OCTAVES_HZ,
    TILT_DB,
    Sound,
    correlation,
    dc_dbfs,
    flat_tops,
    least_correlation,
    level_dbfs,
    longest_silence_s,
    loudness_lufs,
    octave_levels_db,
    table_loudness_lufs,
    tilt_db,
    true_peak_dbtp,
)
from benchmarks.music_bed.playing import made, read_sound, sound_of
from scumble.music import STYLES

NEAR_LU, CEILING_DBTP, RESIDUAL_DBFS, DC_DBFS = 0.1, -1.0, -90.0, -60.0
MOST_SILENT_S, LEAST_CORRELATION = 1.0, 0.0
"""Below a correlation of 0 a mono loudspeaker loses more than half of the power."""
_TARGETS_LUFS = (-36.0, -9.0)
_SECONDS = 12.0
_FILES = ("16-bit.wav", "float.wav", "24-bit.flac", "24-bit.ogg")


class Health(NamedTuple):
    """What a sound shows without its score."""

    lufs: float
    dbtp: float
    dc_dbfs: float
    flat_tops: int
    silence_s: float
    correlation: float
    least_correlation: float
    tilt_db: float
    off_line_db: float

    def faults(self) -> list[str]:
        """Names what is outside of what a bed may show; loudness and peak aside, which have bars of their own."""
        found = {
            "DC": self.dc_dbfs > DC_DBFS,
            "clipped": self.flat_tops > 0,
            f"silent {self.silence_s:.1f} s": self.silence_s > MOST_SILENT_S,
            f"phase {self.correlation:.2f}": self.correlation < LEAST_CORRELATION,
            f"tilt {self.tilt_db:.1f}": not TILT_DB[0] <= self.tilt_db <= TILT_DB[1],
        }
        return [name for name, wrong in found.items() if wrong]


def health_of(sound: Sound) -> Health:
    """Returns what a sound shows."""
    return Health(
        loudness_lufs(sound),
        true_peak_dbtp(sound),
        dc_dbfs(sound),
        flat_tops(sound),
        longest_silence_s(sound),
        correlation(sound),
        least_correlation(sound),
        *tilt_db(octave_levels_db(sound)),
    )


def residual_dbfs(sound: Sound, stems: dict[str, Sound]) -> float:
    """Returns the highest sample of a bed less the sum of its stems, in dB of full scale."""
    rest = sound.astype(np.float64) - np.sum([stem.astype(np.float64) for stem in stems.values()], axis=0)
    return float(20 * np.log10(max(np.abs(rest).max(), 1e-10)))


def written(style: str, seed: int) -> dict[str, tuple[float, float]]:
    """Returns loudness and true peak of the files that the command line writes, by format."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in _FILES:
            path, kind = Path(folder) / name, name.partition(".")[0]
            words = ("music-bed", str(path), f"--style={style}", f"--seed={seed}", "--duration=10")
            command = (sys.executable, "-m", "scumble", *words, f"--sample-format={kind}")
            subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
            sound = read_sound(path)
            found[name] = (table_loudness_lufs(sound), true_peak_dbtp(sound))
    return found


def measured(scale: int) -> Part:
    """Returns the bars and tables; `scale` is how many beds of a style."""
    chance = np.random.default_rng(31)
    health: dict[str, list[Health]] = {style: [] for style in STYLES}
    octaves: dict[str, list[list[float]]] = {style: [] for style in STYLES}
    errors, letters, peaks, rests, most = [], [], [], [], []
    for number in range(scale):
        for style in STYLES:
            bed = sound_of(style=style, seed=100 + number, duration=_SECONDS)
            own = health_of(bed)
            health[style].append(own)
            octaves[style].append((octave_levels_db(bed) - level_dbfs(bed)).tolist())
            errors.append(own.lufs + 14)
            letters.append(table_loudness_lufs(bed) + 14)
            peaks.append(own.dbtp)
            target = float(np.round(2 * chance.uniform(*_TARGETS_LUFS)) / 2)
            other = sound_of(style=style, seed=200 + number, duration=float(chance.integers(2, 21)), loudness=target)
            errors.append(loudness_lufs(other) - target)
            letters.append(table_loudness_lufs(other) - target)
            peaks.append(true_peak_dbtp(other))
            quiet = made(stems=True, style=style, seed=100 + number, duration=6.0, loudness=-32.0)
            rests.append(residual_dbfs(quiet.sound, quiet.stems))
            most.append(len(quiet.stems))
    files = {style: written(style, 1) for style in ("house", "trailer", "ambient")}
    off, letter, top, rest = (np.array(one) for one in (errors, letters, peaks, rests))
    lossy = [peak for rows in files.values() for name, (_, peak) in rows.items() if name.endswith("ogg")]
    exact = [peak for rows in files.values() for name, (_, peak) in rows.items() if not name.endswith("ogg")]
    kept, lost = (
        [abs(lufs + 14) for rows in files.values() for name, (lufs, _) in rows.items() if name.endswith("ogg") is ogg]
        for ogg in (False, True)
    )
    everything = [one for rows in health.values() for one in rows]
    faulty = {style: sorted({fault for one in rows for fault in one.faults()}) for style, rows in health.items()}
    sick = [one for one in everything if one.faults()]
    beds = f"{len(off)} beds"
    bars = [
        Bar("loudness", "± 0.1 LU", f"worst {letter[np.abs(letter).argmax()]:+.3f} LU", beds,
            bool(np.abs(letter).max() <= NEAR_LU)),
        Bar("loudness of files", "± 0.1 LU", f"worst {max(kept):.3f}; OGG, decoded, {max(lost):.3f} LU",
            f"{len(kept)} + {len(lost)} files", max(kept + lost) <= NEAR_LU),
        Bar("true peak", "≤ -1 dBTP", f"highest {top.max():.2f} dBTP", beds, bool(top.max() <= CEILING_DBTP)),
        Bar("true peak of files", "≤ -1 dBTP", f"highest {max(exact):.2f}; OGG, decoded, {max(lossy):.2f} dBTP",
            f"{len(exact)} + {len(lossy)} files", max(exact + lossy) <= CEILING_DBTP),
        Bar("stems' sum", "≤ -90 dBFS off", f"highest {rest.max():.0f} dBFS", f"{len(rest)} beds",
            bool(rest.max() <= RESIDUAL_DBFS)),
        Bar("clipping, DC, silence, phase, tilt", "none outside", f"{len(sick)} outside", f"{len(everything)} beds",
            not sick),
    ]  # fmt: skip
    rows = []
    for style, some in health.items():
        values = np.array(some, float)
        mean = np.mean(octaves[style], axis=0)
        rows.append([style, f"{values[:, 2].max():.0f}", f"{values[:, 4].max():.2f}", f"{values[:, 5].mean():.2f}",
                     f"{values[:, 6].min():.2f}", f"{values[:, 7].mean():.1f}", f"{values[:, 8].mean():.1f}",
                     " ".join(f"{level:.0f}" for level in mean), ", ".join(faulty[style])])  # fmt: skip
    tilts = figure(np.array([one.tilt_db for one in everything]))
    lines = [
        f"**Loudness and peak.** {len(off)} beds, half at the default of -14 LUFS and {_SECONDS:.0f} s, half at a "
        f"random target from {_TARGETS_LUFS[0]:.0f} to {_TARGETS_LUFS[1]:.0f} LUFS and 2 to 20 s: off by "
        f"{shown(figure(np.abs(off)), digits=3)} LU in the mean by pyloudnorm, which designs its filters anew "
        f"and reads a little low (at worst {np.abs(off).max():.3f}); {shown(figure(np.abs(letter)), digits=3)} by the "
        f"standard's own filters for 48 kHz, at worst {np.abs(letter).max():.3f}. Neither is the product's meter. "
        f"The true peak by SciPy's resampler at eight times the rate (the product limits at "
        f"four): median {np.median(top):.2f} dBTP, highest {top.max():.2f}.",
        "",
        "**Files** of the command line (house, trailer, ambient; decoded again, loudness by the standard): "
        + "; ".join(
            f"{name} at most {max(rows_[name][1] for rows_ in files.values()):.2f} dBTP, loudness off by "
            f"{max(abs(rows_[name][0] + 14) for rows_ in files.values()):.3f}"
            for name in _FILES
        )
        + ".",
        "",
        f"**Stems.** {len(rest)} beds at -32 LUFS, where the limiter has nothing to do, of {min(most)} to {max(most)} "
        f"stems: the bed less their sum is at most {rest.max():.0f} dBFS in any sample (median {np.median(rest):.0f}).",
        "",
        f"**Health**, {scale} beds of {_SECONDS:.0f} s a style; in a column the worst, tilt and octaves the mean. DC "
        f"wanted ≤ {DC_DBFS:.0f} dBFS; the longest time below -60 dBFS ≤ {MOST_SILENT_S:.0f} s; left and right "
        f"correlated ≥ {LEAST_CORRELATION:.0f} over a bed, since below a mono loudspeaker loses more than half of the "
        f"power (the lowest second is shown too); no four equal samples in a row "
        f"within 1 dB of the top. Tilt: a line through the octave bands from 125 Hz to 4 kHz, wanted {TILT_DB[0]:.0f} "
        f"to {TILT_DB[1]:+.0f} dB an octave (pink noise is 0; Pestana et al. 2013 found hits at about -5 dB an octave "
        f"per hertz, which is -2 here, and three to either side are allowed): {shown(tilts)} over all. *Off*: how far "
        f"an octave lies from that line at most. Octaves {OCTAVES_HZ[0]} Hz to {OCTAVES_HZ[-1] // 1000} kHz, dB "
        "against the whole.",
        "",
        *table(["style", "DC dBFS", "silent s", "phase", "lowest", "tilt", "off", "octaves", "outside"], rows),
    ]
    return Part(bars, lines)
