"""Thumbnails of lightness, and chroma that follows the edges of the full-size picture."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from scumble import _native
from scumble.errors import JobCancelled, ParamError

if TYPE_CHECKING:
    from numpy.typing import NDArray

RNG = np.random.default_rng(9)


def test_a_thumbnail_is_the_mean_of_its_cells() -> None:
    src = RNG.integers(0, 256, (60, 84, 3), dtype=np.uint8)
    want = _native.lightness(src).reshape(12, 5, 12, 7).mean(axis=(1, 3))
    assert np.abs(_native.lightness_thumbnail(src, 12, 12) - want).max() < 1e-3


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (13, 9), (84, 60), (100, 90)])
def test_a_thumbnail_of_any_size_keeps_the_mean(size: tuple[int, int]) -> None:
    src = RNG.integers(0, 65536, (60, 84, 1), dtype=np.uint16)
    small = _native.lightness_thumbnail(src, *size)
    assert small.shape == size[::-1]
    assert small.mean() == pytest.approx(_native.lightness(src).mean(), abs=1e-2)


def test_an_empty_thumbnail_is_refused() -> None:
    with pytest.raises(ParamError):
        _native.lightness_thumbnail(np.zeros((4, 4, 1), np.uint8), 0, 3)


def guided(src: NDArray[Any], ab: NDArray[np.float32], **settings: Any) -> NDArray[Any]:
    guide = _native.lightness_thumbnail(src, ab.shape[2], ab.shape[1])
    dst = np.zeros((*src.shape[:2], 3 + (src.shape[2] % 2 == 0)), src.dtype)
    _native.recolor_guided(src, dst, ab, guide, **settings)
    return dst


def test_flat_chroma_stays_flat() -> None:
    src = RNG.uniform(0.3, 0.7, (97, 131, 1)).astype(np.float32)
    ab = np.empty((2, 12, 16), np.float32)
    ab[0], ab[1] = 12.0, -9.0
    full = np.empty((2, 97, 131), np.float32)
    full[0], full[1] = 12.0, -9.0
    want = np.zeros((97, 131, 3), np.float32)
    _native.recolor(src, want, full)
    assert np.abs(guided(src, ab) - want).max() < 1e-4


def test_chroma_follows_edges_of_lightness() -> None:
    # A dark and a bright half; their border falls inside a small pixel, where plain upsampling would bleed.
    src = np.full((64, 203, 1), 0.35, np.float32)
    src[:, 101:] = 0.75
    ab = np.zeros((2, 8, 20), np.float32)
    ab[0, :, :10], ab[0, :, 10:] = 15.0, -15.0
    out = guided(src, ab, radius=3, eps=0.01).reshape(-1, 3)
    a = _native.lab_from_rgb(out)[:, 1].reshape(64, 203)
    assert a[:, 96:100].min() > 10
    assert a[:, 103:107].max() < -10


def test_lightness_is_kept_alpha_is_copied_and_the_mask_is_obeyed() -> None:
    src = RNG.random((70, 90, 4)).astype(np.float32)
    ab = RNG.uniform(-80, 80, (2, 10, 12)).astype(np.float32)
    mask = np.zeros((70, 90), np.uint8)
    mask[20:] = 255
    out = guided(src, ab, mask=mask, workers=3)
    assert np.abs(_native.lightness(out) - _native.lightness(src)).max() <= 1e-3
    assert np.array_equal(out[..., 3], src[..., 3])
    assert np.array_equal(out[:20], src[:20])


def test_workers_and_threads_change_nothing() -> None:
    src = RNG.integers(0, 256, (333, 257, 1), dtype=np.uint8)
    ab = RNG.uniform(-50, 50, (2, 30, 40)).astype(np.float32)
    want = guided(src, ab)
    results: list[NDArray[Any]] = []
    threads = [threading.Thread(target=lambda: results.append(guided(src, ab, workers=4))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all(np.array_equal(result, want) for result in results)


def test_one_pixel_pictures_and_predictions_work() -> None:
    src = np.full((1, 1, 1), 128, np.uint8)
    ab = np.full((2, 1, 1), 20.0, np.float32)
    assert guided(src, ab).shape == (1, 1, 3)
    assert guided(RNG.integers(0, 256, (9, 11, 3), dtype=np.uint8), ab).shape == (9, 11, 3)


def test_progress_rises_to_one_and_an_exception_stops() -> None:
    src = RNG.integers(0, 256, (3000, 1000, 1), dtype=np.uint8)
    ab = RNG.uniform(-50, 50, (2, 30, 40)).astype(np.float32)
    told: list[float] = []
    guided(src, ab, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0

    def cancel(fraction: float) -> None:
        raise JobCancelled("stop")

    with pytest.raises(JobCancelled, match="stop"):
        guided(src, ab, progress=cancel)


def test_values_that_do_not_fit_are_refused() -> None:
    src, dst = np.zeros((8, 8, 1), np.uint8), np.zeros((8, 8, 3), np.uint8)
    ab, guide = np.zeros((2, 4, 4), np.float32), np.zeros((4, 4), np.float32)
    with pytest.raises(ParamError, match="eps"):
        _native.recolor_guided(src, dst, ab, guide, eps=-1.0)
    with pytest.raises(ParamError, match="shape"):
        _native.recolor_guided(src, dst, ab, guide[:3])
