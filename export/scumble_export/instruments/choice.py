"""Which presets ship: those that the styles play, and their neighbours of the same family."""

from __future__ import annotations

PROGRAMS = {
    "piano": (0, 1, 4, 5),
    "mallets": (8, 9, 10, 11, 12, 13, 14),
    "organ": (16, 19),
    "guitar": (24, 25, 26, 27, 28),
    "bass": (32, 33, 34, 35, 36, 38, 39),
    "strings": (40, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51),
    "voices": (52, 53, 54),
    "brass": (56, 57, 58, 60, 61, 62, 63),
    "reeds and flutes": (66, 68, 70, 71, 73, 75, 79),
    "leads": (80, 81, 82, 84, 87),
    "pads": (88, 89, 90, 91, 92, 93, 94, 95),
    "effects": (98, 99),
    "plucked and struck": (104, 108, 114, 115, 116, 117, 118, 119),
}
"""General MIDI programs, 0-based, by what they are for."""
KITS = (0, 8, 16, 24, 25, 32, 40, 48)
"""Programs of the drum bank: standard, room, power, electronic, TR-808, jazz, brush, orchestra."""
DRUM_BANK = 128


def presets() -> list[tuple[int, int]]:
    """Returns (bank, program) of all of them."""
    programs = sorted(program for family in PROGRAMS.values() for program in family)
    return [(0, program) for program in programs] + [(DRUM_BANK, kit) for kit in KITS]
