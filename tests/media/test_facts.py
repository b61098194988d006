"""Profiles and facts that travel with a picture: byte for byte, and seen by other programs too."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image as Pillow
from tests.media.builders import (
    ENDINGS,
    gray_profile,
    long_profile,
    noise,
    picture,
    pixels,
    png_kinds,
    srgb_profile,
)

from scumble.media.files import read_image, write_image

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp"])
@pytest.mark.parametrize("length", [0, 65516, 65520, 300_000])
def test_profiles_come_back_byte_for_byte(tmp_path: Path, ending: str, length: int) -> None:
    profile = long_profile(length) if length else srgb_profile()
    path = tmp_path / f"a.{ending}"
    write_image(path, picture(noise(8, 8, 3), icc_profile=profile))
    assert read_image(path).icc_profile == profile
    with Pillow.open(path) as other:
        assert other.info["icc_profile"] == profile


def test_a_profile_that_png_refuses_is_left_out_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    array = noise(8, 8, 3)
    write_image(tmp_path / "a.png", picture(array, icc_profile=long_profile(65519)))  # no multiple of 4
    back = read_image(tmp_path / "a.png")
    assert back.icc_profile is None
    assert np.array_equal(pixels(back), array)
    assert "profile" in caplog.text


@pytest.mark.parametrize("ending", ["jpg", "tif"])
def test_a_gray_profile_stays_with_gray_only(tmp_path: Path, ending: str) -> None:
    gray, colour = tmp_path / f"gray.{ending}", tmp_path / f"colour.{ending}"
    write_image(gray, picture(noise(8, 8, 1), icc_profile=gray_profile()))
    assert read_image(gray).icc_profile == gray_profile()
    write_image(colour, picture(noise(8, 8, 3), icc_profile=gray_profile()))
    assert read_image(colour).icc_profile is None


def test_a_png_with_a_profile_does_not_also_say_srgb(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", picture(noise(8, 8, 3), icc_profile=srgb_profile()))
    kinds = png_kinds((tmp_path / "a.png").read_bytes())
    assert b"iCCP" in kinds
    assert not {b"sRGB", b"gAMA", b"cHRM"} & set(kinds)


CAMERA = {
    "Make": "Rolleiflex",
    "Model": "2.8 F",
    "Software": "Scumble test",
    "DateTime": "1961:08:13 04:05:06",
    "ImageDescription": "Straße, 写真",
    "Artist": "Ann",
    "Copyright": "© Ann",
    "ExposureTime": 0.008,
    "FNumber": 2.8,
    "Exif:DateTimeOriginal": "1961:08:13 01:00:00",
    "Exif:FocalLength": 80.0,
    "Exif:LensModel": "Planar",
    "Exif:Flash": 1,
    "GPS:LatitudeRef": "N",
    "GPS:Latitude": (52.0, 31.0, 12.5),
    "XResolution": 300.0,
    "YResolution": 300.0,
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_camera_s_facts_are_kept(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    write_image(path, picture(noise(8, 8, 3), metadata={**CAMERA, "ResolutionUnit": "in"}))
    kept = read_image(path).metadata
    lost = {"GPS:Latitude"} if ending == "exr" else set()
    for name in CAMERA.keys() - lost:
        expected = CAMERA[name]
        assert kept[name] == (pytest.approx(expected, rel=1e-5) if isinstance(expected, float) else expected), name


@pytest.mark.parametrize("ending", ["png", "jpg", "tif"])
def test_other_programs_see_the_resolution(tmp_path: Path, ending: str) -> None:
    facts = {"XResolution": 240.0, "YResolution": 240.0, "ResolutionUnit": "in"}
    write_image(tmp_path / f"a.{ending}", picture(noise(8, 8, 3), metadata=facts))
    with Pillow.open(tmp_path / f"a.{ending}") as other:
        assert other.info["dpi"] == pytest.approx((240, 240), rel=1e-3)


@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
@pytest.mark.parametrize("channels", [3, 4])
def test_other_programs_see_exif(tmp_path: Path, ending: str, channels: int) -> None:
    array = noise(8, 8, channels)
    array[..., 3:] = 255
    write_image(tmp_path / f"a.{ending}", picture(array, metadata=CAMERA, icc_profile=srgb_profile()), quality=80)
    with Pillow.open(tmp_path / f"a.{ending}") as other:
        other.load()
        assert other.getexif()[0x010F] == "Rolleiflex"
        assert other.size == (8, 8)


def test_png_text_is_kept(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", picture(noise(8, 8, 3), metadata={"Comment": "from a shoebox", "Shelf": "7"}))
    kept = read_image(tmp_path / "a.png").metadata
    assert (kept["Comment"], kept["Shelf"]) == ("from a shoebox", "7")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "facts",
    [
        {"Orientation": 6, "oiio:ColorSpace": "lin_rec709", "compression": "none", "ICCProfile": "x", "": "x"},
        {"Make": "\ud800", "big": 2**40, "list": (), "mixed": (1, 2.5), "nan": float("nan")},
        {"XResolution": "no", "DateTime": "yesterday", "a\0b": "c\0d"},
        {"ImageDescription": "d" * 70_000, "Artist": "&" * 20_000},
        {"dc:subject": "a;" * 20_000, "IPTC:Keywords": "a; " * 20_000},
    ],
)
def test_odd_facts_do_no_harm(tmp_path: Path, ending: str, facts: dict[str, str | int | float]) -> None:
    array = np.ascontiguousarray(np.broadcast_to(np.uint8(64), (8, 12, 3)))
    write_image(tmp_path / f"a.{ending}", picture(array, metadata=facts))
    back = read_image(tmp_path / f"a.{ending}")
    assert (back.width, back.height) == (12, 8)


def test_the_same_picture_makes_the_same_bytes(tmp_path: Path) -> None:
    image = picture(noise(8, 8, 3), metadata={"Make": "x"}, icc_profile=srgb_profile())
    for name in ("one", "two"):
        for ending in ENDINGS:
            write_image(tmp_path / f"{name}.{ending}", image)
        time.sleep(1.1 if name == "one" else 0)  # the times in files have whole seconds
    for ending in ENDINGS:
        assert (tmp_path / f"one.{ending}").read_bytes() == (tmp_path / f"two.{ending}").read_bytes(), ending
