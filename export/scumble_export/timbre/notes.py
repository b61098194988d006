r"""Renders notes of SoundFonts with fluidsynth and keeps them as pictures.

python -m scumble_export.timbre.notes OUT --font fluid=FluidR3_GM.sf2 --font musescore=MuseScore_General_Lite.sf3

OUT gets pictures.npy (uint8), waves.npy (float16; needed to judge, not to learn) and notes.csv. A font can be any that
fluidsynth reads, or a timidity.cfg, which timidity plays. What does not sound at its key, by its own harmonics, is left
out: an organ's stop of 4 feet, a bell.
"""

from __future__ import annotations

import argparse
import csv
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from scumble_export.timbre.picture import (
    BANDS,
    FRAMES,
    HIGHEST_KEY,
    LENGTH,
    LOWEST_KEY,
    RATE_HZ,
    RESIDUAL_HZ,
    Analysis,
    centres_hz,
    hz_from_key,
    nearest_harmonic,
)

CLASSES = {
    "piano": (0, 1, 2),
    "keys": (4, 5, 6),
    "mallet": (8, 10, 11, 12, 13),
    "organ": (16, 17, 19, 20, 21),
    "pluck": (24, 25, 26, 27, 45, 46),
    "strings": (40, 41, 42, 48, 49, 50, 51),
    "choir": (52, 53, 54),
    "brass": (56, 57, 60, 61, 62, 63),
    "reed": (64, 65, 66, 68, 71),
    "flute": (73, 74, 75, 78, 79),
    "lead": (80, 81, 82, 84, 85, 87),
    "pad": (88, 89, 90, 91, 92, 94, 95),
}
"""Kinds of instruments, as a creator names them, and General MIDI's programs (0-based) that stand for them."""
_RENDER_HZ = 48_000
_SLOT_MS, _HOLD_MS, _CUT_MS = 2500, 2300, 2400
_LEAST_DB, _MOST_CENTS, _LEAST_TONAL = -60.0, 35.0, 0.6


class Note(NamedTuple):
    """What a row of the pack is: the font it comes from, its kind, program, MIDI key and velocity."""

    font: str
    kind: str
    program: int
    key: int
    velocity: int


def wanted_notes(font: str, kind: str, step: int, seed: int) -> list[Note]:
    """Returns the notes of a kind: all keys by `step`, each at a velocity of its own."""
    rng = np.random.default_rng((seed, *font.encode(), *kind.encode()))
    keys = range(LOWEST_KEY, HIGHEST_KEY + 1, step)
    return [Note(font, kind, p, key, int(rng.integers(40, 121))) for p in CLASSES[kind] for key in keys]


def midi_of(notes: list[Note]) -> bytes:
    """Returns a MIDI file with a note every _SLOT_MS, a tick being a millisecond; each is cut before the next."""
    events = []
    for slot, note in enumerate(notes):
        at = slot * _SLOT_MS
        events += [(at, bytes([0xC0, note.program])), (at + 2, bytes([0x90, note.key, note.velocity]))]
        events += [(at + _HOLD_MS, bytes([0x80, note.key, 0])), (at + _CUT_MS, bytes([0xB0, 120, 0]))]
    track, now = b"\x00\xff\x51\x03" + (500_000).to_bytes(3, "big"), 0
    for at, message in events:
        track += _variable(at - now) + message
        now = at
    track += _variable(_SLOT_MS - _CUT_MS) + b"\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, 500) + b"MTrk" + struct.pack(">I", len(track)) + track


def _variable(number: int) -> bytes:
    parts = [number & 0x7F]
    while number := number >> 7:
        parts.append(number & 0x7F | 0x80)
    return bytes(reversed(parts))


def rendered(notes: list[Note], font: Path) -> Iterator[NDArray[np.float64]]:
    """Yields each note's sound, mono, RATE_HZ, LENGTH samples. Raises CalledProcessError when fluidsynth fails."""
    with tempfile.TemporaryDirectory() as scratch:
        midi, raw = Path(scratch) / "notes.mid", Path(scratch) / "notes.raw"
        midi.write_bytes(midi_of(notes))
        subprocess.run(_command(font, midi, raw), check=True, capture_output=True)
        sound = np.fromfile(raw, "<i2").reshape(-1, 2)
    step = _RENDER_HZ // RATE_HZ
    for slot in range(len(notes)):
        start = (slot * _SLOT_MS + 2) * _RENDER_HZ // 1000
        part = sound[start : start + step * LENGTH].astype(np.float64).mean(1) / 32768
        part = np.pad(part, (0, step * LENGTH - len(part)))
        yield resample_poly(part, 1, step)


def _command(font: Path, midi: Path, raw: Path) -> list[str]:
    """Returns the command that plays a MIDI file dry into 16-bit stereo."""
    if font.suffix == ".cfg":
        dry = ["-EFreverb=0", "-EFchorus=0", "-EFdelay=0", "-A", "50"]
        return ["timidity", "-c", str(font), *dry, "-s", str(_RENDER_HZ), "-Or1sl", "-o", str(raw), str(midi)]
    dry = ["-R", "0", "-C", "0", "-g", "0.5"]
    to_raw = ["-r", str(_RENDER_HZ), "-T", "raw", "-O", "s16", "-F", str(raw)]
    return ["fluidsynth", "-ni", "-q", *dry, *to_raw, str(font), str(midi)]


def is_in_tune(picture: NDArray[np.float32], key: float) -> bool:
    """Tells whether a note's power lies at its key's harmonics, and those of the lower ones where they should be."""
    power = 10 ** (picture[0].astype(np.float64) / 10)
    pitch_hz, harmonic = float(hz_from_key(key)), nearest_harmonic(key)
    near = np.abs(centres_hz() - harmonic * pitch_hz) < max(0.12 * pitch_hz, 20)
    low = near & (harmonic <= 8)
    weight = power[low]
    cents = 1731 * picture[1][low] * RESIDUAL_HZ / (harmonic[low] * pitch_hz)[:, None]
    off = float((weight * cents).sum() / (weight.sum() + 1e-12))
    return float(power[near].sum() / power.sum()) >= _LEAST_TONAL and abs(off) <= _MOST_CENTS


def bytes_from_picture(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Returns a picture in 8 bits: steps of 0.4 dB from the floor up, and of 1/127 around 128."""
    return np.stack([np.round((picture[0] + 80) * 2.5), np.round(picture[1] * 127) + 128]).astype(np.uint8)


def main() -> None:
    """Renders, analyses and writes the pack."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("out", type=Path, help="folder to write")
    options.add_argument("--font", action="append", required=True, metavar="NAME=FILE")
    options.add_argument("--step", type=int, default=1, help="semitones from key to key")
    options.add_argument("--seed", type=int, default=0)
    args = options.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    analysis, kept, dropped = Analysis(), 0, 0
    fonts = [entry.split("=", 1) for entry in args.font]
    total = sum(len(wanted_notes(name, kind, args.step, args.seed)) for name, _ in fonts for kind in CLASSES)
    pictures = np.lib.format.open_memmap(
        args.out / "pictures.npy", mode="w+", dtype=np.uint8, shape=(total, 2, BANDS, FRAMES)
    )
    waves = np.lib.format.open_memmap(args.out / "waves.npy", mode="w+", dtype=np.float16, shape=(total, LENGTH))
    with (args.out / "notes.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow((*Note._fields, "loudest_db"))
        for name, path in fonts:
            for kind in CLASSES:
                notes = wanted_notes(name, kind, args.step, args.seed)
                for note, wave in zip(notes, rendered(notes, Path(path)), strict=True):
                    picture, loudest_db = analysis.picture(wave, note.key)
                    if loudest_db < _LEAST_DB or not is_in_tune(picture, note.key):
                        dropped += 1
                        continue
                    pictures[kept] = bytes_from_picture(picture)
                    waves[kept] = wave / max(1e-9, np.abs(wave).max())
                    table.writerow((*note, round(loudest_db, 2)))
                    kept += 1
                print(name, kind, "kept", kept, "dropped", dropped, flush=True)


if __name__ == "__main__":
    main()
