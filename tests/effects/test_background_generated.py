"""Background, styles that a net has learnt: what holds for any net, seen on a small one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import rgb2lab
from tests import generator_net

from scumble import Background, Image, Rgb
from scumble.effects.background.layouts import layout_of
from scumble.effects.background.legible import contrast_ratio
from scumble.effects.background.palettes import OURS, unit_colours
from scumble.effects.background.styles import GENERATED, PROCEDURAL, Order
from scumble.engine import Engine
from scumble.errors import BundleNotFound, JobCancelled, ModelError, ParamError, RuntimeNotFound
from scumble.jobs import Progress
from scumble.media.arrays import array_from_image
from scumble.rendering import render_files

Pixels = NDArray[np.uint8]

PEAK = """
import json, re, sys
from pathlib import Path
from scumble import Background
from scumble.engine import Engine

def mib(field):
    return int(re.search(rf"{field}:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

side, budget = map(int, sys.argv[1:])
engine = Engine("cpu", memory_budget_mib=budget)
Background(style="soft", width=64, height=64)(engine=engine)
loaded = mib("VmRSS")
Background(style="soft", seed=3, width=side, height=side)(engine=engine)
print(json.dumps(mib("VmHWM") - loaded - 3 * side * side / (1 << 20)))
"""


@pytest.fixture(scope="module", autouse=True)
def small_net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = generator_net.write_bundle(tmp_path_factory.mktemp("bundles"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCUMBLE_BUNDLES", str(folder))
        yield folder


def pixels(image: Image) -> Pixels:
    return np.asarray(array_from_image(image))


def order(style: str, palette: tuple[Rgb, ...] = OURS[0], **values: Any) -> Order:
    said: dict[str, Any] = {"width": 640, "height": 360, "seed": 5, "blend": None, "energy": 0.5, "seamless": False}
    return Order(style=style, palette=unit_colours(palette), scale=1.0, **(said | values))


@pytest.mark.parametrize("style", GENERATED)
def test_the_same_values_give_the_same_bytes_and_another_seed_another_picture(style: str) -> None:
    look = {"style": style, "width": 200, "height": 122}
    first = pixels(Background(**look, seed=7)())  # type: ignore[arg-type]
    assert first.shape == (122, 200, 3)
    for workers in (1, 2):
        assert np.array_equal(pixels(Background(**look, seed=7)(engine=Engine(workers=workers))), first)  # type: ignore[arg-type]
    other = pixels(Background(**look, seed=8)())  # type: ignore[arg-type]
    assert np.abs(other.astype(int) - first).mean() > 4


def test_each_style_is_another_picture() -> None:
    seen = [pixels(Background(style=style, seed=7, width=96, height=64)()).astype(int) for style in GENERATED]
    assert all(np.abs(one - other).mean() > 1 for i, one in enumerate(seen) for other in seen[:i])


@pytest.mark.parametrize("style", ["sky", "abstract"])
def test_a_blend_begins_at_one_seed_and_ends_at_the_other(style: str) -> None:
    def way(**values: Any) -> Pixels:
        return pixels(Background(style=style, width=160, height=90, **values)())

    assert np.array_equal(way(seed=3, blend=9, blend_amount=0.0), way(seed=3))
    assert np.array_equal(way(seed=3, blend=9, blend_amount=1.0), way(seed=9))
    middle, near = (way(seed=3, blend=9, blend_amount=share).astype(int) for share in (0.5, 0.02))
    assert np.abs(near - way(seed=3)).mean() < 0.3 * np.abs(middle - way(seed=3)).mean()


@pytest.mark.parametrize("style", ["sky", "texture"])
@pytest.mark.parametrize(("width", "height"), [(160, 96), (203, 117), (64, 64)])
def test_seamless_pictures_of_any_size_fit_themselves(style: str, width: int, height: int) -> None:
    def steps(seen: NDArray[Any], axis: int) -> NDArray[Any]:
        turned = np.concatenate((seen, seen.take([0], axis)), axis).astype(float)
        return np.asarray(np.abs(np.diff(turned, axis=axis)).mean(tuple({0, 1, 2} - {axis})))

    ratios = []
    for seamless in (True, False):
        across, inside = [], []
        for seed in range(12):
            look = Background(style=style, seed=seed, width=width, height=height, seamless=seamless)
            for axis in (0, 1):
                found = steps(pixels(look()), axis)
                across.append(found[-1])
                inside.append(np.median(found[:-1]))
        ratios.append(float(np.mean(across) / np.mean(inside)))
    assert ratios[0] <= 1.5, ratios  # single lines of few small pictures vary
    assert ratios[1] > 2, ratios


def test_a_larger_scale_shows_larger_things() -> None:
    def detail(scale: float) -> float:
        seen = pixels(Background(style="texture", seed=2, width=240, height=160, scale=scale)()).astype(float)
        return float(np.abs(np.diff(seen, axis=1)).mean())

    assert detail(4.0) < 0.6 * detail(1.0)


@pytest.mark.parametrize("style", GENERATED)
def test_layouts_keep_to_the_palette_and_show_it(style: str) -> None:
    for number, palette in enumerate(OURS[::3]):
        cells = layout_of(order(style, palette, seed=number), 12, 20, Engine.default())
        assert cells.shape == (3, 12, 20)
        colours, wanted = (
            np.asarray(rgb2lab(unit)) for unit in (np.moveaxis(cells + 1, 0, -1) / 2, np.array([palette]) / 255)
        )
        seen = colours.reshape(-1, 3)
        ends = np.sort(wanted[0, :, 0])[[0, -1]]
        assert seen[:, 0].min() >= ends[0] - 3
        assert seen[:, 0].max() <= ends[1] + 3
        near = np.linalg.norm(seen[:, None] - wanted[0], axis=-1).min(0)
        assert np.median(near) <= 12, near


def test_skies_are_dark_above_and_layouts_repeat_where_pictures_do() -> None:
    sky = layout_of(order("sky"), 12, 20, Engine.default()).mean((0, 2))
    assert sky[0] < sky[5] < sky[-1]
    for style in ("sky", "soft"):
        whole = layout_of(order(style, seamless=True, width=640, height=384), 12, 20, Engine.default())
        for axis in (1, 2):
            steps = np.abs(np.diff(np.concatenate((whole, whole.take([0], axis)), axis), axis=axis))
            assert steps.take(-1, axis).max() <= 1.5 * steps.max()


def test_energy_moves_the_global_vector() -> None:
    calm, energetic = (
        pixels(Background(style="soft", seed=4, width=96, height=64, energy=energy)()).astype(int) for energy in (0, 1)
    )
    assert np.abs(calm - energetic).mean() > 2


def test_text_has_its_contrast_on_it() -> None:
    look = Background(style="abstract", seed=1, width=320, height=180, text_area=(20, 30, 150, 80))
    seen = pixels(look())[30:110, 20:170]
    assert (contrast_ratio(seen, np.array([255, 255, 255])) >= 4.5).mean() >= 0.99


@pytest.mark.parametrize("style", ["gradient", "sky"])
def test_the_record_names_the_net_where_it_was_used(style: str, tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    engine = Engine("cpu")
    effect = Background(style=style, width=64, height=64)
    record = render_files(effect, {}, output, engine=engine, progress=Progress(), max_megapixels=1).record
    if style == "gradient":
        assert record.models == []
        assert record.provider == "none"
    else:
        (model,) = record.models
        assert (model.bundle, model.licence) == ("background", "Apache-2.0")
        assert len(model.sha256) == 64
        assert record.provider == "CPUExecutionProvider"


def test_without_a_runtime_or_net_the_styles_that_need_none_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> Path:
        raise RuntimeNotFound("ONNX Runtime is not installed", "pip install 'scumble[cpu]'", "runtime.missing")

    with monkeypatch.context() as patch:
        patch.setattr("scumble.engine.runtime_library", missing)
        with pytest.raises(RuntimeNotFound, match="sky needs its net") as no_runtime:
            Background(style="sky", width=64, height=64)(engine=Engine("cpu"))
        assert pixels(Background(width=64, height=64)(engine=Engine("cpu"))).shape == (64, 64, 3)
    monkeypatch.setattr("scumble.models.store._SHIPPED", tmp_path)
    monkeypatch.setenv("SCUMBLE_BUNDLES", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with pytest.raises(BundleNotFound) as no_bundle:
        Background(style="sky", width=64, height=64)()
    assert no_runtime.value.code == "runtime.missing"
    for error in (no_runtime.value, no_bundle.value):
        assert all(style in error.hint for style in PROCEDURAL)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"styles": "abstract bokeh"}, "not learnt the style sky"),
        ({"cell_px": "wide"}, "garble"),
        ({"noise_margins": "3 x"}, "garble"),
    ],
)
def test_a_bundle_that_does_not_fit_is_refused(
    settings: dict[str, object], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCUMBLE_BUNDLES", str(generator_net.write_bundle(tmp_path, **settings)))
    with pytest.raises(ModelError, match=words) as caught:
        Background(style="sky", width=64, height=64)()
    assert caught.value.code == "bundle.bad_manifest"


@pytest.mark.parametrize("values", [{"scale": 0.0}, {"scale": float("nan")}, {"scale": 9.0}, {"width": 16385}])
def test_bad_values_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ParamError) as caught:
        Background(style="sky", **values)()
    assert caught.value.code == "param.range"


def test_it_can_be_cancelled_and_the_engine_goes_on() -> None:
    engine = Engine("cpu", workers=1)
    told: list[float] = []

    def hear(fraction: float, _: str) -> None:
        told.append(fraction)
        if fraction > 0.1:
            progress.cancel()

    progress = Progress(hear)
    with pytest.raises(JobCancelled):
        Background(style="soft", width=8000, height=8000)(engine=engine, progress=progress)
    assert told == sorted(told)
    assert told[-1] < 0.5
    assert pixels(Background(style="soft", width=64, height=64)(engine=engine)).std() > 1


def test_a_picture_of_67_megapixels_keeps_the_budget() -> None:
    command = [sys.executable, "-c", PEAK, "8192", "256"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) <= 256
