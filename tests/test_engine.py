"""The engine: finds the runtime, keeps sessions, obeys its budget, and gives pictures for pictures."""

from __future__ import annotations

import math
import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import onnx_nets

from scumble import _native, engine
from scumble.engine import Engine, machine
from scumble.errors import (
    DeviceOutOfMemory,
    JobCancelled,
    MemoryBudgetTooSmall,
    ModelError,
    ParamError,
    ProviderUnavailable,
    RuntimeNotFound,
)
from scumble.jobs import Progress
from scumble.media.arrays import array_from_image, image_from_array
from scumble.media.image import Image, Transfer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

RNG = np.random.default_rng(8)
FACTS: Any = {
    "halo": onnx_nets.UNET_REACH,
    "stride": onnx_nets.UNET_STRIDE,
    "min_size": 16,
    "bytes_per_pixel": 400.0,
    "weights_bytes": 100_000,
}
NAMES: Any = {"lightness_input": "lightness", "output": "ab"}


def picture(height: int, width: int, channels: int = 3) -> Image:
    pixels = RNG.integers(0, 256, (height, width, channels), dtype=np.uint8)
    return image_from_array(pixels)


def context() -> dict[str, NDArray[np.float32]]:
    return {"hints": RNG.normal(size=(3, 9, 11)).astype(np.float32), "bias": np.zeros((2, 1, 1), np.float32)}


def test_the_runtime_is_found_without_being_imported() -> None:
    program = (
        "import sys\n"
        "from scumble.engine import Engine\n"
        "made = Engine(device='cpu', workers=1)\n"
        "assert made.runtime_version.startswith('1.'), made.runtime_version\n"
        "assert (made.provider, made.device_used) == ('CPUExecutionProvider', 'cpu')\n"
        "assert made.fallback_reason is None\n"
        "assert not any(name.split('.')[0] in ('onnxruntime', 'torch') for name in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_missing_runtime_names_the_line_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RuntimeNotFound) as caught:
        _ = Engine().runtime_version
    assert (caught.value.code, caught.value.hint) == ("runtime.missing", "pip install 'scumble[cpu]'")


def test_a_package_left_without_its_library_counts_as_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "package_folders", lambda name: [tmp_path])
    with pytest.raises(RuntimeNotFound) as caught:
        machine.runtime_library()
    assert caught.value.code == "runtime.missing"


def test_both_wheels_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "distribution", lambda name: object())
    with pytest.raises(RuntimeNotFound) as caught:
        _ = Engine().provider
    assert caught.value.code == "runtime.doubled"
    assert "pip uninstall -y onnxruntime onnxruntime-gpu" in caught.value.hint


def test_arguments_out_of_range_are_refused() -> None:
    wrong: list[dict[str, Any]] = [{"device": "tpu"}, {"workers": 0}, {"memory_budget_mib": 0}]
    for arguments in wrong:
        with pytest.raises(ParamError):
            Engine(**arguments)


def test_cuda_is_refused_where_the_runtime_has_none() -> None:
    made = Engine(device="cuda")
    assert made.runtime_version
    if "CUDAExecutionProvider" not in _native.available_providers():
        with pytest.raises(ProviderUnavailable) as caught:
            made.session(onnx_nets.unet(), "unet")
        assert "scumble[gpu]" in caught.value.hint
    else:
        assert made.session(onnx_nets.unet(), "unet").provider == made.provider == "CUDAExecutionProvider"


def test_auto_falls_back_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Engine(device="auto", workers=1)
    assert made.runtime_version
    monkeypatch.setattr(_native, "available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])
    session = made.session(onnx_nets.unet(), "unet")
    assert session.provider == made.provider
    if session.provider == "CPUExecutionProvider":
        assert made.fallback_reason is not None
        assert "CUDA" in made.fallback_reason


def test_sessions_are_kept_by_key_and_the_default_engine_is_one() -> None:
    made = Engine(device="cpu", workers=2)
    first = made.session(onnx_nets.unet(), "a")
    assert made.session(onnx_nets.unet(), "a") is first
    assert made.session(onnx_nets.unet(), "b") is not first
    asked: list[str] = []

    def read(key: str) -> bytes:
        asked.append(key)
        return onnx_nets.unet()

    assert made.session(lambda: read("a"), "a") is first
    made.session(lambda: read("d"), "d")
    assert asked == ["d"]
    assert first.workers == made.workers == 2
    assert Engine.default() is Engine.default()
    with pytest.raises(ModelError):
        made.session(b"rubbish", "c")


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_colouring_returns_a_picture_of_the_same_kind(channels: int) -> None:
    made = Engine(device="cpu", workers=2)
    session = made.session(onnx_nets.colorizer(tiled_bias=True), "colorizer")
    image = picture(70, 95, channels)
    result = made.colorize_tiled(session, image, context(), **FACTS, **NAMES, nearest=("bias",))
    assert (result.width, result.height, result.sample) == (95, 70, image.sample)
    assert result.channels == (4 if channels % 2 == 0 else 3)
    assert np.abs(made.lightness(result) - made.lightness(image)).max() < 0.5
    if channels % 2 == 0:
        assert np.array_equal(array_from_image(result)[..., 3], array_from_image(image)[..., -1])


def test_a_crop_with_gaps_between_rows_gives_the_same_as_its_copy() -> None:
    made = Engine(device="cpu", workers=2)
    image = picture(60, 80)
    cropped = image.crop(image.bounds._replace(x=7, y=5, width=40, height=33))
    copied = image_from_array(array_from_image(cropped).copy())
    ab = RNG.uniform(-40, 40, (2, 8, 9)).astype(np.float32)
    first, second = (made.recolor_guided(view, ab, made.lightness_thumbnail(view, 9, 8)) for view in (cropped, copied))
    assert np.array_equal(array_from_image(first), array_from_image(second))


def test_linear_pictures_stay_linear() -> None:
    made = Engine(device="cpu")
    pixels = RNG.uniform(0, 3, (20, 30, 3)).astype(np.float32)
    image = image_from_array(pixels, transfer=Transfer.LINEAR)
    result = made.recolor(image, np.full((2, 20, 30), 20, np.float32))
    weights = np.array([0.212671, 0.715160, 0.072169])
    assert result.transfer is Transfer.LINEAR
    assert np.allclose(array_from_image(result) @ weights, pixels @ weights, rtol=1e-4)


def test_the_budget_is_obeyed_and_too_small_is_an_error() -> None:
    made = Engine(device="cpu", workers=4, memory_budget_mib=181)
    plan, workers, counted, taken = made.plan(4000, 3000, **FACTS)
    width, height = plan.shapes[0]
    assert 100 << 20 < taken < counted <= 181 << 20
    assert workers * (100_000 + 400 * width * height) <= counted - taken
    with pytest.raises(MemoryBudgetTooSmall):
        made.plan(4000, 3000, **{**FACTS, "weights_bytes": 64 << 20})


class Exhausted:
    """A session whose device takes tiles of at most so many pixels."""

    def __init__(self, most_pixels: int) -> None:
        self.most_pixels = most_pixels
        self.tried: list[int] = []

    def colorize_tiled(self, plan: _native.TilePlan, *_: object, **__: object) -> None:
        width, height = plan.shapes[0]
        self.tried.append(width * height)
        if width * height > self.most_pixels:
            raise DeviceOutOfMemory("full")


def test_out_of_memory_steps_down_and_is_remembered() -> None:
    made = Engine(device="cpu", workers=2)
    image = picture(900, 900)
    session: Any = Exhausted(200 * 200)
    made.colorize_tiled(session, image, {}, **FACTS, **NAMES)
    assert len(session.tried) > 1
    assert session.tried == sorted(session.tried, reverse=True)
    last = session.tried[-1]
    made.colorize_tiled(session, image, {}, **FACTS, **NAMES)
    assert session.tried[-1] <= last
    assert len([tried for tried in session.tried if tried > 200 * 200]) == len(session.tried) - 2
    hopeless: Any = Exhausted(10)
    with pytest.raises(DeviceOutOfMemory):
        made.colorize_tiled(hopeless, image, {}, **FACTS, **NAMES)


def test_progress_and_cancel_are_the_jobs_own() -> None:
    made = Engine(device="cpu", workers=2)
    session = made.session(onnx_nets.colorizer(tiled_bias=True), "colorizer")
    heard: list[float] = []
    progress = Progress(lambda fraction, note: heard.append(fraction))
    made.colorize_tiled(session, picture(300, 300), context(), **FACTS, **NAMES, progress=progress.report)
    assert heard[-1] == 1.0
    progress.cancel()
    with pytest.raises(JobCancelled):
        made.colorize_tiled(session, picture(300, 300), context(), **FACTS, **NAMES, progress=progress.report)


def test_colours_convert_without_a_runtime() -> None:
    made = engine.Engine()
    rgb = np.array([[1, 1, 1], [0, 0, 0], [1, 0, 0]], np.float32)
    lab = made.lab_from_rgb(rgb)
    assert np.allclose(lab, np.array([[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.2]]), atol=0.02)
    assert np.allclose(made.rgb_from_lab(lab), rgb, atol=1e-3)


@given(
    shape=st.tuples(st.integers(0, 3), st.integers(1, 40), st.integers(1, 40)),
    width=st.integers(1, 50),
    height=st.integers(1, 50),
)
@settings(max_examples=60, deadline=None)
def test_area_means_are_the_means_of_their_cells(shape: tuple[int, int, int], width: int, height: int) -> None:
    planes = np.random.default_rng(width * 51 + height).uniform(-90, 110, shape).astype(np.float32)
    got = Engine.area_means(planes, width, height)
    assert got.shape == (shape[0], height, width)
    assert got.dtype == np.float32
    for row, column in np.ndindex(height, width):
        top, bottom = row * shape[1] // height, math.ceil((row + 1) * shape[1] / height)
        left, right = column * shape[2] // width, math.ceil((column + 1) * shape[2] / width)
        cell = planes[:, top:bottom, left:right].mean((1, 2), np.float64)
        assert np.allclose(got[:, row, column], cell, rtol=0, atol=3e-5)


def test_planes_without_pixels_or_cells_are_refused() -> None:
    made = Engine()
    wrong: list[tuple[tuple[int, ...], int, int]] = [
        ((4, 4), 2, 2),
        ((1, 0, 4), 2, 2),
        ((1, 4, 4), 0, 2),
        ((1, 4, 4), 2, -1),
    ]
    for shape, width, height in wrong:
        with pytest.raises(ParamError, match="averaged"):
            made.area_means(np.zeros(shape, np.float32), width, height)


def test_the_machine_is_measured() -> None:
    assert machine.cores() >= 1
