"""A generated picture is the same in one block and in many, and what the net says at its place of the plane."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests import generator_net
from tests.generator_net import CELL_MARGIN, CELL_PX, FACTS, NOISE_MARGINS

from scumble import _native
from scumble.errors import JobCancelled, MemoryBudgetTooSmall, ModelError, ParamError

pytestmark = pytest.mark.usefixtures("runtime")

Floats = NDArray[np.float32]
SEED = 11
STYLE = np.eye(5, dtype=np.float32)[2]
LATENT = np.linspace(-2, 2, generator_net.GLOBALS, dtype=np.float32)
DETAIL = 0.75
TOLD = {"latent": LATENT[None], "style": STYLE[None], "detail": np.full((1, 1), DETAIL, np.float32)}


@pytest.fixture(scope="module")
def net(runtime: str) -> _native.Session:
    return _native.Session(generator_net.generator(), workers=3)


def layout(rows: int, columns: int, seed: int = 3) -> Floats:
    return np.random.default_rng(seed).uniform(-0.8, 0.8, (3, rows, columns)).astype(np.float32)


def generated(
    net: _native.Session, width: int, height: int, block: tuple[int, int], dtype: str = "float32", **values: Any
) -> NDArray[Any]:
    out = np.full((height, width, 3), 77, dtype)
    rows, columns = values.pop("cells", (-(-height // CELL_PX), -(-width // CELL_PX)))
    wanted = layout(rows, columns, values.pop("colours", 3))
    settings: Any = {"latent": LATENT, "style": STYLE, "detail": DETAIL, "seed": SEED} | FACTS | values
    net.generate_tiled(out, wanted, block=block, **settings)
    return out


def asked(net: _native.Session, row: int, column: int, rows: int, columns: int, whole: Floats, by: int = 0) -> Floats:
    """What the net says of a window of cells, its inputs laid out by numpy; its noise is taken `by` cells off."""
    places = [
        np.arange(first - CELL_MARGIN, first + count + CELL_MARGIN).clip(0, most - 1)
        for first, count, most in ((row, rows, whole.shape[1]), (column, columns, whole.shape[2]))
    ]
    inputs = {"layout": whole[:, places[0][:, None], places[1]][None], **TOLD}

    def noise(stream: int, channels: int, scale: int, margin: int) -> Floats:
        left, top = (column + by) * scale - margin, row * scale - margin
        region = (left, top, columns * scale + 2 * margin, rows * scale + 2 * margin)
        return _native.grid_noise(SEED, stream, region, channels=channels)[None]

    inputs["latents"] = noise(generator_net.STREAM_LATENTS, generator_net.LATENTS, 1, CELL_MARGIN)
    for level, margin in enumerate(NOISE_MARGINS):
        inputs[f"noise_{level}"] = noise(generator_net.STREAM_NOISE + level, 1, 2**level, margin)
    rgb = net.run(inputs)["rgb"][0]
    return np.asarray(np.moveaxis(rgb, 0, -1) / 2 + 0.5, np.float32)


@pytest.mark.parametrize(("width", "height"), [(96, 64), (101, 67), (8, 8), (333, 5), (1, 1)])
def test_blocks_are_the_whole_picture(net: _native.Session, width: int, height: int) -> None:
    rows, columns = -(-height // CELL_PX), -(-width // CELL_PX)
    whole = generated(net, width, height, (99, 99))
    alone = asked(net, 0, 0, rows, columns, layout(rows, columns))[:height, :width]
    assert np.abs(whole - alone).max() <= 1e-6
    codes = generated(net, width, height, (99, 99), "uint8")
    assert np.abs(codes / 255 - whole.clip(0, 1)).max() <= 1 / 255 + 1e-6
    for block in ((1, 1), (2, 3), (5, 2), (1, 99)):
        assert np.abs(generated(net, width, height, block) - whole).max() <= 1e-5
        assert np.array_equal(generated(net, width, height, block, "uint8"), codes)


def test_a_block_whose_noise_is_one_cell_off_its_place_is_seen(net: _native.Session) -> None:
    whole, colours = generated(net, 64, 64, (2, 2))[24:40, 32:48], layout(8, 8)
    assert np.abs(asked(net, 3, 4, 2, 2, colours) - whole).max() <= 1e-6
    assert np.abs(asked(net, 3, 4, 2, 2, colours, by=1) - whole).max() > 0.02


def test_margins_that_the_net_does_not_use_up_are_refused(net: _native.Session) -> None:
    for wrong in ({"cell_margin": 3}, {"noise_margins": [3, 3, 1]}, {"noise_margins": [2, 3, 2]}, {"cell_px": 16}):
        with pytest.raises(ModelError) as caught:
            generated(net, 64, 64, (2, 2), **wrong)
        assert caught.value.code == "model.signature", wrong


@pytest.mark.parametrize(
    "values", [{"scale": 1.7}, {"scale": 0.5}, {"scale": 8.0}, {"seamless": True, "cells": (7, 9)}]
)
def test_between_two_sizes_too(net: _native.Session, values: dict[str, Any]) -> None:
    values = {"cells": (20, 30)} | values
    whole = generated(net, 101, 67, (99, 99), **values)
    codes = generated(net, 101, 67, (99, 99), "uint8", **values)
    for block in ((1, 1), (2, 3), (1, 99)):
        assert np.abs(generated(net, 101, 67, block, **values) - whole).max() <= 1e-5
        assert np.array_equal(generated(net, 101, 67, block, "uint8", **values), codes)


def test_twice_the_scale_is_the_same_picture_twice_as_large(net: _native.Session) -> None:
    small = generated(net, 90, 60, (4, 4), cells=(20, 20))
    large = generated(net, 180, 120, (4, 4), cells=(20, 20), scale=2.0)
    halves = large.reshape(60, 2, 90, 2, 3).mean((1, 3))
    # Between two sizes the picture begins two pixels of the plane farther in.
    ours, theirs = small[2:].transpose(2, 0, 1)[:, :, 2:].reshape(-1), halves[:-2, :-2].transpose(2, 0, 1).reshape(-1)
    assert np.corrcoef(ours, theirs)[0, 1] > 0.97
    assert np.corrcoef(small[:-3, :-3].reshape(-1), halves[3:, 3:].reshape(-1))[0, 1] < 0.97


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_workers(net: _native.Session) -> None:
    pictures = [generated(net, 200, 130, (3, 3), "uint8", workers=workers) for workers in (1, 2, 3)]
    assert np.array_equal(pictures[0], pictures[1])
    assert np.array_equal(pictures[0], pictures[2])
    assert np.abs(generated(net, 200, 130, (3, 3), "uint8", seed=12).astype(int) - pictures[0]).mean() > 4


def test_a_seamless_picture_moved_by_a_cell_is_the_same_picture(net: _native.Session) -> None:
    """The plane wraps: columns of the layout and of the noise, taken from another one on, give the picture rolled."""
    picture = generated(net, 72, 56, (2, 2), seamless=True)
    twice = np.tile(picture, (2, 2, 1))
    colours = np.tile(layout(7, 9), (1, 3, 3))
    noise = {}
    for name, stream, channels, scale, margin in [
        ("latents", generator_net.STREAM_LATENTS, generator_net.LATENTS, 1, CELL_MARGIN),
        *((f"noise_{k}", generator_net.STREAM_NOISE + k, 1, 2**k, m) for k, m in enumerate(NOISE_MARGINS)),
    ]:
        region = (4 * scale - margin, 3 * scale - margin, 9 * scale + 2 * margin, 7 * scale + 2 * margin)
        period = (9 * scale, 7 * scale)
        noise[name] = _native.grid_noise(SEED, stream, region, channels=channels, period=period)[None]
    window = colours[:, 7 + 3 - CELL_MARGIN : 14 + 3 + CELL_MARGIN, 9 + 4 - CELL_MARGIN : 18 + 4 + CELL_MARGIN]
    rgb = net.run({"layout": window[None], **TOLD} | noise)["rgb"][0]
    moved = np.moveaxis(rgb, 0, -1) / 2 + 0.5
    assert np.abs(moved - twice[24 : 24 + 56, 32 : 32 + 72]).max() <= 1e-6


@pytest.mark.parametrize(("width", "height", "step"), [(96, 64, 8), (108, 72, 9), (90, 70, 5)])
def test_edges_of_a_seamless_picture_are_as_steep_as_its_inside(
    net: _native.Session, width: int, height: int, step: int
) -> None:
    cells = (height // step, width // step)

    def ratio(seamless: bool) -> float:
        across, inside = [], []
        for seed in range(60):
            seen = generated(net, width, height, (3, 3), seamless=seamless, seed=seed, cells=cells, colours=seed)
            for axis in (0, 1):
                steps = np.abs(np.diff(np.concatenate((seen, seen.take([0], axis)), axis), axis=axis))
                across.append(float(steps.take(-1, axis).mean()))
                # Steps at the same place of a cell: a net may change more between cells than within.
                inside.append(float(steps.take(range(step - 1, steps.shape[axis] - 1, step), axis).mean()))
        return float(np.mean(across) / np.mean(inside))

    assert 0.9 <= ratio(True) <= 1.1
    assert ratio(False) > 1.5


def test_a_blend_begins_at_one_seed_and_ends_at_the_other(net: _native.Session) -> None:
    ways = [generated(net, 64, 40, (4, 4), "uint8", blend=(99, share)) for share in (0.0, 0.5, 1.0)]
    assert np.array_equal(ways[0], generated(net, 64, 40, (4, 4), "uint8"))
    assert np.array_equal(ways[2], generated(net, 64, 40, (4, 4), "uint8", seed=99))
    spread = [way.std() for way in ways]
    assert spread[1] > 0.9 * min(spread[0], spread[2])


def test_progress_rises_and_cancel_works_within_a_block() -> None:
    net = _native.Session(generator_net.generator(), workers=2)
    told: list[float] = []
    generated(net, 400, 400, (4, 4), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    calls: list[float] = []

    def cancel(fraction: float) -> None:
        calls.append(fraction)
        if len(calls) == 2:
            raise JobCancelled("enough")

    start = time.monotonic()
    with pytest.raises(JobCancelled, match="enough"):
        generated(net, 4096, 4096, (512, 512), progress=cancel)  # one block of seconds
    assert calls == [0.0, 0.0]
    assert time.monotonic() - start < 20


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"scale": 0.1}, "scale"),
        ({"scale": float("nan")}, "scale"),
        ({"blend": (1, 2.0)}, "second seed"),
        ({"block": (0, 1)}, "one cell"),
        ({"cell_px": 0}, "cells of"),
        ({"noise_margins": []}, "levels"),
        ({"workers": 0}, "worker"),
        ({"detail": 4.5}, "detail"),
    ],
)
def test_wrong_values_are_refused(net: _native.Session, values: dict[str, Any], words: str) -> None:
    values = {"block": (2, 2)} | values
    with pytest.raises(ParamError, match=words):
        generated(net, 32, 32, **values)


def test_arrays_that_do_not_fit_are_refused(net: _native.Session) -> None:
    settings: Any = {"latent": LATENT, "style": STYLE, "detail": DETAIL, "block": (2, 2)} | FACTS
    for wrong in (np.zeros((8, 8, 4), np.uint8), np.zeros((8, 8, 3), np.uint16), np.zeros((16385, 1, 3), np.uint8)):
        with pytest.raises(ParamError):
            net.generate_tiled(wrong, layout(1, 1), **settings)
    for name, value in (("latent", LATENT[:3]), ("style", STYLE[:2])):
        with pytest.raises(ModelError, match=name):
            net.generate_tiled(np.zeros((8, 8, 3), np.uint8), layout(1, 1), **{**settings, name: value})
    with pytest.raises(ModelError, match="noise_3"):
        generated(net, 8, 8, (1, 1), noise_margins=[3, 3, 2, 2])


def test_blocks_fit_the_budget() -> None:
    facts: Any = {"cell_px": 128, "bytes_per_pixel": 141.3, "weights_bytes": 6 << 20}
    block, workers, used = _native.fit_blocks((1280, 720), **facts, workers=2, budget_bytes=1 << 30)
    assert workers == 2
    assert used <= 400 << 20
    assert _native.fit_blocks((1280, 720), **facts, workers=5, budget_bytes=1 << 30)[0] == block
    tight, _, used = _native.fit_blocks((16384, 16384), **facts, workers=8, budget_bytes=20 << 20)
    assert used <= 20 << 20
    assert tight[0] * tight[1] < block[0] * block[1]
    with pytest.raises(MemoryBudgetTooSmall):
        _native.fit_blocks((64, 64), **facts, workers=1, budget_bytes=1 << 20)
    with pytest.raises(ParamError):
        _native.fit_blocks((0, 64), **facts, workers=1, budget_bytes=1 << 30)
