"""Tiled is full frame, to the last bit; and what happens when it cannot be."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests import onnx_nets

from scumble import _native
from scumble.errors import JobCancelled, ModelError, ParamError

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("runtime")

RNG = np.random.default_rng(2)
REACH, STRIDE = onnx_nets.UNET_REACH, onnx_nets.UNET_STRIDE


@pytest.fixture(scope="module")
def net(runtime: str) -> _native.Session:
    return _native.Session(onnx_nets.unet(), workers=3)


@pytest.fixture(scope="module")
def colorizer(runtime: str) -> _native.Session:
    return _native.Session(onnx_nets.colorizer(), workers=3)


def full_frame(net: _native.Session, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """One run on the picture padded right and below, by numpy's reflection, to multiples of the stride."""
    _, height, width = x.shape
    padded = np.pad(x, ((0, 0), (0, -height % STRIDE), (0, -width % STRIDE)), mode="reflect")
    return net.run({"x": padded[None]})["y"][0, :, :height, :width]


def tiled(net: _native.Session, x: NDArray[np.float32], tile: int, halo: int, stride: int) -> NDArray[np.float32]:
    _, height, width = x.shape
    plan = _native.TilePlan(width, height, tile=tile, halo=halo, stride=stride)
    out = np.full((2, height, width), np.nan, np.float32)
    net.run_tiled(plan, {"x": x}, "y", out)
    return out


@pytest.mark.parametrize("tile", [48, 64, 100, 160])
@pytest.mark.parametrize(("width", "height"), [(301, 211), (129, 350), (257, 63)])
def test_tiled_is_bit_identical_to_full_frame(net: _native.Session, tile: int, width: int, height: int) -> None:
    x = RNG.normal(size=(3, height, width)).astype(np.float32)
    assert np.array_equal(tiled(net, x, tile, REACH, STRIDE), full_frame(net, x))


def test_misaligned_origins_are_not_identical(net: _native.Session) -> None:
    # Halo 21 and three tiles of 92: the middle one starts at 50, two off the model's grid of 4.
    x = RNG.normal(size=(3, 92, 192)).astype(np.float32)
    plan = _native.TilePlan(192, 92, tile=92, halo=REACH + 1, stride=1)
    assert [tile.read[0] for tile in plan.tiles] == [0, 50, 100]
    assert not np.array_equal(tiled(net, x, 92, REACH + 1, 1), full_frame(net, x))
    assert np.array_equal(tiled(net, x, 92, REACH + 1, STRIDE), full_frame(net, x))


def test_a_halo_below_the_reach_is_not_identical(net: _native.Session) -> None:
    x = RNG.normal(size=(3, 128, 128)).astype(np.float32)
    assert not np.array_equal(tiled(net, x, 64, 8, STRIDE), full_frame(net, x))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (2, 1), (1, 5), (3, 3), (7, 2)])
def test_tiny_pictures_are_padded(net: _native.Session, width: int, height: int) -> None:
    x = RNG.normal(size=(3, height, width)).astype(np.float32)
    plan = _native.TilePlan(width, height, tile=64, halo=REACH, stride=STRIDE, min_size=16)
    out = np.full((2, height, width), np.nan, np.float32)
    net.run_tiled(plan, {"x": x}, "y", out)
    padded = np.pad(x, ((0, 0), (0, 16 - height), (0, 16 - width)), mode="reflect")
    assert np.array_equal(out, net.run({"x": padded[None]})["y"][0, :, :height, :width])


def colorized(session: _native.Session, src: NDArray[Any], tile: int, **settings: Any) -> NDArray[Any]:
    height, width, channels = src.shape
    plan = _native.TilePlan(width, height, tile=tile, halo=REACH, stride=STRIDE)
    dst = np.zeros((height, width, 3 + (channels % 2 == 0)), src.dtype)
    session.colorize_tiled(
        plan, src, dst, hints(), lightness_input="lightness", output="ab",
        context_filter={"bias": "constant"}, **settings,
    )  # fmt: skip
    return dst


def hints() -> dict[str, NDArray[np.float32]]:
    rng = np.random.default_rng(4)
    return {
        "hints": rng.normal(size=(3, 13, 17)).astype(np.float32),
        "bias": rng.normal(size=(1, 2, 1, 1)).astype(np.float32),
    }


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float16", "float32"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_picture_coloured_in_tiles_is_the_picture_coloured_at_once(
    colorizer: _native.Session, dtype: str, channels: int
) -> None:
    unit = RNG.random((93, 141, channels))
    src = (unit * np.iinfo(dtype).max).astype(dtype) if dtype.startswith("u") else unit.astype(dtype)
    mask = RNG.choice(np.array([0, 90, 255], np.uint8), (93, 141))
    once = colorized(colorizer, src, 256, mask=mask)
    for tile in (48, 64, 100):
        assert np.array_equal(colorized(colorizer, src, tile, mask=mask), once)
    gray = np.repeat(src[..., :1], 3, axis=2) if channels < 3 else src[..., :3]
    assert np.array_equal(once[mask == 0][:, :3], gray[mask == 0])
    if channels % 2 == 0:
        assert np.array_equal(once[..., 3], src[..., -1])


def test_colouring_is_its_parts_put_together(colorizer: _native.Session) -> None:
    src = RNG.integers(0, 256, (64, 96, 1), dtype=np.uint8)
    lightness = _native.lightness(src)[None, None]
    # The context spans the picture: pixel centres aligned, straight lines between, constant beyond the last centres.
    small = hints()["hints"]
    ys = np.clip((np.arange(64) + 0.5) * 13 / 64 - 0.5, 0, 12)
    xs = np.clip((np.arange(96) + 0.5) * 17 / 96 - 0.5, 0, 16)
    y0, x0 = np.minimum(ys.astype(int), 11), np.minimum(xs.astype(int), 15)
    ty, tx = (ys - y0)[:, None], xs - x0
    rows = small[:, y0] * (1 - ty) + small[:, y0 + 1] * ty
    stretched = (rows[:, :, x0] * (1 - tx) + rows[:, :, x0 + 1] * tx).astype(np.float32)[None]
    ab = colorizer.run({"lightness": lightness, "hints": stretched, "bias": hints()["bias"]})["ab"][0]
    want = np.zeros((64, 96, 3), np.uint8)
    _native.recolor(src, want, ab, strength=0.7)
    got = colorized(colorizer, src, 256, strength=0.7)
    assert np.abs(got.astype(int) - want).max() <= 1


def test_a_nearest_context_keeps_its_values(colorizer: _native.Session) -> None:
    src = np.full((60, 60, 1), 120, np.uint8)
    context = hints()
    context["hints"] = np.repeat(np.repeat(context["hints"], 4, axis=1), 4, axis=2)[:, :50, :60]
    kinds = [{"bias": "constant", "hints": kind} for kind in ("nearest", "bilinear")]
    plan = _native.TilePlan(60, 60, tile=256, halo=REACH, stride=STRIDE)
    out = [np.zeros((60, 60, 3), np.uint8) for _ in kinds]
    for kind, dst in zip(kinds, out, strict=True):
        colorizer.colorize_tiled(plan, src, dst, context, lightness_input="lightness", output="ab", context_filter=kind)
    assert not np.array_equal(out[0], out[1])
    with pytest.raises(ParamError, match="cubic"):
        colorizer.colorize_tiled(
            plan, src, out[0], context, lightness_input="lightness", output="ab", context_filter={"hints": "cubic"}
        )


def test_cancel_works_between_tiles_and_within_one() -> None:
    session = _native.Session(onnx_nets.slow(), workers=2)
    x = np.zeros((1, 1024, 1024), np.float32)
    for tile in (128, 1024):
        plan = _native.TilePlan(1024, 1024, tile=tile, halo=50)
        calls: list[float] = []

        def cancel(fraction: float, calls: list[float] = calls) -> None:
            calls.append(fraction)
            if len(calls) == 4:
                raise JobCancelled("enough")

        start = time.monotonic()
        with pytest.raises(JobCancelled, match="enough"):
            session.run_tiled(plan, {"x": x}, "y", np.zeros_like(x), progress=cancel)
        assert len(calls) == 4
        assert time.monotonic() - start < 3.0
    assert session.run({"x": np.zeros((1, 1, 16, 16), np.float32)})["y"].shape == (1, 1, 16, 16)


def test_progress_rises_to_one(net: _native.Session) -> None:
    told: list[float] = []
    x = np.zeros((3, 200, 200), np.float32)
    plan = _native.TilePlan(200, 200, tile=64, halo=REACH, stride=STRIDE)
    net.run_tiled(plan, {"x": x}, "y", np.zeros((2, 200, 200), np.float32), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_what_does_not_fit_is_refused(net: _native.Session) -> None:
    x, out = RNG.random((3, 80, 90), np.float32), np.zeros((2, 80, 90), np.float32)
    plan = _native.TilePlan(90, 80, tile=64, halo=REACH, stride=STRIDE)
    with pytest.raises(ParamError, match="differ in size"):
        net.run_tiled(plan, {"x": x[:, :40]}, "y", out)
    with pytest.raises(ParamError, match="differ in size"):
        net.run_tiled(plan, {"x": x}, "y", out[:, :40])
    for out_of_order in (out.transpose(1, 2, 0).copy().transpose(2, 0, 1), np.asfortranarray(out)):
        with pytest.raises(ParamError, match="C order"):
            net.run_tiled(plan, {"x": x}, "y", out_of_order)
    fortran = np.full_like(out, 1)
    net.run_tiled(plan, {"x": np.asfortranarray(x)}, "y", fortran)
    assert np.array_equal(fortran, full_frame(net, x))
    with pytest.raises(ModelError, match="no output"):
        net.run_tiled(plan, {"x": x}, "z", out)
    with pytest.raises(ModelError, match="no input"):
        net.run_tiled(plan, {"x": x, "z": x}, "y", out)
    with pytest.raises(ModelError) as caught:
        net.run_tiled(plan, {"x": x}, "y", np.zeros((5, 80, 90), np.float32))
    assert caught.value.code == "model.signature"
    with pytest.raises(ModelError, match="width and height"):
        _native.Session(onnx_nets.halving()).run_tiled(plan, {"x": x[:1]}, "y", out[:1].copy())
