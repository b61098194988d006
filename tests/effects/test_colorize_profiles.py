"""Colorize on pictures with profiles, from file to file: right colours, kept numbers, the profile in the result."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageCms
from skimage import color as reference
from tests.media.builders import picture
from tests.media.profile_builder import (
    ADOBE_RGB,
    DISPLAY_P3,
    LINEAR_2020,
    PROPHOTO,
    Array,
    Space,
    gray_profile,
    table_profile,
)

from scumble import Colorize
from scumble.engine import Engine
from scumble.jobs import Progress
from scumble.media.arrays import array_from_image
from scumble.media.files import read_image, write_image
from scumble.params import HintPoint, Rgb
from scumble.rendering import render_files

HINT = Rgb(207, 90, 43)
HINT_AB = reference.rgb2lab(np.array([[HINT]], np.uint8))[0, 0, 1:]


def photo(height: int = 96, width: int = 128) -> Array:
    """Soft shapes with some grain, 0 to 1, neither black nor white."""
    y, x = np.mgrid[0:height, 0:width]
    plane = 0.45 + 0.12 * np.sin(x / 17) * np.cos(y / 23) + np.random.default_rng(4).normal(0, 0.01, (height, width))
    return np.asarray(np.repeat(plane[..., None], 3, axis=2))


def seen(path: Path) -> Array:
    """Lab of the file as a colour-managed viewer shows it on an sRGB screen, by Pillow and its littlecms."""
    with Pillow.open(path) as opened:
        profile = opened.info.get("icc_profile")
        shown = opened.convert("RGB") if opened.mode == "RGBA" else opened
        if profile is not None:
            source, target = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            way = ImageCms.buildTransform(source, target, shown.mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC)
            shown = way.apply(shown)
        return np.asarray(reference.rgb2lab(np.asarray(shown.convert("RGB"))))


def coloured(source: Path, output: Path, **settings: object) -> None:
    effect = Colorize(hint=(HintPoint(64, 48, HINT),), **settings)  # type: ignore[arg-type]
    render_files(effect, {"source": source}, output, engine=Engine.default(), progress=Progress(), max_megapixels=1)


@pytest.mark.parametrize("ending", ["png", "tif", "jpg"])
@pytest.mark.parametrize("space", [DISPLAY_P3, ADOBE_RGB, PROPHOTO], ids=["P3", "Adobe", "ProPhoto"])
def test_a_picture_with_a_profile_gets_the_wanted_colour_and_keeps_its_lightness(
    space: Space, ending: str, tmp_path: Path
) -> None:
    source, output = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    codes = np.rint(photo() * 255).astype(np.uint8)
    write_image(source, picture(codes, icc_profile=space.profile))
    coloured(source, output)
    before, after = seen(source), seen(output)
    loss = 2.5 if ending == "jpg" else 1.3
    assert np.abs(after[..., 0] - before[..., 0]).mean() < loss / 2
    assert np.percentile(np.abs(after[..., 0] - before[..., 0]), 99) < 2 * loss
    assert np.abs(after[48, 64, 1:] - HINT_AB).max() < 3 * loss
    with Pillow.open(output) as opened:
        assert opened.info["icc_profile"] == space.profile
    write_image(tmp_path / f"c.{ending}", read_image(output).replace(icc_profile=None))
    ignored = seen(tmp_path / f"c.{ending}")
    assert np.abs(ignored[48, 64, 1:] - HINT_AB).max() > 8, "the control: without its profile it is another colour"


def test_sixteen_bits_and_floats_keep_their_precision(tmp_path: Path) -> None:
    for sample, space in ((np.uint16, DISPLAY_P3), (np.float32, LINEAR_2020)):
        source, output = tmp_path / "a.tif", tmp_path / "b.tif"
        plane = photo() if sample is np.uint16 else photo() ** 2.2
        values = np.rint(plane * 65535).astype(np.uint16) if sample is np.uint16 else plane.astype(np.float32)
        write_image(source, picture(values, icc_profile=space.profile))
        coloured(source, output)
        result = read_image(output)
        assert result.icc_profile == space.profile
        full = 65535 if sample is np.uint16 else 1
        before, after = (space.lab(array_from_image(i) / full) for i in (read_image(source), result))
        assert np.abs(after[..., 0] - before[..., 0]).max() < 0.02
        assert np.abs(after[48, 64, 1:] - HINT_AB).max() < 0.1


def test_what_is_masked_or_transparent_keeps_every_bit_in_its_space(tmp_path: Path) -> None:
    """Colours that sRGB does not have, left alone by the effect, are the same numbers under the same profile."""
    vivid = np.random.default_rng(1).integers(0, 256, (96, 128, 4), np.uint8)
    write_image(tmp_path / "a.png", picture(vivid, icc_profile=DISPLAY_P3.profile))
    mask = np.zeros((96, 128, 1), np.uint8)
    mask[:, 64:] = 255
    source = read_image(tmp_path / "a.png")
    result = Colorize()(source, mask=picture(mask))
    out = array_from_image(result)
    assert np.array_equal(out[:, :64], vivid[:, :64])
    assert np.array_equal(out[..., 3], vivid[..., 3])
    assert not np.array_equal(out[:, 64:], vivid[:, 64:])
    assert result.icc_profile == DISPLAY_P3.profile


def test_a_gray_picture_with_a_profile_stays_as_light_as_it_was(tmp_path: Path) -> None:
    source, output = tmp_path / "a.tif", tmp_path / "b.tif"
    codes = np.rint(photo()[..., :1] * 255).astype(np.uint8)
    write_image(source, picture(codes, icc_profile=gray_profile(1.8)))
    coloured(source, output)
    before, after = seen(source), seen(output)
    assert np.abs(after[..., 0] - before[..., 0]).mean() < 0.7
    assert np.abs(after[48, 64, 1:] - HINT_AB).max() < 4
    wrong = reference.rgb2lab(np.repeat(codes, 3, axis=2))[..., 0]
    assert np.abs(wrong - before[..., 0]).mean() > 3, "the control: the gray profile matters"


def test_tables_of_colours_are_followed(tmp_path: Path) -> None:
    source, output = tmp_path / "a.tif", tmp_path / "b.tif"
    codes = np.rint(photo() * 65535).astype(np.uint16)
    profile = table_profile(ADOBE_RGB)
    write_image(source, picture(codes, icc_profile=profile))
    coloured(source, output)
    result = array_from_image(read_image(output)) / 65535
    after = ADOBE_RGB.lab(result)
    assert np.abs(after[..., 0] - ADOBE_RGB.lab(codes / 65535)[..., 0]).mean() < 0.8
    assert np.abs(after[48, 64, 1:] - HINT_AB).max() < 5


def test_strokes_and_references_are_read_in_their_own_space() -> None:
    source = picture(np.rint(photo() * 255).astype(np.uint8))
    strokes = np.zeros((96, 128, 4), np.uint8)
    strokes[40:56, 56:72] = (200, 40, 40, 255)
    results = [
        array_from_image(Colorize()(source, hints=picture(strokes, icc_profile=profile)))
        for profile in (None, DISPLAY_P3.profile)
    ]
    want = DISPLAY_P3.lab(np.array([200, 40, 40]) / 255)[1:]
    own = reference.rgb2lab(np.array([[[200, 40, 40]]], np.uint8))[0, 0, 1:]
    met = [np.hypot(*reference.rgb2lab(result)[48, 64, 1:]) for result in results]
    assert np.hypot(*want) > np.hypot(*own) + 5
    assert met[1] > met[0] + 2


def test_recolouring_keeps_colours_beyond_srgb() -> None:
    """With keep_colors, what is unlike the hint keeps its numbers to a code, outside sRGB too."""
    codes = np.zeros((96, 128, 3), np.uint8)
    codes[:, :64] = (40, 220, 60)
    codes[:, 64:] = (200, 60, 50)
    source = picture(codes, icc_profile=DISPLAY_P3.profile)
    result = array_from_image(Colorize(keep_colors=True, hint=(HintPoint(96, 48, Rgb(60, 60, 200)),))(source))
    assert np.abs(result[:, :40].astype(int) - codes[:, :40]).max() <= 2
    assert np.abs(result[48, 96].astype(int) - codes[48, 96]).max() > 40
