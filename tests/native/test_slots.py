"""A card's slots without a card: the same steps on the processor give the same bits, and what has no card says so."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests import generator_net, onnx_nets

from scumble import _native
from scumble.errors import JobCancelled, ModelError, ParamError, ProviderUnavailable

pytestmark = pytest.mark.usefixtures("runtime")

Floats = NDArray[np.float32]
RNG = np.random.default_rng(5)
CPU = "CPUExecutionProvider"
HAS_CUDA = "CUDAExecutionProvider"


def pair(model: bytes, workers: int = 2) -> tuple[_native.Session, _native.Session]:
    return _native.Session(model, workers=workers), _native.Session(model, device="staged", workers=workers)


def tiled(session: _native.Session, x: Floats, tile: int = 64) -> Floats:
    _, height, width = x.shape
    plan = _native.TilePlan(width, height, tile=tile, halo=onnx_nets.UNET_REACH, stride=onnx_nets.UNET_STRIDE)
    out = np.full((2, height, width), np.nan, np.float32)
    session.run_tiled(plan, {"x": x}, "y", out)
    return out


def test_staged_tiles_are_the_processors_to_the_bit_also_with_kept_buffers() -> None:
    here, staged = pair(onnx_nets.unet())
    for width, height, tile in ((200, 131, 64), (150, 90, 64), (150, 90, 96), (200, 131, 64)):
        x = RNG.normal(size=(3, height, width)).astype(np.float32)
        assert np.array_equal(tiled(staged, x, tile), tiled(here, x, tile))


def test_constants_of_one_call_are_not_those_of_the_call_before() -> None:
    here, staged = pair(onnx_nets.colorizer())
    source = RNG.integers(0, 256, (70, 90, 3), np.uint8)
    plan = _native.TilePlan(90, 70, tile=64, halo=20, stride=4)
    hints = RNG.normal(size=(3, 9, 9)).astype(np.float32)
    for strength in (-1.0, 0.0, 1.0):
        results = []
        for session in (here, staged):
            out = np.empty_like(source)
            told: Any = {"hints": hints, "bias": np.full((1, 2, 1, 1), strength, np.float32)}
            filters = {"bias": "constant"}
            session.colorize_tiled(
                plan, source, out, told, lightness_input="lightness", output="ab", context_filter=filters
            )
            results.append(out)
        assert np.array_equal(results[0], results[1])


def test_staged_blocks_of_a_generator_are_the_processors() -> None:
    results = []
    for session in pair(generator_net.generator()):
        for detail in (0.5, 1.0):
            out = np.empty((60, 90, 3), np.float32)
            layout = np.linspace(-0.5, 0.5, 3 * 8 * 12, dtype=np.float32).reshape(3, 8, 12)
            latent = np.ones(generator_net.GLOBALS, np.float32)
            style = np.eye(5, dtype=np.float32)[1]
            facts: Any = generator_net.FACTS
            session.generate_tiled(out, layout, latent=latent, style=style, detail=detail, block=(3, 3), **facts)
            results.append(out)
    assert np.array_equal(results[0], results[2])
    assert np.array_equal(results[1], results[3])


def test_whole_runs_and_errors_come_through_the_slots_thread() -> None:
    here, staged = pair(onnx_nets.unet())
    x = RNG.normal(size=(1, 3, 40, 44)).astype(np.float32)
    assert np.array_equal(staged.run({"x": x})["y"], here.run({"x": x})["y"])
    with pytest.raises(ModelError):
        staged.run({"x": x[:, :1]})
    halving = _native.Session(onnx_nets.halving(), device="staged")
    plan = _native.TilePlan(64, 64, tile=32, halo=4, stride=2)
    with pytest.raises(ModelError) as caught:
        halving.run_tiled(plan, {"x": x[0, :1, :1, :1].repeat(64, 1).repeat(64, 2)}, "y", np.empty((1, 64, 64), "f4"))
    assert caught.value.code == "model.signature"
    assert np.array_equal(staged.run({"x": x})["y"], here.run({"x": x})["y"])


def test_two_jobs_at_a_time_and_a_cancel_leave_the_slots_whole() -> None:
    session = _native.Session(onnx_nets.unet(), device="staged", workers=2)
    x = RNG.normal(size=(3, 180, 240)).astype(np.float32)
    expected, results = tiled(session, x), list[Floats]()
    threads = [threading.Thread(target=lambda: results.append(tiled(session, x))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 3
    assert all(np.array_equal(result, expected) for result in results)

    def stop(fraction: float) -> None:
        raise JobCancelled("Cancelled")

    plan = _native.TilePlan(240, 180, tile=48, halo=20, stride=4)
    with pytest.raises(JobCancelled):
        session.run_tiled(plan, {"x": x}, "y", np.empty((2, 180, 240), np.float32), progress=stop)
    assert np.array_equal(tiled(session, x), expected)


def test_a_session_tells_which_provider_runs_what() -> None:
    nodes = _native.Session(onnx_nets.unet()).nodes
    assert list(nodes) == [CPU]
    assert {"Conv", "Concat"} <= {operator.removeprefix("Fused") for operator in nodes[CPU]}
    assert not _native.Session(onnx_nets.unet(), device="staged").captures_graphs


def test_provider_options_are_for_a_card_and_not_all_are_free() -> None:
    for device in ("cpu", "staged"):
        with pytest.raises(ParamError, match="provider options"):
            _native.Session(onnx_nets.unet(), device=device, options={"use_tf32": "1"})
    with pytest.raises(ParamError, match="device is"):
        _native.Session(onnx_nets.unet(), device="tpu")


def test_a_runtime_without_cuda_says_so() -> None:
    if HAS_CUDA not in _native.available_providers():
        with pytest.raises(ProviderUnavailable, match="built without it"):
            _native.Session(onnx_nets.unet(), device="cuda")


def test_a_process_that_used_staged_slots_ends_in_order() -> None:
    code = (
        "import sys, numpy as np; from scumble import _native; from tests import onnx_nets\n"
        "_native.init_runtime(sys.argv[1])\n"
        "session = _native.Session(onnx_nets.unet(), device='staged', workers=2)\n"
        "x, plan = np.zeros((3, 64, 64), np.float32), _native.TilePlan(64, 64, tile=48, halo=20, stride=4)\n"
        "session.run_tiled(plan, {'x': x}, 'y', np.empty((2, 64, 64), np.float32))\n"
    )
    root = Path(__file__).resolve().parents[2]
    from tests.native.conftest import runtime_library

    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (str(root), *sys.path)))}
    command = (sys.executable, "-c", code, str(runtime_library()))
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
