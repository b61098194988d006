"""Speed: a minute end to end, playing alone, half an hour and its memory, beside fluidsynth on the same notes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.background.processes import ROOT
from benchmarks.figures import Figure, figure, shown, table
from benchmarks.music_bed.bars import Bar, Part, machine_line
from benchmarks.music_bed.hearing import RATE_HZ
from scumble.music import Wishes, compose, midi_from_score

FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
STYLES = ("lofi", "house", "cinematic")
MOST_S, MOST_SHARE = 8.0, 0.05
_MINUTE_S, _LONG_S, _REPEATS = 60.0, 1800.0, 3


def _child(*words: object) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.music_bed.child", *map(str, words)]
    found: dict[str, Any] = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    return found


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - began


def _median(values: list[float]) -> Figure:
    return figure(np.array(values), lambda some: float(np.median(some)))


def measured(font: Path) -> Part:
    """Returns the bars and the table; without fluidsynth or its SoundFont the peer's column says so."""
    peer = shutil.which("fluidsynth") if font.is_file() else None
    rows, whole, shares = [], {}, {}
    with tempfile.TemporaryDirectory() as folder:
        bed, notes, theirs = (Path(folder) / name for name in ("bed.wav", "notes.mid", "theirs.wav"))
        for style in STYLES:
            notes.write_bytes(midi_from_score(compose(Wishes(_MINUTE_S, style), 1)))
            words = ["music-bed", str(bed), f"--style={style}", f"--duration={_MINUTE_S:g}", "--seed=1"]
            times, alone, beside = [], [], []
            for _ in range(_REPEATS):
                times.append(_seconds([sys.executable, "-m", "scumble", *words]))
                alone.append(_child("play", style, _MINUTE_S))
                if peer:
                    beside.append(
                        _seconds([peer, "-niq", "-r", str(RATE_HZ), "-F", str(theirs), str(font), str(notes)])
                    )
            whole[style], shares[style] = _median(times), _median([one["play_s"] / _MINUTE_S for one in alone])
            ready = _median([one["font_s"] + one["play_s"] for one in alone])
            ratio = f"{ready.value / float(np.median(beside)):.2f}" if beside else "not here"
            rows.append([style, shown(whole[style], high=MOST_S), f"{whole[style].value / _MINUTE_S:.3f}",
                         shown(shares[style], high=MOST_SHARE, digits=3),
                         shown(_median([one["cpu_s"] for one in alone])),
                         shown(_median([one["master_s"] for one in alone])),
                         shown(_median(beside)) if beside else "not here", ratio])  # fmt: skip
    long = _child("whole", "lofi", _LONG_S)
    slowest = max(whole, key=lambda style: whole[style].value)
    heaviest = max(shares, key=lambda style: shares[style].value)
    bars = [
        Bar("a minute, end to end", "≤ 8 s on 2 cores", f"{shown(whole[slowest])} s ({slowest})",
            f"median of {_REPEATS}", whole[slowest].value <= MOST_S),
        Bar("playing alone", "≤ 0.05 × real time", f"{shown(shares[heaviest], digits=3)} ({heaviest})",
            f"median of {_REPEATS}", shares[heaviest].value <= MOST_SHARE),
        Bar("half an hour", "0 samples off", f"{long['frames'] - round(_LONG_S * RATE_HZ)}, {long['mib']:.0f} MiB",
            "1 bed", long["frames"] == round(_LONG_S * RATE_HZ)),
    ]  # fmt: skip
    lines = [
        f"{machine_line()}; with other jobs on the machine only the ratio says much. *Whole*: the command line from "
        f"its start to its end, {_MINUTE_S:.0f} s of music, wanted ≤ 8 s. *Playing*: all tracks through sampler, room "
        "and bus, the font in memory, over real time, wanted ≤ 0.05; *CPU s* of that process with everything. "
        f"*fluidsynth*: its own start to its end, the same notes with {font.name}, its room and chorus on, no "
        "mastering; *ratio* is our opening of the instruments and playing over it. Medians of "
        f"{_REPEATS}.",
        "",
        *table(["style", "whole s", "× real time", "playing", "CPU s", "mastering s", "fluidsynth s", "ratio"], rows),
        "",
        f"Half an hour of lofi: {long['whole_s']:.0f} s, {long['frames']} frames, at most {long['mib']:.0f} MiB of "
        f"memory ({long['own_mib']:.0f} of the process's own at the end, the rest mapped files), the sound itself "
        f"being {8 * long['frames'] / 2**20:.0f} MiB.",
    ]
    return Part(bars, lines)
