"""How loud General MIDI's instruments are against each other, so that a style's faders mean what they say."""

from __future__ import annotations

from scumble.music.score import Role

_PROGRAM_TRIMS_DB = {
    0: 1.5,
    1: 2.0,
    4: -4.0,
    5: 1.0,
    8: -0.5,
    9: -1.5,
    10: 0.0,
    11: 3.5,
    12: 0.5,
    13: 8,
    14: -3.0,
    16: 1.5,
    24: 1.0,
    25: 0.0,
    26: -2.0,
    28: 6.5,
    32: -1.0,
    33: -1.5,
    34: -1.0,
    35: -3.0,
    38: 0.0,
    39: -6.5,
    40: -2.5,
    42: -4.5,
    43: -2.0,  # bowed, and held wherever it is used: by tones of 3 s, beside 48 in the same place
    44: -2.5,
    45: -0.5,
    46: -0.5,
    48: -1.0,
    49: -5.5,
    50: -4.0,
    52: -1.5,
    54: -3.0,
    57: -6.0,
    58: -2.0,
    60: -4.5,
    61: -2.0,
    62: -1.0,
    63: -0.5,
    66: -3.0,
    68: -3.5,
    71: -6.0,
    73: -3.0,
    80: -3.5,
    81: -1.0,
    84: -2.0,
    87: -0.5,
    88: 0.5,
    89: -0.5,
    90: -2.0,
    91: -3.0,
    92: -3.0,
    94: -2.0,
    95: -3.0,
    98: 2.5,
    104: 1.5,
    108: 5.0,
    119: -0.5,
}
"""What brings a phrase at velocity 0.6 to one loudness (ITU-R BS.1770), as measured on the FluidR3 GM SoundFont."""

_KIT_TRIMS_DB = {
    0: 0.0,
    8: -0.5,
    16: -4.0,
    24: -3.5,
    25: -10.0,
    32: -1.0,
    40: 0.0,
    48: -6.0,
}
"""The same for a bar of kick, snare and closed hi-hat on drum kits."""


def trim_db(role: Role, program: int) -> float:
    """Returns what to add to the fader of an instrument so that it is as loud as others; 0 for unknown ones."""
    return (_KIT_TRIMS_DB if role == "drums" else _PROGRAM_TRIMS_DB).get(program, 0.0)
