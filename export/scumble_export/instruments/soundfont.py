"""Reads a SoundFont 2 and writes a SoundFont 3: the same tables, samples as Ogg Vorbis (as MuseScore defined it)."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Generators = list[tuple[int, int]]
Wave = NDArray[np.int16]
INSTRUMENT, SAMPLE, SAMPLE_MODES = 41, 53, 54
COMPRESSED = 0x10
LOOPS_ALWAYS = 1
_SIZES = {"phdr": 38, "pbag": 4, "pgen": 4, "inst": 22, "ibag": 4, "igen": 4, "shdr": 46}


@dataclass(frozen=True)
class Owner:
    """A preset or an instrument: name, bank and program (0 for an instrument), and generators by zone."""

    name: bytes
    program: int
    bank: int
    zones: tuple[Generators, ...]


@dataclass(frozen=True)
class Sample:
    """A sample: its wave, its loop counted from its start, and its pitch."""

    name: bytes
    wave: Wave = field(repr=False)
    loop_start: int
    loop_end: int
    rate_hz: int
    key: int
    cents: int
    link: int
    kind: int


@dataclass(frozen=True)
class SoundFont:
    """Presets over instruments over samples; zones name them by index."""

    presets: list[Owner]
    instruments: list[Owner]
    samples: list[Sample]


def read(content: bytes) -> SoundFont:
    """Reads a SoundFont 2. Raises ValueError for anything else."""
    if content[:4] != b"RIFF" or content[8:12] != b"sfbk":
        raise ValueError("no SoundFont")
    parts: dict[str, bytes] = {}
    for name, body in _chunks(content[12:]):
        if name == "LIST" and body[:4] in (b"sdta", b"pdta"):
            parts |= dict(_chunks(body[4:]))
    rows = {
        name: [parts[name][at : at + size] for at in range(0, len(parts[name]), size)] for name, size in _SIZES.items()
    }
    pool = np.frombuffer(parts["smpl"], "<i2")
    return SoundFont(
        _owners(rows["phdr"], 24, rows["pbag"], rows["pgen"]),
        _owners(rows["inst"], 20, rows["ibag"], rows["igen"]),
        [_sample(row, pool) for row in rows["shdr"][:-1]],
    )


def chosen(font: SoundFont, presets: list[tuple[int, int]]) -> SoundFont:
    """Returns the font with these (bank, program) and what they need. Raises ValueError when one is not there."""
    kept = [owner for owner in font.presets if (owner.bank, owner.program) in presets]
    missing = set(presets) - {(owner.bank, owner.program) for owner in kept}
    if missing:
        raise ValueError(f"the font has no presets {sorted(missing)}")
    used, kept = _renumbered(kept, INSTRUMENT)
    samples, instruments = _renumbered([font.instruments[index] for index in used], SAMPLE)
    number = {index: place for place, index in enumerate(samples)}
    waves = [replace(sample, link=number.get(sample.link, 0)) for sample in (font.samples[index] for index in samples)]
    return SoundFont(kept, instruments, waves)


def trimmed(font: SoundFont, gap: int) -> SoundFont:
    """Returns the font without what comes after a loop that is never left, but for `gap` samples."""
    modes: dict[int, set[int]] = {}
    for owner in font.instruments:
        common = dict(owner.zones[0]) if owner.zones and SAMPLE not in dict(owner.zones[0]) else {}
        for zone in map(dict, owner.zones):
            if SAMPLE in zone:
                modes.setdefault(zone[SAMPLE], set()).add((common | zone).get(SAMPLE_MODES, 0))
    samples = []
    for index, sample in enumerate(font.samples):
        looped = modes.get(index) == {LOOPS_ALWAYS} and sample.loop_start < sample.loop_end <= len(sample.wave)
        samples.append(replace(sample, wave=sample.wave[: sample.loop_end + gap]) if looped else sample)
    return replace(font, samples=samples)


def written(font: SoundFont, info: dict[str, str], compress: Callable[[Wave, int], bytes | None]) -> bytes:
    """Returns a SoundFont 3. `compress` gives a wave at a rate in Hz as Ogg Vorbis, or None to leave it as it is."""
    pool = bytearray()
    headers = bytearray()
    for sample in font.samples:
        stream = compress(sample.wave, sample.rate_hz)
        start, kind, loop = len(pool), sample.kind, 0
        if stream is None:
            start, loop = start // 2, start // 2
            pool += sample.wave.tobytes() + bytes(2 * 46)
            end = start + len(sample.wave)
        else:
            pool += stream
            end, kind = len(pool), kind | COMPRESSED
            pool += bytes(len(pool) % 2)
        place = (start, end, loop + sample.loop_start, loop + sample.loop_end, sample.rate_hz)
        headers += struct.pack("<20s5IBbHH", sample.name, *place, sample.key, sample.cents, sample.link, kind)
    headers += struct.pack("<20s5IBbHH", b"EOS", *[0] * 9)
    texts = b"".join(_chunk(name, text.encode() + b"\0" * (2 - len(text.encode()) % 2)) for name, text in info.items())
    lists = [
        b"INFO" + _chunk("ifil", struct.pack("<HH", 3, 1)) + texts,
        b"sdta" + _chunk("smpl", bytes(pool)),
        b"pdta" + _tables(font.presets, "p") + _tables(font.instruments, "i") + _chunk("shdr", bytes(headers)),
    ]
    return _chunk("RIFF", b"sfbk" + b"".join(_chunk("LIST", part) for part in lists))


def _chunks(content: bytes) -> list[tuple[str, bytes]]:
    found, at = [], 0
    while at + 8 <= len(content):
        (size,) = struct.unpack_from("<I", content, at + 4)
        found.append((content[at : at + 4].decode("latin-1"), content[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return found


def _chunk(name: str, content: bytes) -> bytes:
    return name.encode() + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _owners(rows: list[bytes], bag_field: int, bags: list[bytes], generators: list[bytes]) -> list[Owner]:
    starts = [struct.unpack_from("<H", bag)[0] for bag in bags]
    pairs = [struct.unpack("<HH", row) for row in generators]
    found = []
    for row, following in itertools.pairwise(rows):
        (first,), (last,) = struct.unpack_from("<H", row, bag_field), struct.unpack_from("<H", following, bag_field)
        program, bank = struct.unpack_from("<HH", row, 20) if bag_field == 24 else (0, 0)
        zones = tuple([(op, value) for op, value in pairs[starts[bag] : starts[bag + 1]]] for bag in range(first, last))
        found.append(Owner(row[:20], program, bank, zones))
    return found


def _sample(row: bytes, pool: NDArray[np.int16]) -> Sample:
    name, start, end, loop_start, loop_end, rate, key, cents, link, kind = struct.unpack("<20s5IBbHH", row)
    return Sample(name, pool[start:end], loop_start - start, loop_end - start, rate, key, cents, link, kind)


def _renumbered(owners: list[Owner], target: int) -> tuple[list[int], list[Owner]]:
    """Returns the indices that zones name, in order, and the owners with these numbered anew."""
    used = sorted({value for owner in owners for zone in owner.zones for op, value in zone if op == target})
    number = {index: place for place, index in enumerate(used)}
    renamed = [
        replace(owner, zones=tuple([(op, number[v] if op == target else v) for op, v in zone] for zone in owner.zones))
        for owner in owners
    ]
    return used, renamed


def _tables(owners: list[Owner], kind: str) -> bytes:
    """Returns header, bag, modulator and generator tables; modulators are left out, as the sampler knows none."""
    headers, bags, generators = b"", b"", b""
    for owner in [*owners, Owner(b"EOP" if kind == "p" else b"EOI", 0, 0, ())]:
        place = (
            struct.pack("<20sHH", owner.name, owner.program, owner.bank) if kind == "p" else owner.name.ljust(20, b"\0")
        )
        headers += place + struct.pack("<H", len(bags) // 4) + (bytes(12) if kind == "p" else b"")
        for zone in owner.zones:
            bags += struct.pack("<HH", len(generators) // 4, 0)
            generators += b"".join(struct.pack("<HH", *pair) for pair in zone)
    bags += struct.pack("<HH", len(generators) // 4, 0)
    names = ("phdr", "pbag", "pmod", "pgen") if kind == "p" else ("inst", "ibag", "imod", "igen")
    return b"".join(map(_chunk, names, (headers, bags, bytes(10), generators + bytes(4))))
