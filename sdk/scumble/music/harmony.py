"""Harmony: which chord stands in which bar, returning with its section, leading on at its end, closing at the last."""

from __future__ import annotations

from typing import NamedTuple

from scumble.music.chance import Chance
from scumble.music.score import Bar, Mode, Section
from scumble.music.style import Style
from scumble.music.theory import Chord, chord_from_numeral

_LEADING = {"V", "V7", "v", "vii°", "VII", "IV", "iv", "ii", "ii°", "bVII", "Vsus4", "V/3", "IV/3", "ii/3", "VI", "vi"}
"""Chords from which the next section may begin."""


class Key(NamedTuple):
    """Tonic as pitch class, mode, and whether tones outside it are refused."""

    tonic: int
    mode: Mode
    strict: bool = False


class Harmonized(NamedTuple):
    """A chord and the beats over which it stands."""

    start_beat: float
    end_beat: float
    chord: Chord


def harmony_from_sections(
    sections: tuple[Section, ...], bars: tuple[Bar, ...], style: Style, key: Key, chance: Chance, *, loop: bool
) -> tuple[Harmonized, ...]:
    """Returns chords without a gap over all bars. In a loop the last leads to the first, else the tonic ends."""
    harmony = style.harmony_in(key.mode)
    pools = {"A": harmony.verses, "B": harmony.choruses, "C": harmony.bridges}
    pools |= {"D": harmony.verses, "E": harmony.choruses}
    chosen = {name: chance.choice(pool, name).split() for name, pool in pools.items()}
    cadence = chance.choice(harmony.cadences, "cadence").split()
    home = "I" if key.mode in ("major", "mixolydian") else "i"
    written: list[str] = []
    for section in sections:
        written.extend(_section_numerals(section, chosen.get(section.name, chosen["A"]), style, home))
    if not loop:
        closing = [*cadence[-2:], home][-min(3, len(bars)) :] if len(bars) > 3 else [cadence[-1], home][-len(bars) :]
        written[-len(closing) :] = closing
    return tuple(_spread(written, bars, style, key))


def _section_numerals(section: Section, sequence: list[str], style: Style, home: str) -> list[str]:
    """A section's chords, bar by bar; a sequence that is cut short ends on a dominant."""
    stretched = [numeral for numeral in sequence for _ in range(style.bars_per_chord)]
    numerals = [stretched[bar % len(stretched)] for bar in range(section.bars)]
    last = numerals[-1].split(",")[-1]
    if section.bars > 1 and last not in _LEADING:
        numerals[-1] = "V" if home == "I" else "VII"
    return numerals


def _spread(written: list[str], bars: tuple[Bar, ...], style: Style, key: Key) -> list[Harmonized]:
    spans: list[Harmonized] = []
    for numerals, bar in zip(written, bars, strict=True):
        parts = numerals.split(",")
        if len(parts) > bar.beats:
            parts = parts[-1:]
        step = bar.beats // len(parts)
        for place, numeral in enumerate(parts):
            start = bar.start_beat + place * step
            end = bar.end_beat if place == len(parts) - 1 else start + step
            chord = chord_from_numeral(numeral, key.tonic, key.mode, style.color, strict=key.strict)
            spans.append(Harmonized(start, end, chord))
    return spans
