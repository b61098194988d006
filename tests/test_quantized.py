"""Graphs in 8 bits with floats at both ends run as others do: tiles are the full frame, and near the float twin's."""

from __future__ import annotations

import numpy as np
import pytest
from tests.quantized_nets import REACH, denoiser

from scumble.engine import Engine, TilePlan
from scumble.media.arrays import array_from_image, image_from_array

HEIGHT, WIDTH = 150, 201
_STEP = 1 / 255


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(device="cpu", workers=2)


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    return np.random.default_rng(3).random((3, HEIGHT, WIDTH), np.float32)


def test_tiles_of_a_session_are_the_whole_to_the_last_bit(engine: Engine, noise: np.ndarray) -> None:
    session = engine.session(denoiser(is_quantized=True), "8 bits")
    assert [port[1] for port in (*session.inputs, *session.outputs)] == ["f32", "f32"]
    whole = session.run({"x": noise[None]})["y"][0]
    for workers in (1, 2):
        tiled = np.empty_like(noise)
        plan = TilePlan(WIDTH, HEIGHT, tile=64, halo=REACH)
        session.run_tiled(plan, {"x": noise}, "y", tiled, workers=workers)
        assert np.array_equal(tiled, whole)


def test_it_is_near_its_twin_but_not_the_twin(engine: Engine, noise: np.ndarray) -> None:
    found = [
        engine.session(denoiser(is_quantized=is_quantized), f"twin {is_quantized}").run({"x": noise[None]})["y"]
        for is_quantized in (True, False)
    ]
    apart = np.abs(found[0] - found[1])
    assert 0 < apart.mean() < _STEP
    assert apart.max() < 8 * _STEP


def test_such_a_model_found_elsewhere_is_tiled_exactly(engine: Engine) -> None:
    model = engine.model(denoiser(is_quantized=True))
    assert model.facts.tiling == "exact"
    assert model.facts.halo in (REACH, REACH + 1)  # read from the graph, or measured and a stride wider
    codes = np.random.default_rng(4).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    picture = image_from_array(codes)
    whole, tiled = (array_from_image(model(picture, tile=tile)) for tile in (None, 64))
    assert np.array_equal(whole, tiled)
    assert not np.array_equal(whole, codes)
