"""Every way that is measured, by the job that it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from benchmarks.engine import coloring, exact
from benchmarks.engine.tilers import Pixels


class Way(NamedTuple):
    """One way: what it is called in the table, the job that it does, the function, and what it needs beforehand.

    `prepare` is called before clock and memory are read: it loads libraries, and inspects a model where Scumble does
    so once. `statistics` tells afterwards what Scumble's workers did.
    """

    title: str
    kind: str
    run: Callable[[Pixels], Pixels]
    prepare: Callable[[], object] = lambda: None
    statistics: Callable[[], dict[str, float]] = dict


def _load_monai() -> None:
    import monai.inferers
    import torch

    assert torch.zeros(1) == 0
    assert monai.inferers.__name__


def _load_oidn() -> None:
    import pyoidn

    assert pyoidn.Device.is_cpu_available()


WAYS = {
    "scumble_fast": Way('Scumble, detail="fast" (the default)', "fast", coloring.scumble_fast),
    "vips": Way("libvips at working size", "fast", coloring.vips),
    "opencv_fast_float": Way("numpy + OpenCV at working size, float Lab", "fast", coloring.opencv_fast_float),
    "opencv_fast_8bit": Way("numpy + OpenCV at working size, 8-bit Lab", "fast", coloring.opencv_fast_8bit),
    "scumble_full": Way(
        'Scumble, detail="full" (tiled)', "full", coloring.scumble_full, statistics=coloring.statistics
    ),
    "onnxruntime_frame": Way("ONNX Runtime, the full frame in one run", "full", coloring.onnxruntime_frame),
    "opencv_tiles": Way("numpy + OpenCV, tiles of 512, halo 128", "full", coloring.opencv_tiles),
    "scikit_tiles": Way("numpy + scikit-image, tiles of 512, halo 128", "full", coloring.scikit_tiles),
    "monai_windows": Way("MONAI sliding window, 768 with halo 128", "full", coloring.monai_windows, _load_monai),
    "scumble_exact": Way("Scumble, exact tiles", "exact", exact.scumble_exact, exact.inspect, exact.statistics),
    "onnxruntime_exact": Way("ONNX Runtime, the full frame in one run", "exact", exact.onnxruntime_exact),
    "opencv_exact": Way("numpy + OpenCV, windows of 512, halo 32", "exact", exact.opencv_exact),
    "numpy_exact": Way("numpy alone, windows of 512, halo 32", "exact", exact.numpy_exact),
    "monai_exact": Way("MONAI sliding window, 512 with halo 32", "exact", exact.monai_exact, _load_monai),
    "oidn": Way("Open Image Denoise, its own net", "exact", exact.oidn, _load_oidn),
}
OURS = {"fast": "scumble_fast", "full": "scumble_full", "exact": "scumble_exact"}
KINDS = {
    "fast": "Colouring a photo, default mode",
    "full": "Colouring a photo at full detail",
    "exact": "A mobile net over a photo, exact tiles",
}
