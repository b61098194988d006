"""Files of other programs: rare kinds read rightly or refused clearly, upright and with straight alpha."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageOps
from tests.media.builders import (
    noise,
    picture,
    pixels,
    png_chunk,
    png_file,
    smooth,
    srgb_profile,
    tiff_file,
    write_exr,
    write_good_file,
)

from scumble.errors import MediaError
from scumble.media.files import FileFormat, read_image, sniff, write_image
from scumble.media.image import ColorModel, SampleType, Transfer


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
@pytest.mark.parametrize("is_transparent", [False, True])
def test_palette_png_becomes_its_colours(tmp_path: Path, depth: int, is_transparent: bool) -> None:
    count = min(2**depth, 16)
    indices = np.arange(32).reshape(4, 8) % count
    palette = np.random.default_rng(0).integers(0, 256, (count, 3), dtype=np.uint8)
    bits = (indices[:, :, None] >> np.arange(depth)[::-1]) & 1
    rows = [np.packbits(row.astype(np.uint8).ravel()).tobytes() for row in bits]
    alphas = np.array([0, 128] + [255] * (count - 2), np.uint8)
    extra = png_chunk(b"PLTE", palette.tobytes()) + (png_chunk(b"tRNS", bytes([0, 128])) if is_transparent else b"")
    (tmp_path / "a.png").write_bytes(png_file(8, 4, depth, 3, rows, extra))
    image = read_image(tmp_path / "a.png")
    assert image.model is (ColorModel.RGBA if is_transparent else ColorModel.RGB)
    assert np.array_equal(pixels(image)[..., :3], palette[indices])
    if is_transparent:
        assert np.array_equal(pixels(image)[..., 3], alphas[indices])


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_gray_png_of_few_bits_spans_the_whole_range(tmp_path: Path, depth: int) -> None:
    codes = np.arange(16) % 2**depth
    bits = (codes[:, None] >> np.arange(depth)[::-1]) & 1
    (tmp_path / "a.png").write_bytes(png_file(16, 1, depth, 0, [np.packbits(bits.astype(np.uint8).ravel()).tobytes()]))
    assert np.array_equal(pixels(read_image(tmp_path / "a.png")).ravel(), codes * 255 // (2**depth - 1))


def test_sixteen_bit_gray_with_one_transparent_value(tmp_path: Path) -> None:
    row = struct.pack(">3H", 1000, 40000, 65535)
    (tmp_path / "a.png").write_bytes(png_file(3, 1, 16, 0, [row], png_chunk(b"tRNS", struct.pack(">H", 40000))))
    image = read_image(tmp_path / "a.png")
    assert (image.model, image.sample) == (ColorModel.GRAY_ALPHA, SampleType.U16)
    assert pixels(image)[0].tolist() == [[1000, 65535], [40000, 0], [65535, 65535]]


def test_png_that_says_it_is_linear_is_linear(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png_file(1, 1, 8, 0, [b"\x80"], png_chunk(b"gAMA", struct.pack(">I", 100_000))))
    assert read_image(tmp_path / "a.png").transfer is Transfer.LINEAR


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_pillow_and_we_see_the_same(tmp_path: Path, mode: str, ending: str) -> None:
    expected = noise(9, 7, len(mode))
    Pillow.fromarray(expected.squeeze()).save(tmp_path / f"a.{ending}")
    assert np.array_equal(pixels(read_image(tmp_path / f"a.{ending}")), expected)


@pytest.mark.parametrize("compression", ["raw", "group4"])
def test_one_bit_tiff_is_black_and_white(tmp_path: Path, compression: str) -> None:
    expected = (noise(16, 24, 1)[..., 0] > 127).astype(np.uint8) * 255
    Pillow.fromarray(expected).convert("1").save(tmp_path / "a.tif", compression=compression)
    assert np.array_equal(pixels(read_image(tmp_path / "a.tif"))[..., 0], expected)


def test_tiff_with_white_as_zero_is_turned(tmp_path: Path) -> None:
    expected = noise(5, 4, 1)
    (tmp_path / "a.tif").write_bytes(tiff_file(255 - expected, photometric=0))
    assert np.array_equal(pixels(read_image(tmp_path / "a.tif")), expected)


def test_tiff_alpha_that_is_multiplied_in_is_taken_out(tmp_path: Path) -> None:
    stored = np.array([[[50, 100, 128, 128], [10, 20, 30, 255], [0, 0, 0, 0]]], np.uint8)
    (tmp_path / "a.tif").write_bytes(tiff_file(stored, photometric=2, extra=[1]))
    assert pixels(read_image(tmp_path / "a.tif"))[0].tolist() == [[100, 199, 255, 128], [10, 20, 30, 255], [0, 0, 0, 0]]


def test_half_and_double_tiffs(tmp_path: Path) -> None:
    half = noise(5, 4, 3, SampleType.F16)
    (tmp_path / "half.tif").write_bytes(tiff_file(half, photometric=2, kind=3))
    assert np.array_equal(pixels(read_image(tmp_path / "half.tif")), half)
    double = noise(5, 4, 3, SampleType.F32).astype(np.float64)
    (tmp_path / "double.tif").write_bytes(tiff_file(double, photometric=2, kind=3))
    assert np.array_equal(pixels(read_image(tmp_path / "double.tif")), double.astype(np.float32))


@pytest.mark.parametrize(
    ("array", "settings", "code"),
    [
        (noise(4, 4, 4), {"photometric": 2, "extra": [0]}, "media.channels"),
        (noise(4, 4, 3), {"photometric": 8}, "media.unsupported"),
        (noise(4, 4, 1).astype(np.int16), {"photometric": 1, "kind": 2}, "media.sample_type"),
        (noise(4, 4, 1).astype(np.uint32), {"photometric": 1}, "media.sample_type"),
    ],
)
def test_tiffs_that_could_be_misread_are_refused(
    tmp_path: Path, array: Any, settings: dict[str, Any], code: str
) -> None:
    (tmp_path / "a.tif").write_bytes(tiff_file(array, **settings))
    with pytest.raises(MediaError) as caught:
        read_image(tmp_path / "a.tif")
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize("ending", ["jpg", "tif"])
def test_cmyk_becomes_rgb_without_its_profile_and_that_is_said(
    tmp_path: Path, ending: str, caplog: pytest.LogCaptureFixture
) -> None:
    cmyk = Pillow.fromarray(smooth()).convert("CMYK")
    profile = srgb_profile()[:16] + b"CMYK" + srgb_profile()[20:]
    cmyk.save(tmp_path / f"a.{ending}", icc_profile=profile)
    image = read_image(tmp_path / f"a.{ending}")
    with Pillow.open(tmp_path / f"a.{ending}") as other:
        assert np.abs(pixels(image).astype(int) - np.asarray(other.convert("RGB"))).max() <= 1
    assert image.icc_profile is None
    assert "CMYK" in caplog.text


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp"])
def test_all_orientations_come_upright(tmp_path: Path, ending: str, orientation: int) -> None:
    blocks = np.kron(noise(3, 5, 3), np.ones((16, 16, 1), np.uint8))  # survives JPEG
    facts = Pillow.Exif()
    facts[0x0112] = orientation
    settings: dict[str, Any] = {"lossless": True} if ending == "webp" else {"quality": 100} if ending == "jpg" else {}
    Pillow.fromarray(blocks).save(tmp_path / f"a.{ending}", exif=facts, **settings)
    image = read_image(tmp_path / f"a.{ending}")
    with Pillow.open(tmp_path / f"a.{ending}") as other:
        expected = np.asarray(ImageOps.exif_transpose(other))
    assert pixels(image).shape == expected.shape
    assert np.abs(pixels(image).astype(int) - expected).max() <= (6 if ending == "jpg" else 0)
    assert "Orientation" not in image.metadata


def test_exr_fills_its_display_window(tmp_path: Path) -> None:
    array = noise(10, 12, 3, SampleType.F16)
    write_exr(tmp_path / "a.exr", array, "RGB", x=5, y=-3, full=(0, 0, 15, 20))
    shown = pixels(read_image(tmp_path / "a.exr"))
    assert shown.shape == (20, 15, 3)
    assert np.array_equal(shown[:7, 5:], array[3:, :10])
    assert not shown[7:].any()
    assert not shown[:, :5].any()
    write_exr(tmp_path / "b.exr", array, "RGB", x=100, y=100, full=(0, 0, 4, 4))
    assert not pixels(read_image(tmp_path / "b.exr")).any()


@pytest.mark.parametrize("names", ["RGBAZ", "ZABGR", "BGRAZ"])
def test_exr_channels_beside_the_picture_are_left_out_and_that_is_said(
    tmp_path: Path, names: str, caplog: pytest.LogCaptureFixture
) -> None:
    array = noise(6, 5, 5, SampleType.F32)
    array[..., names.index("A")] = 1
    write_exr(tmp_path / "a.exr", array, names)
    image = read_image(tmp_path / "a.exr")
    assert image.model is ColorModel.RGBA
    assert np.array_equal(pixels(image), array[..., [names.index(name) for name in "RGBA"]])
    assert "5 channels; 4 are read" in caplog.text


def test_gray_exr_with_alpha(tmp_path: Path) -> None:
    array = noise(6, 5, 2, SampleType.F32)
    array[..., 1] = 1
    write_exr(tmp_path / "a.exr", array, "YA")
    image = read_image(tmp_path / "a.exr")
    assert (image.model, image.transfer) == (ColorModel.GRAY_ALPHA, Transfer.LINEAR)
    assert np.array_equal(pixels(image), array)


@pytest.mark.parametrize("names", [["Z"], ["R", "G"], ["diffuse.R", "diffuse.G", "diffuse.B"]])
def test_exr_without_a_picture_lists_what_it_has(tmp_path: Path, names: list[str]) -> None:
    write_exr(tmp_path / "a.exr", noise(4, 4, len(names), SampleType.F16), names)
    with pytest.raises(MediaError, match=names[0]) as caught:
        read_image(tmp_path / "a.exr")
    assert caught.value.code == "media.channels"


def test_exr_of_whole_numbers_is_refused(tmp_path: Path) -> None:
    write_exr(tmp_path / "a.exr", noise(4, 4, 3).astype(np.uint32), "RGB")
    with pytest.raises(MediaError) as caught:
        read_image(tmp_path / "a.exr")
    assert caught.value.code == "media.sample_type"


@pytest.mark.parametrize("ending", ["tif", "webp"])
def test_of_several_pictures_the_first_is_read_and_that_is_said(
    tmp_path: Path, ending: str, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = (Pillow.fromarray(noise(8, 8, 3, seed=seed)) for seed in (1, 2))
    settings: dict[str, Any] = {"lossless": True} if ending == "webp" else {}
    first.save(tmp_path / f"a.{ending}", save_all=True, append_images=[second], **settings)
    image = read_image(tmp_path / f"a.{ending}")
    assert np.array_equal(pixels(image)[..., :3], np.asarray(first))
    assert "the first is read" in caplog.text


@pytest.mark.parametrize("kind", FileFormat)
@pytest.mark.parametrize(
    "name", ["a.png", "a.JPG", "a", "a.txt", "what?.exr", "%04d #1.tif", "żółw 写真.webp", "a=b&c?x=1.png"]
)
def test_names_do_not_matter(tmp_path: Path, kind: FileFormat, name: str) -> None:
    good = tmp_path / ("good" + kind.suffixes[0])
    write_good_file(good)
    expected = pixels(read_image(good))
    path = good.rename(tmp_path / name)
    assert sniff(path) is kind
    assert np.array_equal(pixels(read_image(path)), expected)
    assert [child.name for child in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("kind", FileFormat)
def test_folders_that_are_not_unicode_can_be_written_and_read(tmp_path: Path, kind: FileFormat) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.mkdir()
    write_image(folder / ("a" + kind.suffixes[0]), picture(noise(8, 8, 3)))
    assert read_image(folder / ("a" + kind.suffixes[0])).width == 8


def test_names_that_are_not_unicode_can_be_read(tmp_path: Path) -> None:
    write_good_file(tmp_path / "good.png")
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))
    (tmp_path / "good.png").rename(odd)
    assert read_image(odd).width == 160


@pytest.mark.parametrize("stored", [b"caf\xe9", "café".encode()])
def test_text_of_old_programs_is_read_as_latin_1(tmp_path: Path, stored: bytes) -> None:
    (tmp_path / "a.png").write_bytes(png_file(1, 1, 8, 0, [b"\0"], png_chunk(b"tEXt", b"Author\0" + stored)))
    assert read_image(tmp_path / "a.png").metadata["Artist"] == "café"


def test_picture_facts_of_a_read_file_can_be_written_again(tmp_path: Path) -> None:
    facts = Pillow.Exif()
    facts[0x010F] = "Leica"
    Pillow.fromarray(smooth()).save(tmp_path / "a.jpg", exif=facts, icc_profile=srgb_profile(), dpi=(300, 300))
    source = read_image(tmp_path / "a.jpg")
    for ending in ("png", "jpg", "tif", "webp"):
        write_image(
            tmp_path / f"b.{ending}", picture(pixels(source), icc_profile=source.icc_profile, metadata=source.metadata)
        )
        back = read_image(tmp_path / f"b.{ending}")
        assert back.icc_profile == srgb_profile()
        assert (back.metadata["Make"], back.metadata["XResolution"]) == ("Leica", 300)
