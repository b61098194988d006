"""Krita's pixels and Scumble's: the order of channels, the samples, and which numbers mean what. No Krita in here.

Krita keeps integer RGBA as blue, green, red, alpha, float RGBA in order; gray is gray, alpha. Alpha is straight.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from scumble.media.image import ColorModel, Image, SampleType, Transfer

_LETTERS = {1: "B", 2: "H", 4: "I"}
_ONE = {SampleType.U8: 0xFF, SampleType.U16: 0xFFFF, SampleType.F16: 0x3C00, SampleType.F32: 0x3F800000}
_CHANNELS = {"A": 1, "GRAYA": 2, "CMYKA": 5}
_SRGB = {Transfer.SRGB: "sRGB-elle-V2-srgbtrc.icc", Transfer.LINEAR: "sRGB-elle-V2-g10.icc"}


class Space(NamedTuple):
    """A colour space by Krita's names: model ("RGBA"), depth ("U8") and profile."""

    model: str
    depth: str
    profile: str

    @classmethod
    def of(cls, thing: Any) -> Space:
        """Returns the space of a node or document."""
        return cls(thing.colorModel(), thing.colorDepth(), thing.colorProfile())

    @classmethod
    def of_image(cls, image: Image) -> Space:
        """Returns the RGBA space that holds a picture's numbers as they are."""
        return cls("RGBA", image.sample.name, _SRGB[image.transfer])

    def is_like(self, other: Space) -> bool:
        """Returns whether the same numbers mean the same colours in both; there are many profiles that are sRGB."""
        srgb = "srgb" in self.profile.lower() and "srgb" in other.profile.lower()
        return self == other or (self[:2] == other[:2] and srgb and self.transfer is other.transfer)

    @property
    def rgb(self) -> Space:
        """The space to render in: this one if it is RGB or gray, else RGB of the same depth."""
        return self if self.model in ("RGBA", "GRAYA") else Space.of_image(Image(bytes(16), 1, 1, sample=self.sample))

    def holds(self, image: Image) -> bool:
        """Returns whether a picture's numbers can be those of this space."""
        fits = (self.sample, self.transfer) == (image.sample, image.transfer)
        return fits and (self.model == "RGBA" or (self.model == "GRAYA" and image.model.is_gray))

    @property
    def sample(self) -> SampleType:
        """The number format of a sample."""
        return SampleType[self.depth]

    @property
    def transfer(self) -> Transfer:
        """How RGB and gray samples encode light, as the profile's name tells."""
        return Transfer.LINEAR if re.search(r"-g10\b|linear", self.profile) else Transfer.SRGB

    @property
    def channels(self) -> int:
        """Samples per pixel, alpha included; alpha is the last one."""
        return _CHANNELS.get(self.model, 4)

    @property
    def pixel_bytes(self) -> int:
        """Bytes of one pixel."""
        return self.channels * self.sample.itemsize

    @property
    def color_model(self) -> ColorModel:
        """What Scumble calls the model of an RGB or gray space."""
        return ColorModel.GRAY_ALPHA if self.model == "GRAYA" else ColorModel.RGBA

    @property
    def opaque_pixel(self) -> bytes:
        """One pixel without light or ink, fully opaque."""
        one = _ONE[self.sample].to_bytes(self.sample.itemsize, "little")
        return bytes(self.pixel_bytes - len(one)) + one


SCREEN = Space("RGBA", "U8", _SRGB[Transfer.SRGB])


def samples(data: Any, sample: SampleType) -> memoryview:
    """Returns bytes seen as whole numbers of the sample's size."""
    return memoryview(data).cast("B").cast(_LETTERS[sample.itemsize])


def swapped(data: Any, space: Space) -> bytes:
    """Returns pixels with red and blue exchanged where Krita keeps them the other way round; its own inverse."""
    if space.model != "RGBA" or space.sample.is_float:
        return bytes(data)
    out = bytearray(data)
    old, new = samples(bytes(data), space.sample), samples(out, space.sample)
    new[0::4], new[2::4] = old[2::4], old[0::4]
    return bytes(out)


def native_from_samples(data: Any, model: ColorModel, space: Space) -> bytes:
    """Returns pixels of `model` as Krita keeps them in `space`, an RGB or gray one of the same sample type."""
    if model is space.color_model:
        return swapped(data, space)
    old = samples(data, space.sample)
    count, alpha = len(old) // model.channels, space.channels - 1
    out = bytearray(space.opaque_pixel * count)
    new = samples(out, space.sample)
    for channel in range(alpha):
        new[channel :: alpha + 1] = old[0 if model.is_gray else channel :: model.channels]
    if model.has_alpha:
        new[alpha :: alpha + 1] = old[model.channels - 1 :: model.channels]
    return swapped(out, space)


def kept_inside(native: bytes, mask: bytes, pixel_bytes: int) -> bytes:
    """Returns the pixels where the 8-bit mask is above 0, and nothing at all (transparent) elsewhere."""
    inside = mask.translate(bytes([0]) + b"\xff" * 255)
    wide = bytearray(len(native))
    for offset in range(pixel_bytes):
        wide[offset::pixel_bytes] = inside
    both = int.from_bytes(native, "little") & int.from_bytes(wide, "little")
    return both.to_bytes(len(native), "little")


def alpha_is_zero(native: bytes, space: Space) -> bool:
    """Returns whether no pixel shows."""
    return not any(samples(native, space.sample)[space.channels - 1 :: space.channels])


def every_nth(row: Any, step: int, space: Space) -> bytes:
    """Returns each `step`-th pixel of a row, the first one included."""
    old = samples(bytes(row), space.sample)
    out = bytearray(-(-len(old) // (space.channels * step)) * space.pixel_bytes)
    new = samples(out, space.sample)
    for channel in range(space.channels):
        new[channel :: space.channels] = old[channel :: space.channels * step]
    return bytes(out)
