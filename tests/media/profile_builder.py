"""ICC profiles for tests, and what their colours are by formulas of their own."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from skimage import color as reference

from scumble.media import icc

Array = NDArray[Any]

BRADFORD_D65_FROM_D50 = np.array(
    [[0.9555766, -0.0230393, 0.0631636], [-0.0282895, 1.0099416, 0.0210077], [0.0122982, -0.0204830, 1.3299098]]
)
"""Lindbloom's table."""


class Space(NamedTuple):
    """A space as its standard prints it: the way to light, and the matrix from light to XYZ under D65."""

    profile: bytes
    light: Callable[[Array], Array]
    xyz: Array

    def lab(self, rgb: Array) -> Array:
        """Lab under D65 of samples 0 to 1, (..., 3)."""
        return np.asarray(reference.xyz2lab(self.light(rgb.astype(np.float64)) @ self.xyz.T, illuminant="D65"))


def srgb_light(v: Array) -> Array:
    return np.where(v <= 0.04045, v / 12.92, ((np.maximum(v, 0) + 0.055) / 1.055) ** 2.4)


def _romm_light(v: Array) -> Array:
    return v**1.8


DISPLAY_P3 = Space(
    icc.profile_from_primaries(icc.DISPLAY_P3, icc.SRGB_CURVE, "Display P3"),
    srgb_light,
    np.array([[0.4865709, 0.2656677, 0.1982173], [0.2289746, 0.6917385, 0.0792869], [0.0, 0.0451134, 1.0439444]]),
)
ADOBE_RGB = Space(
    icc.profile_from_primaries(icc.ADOBE_RGB, icc.ADOBE_GAMMA, "Adobe RGB (1998)"),
    lambda v: v ** (563 / 256),
    np.array([[0.5767309, 0.1855540, 0.1881852], [0.2973769, 0.6273491, 0.0752741], [0.0270343, 0.0706872, 0.9911085]]),
)
PROPHOTO = Space(
    icc.profile_from_primaries((0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001, 0.3457, 0.3585), 1.8, "ProPhoto RGB"),
    _romm_light,
    BRADFORD_D65_FROM_D50
    @ np.array([[0.7976749, 0.1351917, 0.0313534], [0.2880402, 0.7118741, 0.0000857], [0.0, 0.0, 0.8252100]]),
)
LINEAR_2020 = Space(
    icc.profile_from_primaries(icc.REC2020, 1.0, "Linear Rec. 2020"),
    lambda v: v,
    np.array([[0.6369580, 0.1446169, 0.1688810], [0.2627002, 0.6779981, 0.0593017], [0.0, 0.0280727, 1.0609851]]),
)
SPACES = {"Display P3": DISPLAY_P3, "Adobe RGB": ADOBE_RGB, "ProPhoto": PROPHOTO, "linear Rec. 2020": LINEAR_2020}


def profile_of_tags(
    space: bytes, tags: dict[bytes, bytes], *, connection: bytes = b"XYZ ", kind: bytes = b"mntr"
) -> bytes:
    """A profile of version 2.4 with these tags, a white point, a name and nothing else."""
    fixed = struct.pack(">3i", *(round(v * 65536) for v in (0.9642, 1.0, 0.8249)))
    name = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"Test\0" + bytes(4 + 4 + 2 + 1 + 67)
    tags = {b"desc": name, b"cprt": b"text\0\0\0\0none\0", b"wtpt": b"XYZ \0\0\0\0" + fixed, **tags}
    table, body, start = b"", b"", 132 + 12 * len(tags)
    for tag, data in tags.items():
        table += tag + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I4xI4s4s4s12x4s28x", start + len(body), 0x02400000, kind, space, connection, b"acsp")
    return header + fixed + bytes(48) + struct.pack(">I", len(tags)) + table + body


def gray_profile(gamma: float) -> bytes:
    return profile_of_tags(b"GRAY", {b"kTRC": b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))})


def tabulated_gray_profile(light: Callable[[Array], Array], entries: int = 256) -> bytes:
    codes = np.rint(light(np.linspace(0, 1, entries)) * 65535).astype(">u2").tobytes()
    return profile_of_tags(b"GRAY", {b"kTRC": b"curv\0\0\0\0" + struct.pack(">I", entries) + codes})


def lut16(grid: Array, inputs: int) -> bytes:
    """A table of type lut16: `grid`, of `inputs` axes and one of outputs, 0 to 1; straight curves around it."""
    steps, outputs = grid.shape[0], grid.shape[-1]
    identity = struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    head = b"mft2\0\0\0\0" + struct.pack(">BBBB", inputs, outputs, steps, 0) + identity + struct.pack(">HH", 2, 2)
    straight = struct.pack(">HH", 0, 65535)
    codes: bytes = np.rint(grid * 65535).astype(">u2").tobytes()
    table: bytes = head + straight * inputs + codes + straight * outputs
    return table


def encoded_lab(lab: Array) -> Array:
    """Lab as lut16 holds it, 0 to 1 (ICC.1, 10.10)."""
    scaled = np.stack([lab[..., 0] / 100 * 65280, (lab[..., 1] + 128) * 256, (lab[..., 2] + 128) * 256], axis=-1)
    return np.asarray(np.clip(scaled / 65535, 0, 1))


def decoded_lab(values: Array) -> Array:
    codes = values * 65535
    return np.stack([codes[..., 0] / 65280 * 100, codes[..., 1] / 256 - 128, codes[..., 2] / 256 - 128], axis=-1)


def lab_d50(space: Space, rgb: Array) -> Array:
    xyz = space.light(rgb) @ (np.linalg.inv(BRADFORD_D65_FROM_D50) @ space.xyz).T
    return np.asarray(reference.xyz2lab(xyz, illuminant="D50"))


def _grid(axes: int, steps: int) -> Array:
    return np.stack(np.meshgrid(*[np.linspace(0, 1, steps)] * axes, indexing="ij"), axis=-1)


def table_profile(space: Space, *, steps: int = 33, writes: bool = True) -> bytes:
    """The same space as tables of colours, as printers and scanners have: to Lab and, if it `writes`, back."""
    tags = {b"A2B0": lut16(encoded_lab(lab_d50(space, _grid(3, steps))), 3)}
    if writes:
        lab = decoded_lab(_grid(3, steps))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # corners that are no colours
            xyz = reference.lab2xyz(lab, illuminant="D50")
        light = xyz @ (np.linalg.inv(space.xyz) @ BRADFORD_D65_FROM_D50).T
        rgb = np.clip(light, 0, 1) ** (256 / 563)
        tags[b"B2A0"] = lut16(rgb, 3)
    return profile_of_tags(b"RGB ", tags, connection=b"Lab ", kind=b"prtr" if writes else b"scnr")


def cmyk_profile(steps: int = 9) -> bytes:
    """An ideal press: inks multiply, black is not quite black; CMYK to Lab only."""
    cmyk = _grid(4, steps)
    rgb = (1 - cmyk[..., :3]) * (1 - 0.97 * cmyk[..., 3:])
    return profile_of_tags(
        b"CMYK", {b"A2B0": lut16(encoded_lab(lab_d50(ADOBE_RGB, rgb)), 4)}, connection=b"Lab ", kind=b"prtr"
    )
