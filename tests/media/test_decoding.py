"""Files that are decoded as a whole are counted first; tiles and single strips come some rows at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO
import pytest
from PIL import Image as Pillow
from tests.media.builders import noise, pixels, smooth

from scumble.errors import MemoryBudgetTooSmall
from scumble.media.files import read_image

ROWS, COLUMNS = 240, 320
COEFFICIENTS = {0: 6 * ROWS * COLUMNS, 2: 3 * ROWS * COLUMNS}
"""Two bytes a sample: three planes for each pixel at 4:4:4, one and a half at 4:2:0."""


def least_that_does(path: Path) -> int:
    """Returns the smallest `decoder_bytes` that a file is read with, found by halves."""
    low, high = 0, 8 << 20
    while high - low > 64:
        middle = (low + high) // 2
        try:
            read_image(path, heap_bytes=0, decoder_bytes=middle)
            high = middle
        except MemoryBudgetTooSmall:
            low = middle
    return high


@pytest.mark.parametrize("subsampling", [0, 2])
def test_a_progressive_jpeg_takes_its_coefficients(subsampling: int, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Pillow.fromarray(smooth(ROWS, COLUMNS)).save(path, progressive=True, subsampling=subsampling)
    expected = COEFFICIENTS[subsampling]
    assert expected <= least_that_does(path) < 1.25 * expected
    with pytest.raises(MemoryBudgetTooSmall, match="progressive JPEG") as refused:
        read_image(path, heap_bytes=0, decoder_bytes=1)
    assert "--memory" in refused.value.hint
    read_image(path)


def test_baseline_files_are_not_counted_and_webp_is(tmp_path: Path) -> None:
    photo = Pillow.fromarray(smooth(ROWS, COLUMNS))
    for ending in ("jpg", "png", "tif"):
        photo.save(tmp_path / f"a.{ending}")
        read_image(tmp_path / f"a.{ending}", heap_bytes=0, decoder_bytes=0)
    photo.save(tmp_path / "a.webp")
    photo.convert("CMYK").save(tmp_path / "inks.jpg")
    for name, what in (("a.webp", "WebP"), ("inks.jpg", "CMYK")):
        with pytest.raises(MemoryBudgetTooSmall, match=what):
            read_image(tmp_path / name, heap_bytes=0, decoder_bytes=4 * ROWS * COLUMNS)


def test_a_file_that_fits_counts_with_its_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Pillow.fromarray(smooth(ROWS, COLUMNS)).save(path, progressive=True, subsampling=0)
    room = COEFFICIENTS[0] + 2 * ROWS * COLUMNS
    read_image(path, heap_bytes=0, decoder_bytes=room)
    with pytest.raises(MemoryBudgetTooSmall):
        read_image(path, heap_bytes=1 << 20, decoder_bytes=room)


@pytest.mark.parametrize(("kind", "ending", "sample"), [("tiff", "tif", np.uint8), ("openexr", "exr", np.float16)])
def test_tiles_are_read_by_rows_of_tiles(kind: str, ending: str, sample: type, tmp_path: Path) -> None:
    spec = OpenImageIO.ImageSpec(1000, 1900, 3, "half" if sample is np.float16 else "uint8")
    spec.tile_width = spec.tile_height = 32
    output = OpenImageIO.ImageOutput.create(kind)
    assert output is not None
    assert output.open(str(tmp_path / f"a.{ending}"), spec)
    given: Any = noise(1900, 1000, 3).astype(sample)
    assert output.write_image(given)
    output.close()
    assert np.array_equal(pixels(read_image(tmp_path / f"a.{ending}", heap_bytes=0)), given)


def test_one_strip_of_the_whole_picture_is_read_by_rows(tmp_path: Path) -> None:
    spec = OpenImageIO.ImageSpec(1000, 1900, 3, "uint8")
    spec.attribute("tiff:RowsPerStrip", 1900)
    spec.attribute("compression", "lzw")
    output = OpenImageIO.ImageOutput.create("tiff")
    assert output is not None
    assert output.open(str(tmp_path / "a.tif"), spec)
    given = noise(1900, 1000, 3)
    assert output.write_image(given)
    output.close()
    assert np.array_equal(pixels(read_image(tmp_path / "a.tif", heap_bytes=0)), given)
