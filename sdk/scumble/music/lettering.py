"""Letters of five by seven dots, so that a picture can say what it shows without a font file."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROWS = 7
_GLYPHS = {
    " ": "00000000000000", "A": "0e11111f111111", "B": "1e11111e11111e", "C": "0e11101010110e", "D": "1e11111111111e",
    "E": "1f10101e10101f", "F": "1f10101e101010", "G": "0e11101711110f", "H": "1111111f111111", "I": "0e04040404040e",
    "J": "0702020202120c", "K": "11121418141211", "L": "1010101010101f", "M": "111b1515111111", "N": "11191513111111",
    "O": "0e11111111110e", "P": "1e11111e101010", "Q": "0e11111115120d", "R": "1e11111e141211", "S": "0f10100e01011e",
    "T": "1f040404040404", "U": "1111111111110e", "V": "11111111110a04", "W": "1111111515150a", "X": "11110a040a1111",
    "Y": "11110a04040404", "Z": "1f01020408101f", "0": "0e11131519110e", "1": "040c040404040e", "2": "0e11010204081f",
    "3": "1f02040201110e", "4": "02060a121f0202", "5": "1f101e0101110e", "6": "0608101e11110e", "7": "1f010204080808",
    "8": "0e11110e11110e", "9": "0e11110f01020c", "#": "0a0a1f0a1f0a0a", "-": "0000001f000000", ".": "00000000000c0c",
    ":": "000c0c000c0c00", "/": "00010204081000", ",": "00000000060408", "'": "0c040800000000", "%": "18190204081303",
}  # fmt: skip
"""Seven rows from the top, two hexadecimal digits each; the lowest bit is the dot on the right."""


def dots_from_text(text: str, scale: int = 1) -> NDArray[np.bool_]:
    """Returns the text as dots, shape (7 * scale, about 6 * scale a letter); capitals only, others are blank."""
    columns = []
    for letter in text.upper():
        code = _GLYPHS.get(letter, _GLYPHS[" "])
        rows = [int(code[2 * row : 2 * row + 2], 16) for row in range(_ROWS)]
        columns.append([[bool(bits >> (4 - column) & 1) for column in range(5)] + [False] for bits in rows])
    if not columns:
        return np.zeros((_ROWS * scale, 0), np.bool_)
    dots = np.concatenate([np.array(column, np.bool_) for column in columns], axis=1)
    return np.repeat(np.repeat(dots, scale, axis=0), scale, axis=1)
