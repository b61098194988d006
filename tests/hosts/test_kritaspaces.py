"""Krita's names for colour spaces, and its order of channels, without Krita."""

from __future__ import annotations

import numpy as np
import pytest

from scumble.hosts.kritaspaces import SCREEN, Space
from scumble.media.image import ColorModel, Image, SampleType, Transfer

LINEAR = Space("RGBA", "F32", "sRGB-elle-V2-g10.icc")


def test_integers_have_blue_first_and_floats_do_not() -> None:
    assert SCREEN.native(bytes((1, 2, 3, 4, 5, 6)), ColorModel.RGB) == bytes((3, 2, 1, 255, 6, 5, 4, 255))
    assert SCREEN.swapped(bytes((3, 2, 1, 9))) == bytes((1, 2, 3, 9))
    pixel = np.array((0.1, 0.2, 0.3, 0.4), np.float32).tobytes()
    assert LINEAR.native(pixel, ColorModel.RGBA) == pixel


@pytest.mark.parametrize(
    ("space", "facts"),
    [
        (SCREEN, (SampleType.U8, Transfer.SRGB, 4, ColorModel.RGBA)),
        (LINEAR, (SampleType.F32, Transfer.LINEAR, 4, ColorModel.RGBA)),
        (Space("GRAYA", "U16", "gray-srgbtrc.icc"), (SampleType.U16, Transfer.SRGB, 2, ColorModel.GRAY_ALPHA)),
        (Space("CMYKA", "U8", "Chemical proof"), (SampleType.U8, Transfer.SRGB, 5, ColorModel.RGBA)),
    ],
)  # fmt: skip
def test_a_space_is_told_by_its_names(space: Space, facts: tuple[object, ...]) -> None:
    assert (space.sample, space.transfer, space.channels, space.color_model) == facts
    assert Space.of_samples(space.sample, space.transfer).transfer is space.transfer


def test_which_spaces_are_the_same_and_what_they_hold() -> None:
    assert SCREEN.is_like(Space("RGBA", "U8", "sRGB built-in"))
    assert not SCREEN.is_like(LINEAR)
    assert not SCREEN.is_like(Space("RGBA", "U8", "AdobeRGB1998.icc"))
    picture = Image(bytes(3), 1, 1, ColorModel.RGB)
    assert SCREEN.holds(picture)
    assert not LINEAR.holds(picture)
    assert not Space("GRAYA", "U8", "gray").holds(picture)
    assert Space("CMYKA", "F32", "x").rgb == LINEAR


def test_numbers_of_other_spaces_are_never_taken_for_srgbs() -> None:
    """Krita itself converts them to light in float, and back."""
    for profile in ("AdobeRGB1998.icc", "ClayRGB-elle-V2-g22.icc", "Rec2020-elle-V4-g10.icc", "sRGB-elle-V2-g22.icc"):
        assert Space("RGBA", "U8", profile).rgb == LINEAR
        assert not SCREEN.is_like(Space("RGBA", "U8", profile))
    assert Space("GRAYA", "U16", "Gray-D50-elle-V2-g22.icc").rgb == LINEAR
    for plain in (
        SCREEN,
        LINEAR,
        Space("RGBA", "U16", "sRGB IEC61966-2.1"),
        Space("GRAYA", "U8", "Gray-D50-elle-V2-srgbtrc.icc"),
    ):
        assert plain.rgb == plain
