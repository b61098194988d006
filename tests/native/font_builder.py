"""Small SoundFonts for tests, made here from sines: one instrument, one drum kit."""

from __future__ import annotations

import struct

import numpy as np

RATE_HZ = 48_000
KEY = 69
_LENGTH = 4800


def sound_font(*, program: int = 0, kind: int = 1, wave: bytes | None = None, rate_hz: int = RATE_HZ) -> bytes:
    """Returns a SoundFont 2 whose presets (0, program) and (128, 0) play a looped 440 Hz at MIDI key 69."""
    sine = np.round(20_000 * np.sin(2 * np.pi * 440 * np.arange(_LENGTH) / RATE_HZ)).astype("<i2").tobytes()
    pool = (sine if wave is None else wave) + bytes(92)
    loops, key = (54, 1), (41, 0)
    presets = [(program, 0), (0, 128)]
    phdr = b"".join(struct.pack("<20sHHH12x", b"p", *place, number) for number, place in enumerate(presets))
    parts = {
        "phdr": phdr + struct.pack("<20sHHH12x", b"EOP", 0, 0, 2),
        "pbag": struct.pack("<6H", 0, 0, 1, 0, 2, 0),
        "pmod": bytes(10),
        "pgen": struct.pack("<6H", *key, *key, 0, 0),
        "inst": struct.pack("<20sH20sH", b"i", 0, b"EOI", 1),
        "ibag": struct.pack("<4H", 0, 0, 2, 0),
        "imod": bytes(10),
        "igen": struct.pack("<6H", *loops, 53, 0, 0, 0),
        "shdr": struct.pack("<20s5IBbHH", b"s", 0, len(pool) // 2 - 46, 480, 4080, rate_hz, KEY, 0, 0, kind)
        + bytes(46),
    }
    tables = b"".join(chunk(name, content) for name, content in parts.items())
    lists = [b"INFO" + chunk("ifil", bytes(4)), b"sdta" + chunk("smpl", pool), b"pdta" + tables]
    return chunk("RIFF", b"sfbk" + b"".join(chunk("LIST", part) for part in lists))


def chunk(name: str, content: bytes) -> bytes:
    """Returns a RIFF chunk."""
    return name.encode() + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
