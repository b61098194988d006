"""The photo that is coloured: shipped examples tiled to any size, with grain so that no two tiles are alike."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scumble import read_image
from scumble.media.arrays import array_from_image

PHOTOS = Path(__file__).resolve().parent.parent / "examples" / "photos"
_ACROSS, _DOWN = 4, 3
_GRAIN = 4.0


def extent_from_megapixels(megapixels: float) -> tuple[int, int]:
    """Returns width and height, four to three, in whole pixels: 48 gives 8000 by 6000."""
    unit = math.sqrt(megapixels * 1e6 / (_ACROSS * _DOWN))
    return round(_ACROSS * unit), round(_DOWN * unit)


def photo_from_examples(width: int, height: int) -> NDArray[np.uint8]:
    """Returns an 8-bit RGB picture, (height, width, 3): a contact sheet of the examples, enlarged, with grain."""
    names = sorted(path for path in PHOTOS.iterdir() if path.suffix in (".jpg", ".png"))
    photos = [array_from_image(read_image(name)) for name in names]
    photos = [np.ascontiguousarray(np.broadcast_to(photo[..., :3], (*photo.shape[:2], 3))) for photo in photos]
    rng = np.random.default_rng(0)
    picture: NDArray[Any] = np.empty((height, width, 3), np.uint8)
    for cell in range(_ACROSS * _DOWN):
        row, column = divmod(cell, _ACROSS)
        rows = slice(row * height // _DOWN, (row + 1) * height // _DOWN)
        columns = slice(column * width // _ACROSS, (column + 1) * width // _ACROSS)
        size = (columns.stop - columns.start, rows.stop - rows.start)
        enlarged = cv2.resize(photos[cell % len(photos)], size, interpolation=cv2.INTER_CUBIC)
        grain = rng.normal(0, _GRAIN, (size[1], size[0], 1)).astype(np.float32)
        picture[rows, columns] = np.clip(enlarged + grain, 0, 255).astype(np.uint8)
    return picture


def save_photos(folder: Path, sizes: Iterable[float]) -> dict[float, Path]:
    """Writes a photo for each size into the folder; returns their paths."""
    paths = {}
    for megapixels in sizes:
        paths[megapixels] = folder / f"{megapixels:g}.npy"
        np.save(paths[megapixels], photo_from_examples(*extent_from_megapixels(megapixels)))
    return paths
