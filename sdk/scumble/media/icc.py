"""ICC profiles made of primaries and a curve, for pictures that say so in other words than a profile."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

Chromaticities = tuple[float, ...]
"""x and y of red, green, blue and white (CIE 1931)."""

_D65 = (0.3127, 0.3290)
REC709: Chromaticities = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, *_D65)
ADOBE_RGB: Chromaticities = (0.64, 0.33, 0.21, 0.71, 0.15, 0.06, *_D65)
DISPLAY_P3: Chromaticities = (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_D65)
REC2020: Chromaticities = (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *_D65)

ADOBE_GAMMA = 563 / 256
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""Of a parametric curve of type 3 (ICC.1, 10.18): (a x + b)^g from d on, c x below."""
REC709_CURVE = (1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)

_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])

Matrix = NDArray[np.float64]


def profile_from_primaries(chromaticities: Chromaticities, curve: float | tuple[float, ...], name: str) -> bytes:
    """Returns a profile (ICC.1:2022, version 4) of an RGB space.

    Args:
        chromaticities: x and y of red, green, blue and white.
        curve: a power, or g, a, b, c, d of a parametric curve of type 3; samples to light.
        name: what programs show.

    Raises ValueError when the primaries span no space.
    """
    adaptation = adaptation_to_d50(chromaticities[6:8])
    colorants = adaptation @ xyz_from_rgb(chromaticities)
    numbers = curve if isinstance(curve, tuple) else (curve,)
    kind = 3 if isinstance(curve, tuple) else 0
    trc = b"para" + struct.pack(">IHH", 0, kind, 0) + b"".join(_fixed(number) for number in numbers)
    xyz = [b"XYZ \0\0\0\0" + b"".join(_fixed(v) for v in column) for column in colorants.T]
    tags = {
        b"desc": _text(name),
        b"cprt": _text("No copyright"),
        b"wtpt": b"XYZ \0\0\0\0" + b"".join(_fixed(v) for v in _D50),
        b"chad": b"sf32\0\0\0\0" + b"".join(_fixed(v) for v in adaptation.ravel()),
        b"rXYZ": xyz[0],
        b"gXYZ": xyz[1],
        b"bXYZ": xyz[2],
        b"rTRC": trc,
        b"gTRC": trc,
        b"bTRC": trc,
    }
    table, body, places = b"", b"", dict[bytes, int]()
    start = 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        if data not in places:
            places[data] = start + len(body)
            body += data + bytes(-len(data) % 4)
        table += tag + struct.pack(">II", places[data], len(data))
    header = struct.pack(
        ">I4sI4s4s4s12x4s4sI4sIQI12s4s44x",
        start + len(body),
        b"\0\0\0\0",
        0x04400000,
        b"mntr",
        b"RGB ",
        b"XYZ ",
        b"acsp",
        b"\0\0\0\0",
        0,
        b"\0\0\0\0",
        0,
        0,
        1,
        b"".join(_fixed(v) for v in _D50),
        b"\0\0\0\0",
    )
    return header + struct.pack(">I", len(tags)) + table + body


def xyz_from_rgb(chromaticities: Chromaticities) -> Matrix:
    """Returns the matrix from light of the primaries to XYZ, whose Y is 1 for white.

    Raises ValueError when they span no space.
    """
    x, y = np.array(chromaticities[0:8:2], float), np.array(chromaticities[1:8:2], float)
    if not np.isfinite([x, y]).all() or np.abs([x, y]).max() > 4 or y[3] <= 0:
        raise ValueError(f"{chromaticities} are no chromaticities")
    primaries = np.stack([x, y, 1 - x - y])
    if abs(np.linalg.det(primaries[:, :3])) < 1e-3:
        raise ValueError(f"{chromaticities} span no space of colours")
    shares = np.linalg.solve(primaries[:, :3], primaries[:, 3] / y[3])
    return np.asarray(primaries[:, :3] * shares)


def adaptation_to_d50(white: tuple[float, ...]) -> Matrix:
    """Returns the matrix from XYZ under a white (x, y) to XYZ under D50 (Bradford; ICC.1, annex E)."""
    x, y = white
    cones = _BRADFORD @ np.array([x / y, 1.0, (1 - x - y) / y])
    return np.asarray(np.linalg.inv(_BRADFORD) @ np.diag(_BRADFORD @ _D50 / cones) @ _BRADFORD)


def _fixed(number: float) -> bytes:
    return struct.pack(">i", round(float(number) * 65536))


def _text(words: str) -> bytes:
    encoded = words.encode("utf-16-be")
    return b"mluc" + struct.pack(">IIIHHII", 0, 1, 12, 0x656E, 0x5553, len(encoded), 28) + encoded
