"""Files that mean other colours than sRGB's: by a profile, or in the words of their format."""

from __future__ import annotations

import contextlib
import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageCms
from skimage import color as reference
from skimage.color.colorconv import xyz_from_rgb
from tests.media.builders import noise, picture, pixels, png_chunk, png_file, tiff_file
from tests.media.profile_builder import (
    ADOBE_RGB,
    BRADFORD_D65_FROM_D50,
    DISPLAY_P3,
    PROPHOTO,
    cmyk_profile,
    gray_profile,
    profile_of_tags,
    table_profile,
)

from scumble.engine import Engine
from scumble.errors import MediaError
from scumble.media import icc
from scumble.media.arrays import array_from_image, codes_from_image, image_from_array, mixed
from scumble.media.files import read_image, write_image
from scumble.media.image import Image, SampleType, Transfer
from scumble.media.profiles import meaning_of
from scumble.media.spaces import colours_from_inks

Array = NDArray[Any]
GRADIENT = np.stack(np.meshgrid(np.arange(0, 250, 5), np.arange(0, 250, 5), [120], indexing="ij"), -1)[:, :, 0]
COLOURS = GRADIENT.astype(np.uint8)


def srgb_by_littlecms(codes: Array, profile: bytes, mode: str = "RGB", *, black: bool = False) -> Array:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    flags = ImageCms.Flags.NOOPTIMIZE | (ImageCms.Flags.BLACKPOINTCOMPENSATION if black else ImageCms.Flags.NONE)
    way = ImageCms.buildTransform(
        source, ImageCms.createProfile("sRGB"), mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC, flags
    )
    return np.asarray(way.apply(Pillow.fromarray(codes, mode)))


@pytest.mark.parametrize("space", [DISPLAY_P3, ADOBE_RGB, PROPHOTO])
def test_codes_for_screens_agree_with_littlecms(space: Any) -> None:
    image = picture(COLOURS, icc_profile=space.profile)
    want = srgb_by_littlecms(COLOURS, space.profile).astype(int)
    error = np.abs(codes_from_image(image).astype(int) - want)
    assert error.max() <= 2
    assert error.mean() < 0.3
    assert np.abs(COLOURS.astype(int) - want).mean() > 3, "the control: the profile matters"
    wide = image_from_array(np.dstack([COLOURS, COLOURS[..., :1]]).astype(np.uint16) * 257)
    codes = codes_from_image(wide.replace(icc_profile=space.profile))
    # Samples of 8 bits take their light from a table, wider ones from the curve: where both are between two codes.
    apart = np.abs(codes[..., :3].astype(int) - codes_from_image(image))
    assert apart.max() <= 1
    assert (apart > 0).mean() < 1e-3
    assert np.array_equal(codes[..., 3], COLOURS[..., 0])


def test_an_exr_of_a_picture_with_a_profile_holds_its_light(tmp_path: Path) -> None:
    """Colours outside Rec. 709 are below 0 or above 1 there, and come back."""
    image = picture(COLOURS.astype(np.uint16) * 257, icc_profile=DISPLAY_P3.profile)
    write_image(tmp_path / "a.exr", image)
    back = read_image(tmp_path / "a.exr")
    assert back.icc_profile is None
    light = pixels(back)
    assert light.min() < -0.001
    xyz = light.reshape(-1, 3) @ xyz_from_rgb.T
    want = DISPLAY_P3.light(COLOURS.reshape(-1, 3) / 255) @ DISPLAY_P3.xyz.T
    assert np.abs(xyz - want).max() < 2e-3


def test_an_exr_of_gray_follows_its_curve(tmp_path: Path) -> None:
    codes = np.arange(0, 65280, 255, dtype=np.uint16).reshape(16, 16, 1)
    write_image(tmp_path / "a.exr", picture(codes, icc_profile=gray_profile(1.8)))
    assert np.abs(pixels(read_image(tmp_path / "a.exr")) - (codes / 65535) ** (461 / 256)).max() < 1e-4


def chrm(places: tuple[float, ...]) -> bytes:
    ordered = (*places[6:], *places[:6])
    return png_chunk(b"cHRM", struct.pack(">8I", *(round(number * 1e5) for number in ordered)))


def gama(gamma: float) -> bytes:
    return png_chunk(b"gAMA", struct.pack(">I", round(gamma * 1e5)))


P3 = icc.DISPLAY_P3


@pytest.mark.parametrize(
    ("chunks", "want"),
    [
        (b"", None),
        (gama(0.45455), None),
        (gama(0.45455) + chrm(icc.REC709), None),
        (gama(1 / 1.8), (icc.REC709, 1.8)),
        (gama(0.45455) + chrm(P3), (P3, icc.SRGB_CURVE)),
        (gama(1 / 2.2) + chrm(icc.ADOBE_RGB), (icc.ADOBE_RGB, icc.SRGB_CURVE)),
        (gama(0.5) + chrm(P3), (P3, 2.0)),
        (png_chunk(b"sRGB", b"\0") + chrm(P3), None),
        (png_chunk(b"cICP", bytes([12, 13, 0, 1])), (P3, icc.SRGB_CURVE)),
        (png_chunk(b"cICP", bytes([9, 8, 0, 1])), (icc.REC2020, 1.0)),
        (png_chunk(b"cICP", bytes([12, 13, 0, 1])) + gama(0.5), (P3, icc.SRGB_CURVE)),
        (png_chunk(b"cICP", bytes([1, 13, 0, 1])), None),
        (png_chunk(b"cICP", bytes([9, 16, 0, 1])), "said"),
        (chrm((0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3)), "said"),
    ],
)
def test_what_a_png_says_of_its_colours(
    chunks: bytes, want: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png_file(2, 2, 8, 2, [bytes(6)] * 2, chunks))
    image = read_image(path)
    assert image.transfer is Transfer.SRGB
    assert bool(caplog.text) is (want == "said")
    if want is None or want == "said":
        assert image.icc_profile is None
        return
    assert image.icc_profile is not None
    rgb = np.random.default_rng(3).random((200, 3)).astype(np.float32)
    places, curve = want
    expected = icc.profile_from_primaries(places, curve, "expected")
    labs = [Engine().lab_from_rgb(rgb, image.replace(icc_profile=p)) for p in (image.icc_profile, expected)]
    assert np.abs(labs[0] - labs[1]).max() < 0.15
    write_image(tmp_path / "b.png", image)
    assert read_image(tmp_path / "b.png").icc_profile == image.icc_profile


def test_a_jpeg_of_a_camera_in_adobe_rgb(tmp_path: Path) -> None:
    exif = Pillow.Exif()
    exif.get_ifd(0x8769)[0xA001] = 2
    Pillow.fromarray(COLOURS).save(tmp_path / "a.jpg", exif=exif, quality=95)
    profile = read_image(tmp_path / "a.jpg").icc_profile
    assert profile is not None
    want = srgb_by_littlecms(COLOURS, ADOBE_RGB.profile)
    assert np.abs(srgb_by_littlecms(COLOURS, profile).astype(int) - want).max() <= 1
    exif.get_ifd(0x8769)[0xA001] = 1
    Pillow.fromarray(COLOURS).save(tmp_path / "b.jpg", exif=exif)
    assert read_image(tmp_path / "b.jpg").icc_profile is None


def exr_with(path: Path, places: tuple[float, ...], array: Array) -> None:
    spec = OpenImageIO.ImageSpec(array.shape[1], array.shape[0], 3, "float")
    spec.attribute("chromaticities", OpenImageIO.TypeDesc("float[8]"), places)
    output = OpenImageIO.ImageOutput.create("exr")
    assert output is not None
    assert output.open(str(path), spec)
    assert output.write_image(array)
    output.close()


AP0 = (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767)


def test_an_exr_in_other_primaries(tmp_path: Path) -> None:
    light = (COLOURS / 255).astype(np.float32)
    exr_with(tmp_path / "a.exr", AP0, light)
    image = read_image(tmp_path / "a.exr")
    assert not isinstance(meaning_of(image), str)
    xyz = light.reshape(-1, 3) @ (BRADFORD_D65_FROM_D50 @ icc.adaptation_to_d50(AP0[6:]) @ icc.xyz_from_rgb(AP0)).T
    want = reference.xyz2lab(xyz, illuminant="D65")[:, 0].reshape(light.shape[:2]).clip(0, 100)
    assert np.abs(Engine().lightness(image) - want).max() < 0.1
    assert np.abs(Engine().lightness(image.replace(icc_profile=None)) - want).max() > 5
    write_image(tmp_path / "b.exr", image)
    back = read_image(tmp_path / "b.exr")
    assert np.array_equal(pixels(back), light), "the numbers and what they mean are kept"
    assert back.metadata["chromaticities"] == pytest.approx(AP0)
    write_image(tmp_path / "c.png", image)
    png = read_image(tmp_path / "c.png")
    labs = [Engine().lab_from_rgb(p.reshape(-1, 3), i) for p, i in ((light, image), (_unit(png), png))]
    assert np.abs(labs[0] - labs[1]).max() < 0.1
    exr_with(tmp_path / "d.exr", icc.REC709, light)
    assert read_image(tmp_path / "d.exr").icc_profile is None


def _unit(image: Image) -> Array:
    full = np.float32(1 if image.sample.is_float else np.iinfo(image.sample.value).max)
    return np.ascontiguousarray(array_from_image(image).astype(np.float32) / full)


INKS = np.random.default_rng(7).integers(0, 200, (40, 50, 4), np.uint8)
SMOOTH_INKS = np.stack([*(np.indices((64, 80)) * 3 % 250), *(np.indices((64, 80))[::-1] // 2)], -1).astype(np.uint8)


@pytest.mark.parametrize("ending", ["jpg", "tif"])
def test_cmyk_is_read_by_its_profile(ending: str, tmp_path: Path) -> None:
    profile = cmyk_profile()
    path = tmp_path / f"a.{ending}"
    more: Any = {"quality": 98, "subsampling": 0} if ending == "jpg" else {}
    Pillow.fromarray(SMOOTH_INKS, "CMYK").save(path, icc_profile=profile, **more)
    image = read_image(path)
    assert image.icc_profile is not None
    with Pillow.open(path) as opened:
        inks = np.asarray(opened)
    want = srgb_by_littlecms(inks, profile, "CMYK", black=True).astype(int)
    error = np.abs(codes_from_image(image).astype(int) - want)
    assert np.percentile(error, 99) <= 4
    assert error.mean() < 1
    naive = 255 - np.minimum(255, inks[..., :3].astype(int) + inks[..., 3:])
    assert np.abs(naive - want).mean() > 3, "the control: inks are no light"


def test_cmyk_of_16_bits_keeps_them(tmp_path: Path) -> None:
    deep = SMOOTH_INKS.astype(np.uint16) * 257
    (tmp_path / "a.tif").write_bytes(tiff_file(deep, photometric=5))
    image = read_image(tmp_path / "a.tif")
    assert image.sample is SampleType.U16
    assert image.icc_profile is None
    profile = cmyk_profile()
    colours, target = colours_from_inks(tmp_path / "a.tif", deep, profile)
    assert colours.dtype == np.uint16
    want = srgb_by_littlecms(SMOOTH_INKS, profile, "CMYK", black=True).astype(int)
    assert np.abs(codes_from_image(picture(colours, icc_profile=target)).astype(int) - want).mean() < 1


@pytest.mark.parametrize("ending", ["jpg", "tif"])
@pytest.mark.parametrize("profile", [None, b"nonsense" * 40])
def test_cmyk_without_a_usable_profile_says_so(
    ending: str, profile: bytes | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / f"a.{ending}"
    more: Any = {"quality": 100} if ending == "jpg" else {}
    Pillow.fromarray(SMOOTH_INKS, "CMYK").save(path, icc_profile=profile, **more)
    image = read_image(path)
    assert image.icc_profile is None
    assert "uncalibrated" in caplog.text
    with Pillow.open(path) as opened:
        want = np.asarray(opened.convert("RGB")).astype(int)
    assert np.abs(pixels(image).astype(int) - want).mean() < 3


def test_a_damaged_cmyk_jpeg_is_refused_or_read_but_never_ends_the_process(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Pillow.fromarray(SMOOTH_INKS, "CMYK").save(stream, "jpeg")
    whole = stream.getvalue()
    for seed in range(40):
        random = np.random.default_rng(seed)
        damaged = bytearray(whole)
        for place in random.integers(200, len(whole) - 2, 5):
            damaged[place] = random.integers(0, 256)
        (tmp_path / "a.jpg").write_bytes(damaged)
        with contextlib.suppress(MediaError):
            assert read_image(tmp_path / "a.jpg").channels == 3


def test_a_profile_for_reading_only_becomes_one_for_writing(tmp_path: Path) -> None:
    """A scanner's tables have no way back: the picture becomes Adobe RGB."""
    scanner = table_profile(ADOBE_RGB, writes=False)
    write_image(tmp_path / "a.tif", picture(np.dstack([COLOURS, COLOURS[..., :1]]), icc_profile=scanner))
    image = read_image(tmp_path / "a.tif")
    assert image.icc_profile not in (None, scanner)
    want = srgb_by_littlecms(COLOURS, scanner).astype(int)
    assert np.abs(codes_from_image(image)[..., :3].astype(int) - want).mean() < 1
    assert np.array_equal(pixels(image)[..., 3], COLOURS[..., 0])


def test_a_broken_profile_is_said_and_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broken = profile_of_tags(b"RGB ", {})
    write_image(tmp_path / "a.tif", picture(noise(8, 8, 3), icc_profile=broken))
    image = read_image(tmp_path / "a.tif")
    assert image.icc_profile == broken
    assert meaning_of(image) == "srgb"
    assert "profile" in caplog.text


def test_a_profile_of_other_channels_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Pillow.fromarray(noise(8, 8, 1)[..., 0]).save(tmp_path / "a.tif", icc_profile=DISPLAY_P3.profile)
    assert read_image(tmp_path / "a.tif").icc_profile is None
    assert "profile" in caplog.text


def test_mixing_a_gray_picture_with_its_colours_keeps_the_curve() -> None:
    source = picture(noise(8, 8, 1), icc_profile=gray_profile(1.8))
    result = image_from_array(np.repeat(pixels(source), 3, axis=2), like=source)
    assert result.icc_profile is not None
    assert np.abs(Engine().lightness(result) - Engine().lightness(source)).max() < 1e-3
    both = mixed(source, result, picture(noise(8, 8, 1, seed=1)))
    assert both.icc_profile == result.icc_profile
