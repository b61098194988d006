"""The shipped product against the definitions that were scored: the same picture, the same hints, the same colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image as Pillow
from skimage import data
from torch import Tensor

from scumble import Colorize, Engine
from scumble.effects.colorize.reference import statistics_from_image
from scumble.media.arrays import array_from_image, image_from_array
from scumble.models.manifest import manifest_from_file
from scumble_export.colorize.bins import SoftEncoder, bin_centres
from scumble_export.colorize.net import Colorizer, thumbnail
from scumble_export.colorize.patches import PATCH, Places, hinted, patch_places
from scumble_export.colorize.peers import methods_from_runs
from scumble_export.colorize.runs import Run
from scumble_export.colorize.sampling import Inputs, global_statistics
from scumble_export.colorize.scoring import SIZE, pixels_from_ab
from scumble_export.lab import lab_from_pixels, lab_from_rgb, rgb_from_lab
from scumble_export.metrics import psnr_db

SHIPPED = Path(__file__).parents[2] / "sdk" / "scumble" / "bundles" / "colorize"
Pixels = NDArray[np.uint8]


class ShippedRun(Run):
    """The definition's run, with the shipped graph for its net."""

    def __init__(self) -> None:
        self.session = onnxruntime.InferenceSession(SHIPPED / "model.onnx", providers=["CPUExecutionProvider"])
        settings = manifest_from_file(SHIPPED / "manifest.toml").settings
        self.net = Colorizer(float(settings["temperature"]))
        self.prior = torch.full((len(bin_centres()),), 1 / len(bin_centres()))

    def heads(self, inputs: Inputs) -> tuple[Tensor, Tensor]:
        names = ("lightness", "hint_ab", "hint_mask", "spread_ab", "confidence", "statistics")
        feeds = {name: getattr(inputs, name).numpy() for name in names} | {"small": thumbnail(inputs).numpy()}
        ab, logits = self.session.run(["ab", "logits"], feeds)
        return torch.from_numpy(ab), torch.from_numpy(logits)


@pytest.fixture(scope="module")
def shipped() -> ShippedRun:
    return ShippedRun()


def squared(name: str) -> Pixels:
    picture: Pixels = getattr(data, name)()
    return np.asarray(Pillow.fromarray(picture).resize((SIZE, SIZE), Pillow.Resampling.LANCZOS))


def strokes_of(lab: Tensor, places: Places) -> NDArray[np.float32]:
    """Paints the definition's hints on a transparent layer: opaque patches of their mean ab at their mean L."""
    strokes = np.zeros((SIZE, SIZE, 4), np.float32)
    for y, x in places:
        colour = rgb_from_lab(lab[..., y : y + PATCH, x : x + PATCH].mean((2, 3), keepdim=True))
        strokes[y : y + PATCH, x : x + PATCH] = (*colour.flatten().tolist(), 1.0)
    return strokes


@pytest.mark.parametrize(("name", "count"), [("astronaut", 0), ("chelsea", 1), ("coffee", 10), ("astronaut", 50)])
def test_the_product_is_what_was_scored(
    name: str, count: int, shipped: ShippedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = squared(name)
    lab = lab_from_pixels(truth[None])
    places = patch_places(truth.shape[:2], count, 3)
    wanted = methods_from_runs(shipped, None)["ours"](hinted(lab, places))

    predicted: list[NDArray[np.float32]] = []
    last_step = Engine.recolor_guided

    def noted(self: Engine, image: Any, ab: NDArray[np.float32], *rest: Any, **options: Any) -> Any:
        predicted.append(ab)
        return last_step(self, image, ab, *rest, **options)

    monkeypatch.setattr(Engine, "recolor_guided", noted)
    strokes = image_from_array(strokes_of(lab, places)) if count else None
    result = Colorize(vividness=0.0)(image_from_array(truth.astype(np.float32) / 255), hints=strokes)
    apart = np.abs(predicted[0] - wanted[0].numpy())
    # Patches that touch, as fifty do, are one wide stroke to the product, of which the net is told a dot.
    limit = 0.05 if count <= 10 else 0.3
    assert apart.mean() <= limit
    assert np.percentile(apart, 99) <= 10 * limit

    # After that the product leads the colours along the full-size lightness, which was not scored.
    ours = psnr_db(pixels_from_ab(lab[:, :1], wanted), truth)
    product = np.rint(255 * array_from_image(result)).astype(np.uint8)
    assert psnr_db(product, truth) >= ours - 0.05


def test_a_reference_says_what_training_told() -> None:
    truth = squared("coffee")
    rgb = torch.from_numpy(truth.astype(np.float32) / 255).permute(2, 0, 1)[None]
    told = global_statistics(rgb, lab_from_rgb(rgb)[:, 1:], SoftEncoder())[0].numpy()
    got = statistics_from_image(image_from_array(truth), bin_centres(), Engine())[0]
    assert got.shape == told.shape
    assert got[[-3, -1]].tolist() == told[[-3, -1]].tolist() == [1, 1]
    assert got[-2] == pytest.approx(told[-2], abs=1e-3)
    assert got[:-3].sum() == pytest.approx(1, abs=1e-4)
    # The training looks neighbours up on a grid of 2 ab units.
    assert np.abs(got[:-3] - told[:-3]).sum() / 2 < 0.05
