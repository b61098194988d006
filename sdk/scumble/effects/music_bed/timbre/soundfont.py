"""Writes a SoundFont 2 of one looped instrument (SoundFont Technical Specification 2.04)."""

from __future__ import annotations

import itertools
import math
import struct
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_KEYS, _HOLD, _DECAY, _SUSTAIN, _RELEASE, _SAMPLE_MODES, _SAMPLE, _INSTRUMENT = 43, 35, 36, 37, 38, 54, 53, 41
_GAP = 46
_SILENT_CB = 1000
_FADED_DB = 80.0
"""What the sampler takes an envelope's decay and release times to mean."""


class Key(NamedTuple):
    """One sample: MIDI key at which it is in tune, 16-bit wave, where its loop begins (it ends with the wave).

    `decay_db_per_s`, 0 or less, is how its level falls from the loop on.
    """

    key: int
    wave: NDArray[np.int16]
    loop_start: int
    rate_hz: int
    decay_db_per_s: float


def soundfont_from_keys(keys: Sequence[Key], release_s: float) -> bytes:
    """Returns the font's bytes: preset 0 of bank 0, each sample for the keys nearest to its own."""
    pool, headers, zones = bytearray(), b"", []
    borders = [0, *((a.key + b.key + 1) // 2 for a, b in itertools.pairwise(keys)), 128]
    for number, sample in enumerate(keys):
        start = len(pool) // 2
        end = start + len(sample.wave)
        # Readers interpolate over the loop's end: what follows it is its beginning.
        after = np.resize(sample.wave[sample.loop_start :], 8)
        pool += sample.wave.astype("<i2").tobytes() + after.astype("<i2").tobytes() + bytes(2 * _GAP)
        place = (start, end + 8, start + sample.loop_start, end, sample.rate_hz)
        headers += struct.pack("<20s5IBbHH", b"note", *place, sample.key, 0, 0, 1)
        zone = [(_KEYS, borders[number] | (borders[number + 1] - 1) << 8)]
        if sample.decay_db_per_s < 0:
            hold_s = sample.loop_start / sample.rate_hz
            decay_s = min(60.0, _FADED_DB / -sample.decay_db_per_s)
            zone += [(_HOLD, _timecents(hold_s)), (_DECAY, _timecents(decay_s)), (_SUSTAIN, _SILENT_CB)]
        zones.append([*zone, (_RELEASE, _timecents(release_s)), (_SAMPLE_MODES, 1), (_SAMPLE, number)])
    headers += struct.pack("<20s5IBbHH", b"EOS", *[0] * 9)
    tables = _owners("p", struct.pack("<20sHH", b"timbre", 0, 0), [[(_INSTRUMENT, 0)]])
    tables += _owners("i", struct.pack("<20s", b"timbre"), zones) + _chunk(b"shdr", headers)
    info = _chunk(b"ifil", struct.pack("<HH", 2, 4))
    lists = [b"INFO" + info, b"sdta" + _chunk(b"smpl", bytes(pool)), b"pdta" + tables]
    return _chunk(b"RIFF", b"sfbk" + b"".join(_chunk(b"LIST", part) for part in lists))


def _timecents(seconds: float) -> int:
    return round(1200 * math.log2(max(seconds, 0.001))) & 0xFFFF


def _owners(kind: str, head: bytes, zones: list[list[tuple[int, int]]]) -> bytes:
    """Returns the tables of the one preset ("p") or instrument ("i")."""
    bags, generators = b"", b""
    for zone in zones:
        bags += struct.pack("<HH", len(generators) // 4, 0)
        generators += b"".join(struct.pack("<HH", *pair) for pair in zone)
    bags += struct.pack("<HH", len(generators) // 4, 0)
    rest = bytes(12) if kind == "p" else b""
    last = (b"EOP" if kind == "p" else b"EOI").ljust(len(head), b"\0")
    headers = head + struct.pack("<H", 0) + rest + last + struct.pack("<H", len(zones)) + rest
    names = (b"phdr", b"pbag", b"pmod", b"pgen") if kind == "p" else (b"inst", b"ibag", b"imod", b"igen")
    return b"".join(map(_chunk, names, (headers, bags, bytes(10), generators + bytes(4))))


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
