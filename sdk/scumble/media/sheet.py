"""Contact sheets: many pictures side by side, small, to choose from."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from scumble.media.arrays import codes_from_image, image_from_array
from scumble.media.image import Image
from scumble.media.layers import laid_over
from scumble.media.scaling import scaled

_CELL_PX = 384
_GAP_PX = 12
_GROUND = 245


def sheet_cell(picture: Image) -> Image:
    """Returns the picture as it stands on a sheet: 8-bit, at most 384 pixels a side."""
    scale = min(1.0, _CELL_PX / max(picture.width, picture.height))
    return scaled(picture, max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))


def contact_sheet(cells: Sequence[Image]) -> Image:
    """Returns cells of `sheet_cell`, at least one, in rows from the left, about as many rows as columns."""
    columns = math.ceil(math.sqrt(len(cells)))
    rows = math.ceil(len(cells) / columns)
    width, height = (max(cell.width for cell in cells), max(cell.height for cell in cells))
    extent = (rows * (height + _GAP_PX) + _GAP_PX, columns * (width + _GAP_PX) + _GAP_PX, 3)
    out = np.full(extent, _GROUND, np.uint8)
    for index, cell in enumerate(cells):
        top = _GAP_PX + index // columns * (height + _GAP_PX) + (height - cell.height) // 2
        left = _GAP_PX + index % columns * (width + _GAP_PX) + (width - cell.width) // 2
        codes = codes_from_image(cell)
        place = out[top : top + cell.height, left : left + cell.width]
        color = codes[..., :1] if cell.model.is_gray else codes[..., :3]
        alpha = codes[..., -1:] if cell.model.has_alpha else np.full((1, 1, 1), 255, np.uint8)
        place[...] = laid_over(place, color, alpha)
    return image_from_array(out)
