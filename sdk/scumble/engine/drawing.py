"""Pictures that need no model: backgrounds, wide blurs, and noise on the global integer grid."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from scumble import _native  # noqa: TID251 - this is the room
from scumble.engine.budgeting import Budgeting
from scumble.media import mapped

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Listener = Callable[[float], object] | None


class Drawing(Budgeting):
    """What an engine draws by itself, with its workers, into the memory that it was told to use."""

    _allocate: Callable[[int], memoryview] | None

    def background(
        self,
        style: str,
        width: int,
        height: int,
        palette: Floats,
        *,
        seed: int = 0,
        blend: tuple[int, float] | None = None,
        energy: float = 0.5,
        seamless: bool = False,
        progress: Listener = None,
    ) -> Pixels:
        """Returns a background, 8-bit RGB, (height, width, 3), drawn in strips by a style without a model.

        `palette` holds 1 to 6 sRGB colours 0 to 1, (n, 3); `blend` is a second seed and the share of the way to it.
        Raises ParamError for an unknown style and for values out of range, and whatever `progress` raises.
        """
        result = self._empty((max(1, height), max(1, width), 3), np.dtype(np.uint8))
        _native.draw_background(
            result,
            style,
            size=(width, height),
            palette=palette,
            seed=seed,
            blend=blend,
            energy=energy,
            seamless=seamless,
            workers=self._thread_count(),
            progress=progress,
        )
        return result

    def soften(
        self,
        pixels: Pixels,
        sigma_px: float,
        *,
        mask: Pixels | None = None,
        seamless: bool = False,
        seed: int = 0,
        progress: Listener = None,
    ) -> None:
        """Blurs 8-bit RGB `pixels`, (H, W, 3), in place: all of them, or as far as `mask`, (H, W), says.

        `sigma_px`, 0.7 to 4096, is the deviation of the Gaussian. Raises ParamError for one out of range.
        """
        workers = self._thread_count()
        _native.soften(pixels, sigma_px, mask=mask, seamless=seamless, seed=seed, workers=workers, progress=progress)

    def noise(
        self,
        seed: int,
        stream: int,
        region: tuple[int, int, int, int],
        *,
        channels: int = 1,
        kind: Literal["uniform", "normal"] = "normal",
        period: tuple[int, int] | None = None,
    ) -> Floats:
        """Returns noise of the global integer grid for `region` (x, y, width, height): (channels, height, width).

        Every value depends on seed, stream, row, column and channel alone; it repeats after `period` columns and
        rows. Raises ParamError for a period below 1.
        """
        return _native.grid_noise(seed, stream, region, channels=channels, kind=kind, period=period)

    def empty_pixels(self, width: int, height: int) -> Pixels:
        """Returns memory for a result, 8-bit RGB, (height, width, 3), where the engine was told to have it."""
        return self._empty((height, width, 3), np.dtype(np.uint8))

    def _empty(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> NDArray[Any]:
        if self._allocate is None:
            return mapped.empty(shape, dtype, self.picture_bytes)
        return np.frombuffer(self._allocate(math.prod(shape) * dtype.itemsize), dtype).reshape(shape)
