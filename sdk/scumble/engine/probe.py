"""Runs a graph from picture to picture on small pictures of noise, and measures what comes of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from scumble import _native  # noqa: TID251 - this is the room
from scumble.errors import ModelError
from scumble.models.foreign import ImagePorts

Floats = NDArray[np.float32]
Listener = Callable[[float], object] | None
_FIRST_SIDES = (64, 96, 128, 256, 512)
MULTIPLES = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 48, 56, 64, 128)
"""Sides, and steps of a shift, that are tried: those of windows and strides in use."""
_LOUD = 40.0
_ALIKE = 1e-3
_NARROW = 16


class Probe:
    """A graph on one thread of the processor, run on arrays (channels, height, width) of noise."""

    def __init__(self, content: bytes, ports: ImagePorts, progress: Listener = None) -> None:
        self.ports = ports
        self.session = _native.Session(content, device="cpu", workers=1)
        self.seconds_per_pixel = 0.0
        self._progress = progress
        self._rng = np.random.default_rng(20)

    def noise(self, height: int, width: int) -> Floats:
        """Returns a picture of noise, 0 to 1."""
        noise: Floats = self._rng.random((self.ports.channels[0], height, width), np.float32)
        return noise

    def run(self, planes: Floats) -> Floats:
        """Returns the graph's output, (channels, height, width).

        Raises ModelError where it fails, or gives no picture.
        """
        started = time.process_time()
        output = self._all_of(planes)[self.ports.output]
        if output.ndim != 4 or output.shape[0] != 1:
            raise not_a_picture(f"it gives an array of shape {output.shape}")
        self.seconds_per_pixel = (time.process_time() - started) / planes[0].size
        result: Floats = output[0].transpose(2, 0, 1) if self.ports.axes == "nhwc" else output[0]
        return result

    def largest(self, planes: Floats) -> float:
        """Returns the largest number in size among all outputs; not a number where one is none."""
        return max(float(np.abs(output).max(initial=0)) for output in self._all_of(planes).values())

    def _all_of(self, planes: Floats) -> dict[str, Floats]:
        given = np.ascontiguousarray(planes.transpose(1, 2, 0) if self.ports.axes == "nhwc" else planes)
        # Cancel is heard within a run; what share of the whole it is cannot be told.
        return self.session.run({self.ports.input: given[None]}, lambda _: self._progress and self._progress(0.0))

    def takes(self, height: int, width: int) -> bool:
        """Tells whether the graph runs at a size and gives a picture that is as much larger in both directions."""
        try:
            output = self.run(self.noise(height, width))
        except ModelError:
            return False
        rows, columns = int(output.shape[1]), int(output.shape[2])
        return rows % height == 0 and rows * width == columns * height

    def first_side(self) -> int:
        """Returns a side that the graph takes. Raises ModelError, with what the graph said, where it takes none."""
        for side in _FIRST_SIDES:
            if self.takes(side, side):
                return side
        output = self.run(self.noise(_FIRST_SIDES[-1], _FIRST_SIDES[-1]))
        side = _FIRST_SIDES[-1]
        raise not_a_picture(f"of {side} by {side} pixels it makes {output.shape[2]} by {output.shape[1]}")

    def multiple(self, side: int) -> int:
        """Returns the number of which sides must be multiples: the least that works with two of them in a row."""
        for step in MULTIPLES:
            near = -(-side // step) * step
            if self.takes(near, near) and self.takes(near + step, near + step) and self.takes(near, near + step):
                return step
        raise not_a_picture(f"it takes sides of {side} pixels, and no regular others")

    def least_side(self, multiple: int, known: int) -> int:
        """Returns the smallest side that works, of doublings of `multiple` up to `known`."""
        side = multiple
        while side < known and not (self.takes(side, side) and self.takes(side, 2 * known)):
            side *= 2
        return min(side, known)

    def sides_seen(self, along: int, across: int, stride: int, *, axis: int) -> tuple[int, int] | None:
        """Returns how many pixels to the left and right an output pixel was seen to depend on; None for all of them.

        All pixels beyond a border are changed, at several places within a stride; what has changed on the other side
        has seen them. What float32 rounds away is not seen: it is the least that can be, not the most. `axis` is 2 for
        columns, and 1 for rows; the picture is `along` by `across` pixels.
        """
        base = self.noise(*((across, along) if axis == 2 else (along, across)))
        still = self.run(base)
        scale = still.shape[axis] // along
        left = right = 0
        for phase in sorted({0, stride // 2, stride - 1}):
            at = along // 2 // stride * stride + phase
            for loud in (1.0, _LOUD):
                other = (self.noise(*base.shape[1:]) - np.float32(0.5)) * np.float32(loud)
                later, earlier = (slice(at, None), slice(None, at))
                first = self._changed(base, still, other, later, axis)[0]
                last = self._changed(base, still, other, earlier, axis)[1]
                if first == 0 or last == scale * along - 1:
                    return None
                right = max(right, at - first // scale)
                left = max(left, last // scale - (at - 1))
        return left, right

    def _changed(self, base: Floats, still: Floats, other: Floats, part: slice, axis: int) -> tuple[int, int]:
        """Returns the first and last row or column of the output that differ where `part` of the input is `other`."""
        where = (slice(None), slice(None), part) if axis == 2 else (slice(None), part)
        moved = base.copy()
        moved[where] = other[where]
        differs = self.run(moved) != still
        (found,) = np.nonzero(differs.any(axis=(0, 3 - axis)))
        return (int(found[0]), int(found[-1])) if len(found) else (still.shape[axis], -1)

    def is_shifted_alike(self, step: int, reach: int, across: int, *, axis: int) -> bool:
        """Tells whether a picture moved by `step` pixels gives its output moved likewise, away from the borders."""
        along = -(-(2 * reach + 4 * step + 16) // step) * step
        wide = self.noise(*((across, along + step) if axis == 2 else (along + step, across)))
        one, other = (
            self.run(wide[:, :, start : start + along] if axis == 2 else wide[:, start : start + along])
            for start in (0, step)
        )
        scale = one.shape[axis] // along
        inner = slice((reach + step) * scale, (along - reach) * scale)
        moved = slice(reach * scale, (along - reach - step) * scale)
        a, b = (one[:, :, inner], other[:, :, moved]) if axis == 2 else (one[:, inner], other[:, moved])
        return a.size > 0 and bool(np.abs(a - b).max() <= _ALIKE * max(1e-6, float(np.abs(one).max())))

    def difference(self, halo: int, stride: int, least: int, channels: int, scale: int, *, ends: int) -> float:
        """Returns the largest difference of tiles and full frame, on noise cut along each axis; NaN counts as endless.

        Three tiles of the smallest size stand side by side, so that the middle one has both halos. They are tried on
        so many lengths: what a graph pads at the end of one may agree with what it pads at that of a tile.
        """
        tile = max(least, 2 * -(-halo // stride) * stride + 4 * stride)
        across = max(least, 4 * stride, _NARROW // stride * stride)
        alongs = [2 * tile + more * stride for more in range(1, ends + 1)]
        worst = 0.0
        for width, height in (size for along in alongs for size in ((along, across), (across, along))):
            picture = np.ascontiguousarray(self.noise(height, width).transpose(1, 2, 0))
            results = [
                self._tiled(picture, plan, channels, scale)
                for plan in (
                    _native.TilePlan(width, height, tile=(width + stride, height + stride), halo=0, stride=stride),
                    _native.TilePlan(width, height, tile=tile, halo=halo, stride=stride, min_size=least),
                )
            ]
            difference = float(np.abs(results[0] - results[1]).max())
            worst = max(worst, difference if difference == difference else np.inf)
        return worst

    def _tiled(self, picture: Floats, plan: _native.TilePlan, channels: int, scale: int) -> Floats:
        height, width = picture.shape[:2]
        result: Floats = np.empty((height * scale, width * scale, channels), np.float32)
        self.session.rework_tiled(
            plan,
            picture,
            result,
            input=self.ports.input,
            output=self.ports.output,
            channels=(self.ports.channels[0], channels),
            scale=scale,
            axes=self.ports.axes,
            progress=lambda _: self._progress and self._progress(0.0),
        )
        return result


def doubled(first: int, last: int) -> Iterator[int]:
    """Yields `first` and its doubles up to `last`."""
    while first <= last:
        yield first
        first *= 2


def not_a_picture(reason: str) -> ModelError:
    """Returns the refusal of a graph that runs, but gives no picture."""
    hint = "Scumble runs models whose output is the picture, 1, 2, 3 or 4 times as large: none that crop or classify."
    return ModelError(f"The model does not make a picture of a picture: {reason}", hint, "model.not_image")
