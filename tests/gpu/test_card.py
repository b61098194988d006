"""A card's own ways: strict, on the record, out of memory and down the ladder, and graphs that change nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests import onnx_nets
from tests.gpu.conftest import ON, PROVIDER

from scumble import Colorize, Engine, Progress, _native, write_image
from scumble.engine.planning import Fitted
from scumble.errors import DeviceOutOfMemory
from scumble.media.arrays import image_from_array
from scumble.rendering import render_files

pytestmark = pytest.mark.gpu

Floats = NDArray[np.float32]
RNG = np.random.default_rng(9)
REACH, STRIDE = onnx_nets.UNET_REACH, onnx_nets.UNET_STRIDE
MIB = 1 << 20


def tiled(session: _native.Session, x: Floats, tile: int) -> Floats:
    _, height, width = x.shape
    out = np.full((2, height, width), np.nan, np.float32)
    plan = _native.TilePlan(width, height, tile=tile, halo=REACH, stride=STRIDE)
    session.run_tiled(plan, {"x": x}, "y", out)
    return out


def options(**wanted: str) -> dict[str, str]:
    return wanted if ON == "cuda" else {}


def test_strictly_every_operator_runs_on_the_card(there: Engine) -> None:
    session = there.session(onnx_nets.unet(), "unet")
    assert (session.provider, there.provider, there.device_used) == (PROVIDER, PROVIDER, ON)
    assert (list(session.nodes), there.fallback_reason, there.provider_note) == ([PROVIDER], None, "")


def test_auto_takes_the_card_and_the_record_names_it(tmp_path: Path) -> None:
    engine = Engine(device="auto" if ON == "cuda" else ON)
    write_image(tmp_path / "in.png", image_from_array(RNG.integers(0, 256, (200, 300, 3), np.uint8)))
    clips, output = {"source": tmp_path / "in.png"}, tmp_path / "out.png"
    made = render_files(Colorize(), clips, output, engine=engine, progress=Progress(), max_megapixels=1)
    assert made.record.provider == PROVIDER
    assert "not on the card" not in made.record.provider_note


def test_memory_that_runs_out_is_told_and_the_session_lives_on() -> None:
    if ON == "cpu":
        return  # a processor's memory has no such limit
    session = _native.Session(onnx_nets.unet(), device=ON, options=options(gpu_mem_limit=str(256 * MIB)))
    x = RNG.normal(size=(3, 4096, 4096)).astype(np.float32)
    with pytest.raises(DeviceOutOfMemory):
        tiled(session, x, 4096)
    small = np.ascontiguousarray(x[:, :600, :700])
    expected = tiled(_native.Session(onnx_nets.unet()), small, 256)
    assert np.abs(tiled(session, small, 256) - expected).max() <= 1e-3


def test_the_ladder_comes_down_until_it_fits() -> None:
    engine = Engine(device=ON, workers=1, provider_options=options(gpu_mem_limit=str(256 * MIB)))
    session = engine.session(onnx_nets.unet(), "unet")
    x = RNG.normal(size=(3, 3000, 4000)).astype(np.float32)
    out = np.empty((2, 3000, 4000), np.float32)
    tried = []

    def fitted(budget_bytes: int) -> Fitted:
        facts = {"halo": REACH, "stride": STRIDE, "min_size": 64, "weights_bytes": 1 << 20}
        return engine.plan(4000, 3000, bytes_per_pixel=300.0, budget_bytes=min(budget_bytes, 8192 * MIB), **facts)

    def attempt(cut: Fitted) -> Floats:
        tried.append(cut.bytes)
        if ON == "cpu" and cut.bytes > 64 * MIB:
            raise DeviceOutOfMemory("Out of memory", "Use less.")
        session.run_tiled(cut.plan, {"x": x}, "y", out, workers=cut.workers)
        return out

    made = engine._ladder.run("unet", fitted, attempt)
    assert len(tried) >= 1
    assert tried == sorted(tried, reverse=True)
    here = _native.Session(onnx_nets.unet(), workers=2)
    assert np.abs(made - tiled(here, x, 512)).max() <= 1e-3


def test_graphs_change_nothing_whatever_the_shape_and_in_whatever_turn() -> None:
    plain = _native.Session(onnx_nets.unet(), device=ON, workers=2)
    graphs = _native.Session(onnx_nets.unet(), device=ON, workers=2, options=options(enable_cuda_graph="1"))
    assert graphs.captures_graphs == (ON == "cuda")
    for width, height, tile in ((700, 500, 128), (700, 500, 256), (333, 410, 128), (700, 500, 128)):
        x = RNG.normal(size=(3, height, width)).astype(np.float32)
        assert np.abs(tiled(graphs, x, tile) - tiled(plain, x, tile)).max() <= 1e-5
        whole = {"x": x[None, :, :64, :64].copy()}
        assert np.abs(graphs.run(whole)["y"] - plain.run(whole)["y"]).max() <= 1e-5


def test_constants_reach_a_captured_graph() -> None:
    sessions = [
        _native.Session(onnx_nets.colorizer(), device=ON, workers=2),
        _native.Session(onnx_nets.colorizer(), device=ON, workers=2, options=options(enable_cuda_graph="1")),
    ]
    source = RNG.integers(0, 256, (300, 420, 3), np.uint8)
    plan = _native.TilePlan(420, 300, tile=128, halo=REACH, stride=STRIDE)
    hints = RNG.normal(size=(3, 9, 9)).astype(np.float32)
    seen = []
    for strength in (-1.0, 0.0, 1.0):
        results = []
        for session in sessions:
            out = np.empty_like(source)
            told: dict[str, Floats] = {"hints": hints, "bias": np.full((1, 2, 1, 1), strength, np.float32)}
            filters = {"bias": "constant"}
            session.colorize_tiled(
                plan, source, out, told, lightness_input="lightness", output="ab", context_filter=filters
            )
            results.append(out.astype(int))
        assert np.abs(results[0] - results[1]).max() <= 1
        seen.append(results[1])
    assert not np.array_equal(seen[0], seen[2])
