"""What every hand-made tiler does: cutting a picture into fixed cores with halos, or sliding a window over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]
Region = tuple[slice, slice]


class FixedTile(NamedTuple):
    """One tile of a fixed grid; slices are of rows and columns.

    Attributes:
        core: where its result belongs in the picture.
        seen: what it reads of the picture.
        inner: its core within what it reads.
        missing: rows above and below, columns before and after, that a tile of full size lacks.
        kept_planes: its core within planes (channels, rows, columns) of full size.
    """

    core: Region
    seen: Region
    inner: Region
    missing: tuple[int, int, int, int]
    kept_planes: tuple[slice, slice, slice]


def each_tile(width: int, height: int, core: int, halo: int) -> Iterator[FixedTile]:
    """Cuts a picture into cores of fixed size, row by row, each read with a halo as far as there are pixels."""
    for top in range(0, height, core):
        for left in range(0, width, core):
            above, before = min(halo, top), min(halo, left)
            bottom, right = min(height, top + core + halo), min(width, left + core + halo)
            rows, columns = min(core, height - top), min(core, width - left)
            lacks = (
                halo - above,
                core + 2 * halo - (halo - above) - (bottom - top + above),
                halo - before,
                core + 2 * halo - (halo - before) - (right - left + before),
            )
            yield FixedTile(
                (slice(top, top + rows), slice(left, left + columns)),
                (slice(top - above, bottom), slice(left - before, right)),
                (slice(above, above + rows), slice(before, before + columns)),
                lacks,
                (slice(None), slice(halo, halo + rows), slice(halo, halo + columns)),
            )


def computed_pixels(width: int, height: int, core: int, halo: int) -> int:
    """Returns how many pixels a net sees of a picture that is cut so, border tiles at full size."""
    return -(-width // core) * -(-height // core) * (core + 2 * halo) ** 2


def reflected(picture: Pixels, core: int, halo: int) -> Pixels:
    """Returns the whole picture (height, width, channels) with halos and up to whole cores, mirrored."""
    height, width = picture.shape[:2]
    margins = ((halo, halo + -height % core), (halo, halo + -width % core), (0, 0))
    return np.pad(picture, margins, mode="reflect")


def slid(planes: Pixels, side: int, halo: int, net: Callable[[Pixels], Pixels]) -> Pixels:
    """Returns what MONAI's sliding window makes of planes (1, channels, height, width) with a net of such windows."""
    import torch
    from monai.inferers.utils import sliding_window_inference

    def predictor(window: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(net(window.numpy()))

    with torch.inference_mode():
        result = sliding_window_inference(
            torch.from_numpy(planes), (side, side), 1, predictor, overlap=2 * halo / side, mode="constant"
        )
    assert isinstance(result, torch.Tensor)
    return np.asarray(result.numpy())
