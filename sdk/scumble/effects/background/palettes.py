"""Colours of a background: ours where none are given, those of a picture, and what the mood makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scumble.params import Rgb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scumble.engine import Engine
    from scumble.media.image import Image

Floats = NDArray[np.float32]

_OURS = """
#0f1b3d #1f3f8f #6a5acd #f27fb2 #ffd6a5
#10131f #23395b #406e8e #8ea8c3 #f4d58d
#0b132b #1c2541 #3a506b #5bc0be #c6fff6
#1a1033 #4a1a6b #b5367a #fb8761 #fcdc9a
#14213d #24436e #fca311 #ffd27a #fff1d6
#f7efe5 #f3c9a8 #e58f7b #a65e6e #4d3b5c
#fdf6ec #cfe3dc #8fb8b0 #4f7c82 #23424f
#e8f1f2 #b3d5e6 #6fa3c7 #3a6ea5 #20396b
#fff4e0 #ffd29d #ff9f80 #e0607e #6b3074
#0d2b24 #1c5f4a #4fa36c #b9d77a #f7f4b7
#1d1a22 #4b2840 #93354c #e2725b #f5c396
#f4f1ec #d9cfc1 #b5a48f #7c6f64 #3f3b3a
#12232e #0f5d73 #15a3a8 #8be0c9 #f9f3d9
#241023 #6b0f3d #d5405d #ff8b6a #ffe0b5
#eef2fb #ccd3f0 #a79fd8 #7a63b5 #3b2a66
#101820 #2b3f55 #f2aa4c #f7cd8f #fdf0dc
#f0f7ee #c4dfc0 #84b896 #3f7d6c #183c3f
#0c1424 #27306b #5b3fa8 #c04cc4 #ff9bd0
"""

OURS: tuple[tuple[Rgb, ...], ...] = tuple(
    tuple(Rgb.from_hex(word) for word in line.split()) for line in _OURS.strip().splitlines()
)
"""Palettes of our own: the ground first, then from its neighbours to the accent."""
