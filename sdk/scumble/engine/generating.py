"""Pictures from a generator: a convolutional net over the cells of an endless plane, in blocks that fit the budget."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Hashable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scumble import _native  # noqa: TID251 - this is the room
from scumble.engine.budgeting import Budgeting

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Listener = Callable[[float], object] | None


class PlaneFacts(NamedTuple):
    """What a generator's manifest says of its plane."""

    cell_px: int
    """Side of a cell in pixels of the picture."""
    cell_margin: int
    """Cells that latents and layout show around a block."""
    noise_margins: tuple[int, ...]
    """Pixels that the noise of each level shows around a block; level k has 2^k to a cell."""
    stream_latents: int
    stream_noise: int
    """Streams of the noise: the latents', and that of level 0, which the others follow."""
    bytes_per_pixel: float
    """Working memory of one worker per pixel of its block."""
    weights_bytes: int


class Blocks(NamedTuple):
    """How a picture is cut for a generator: cells of a block, down and across."""

    cells: tuple[int, int]
    workers: int
    bytes: int
    taken: int = 0


class Generating(Budgeting):
    """What an engine does with a generator's session, within its memory budget."""

    @property
    @abstractmethod
    def workers(self) -> int:
        """Blocks that run at a time."""

    @abstractmethod
    def _memory_key(self, session: _native.Session) -> Hashable:
        """Names the session's model and its device."""

    def generate_tiled(
        self,
        session: _native.Session,
        facts: PlaneFacts,
        out: Pixels | Floats,
        layout: Floats,
        *,
        latent: Floats,
        style: Floats,
        detail: float = 1.0,
        seed: int = 0,
        blend: tuple[int, float] | None = None,
        seamless: bool = False,
        scale: float = 1.0,
        progress: Listener = None,
    ) -> None:
        """Fills `out`, 8-bit RGB or float32 of 0 to 1, (H, W, 3) of up to 16384 a side, block by block.

        A block is told the noise of its own place, hashed from the seed, with the margins that the net uses up: blocks
        are equal to the whole picture. `layout`, (C, rows, columns), has the wanted colours at the cells, of which the
        picture shows those from the first on; `latent`, (n,), is the global vector, `style`, (n,), weights of the
        styles, `detail`, 0 to 4, how strongly the net adds to the layout, 1 as it learnt. `blend` is a second seed and
        how far the noise is on the way to it. A `seamless` picture shows all cells of the layout exactly once, squeezed
        or stretched a little where its size is no multiple of the cells', and fits itself. `scale`, 0.5 to 8, shows
        everything larger. When the device runs out of memory, smaller blocks are tried, and remembered for this
        session.

        Raises ModelError when the graph and the facts do not fit, ParamError for values out of range,
        MemoryBudgetTooSmall, DeviceOutOfMemory, and whatever `progress` raises.
        """
        height, width = out.shape[:2]

        taken = self.bytes_beside(facts.weights_bytes) + self.pictures_bytes(0, out)

        def fitted(budget_bytes: int) -> Blocks:
            cells, workers, used = _native.fit_blocks(
                (width, height),
                cell_px=facts.cell_px,
                period=(layout.shape[1], layout.shape[2]) if seamless else None,
                scale=scale,
                bytes_per_pixel=facts.bytes_per_pixel,
                weights_bytes=facts.weights_bytes,
                workers=self.workers,
                budget_bytes=budget_bytes,
                taken_bytes=taken,
            )
            return Blocks(cells, workers, used, taken)

        def attempt(cut: Blocks) -> None:
            session.generate_tiled(
                out,
                layout,
                latent=latent,
                style=style,
                detail=detail,
                cell_px=facts.cell_px,
                cell_margin=facts.cell_margin,
                noise_margins=list(facts.noise_margins),
                stream_latents=facts.stream_latents,
                stream_noise=facts.stream_noise,
                block=cut.cells,
                seed=seed,
                blend=blend,
                seamless=seamless,
                scale=scale,
                workers=cut.workers,
                progress=progress,
            )

        self._ladder.run(self._memory_key(session), fitted, attempt)
