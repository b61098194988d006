"""Colour spaces by Krita's names, and the order of their channels; for the adapter, and without Krita itself.

Krita keeps integer RGBA as blue, green, red, alpha; float RGBA and everything else in the order of the name.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from scumble.media.image import ColorModel, Image, SampleType, Transfer
from scumble.media.strips import red_and_blue_swapped, with_alpha


class Space(NamedTuple):
    """A colour space: model ("RGBA"), depth ("U8") and the profile's name."""

    model: str
    depth: str
    profile: str

    @classmethod
    def of(cls, thing: Any) -> Space:
        """Returns the space of a node or document."""
        return cls(thing.colorModel(), thing.colorDepth(), thing.colorProfile())

    @classmethod
    def of_samples(cls, sample: SampleType, transfer: Transfer) -> Space:
        """Returns the RGBA space in which such numbers are sRGB's, with its curve or linear."""
        return cls("RGBA", sample.name, f"sRGB-elle-V2-{'g10' if transfer is Transfer.LINEAR else 'srgbtrc'}.icc")

    @property
    def is_srgb(self) -> bool:
        """Whether the profile's name says sRGB, or its grays, with its curve or none."""
        name = self.profile.lower()
        return "srgb" in name and not re.search(r"-(g18|g22|labl|rec709)\b|rgb_g(18|22)", name)

    def is_like(self, other: Space) -> bool:
        """Returns whether the same numbers mean the same colours in both; there are many profiles that are sRGB."""
        srgb = self.is_srgb and other.is_srgb
        return self == other or (self[:2] == other[:2] and srgb and self.transfer is other.transfer)

    def holds(self, image: Image) -> bool:
        """Returns whether a picture's numbers can be those of this space."""
        fits = (self.sample, self.transfer) == (image.sample, image.transfer)
        return fits and (self.model == "RGBA" or (self.model == "GRAYA" and image.model.is_gray))

    @property
    def rgb(self) -> Space:
        """The space to render in: this one if its numbers are those of sRGB or of its grays, else light in float.

        Krita gives scripts no profile but its name, so it converts such pictures there and back itself: light in float
        may be below 0 and above 1, so that no colour is lost on the way.
        """
        is_plain = self.model in ("RGBA", "GRAYA") and self.is_srgb
        return self if is_plain else Space.of_samples(SampleType.F32, Transfer.LINEAR)

    @property
    def sample(self) -> SampleType:
        """The number format of a sample."""
        return SampleType[self.depth]

    @property
    def transfer(self) -> Transfer:
        """How RGB and gray samples encode light, as the profile's name tells."""
        return Transfer.LINEAR if re.search(r"-g10\b|_g100\b|linear", self.profile) else Transfer.SRGB

    @property
    def channels(self) -> int:
        """Samples per pixel, alpha included, which is the last one."""
        return {"GRAYA": 2, "CMYKA": 5}.get(self.model, 4)

    @property
    def color_model(self) -> ColorModel:
        """What Scumble calls the model of an RGB or gray space."""
        return ColorModel.GRAY_ALPHA if self.model == "GRAYA" else ColorModel.RGBA

    def swapped(self, pixels: Any) -> bytes:
        """Returns Krita's pixels in Scumble's order, or the other way round."""
        swaps = self.model == "RGBA" and not self.sample.is_float
        return red_and_blue_swapped(pixels, self.sample) if swaps else bytes(pixels)

    def native(self, pixels: Any, model: ColorModel) -> bytes:
        """Returns a picture's pixels as Krita keeps them in this space, which must hold them."""
        return self.swapped(with_alpha(pixels, model, self.color_model, self.sample))


SCREEN = Space.of_samples(SampleType.U8, Transfer.SRGB)
