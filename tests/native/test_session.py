"""Sessions: one graph, several workers, typed errors, cancel within a run."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator
from tests import onnx_nets

from scumble import _native
from scumble.errors import JobCancelled, ModelError, ParamError, ProviderUnavailable

pytestmark = pytest.mark.usefixtures("runtime")


def test_a_session_says_what_it_is() -> None:
    session = _native.Session(onnx_nets.unet(), workers=2)
    assert session.inputs == [("x", "f32", [1, 3, None, None])]
    assert session.outputs == [("y", "f32", [1, 2, None, None])]
    assert (session.provider, session.workers) == ("CPUExecutionProvider", 2)


def test_a_run_agrees_with_the_reference_implementation() -> None:
    model = onnx_nets.unet()
    x = np.random.default_rng(0).random((1, 3, 24, 36), np.float32)
    want: Any = ReferenceEvaluator(onnx.load_from_string(model)).run(["y"], {"x": x})
    got = _native.Session(model).run({"x": x[:, :, ::-1][:, :, ::-1]})
    assert list(got) == ["y"]
    assert np.abs(got["y"] - want[0]).max() < 1e-4


def test_threads_may_share_a_session() -> None:
    session = _native.Session(onnx_nets.unet(), workers=2)
    xs = np.random.default_rng(1).random((8, 1, 3, 32, 32), np.float32)
    want = [session.run({"x": x})["y"] for x in xs]
    got: dict[int, np.ndarray[tuple[int, ...], np.dtype[np.float32]]] = {}

    def work(i: int) -> None:
        for _ in range(5):
            got[i] = session.run({"x": xs[i]})["y"]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(got[i], want[i]) for i in range(8))


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_several_runs_go_side_by_side_and_keep_their_order(workers: int) -> None:
    session = _native.Session(onnx_nets.unet(), workers=workers)
    rng = np.random.default_rng(2)
    xs = [rng.random((1, 3, 4 * side, 48), np.float32) for side in (9, 2, 14, 5)]
    told: list[float] = []
    got = session.run_all([{"x": x} for x in xs], progress=told.append)
    assert all(np.array_equal(outputs["y"], session.run({"x": x})["y"]) for outputs, x in zip(got, xs, strict=True))
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert session.run_all([]) == []
    with pytest.raises(ModelError, match="no input"):
        session.run_all([{"x": xs[0]}, {"z": xs[1]}])
    with pytest.raises(ModelError):
        session.run_all([{"x": xs[0]}, {"x": xs[1][:, :2]}])


def test_a_broken_model_is_a_model_error() -> None:
    for model in (b"", b"not a model", onnx_nets.unet()[:300]):
        with pytest.raises(ModelError) as caught:
            _native.Session(model)
        assert caught.value.code == "model.failed"


def test_inputs_that_do_not_fit_are_named() -> None:
    session = _native.Session(onnx_nets.unet())
    x = np.zeros((1, 3, 8, 8), np.float32)
    with pytest.raises(ModelError, match="no input"):
        session.run({"z": x})
    with pytest.raises(ModelError, match="not given"):
        session.run({})
    with pytest.raises(ModelError, match="float32"):
        session.run({"x": x.astype(np.float64)})
    with pytest.raises(ModelError) as caught:
        session.run({"x": x[:, :2]})
    assert caught.value.code == "model.signature"


def test_a_session_is_usable_after_a_failure() -> None:
    session = _native.Session(onnx_nets.unet())
    for _ in range(3):
        with pytest.raises(ModelError):
            session.run({"x": np.zeros((1, 2, 8, 8), np.float32)})
    assert session.run({"x": np.zeros((1, 3, 8, 8), np.float32)})["y"].shape == (1, 2, 8, 8)


def test_arguments_out_of_range_are_refused() -> None:
    with pytest.raises(ParamError, match="worker"):
        _native.Session(onnx_nets.unet(), workers=0)
    with pytest.raises(ParamError, match="device"):
        _native.Session(onnx_nets.unet(), device="tpu")


def test_cuda_never_falls_back() -> None:
    if "CUDAExecutionProvider" not in _native.available_providers():
        with pytest.raises(ProviderUnavailable, match="CUDA"):
            _native.Session(onnx_nets.unet(), device="cuda")
    else:
        assert _native.Session(onnx_nets.unet(), device="cuda").provider == "CUDAExecutionProvider"


def test_a_run_is_cancelled_within_itself_and_the_session_survives() -> None:
    session = _native.Session(onnx_nets.slow())
    x = np.zeros((1, 1, 512, 512), np.float32)
    calls: list[float] = []

    def cancel(fraction: float) -> None:
        calls.append(time.monotonic())
        if len(calls) == 3:
            raise JobCancelled("enough")

    start = time.monotonic()
    with pytest.raises(JobCancelled, match="enough"):
        session.run({"x": x}, progress=cancel)
    cancelled_after = time.monotonic() - start
    assert len(calls) == 3
    assert all(later - earlier >= 0.045 for earlier, later in itertools.pairwise(calls))
    start = time.monotonic()
    session.run({"x": x})
    assert cancelled_after < 0.7 * (time.monotonic() - start)


def test_other_threads_run_while_a_graph_runs() -> None:
    session = _native.Session(onnx_nets.slow(10))
    ticks = 0
    done = threading.Event()

    def run() -> None:
        session.run({"x": np.zeros((1, 1, 384, 384), np.float32)})
        done.set()

    thread = threading.Thread(target=run)
    thread.start()
    while not done.wait(0.001):
        ticks += 1
    thread.join()
    assert ticks > 20


def test_ctrl_c_stops_a_run(library: Path) -> None:
    program = (
        "import numpy as np, os, signal, sys, threading\n"
        "from scumble import _native\n"
        "from tests import onnx_nets\n"
        "_native.init_runtime(sys.argv[1])\n"
        "session = _native.Session(onnx_nets.slow())\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job starts with it ignored\n"
        "threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "try: session.run({'x': np.zeros((1, 1, 1024, 1024), np.float32)})\n"
        "except KeyboardInterrupt: sys.exit(7)\n"
    )
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", program, str(library)]
    assert subprocess.run(command, check=False, cwd=root, timeout=30).returncode == 7
