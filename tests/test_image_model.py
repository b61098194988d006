"""Models found elsewhere: what is measured of them is true, and tiles are the full frame to the last bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests import foreign_nets

from scumble import _native
from scumble.engine import Engine, ImageModel, machine
from scumble.engine.memory_probe import measured_memory
from scumble.errors import DeviceOutOfMemory, JobCancelled, MemoryBudgetTooSmall, ModelError, ParamError, UnsafeModel
from scumble.jobs import Progress
from scumble.media.arrays import array_from_image, image_from_array
from scumble.media.image import Image, Transfer
from scumble.models.foreign import image_ports, read_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

RNG = np.random.default_rng(12)
ENGINE = Engine(device="cpu", workers=2)
_models: dict[str, ImageModel] = {}


def model(name: str, make: Callable[[], bytes]) -> ImageModel:
    if name not in _models:
        _models[name] = ENGINE.model(make())
    return _models[name]


def picture(height: int, width: int, channels: int = 3, dtype: str = "uint8") -> NDArray[Any]:
    unit = RNG.random((height, width, channels))
    return unit.astype(dtype) if dtype.startswith("f") else (unit * np.iinfo(dtype).max).astype(dtype)


def full_frame(found: ImageModel, pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Runs the graph by itself, on the picture padded by numpy's reflection to its stride, 0 to 1."""
    height, width = pixels.shape[:2]
    stride, scale = found.facts.stride, found.facts.scale
    unit = pixels.astype(np.float32) / np.float32(1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max)
    padded = np.pad(unit, ((0, -height % stride), (0, -width % stride), (0, 0)), mode="reflect")
    is_last = found.facts.axes == "nhwc"
    given = padded[None] if is_last else padded.transpose(2, 0, 1)[None]
    session = ENGINE.session(found._content, found.facts.sha256)
    (output,) = session.run({found.facts.input: np.ascontiguousarray(given)}).values()
    planes: NDArray[np.float32] = output[0] if is_last else output[0].transpose(1, 2, 0)
    return planes[: height * scale, : width * scale]


@pytest.mark.parametrize("name", foreign_nets.EXACT)
def test_what_is_found_is_what_the_net_is(name: str) -> None:
    make, stride, halo, scale = foreign_nets.EXACT[name]
    facts = model(name, make).facts
    assert (facts.stride, facts.halo, facts.scale) == (stride, halo, scale)
    assert (facts.stride_by, facts.halo_by, facts.tiling, facts.reason) == ("graph", "graph", "exact", "")
    assert facts.largest_difference == 0.0
    assert facts.measured_reach is not None
    # What is seen is at most what the graph allows, and in small nets nearly that.
    assert halo - stride <= max(facts.measured_reach) <= halo
    assert facts.global_operators == {}
    assert 10 < facts.memory.bytes_per_pixel < 5000
    assert facts.memory.growth == 0


@pytest.mark.parametrize("name", foreign_nets.EXACT)
def test_tiles_are_the_full_frame_to_the_last_bit(name: str) -> None:
    found = model(name, foreign_nets.EXACT[name][0])
    reach = -(-(found.facts.halo or 0) // found.facts.stride) * found.facts.stride
    pixels = picture(150, 211, dtype="float32")
    image = image_from_array(pixels)
    tile = 2 * reach + 4 * found.facts.stride + 24
    cut = found.plan(211, 150, tile=tile)
    assert len(cut.plan.tiles) > 2
    assert cut.mode == "exact"
    tiled = array_from_image(found(image, tile=tile))
    assert tiled.shape == (150 * found.facts.scale, 211 * found.facts.scale, 3)
    assert np.array_equal(tiled, full_frame(found, pixels))
    assert np.array_equal(array_from_image(found(image)), tiled)


@pytest.mark.parametrize("name", ["unet", "mobile"])
def test_controls_a_short_halo_and_a_misaligned_origin_differ(name: str) -> None:
    found = model(name, foreign_nets.EXACT[name][0])
    facts = found.facts
    pixels = picture(96, 320, dtype="float32")
    want = full_frame(found, pixels)
    with pytest.raises(ModelError) as caught:
        found(image_from_array(pixels), tile=96, halo=facts.stride)
    assert caught.value.code == "model.needs_full_frame"
    short = found(image_from_array(pixels), tile=96, halo=0, allow_seams=True)
    assert not np.array_equal(array_from_image(short), want)
    session = ENGINE.session(found._content, facts.sha256)
    for stride, is_same in ((facts.stride, True), (1, False)):
        reach = -(-(facts.halo or 0) // facts.stride) * facts.stride + 1
        plan = _native.TilePlan(320, 96, tile=(2 * reach + 3 * facts.stride + 5, 96), halo=reach, stride=stride)
        out = np.zeros((96, 320, 3), np.float32)
        if stride == 1 and all(tile.read[0] % facts.stride == 0 for tile in plan.tiles):
            raise AssertionError("the control is aligned by chance")
        try:
            session.rework_tiled(plan, pixels, out, input="x", output="y", channels=(3, 3))
        except ModelError:  # a size that the net's skips do not take
            assert not is_same
        else:
            assert np.array_equal(out, want) == is_same


@pytest.mark.parametrize("name", foreign_nets.GLOBAL)
def test_a_net_that_sees_everything_gets_the_full_frame_or_is_refused(name: str) -> None:
    make, operator = foreign_nets.GLOBAL[name]
    found = model(name, make)
    assert found.facts.tiling == "none"
    assert operator in found.facts.global_operators
    pixels = picture(64, 96, dtype="float32")
    whole = found.plan(96, 64)
    assert (len(whole.plan.tiles), whole.mode) == (1, "full frame")
    assert np.array_equal(array_from_image(found(image_from_array(pixels))), full_frame(found, pixels))
    with pytest.raises(ModelError, match=operator) as caught:
        found.plan(96, 64, tile=48, halo=8)
    assert caught.value.code == "model.needs_full_frame"
    assert "--allow-seams" in caught.value.hint
    with pytest.raises(ModelError) as large:
        found.plan(20_000, 20_000)
    assert large.value.code == "model.needs_full_frame"
    assert "MiB" in large.value.hint
    seams = found.plan(96, 64, tile=48, halo=8, allow_seams=True)
    assert (len(seams.plan.tiles) > 1, seams.mode) == (True, "seams")


def test_reshapes_are_measured_and_proved_by_tiles() -> None:
    found = model("reshaped", foreign_nets.shuffled_by_reshape)
    facts = found.facts
    assert (facts.scale, facts.stride, facts.tiling) == (2, 1, "exact")
    assert (facts.stride_by, facts.halo_by) == ("measured", "measured")
    assert facts.halo is not None
    assert 2 <= facts.halo <= 8
    pixels = picture(70, 90, dtype="float32")
    tiled = found(image_from_array(pixels), tile=40)
    assert np.array_equal(array_from_image(tiled), full_frame(found, pixels))


def test_windows_of_attention_are_a_stride() -> None:
    facts = model("windowed", foreign_nets.windowed).facts
    assert (facts.stride, facts.stride_by, facts.multiple) == (8, "measured", 8)
    assert facts.tiling in ("exact", "rounding")
    assert facts.measured_reach is not None
    assert 7 <= max(facts.measured_reach) <= 8


def test_a_net_that_pads_itself_is_tiled_on_its_grid() -> None:
    found = model("padded", foreign_nets.padded_inside)
    facts = found.facts
    assert (facts.multiple, facts.stride, facts.stride_by, facts.tiling) == (1, 8, "measured", "exact")
    pixels = picture(151, 214, dtype="float32")
    tiled = found(image_from_array(pixels), tile=96)
    assert len(found.plan(214, 151, tile=96).plan.tiles) > 2
    assert np.array_equal(array_from_image(tiled), full_frame(found, pixels))


def test_a_net_of_one_size_is_tiled_in_that_size() -> None:
    found = model("fixed", lambda: foreign_nets.plain(size=(96, 64)))
    assert found.facts.fixed_size == (96, 64)
    assert (found.facts.tiling, found.facts.largest_difference) == ("exact", None)
    plan = found.plan(301, 130).plan
    assert plan.shapes == [(96, 64)]
    free = model("plain", foreign_nets.plain)
    pixels = picture(130, 301, dtype="float32")
    tiled = array_from_image(found(image_from_array(pixels)))
    assert np.allclose(tiled, full_frame(free, pixels), rtol=0, atol=1e-5)
    small = picture(20, 30, dtype="float32")
    assert array_from_image(found(image_from_array(small))).shape == (20, 30, 3)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float16", "float32"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_samples_gray_and_alpha_are_carried_over(dtype: str, channels: int) -> None:
    found = model("plain", foreign_nets.plain)
    pixels = picture(50, 60, channels, dtype)
    result = found(image_from_array(pixels), tile=40)
    out = array_from_image(result)
    assert result.sample.value == dtype
    assert out.shape == (50, 60, 4 if channels % 2 == 0 else 3)
    colours = np.repeat(pixels[..., :1], 3, axis=2) if channels < 3 else pixels[..., :3]
    want = full_frame(found, np.ascontiguousarray(colours))
    if dtype.startswith("u"):
        top = np.iinfo(dtype).max
        assert np.abs(out[..., :3].astype(int) - np.rint(np.clip(want, 0, 1) * top)).max() <= 1
    else:
        assert np.allclose(out[..., :3].astype(np.float32), want.astype(dtype), rtol=1e-3, atol=1e-5)
    if channels % 2 == 0:
        assert np.array_equal(out[..., 3], pixels[..., -1])


def test_an_upscaler_stretches_alpha() -> None:
    found = model("upscaler x2", lambda: foreign_nets.upscaler(2))
    pixels = picture(40, 50, 4)
    pixels[..., 3] = np.arange(0, 250, 5)[None, :]
    out = array_from_image(found(image_from_array(pixels), tile=24))
    places = np.clip((np.arange(100) + 0.5) / 2 - 0.5, 0, 49)
    assert np.abs(out[..., 3].astype(float) - 5 * places).max() <= 0.5
    assert np.array_equal(array_from_image(found(image_from_array(pixels))), out)


def test_a_net_of_one_channel_takes_each_colour_by_itself() -> None:
    found = model("gray", lambda: foreign_nets.upscaler(2, channels=1))
    assert found.facts.channels == (1, 1)
    pixels = picture(40, 50, 3, "float32")
    out = array_from_image(found(image_from_array(pixels), tile=32))
    assert out.shape == (80, 100, 3)
    for colour in range(3):
        want = full_frame(found, np.ascontiguousarray(pixels[..., colour : colour + 1]))
        assert np.array_equal(out[..., colour : colour + 1], want)
    assert array_from_image(found(image_from_array(pixels[..., :1]))).shape == (80, 100, 1)


@pytest.mark.parametrize("limits", [(0.0, 255.0), (-1.0, 1.0)])
def test_black_and_white_are_what_the_net_learnt_on(limits: tuple[float, float]) -> None:
    net = foreign_nets.Found()
    doubled = net.add("Mul", ["x", net.constant([2.0])])
    low, high = limits
    found = ENGINE.model(net.picture(doubled))
    pixels = picture(30, 30)
    out = array_from_image(found(image_from_array(pixels), value_range=limits))
    values = low + pixels.astype(np.float64) / 255 * (high - low)
    want = np.rint(np.clip((2 * values - low) / (high - low), 0, 1) * 255)
    assert np.abs(out - want).max() <= 1
    with pytest.raises(ParamError, match="range"):
        found(image_from_array(pixels), value_range=(1.0, 1.0))


def test_linear_pictures_are_shown_as_codes_and_stay_linear() -> None:
    net = foreign_nets.Found()
    found = ENGINE.model(net.picture(net.add("Identity", ["x"])))
    pixels = (picture(20, 30, 3, "float32") * 3).astype(np.float32)
    image = image_from_array(pixels, transfer=Transfer.LINEAR).replace(metadata={"Artist": "A"}, icc_profile=None)
    result = found(image)
    assert (result.transfer, dict(result.metadata)) == (Transfer.LINEAR, {"Artist": "A"})
    assert np.allclose(array_from_image(result), pixels, rtol=1e-4)


def test_memory_that_is_measured_grows_with_the_net() -> None:
    def of_width(channels: int) -> bytes:
        net = foreign_nets.Found()
        x = net.relu(net.conv("x", 3, channels))
        return net.picture(net.conv(net.relu(net.conv(x, channels, channels)), channels, 3))

    thin, wide = (ENGINE.model(of_width(channels)).facts.memory.bytes_per_pixel for channels in (8, 64))
    assert 2 * 8 * 4 * 0.5 <= thin < wide
    assert wide >= 2 * 64 * 4 * 0.9  # two layers at a time, in float32


def test_memory_that_grows_faster_than_the_picture_is_told() -> None:
    found = model("attention", foreign_nets.with_attention)
    memory = found.facts.memory
    assert 3 < memory.growth < 20  # a float32 for each pair of pixels, in the product and in its softmax
    counted = [found.plan(side, side, budget_bytes=1 << 40).bytes for side in (100, 200)]
    assert 12 < counted[1] / counted[0] < 17


def test_measuring_memory_takes_large_models_is_cancelled_and_fails_in_words() -> None:
    net = foreign_nets.Found()
    content = net.picture(net.conv(net.relu(net.conv(net.conv("x", 3, 300), 300, 300)), 300, 3))
    assert len(content) > 3 << 20  # more than a pipe holds
    ports, library = image_ports(read_model(content).graph), machine.runtime_library()
    facts: Any = {"channels": (3, 3), "scale": 1}
    assert measured_memory(content, ports, library, [(32, 32)], **facts, progress=lambda _: None).bytes_per_pixel > 1000

    def stop(_: float) -> None:
        raise JobCancelled("enough")

    with pytest.raises(JobCancelled, match="enough"):
        measured_memory(content, ports, library, [(32, 32)], **facts, progress=stop)
    with pytest.raises(ModelError, match="while its memory was measured") as caught:
        measured_memory(content, ports, library, [(32, 32)], channels=(3, 1), scale=1)
    assert caught.value.code == "model.failed"


def test_a_budget_is_kept_and_a_small_one_is_an_error() -> None:
    content = foreign_nets.plain()
    tight = Engine(device="cpu", workers=4, memory_budget_mib=189)
    found = tight.model(content)
    cut = found.plan(4000, 3000)
    assert cut.taken < cut.bytes <= 189 << 20
    assert cut.mode == "exact"
    with pytest.raises(MemoryBudgetTooSmall):
        found.plan(4000, 3000, budget_bytes=10_000)


def test_out_of_memory_steps_down_and_is_remembered_by_model_and_device(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(device="cpu", workers=1)
    found = engine.model(foreign_nets.plain())
    tried: list[int] = []

    class Exhausted:
        provider = "CPUExecutionProvider"

        def rework_tiled(self, plan: _native.TilePlan, *_: object, **__: object) -> None:
            width, height = plan.shapes[0]
            tried.append(width * height)
            if width * height > 150 * 150:
                raise DeviceOutOfMemory("full")

    session: Any = Exhausted()
    engine._sessions[found.facts.sha256] = session
    image = image_from_array(picture(700, 700))
    found(image)
    assert len(tried) > 1
    assert tried == sorted(tried, reverse=True)
    steps = len(tried)
    engine.unload()
    engine._sessions[found.facts.sha256] = Exhausted()  # type: ignore[assignment]  # another session, the same model
    found(image)
    assert len(tried) == steps + 1
    globally = engine.model(foreign_nets.with_global_pool())
    engine._sessions[globally.facts.sha256] = session
    with pytest.raises(DeviceOutOfMemory):
        globally(image)


def test_progress_rises_and_cancel_stops() -> None:
    found = model("gray", lambda: foreign_nets.upscaler(2, channels=1))
    heard: list[float] = []
    progress = Progress(lambda fraction, note: heard.append(fraction))
    image: Image = image_from_array(picture(300, 300))
    found(image, progress=progress.report)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    progress.cancel()
    with pytest.raises(JobCancelled):
        found(image, progress=progress.report)
    with pytest.raises(JobCancelled):
        Engine(device="cpu").model(foreign_nets.mobile(), progress.report)


def test_unsafe_and_unfit_models_are_refused() -> None:
    with pytest.raises(UnsafeModel):
        ENGINE.model(b"rubbish")
    net = foreign_nets.Found()
    with pytest.raises(ModelError) as caught:
        ENGINE.model(net.picture(net.conv("x", 3, 3, stride=2)))
    assert caught.value.code == "model.not_image"
    net = foreign_nets.Found()
    with pytest.raises(ModelError, match="5 channels"):
        ENGINE.model(net.picture(net.conv("x", 3, 5), out=5))
    colour_from_gray = foreign_nets.Found()
    found = ENGINE.model(colour_from_gray.picture(colour_from_gray.conv("x", 1, 3), channels=1))
    assert array_from_image(found(image_from_array(picture(30, 30, 1)))).shape == (30, 30, 3)
    with pytest.raises(ParamError, match="gray"):
        found(image_from_array(picture(30, 30, 3)))
