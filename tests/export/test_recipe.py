"""The recipe end to end on small things: data, hints, net, a real short training, measuring, and the bundle."""

from __future__ import annotations

import copy
import json
import tarfile
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from scumble.models.manifest import manifest_from_file
from scumble_export.bundle import BundleError, card_text, write_bundle
from scumble_export.colorize import export
from scumble_export.colorize.export import (
    INPUTS,
    PARITY_LIMIT,
    SCORED,
    manifest_facts,
    plausible_input,
    scores_from_report,
    to_onnx,
)
from scumble_export.colorize.net import Colorizer, adopted
from scumble_export.colorize.runs import Run
from scumble_export.colorize.sampling import Inputs
from scumble_export.colorize.train import Training, parser, rate_at
from scumble_export.data import Photo, licences_of, load_photos
from scumble_export.verify import measure_bytes_per_pixel, measure_parity, measure_reach

SHIPPED = Path(__file__).parents[2] / "sdk" / "scumble" / "bundles" / "colorize"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for index in range(12):
        coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((256, 192)).save(place / f"p{index:02}.png")  # p04 is held out
    Image.new("RGB", (64, 64), (90, 90, 90)).save(place / "gray.png")
    return place


def test_a_folder_and_its_tar_give_the_same_colour_photos(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "photos.tar"
    with tarfile.open(archive, "w") as tar:
        for path in folder.iterdir():
            tar.add(path, path.name)
    first, second = load_photos(folder), load_photos(archive)
    assert [photo.name for photo in first] == [photo.name for photo in second]
    assert "gray.png" not in {photo.name for photo in first}
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(first, second, strict=True))


def test_one_photo_in_forty_is_held_out_by_its_name() -> None:
    nothing = np.zeros((1, 1, 3), np.uint8)
    held = sum(Photo(f"{index}.jpg", nothing).held_out for index in range(8000))
    assert 150 < held < 250


def test_the_held_out_alone_can_be_read(folder: Path) -> None:
    assert [photo.name for photo in load_photos(folder, held_out_only=True)] == ["p04.png"]


def test_licences_are_counted_and_unknown_ones_said(tmp_path: Path) -> None:
    manifest = tmp_path / "m.csv"
    manifest.write_text("file,licence\na.jpg,CC0\nb.jpg,CC0\n")
    assert licences_of(manifest, {"a.jpg", "b.jpg", "c.jpg"}) == {"CC0": 2, "not stated": 1}


def test_black_and_white_stay_as_they_are_when_all_else_gets_vivid() -> None:
    net = Colorizer()
    light = torch.tensor([0.0, 5.0, 50.0, 98.0, 100.0])[None, None, None].repeat(1, 1, 4, 1).repeat_interleave(4, 3)
    logits = torch.zeros(1, 313, 1, 5)
    logits[:, 7] = 50.0
    vivid = net.vivid(light, torch.zeros(1, 2, 4, 20), logits, torch.zeros(1, 1, 4, 20))
    share = vivid[0, :, 0, 2::4] / net.centres[7][:, None]
    assert share[0].tolist() == pytest.approx([0, 0.5, 1, 0.5, 0], abs=1e-3)
    told = net.vivid(light, torch.zeros(1, 2, 4, 20), logits, torch.ones(1, 1, 4, 20))
    assert not told.any()


def test_the_net_is_small_starts_from_gray_or_the_spread_hints_and_listens() -> None:
    torch.manual_seed(0)
    net = Colorizer().eval()
    assert sum(parameter.numel() for parameter in net.parameters()) <= 5_000_000
    light, hint, mask = torch.full((1, 1, 64, 96), 50.0), torch.full((1, 2, 64, 96), 50.0), torch.zeros(1, 1, 64, 96)
    plain = Inputs.of(light)
    mask[..., 30:33, 40:43] = 1
    hinted = Inputs.of(light, hint, mask)
    with torch.no_grad():
        ab, logits = net.heads(plain)
        assert ab.shape == (1, 2, 64, 96)
        assert logits.shape == (1, 313, 16, 24)
        assert not ab.any()
        assert torch.equal(net.heads(hinted)[0], hinted.confidence * hinted.spread_ab)
        for layer in (net.tile.fine[-1], *net.tile.told.values()):
            assert isinstance(layer, nn.Conv2d)
            nn.init.normal_(layer.weight)
        told = replace(plain, statistics=torch.ones_like(plain.statistics))
        results = [net.heads(inputs)[0] for inputs in (plain, hinted, told, Inputs.of(light, hint, mask * 0))]
    assert not torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])
    assert torch.equal(results[0], results[3])


def test_the_exported_graph_is_the_net(tmp_path: Path) -> None:
    torch.manual_seed(1)
    net = Colorizer().eval()
    for parameter in net.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.05)
    path = tmp_path / "model.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own
        to_onnx(net, path)
    assert max(measure_parity(net, path, INPUTS, plausible_input).values()) < PARITY_LIMIT


def test_weights_of_the_former_net_are_taken_over(tmp_path: Path) -> None:
    torch.manual_seed(2)
    net = Colorizer()
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.05)
    state = {name.removeprefix("tile."): value for name, value in net.state_dict().items() if "whole" not in name}
    narrow = state["laterals.4.0.weight"][:, :-3]
    state["laterals.4.0.weight"] = narrow
    fresh = Colorizer()
    fresh.load_state_dict(adopted(fresh, state))
    weight = fresh.tile.state_dict()["laterals.4.0.weight"]
    assert torch.equal(weight[:, :-3], narrow)
    assert not weight[:, -3:].any()
    assert torch.equal(fresh.tile.fine_features.weight, net.tile.fine_features.weight)


def test_a_short_training_learns_stops_and_resumes(folder: Path, tmp_path: Path) -> None:
    options = [str(folder), str(tmp_path / "run"), "--batch", "4", "--device", "cpu", "--pictures", "8"]
    first = Training(parser().parse_args(options))
    before = copy.deepcopy(first.net.state_dict())
    first.go()
    assert (first.steps, first.pictures) == (2, 8)
    moved = [name for name, value in first.net.state_dict().items() if not torch.equal(value, before[name])]
    assert any(name.startswith("tile.fine") for name in moved)
    assert not any(name.startswith("tile.encoder._conv_stem") for name in moved)
    again = Training(parser().parse_args([*options[:-1], "12"]))
    assert (again.steps, again.pictures) == (2, 8)
    again.go()
    rows = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert rows[0]["pictures"] == 8
    assert rows[-1]["pictures"] >= 12
    assert all(np.isfinite(row["loss"]) for row in rows)
    assert Run(tmp_path / "run").uses_spread


def test_the_rate_warms_up_stays_and_falls_to_nothing() -> None:
    rates = [
        rate_at(steps, done) for steps, done in ((0, 0.0), (10_000, 0.2), (10_000, 0.69), (10_000, 0.85), (1, 1.0))
    ]
    assert rates == pytest.approx([1 / 200, 1, 1, 0.5, 0])


class Grown(nn.Module):
    """A 3 by 3 convolution, one of stride 2, and back to full size."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 1, 2, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.interpolate(self.second(torch.relu(self.first(x))), scale_factor=2.0)


def test_reach_and_stride_are_measured() -> None:
    torch.manual_seed(0)
    plain = measure_reach(lambda: nn.Conv2d(1, 1, 3, padding=1), {"x": 1}, largest_stride=4)
    assert (plain.receptive_field, plain.halo, plain.stride) == (3, 1, 1)
    grown = measure_reach(Grown, {"x": 1}, largest_stride=4)
    assert (grown.receptive_field, grown.halo, grown.stride) == (5, 2, 2)


def test_parity_and_memory_are_measured_on_a_real_file(tmp_path: Path) -> None:
    from onnx import TensorProto, helper, numpy_helper

    torch.manual_seed(0)
    net = nn.Conv2d(1, 8, 3, padding=1)
    weights = [numpy_helper.from_array(p.detach().numpy(), n) for n, p in zip("wb", net.parameters(), strict=True)]
    shape: list[str | int] = [1, 1, "h", "w"]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w", "b"], ["y"], pads=[1, 1, 1, 1])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 8, "h", "w"])],
        weights,
    )
    path = tmp_path / "m.onnx"
    path.write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString()
    )

    def fill(name: str, shape: tuple[int, ...], seed: int) -> Any:
        return np.random.default_rng(seed).random(shape).astype(np.float32)

    class AsTuple(nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
            return (net(x),)

    assert measure_parity(AsTuple(), path, {"x": 1}, fill)["y"] < 1e-5
    assert 20 < measure_bytes_per_pixel(path, {"x": 1}) < 400


def test_the_card_names_only_what_a_bundle_states() -> None:
    lead = [1.0, 0.5, 1.5]
    row = {"psnr_db": [23.0, 22.0, 24.0], "over_gray_db": lead, "auc_rebalanced": lead, "colourfulness_gap": 8.0}
    hints = {count: {"over_gray_db": lead, "over_levin_db": lead} for count in ("1", "10", "50", "100")}
    scores = scores_from_report(
        {"pictures": 2, "methods": dict.fromkeys(SCORED, row), "curve": {"ours": {"hints": hints}}}
    )
    state = {"seed": 0, "pictures": 5, "steps": 1, "minutes": 0.1}
    facts = manifest_facts(Colorizer(), state, {"CC0": 2}) | {"version": "7", "scores": scores}
    facts["tiling"] = {"stride": 32, "receptive_field": 1000, "bytes_per_pixel": 400.0}
    card = card_text((Path(export.__file__).parent / "CARD.md").read_text(encoding="utf-8"), facts)
    assert "$" not in card
    assert "| 100 | 1 [0.5, 1.5] | 1 [0.5, 1.5] |" in card


def test_no_licence_no_bundle_and_a_good_one_replaces_the_old(tmp_path: Path) -> None:
    import tomllib

    facts = tomllib.loads((SHIPPED / "manifest.toml").read_text(encoding="utf-8"))
    place = tmp_path / "colorize"
    for missing in ("model", "data"):
        with pytest.raises(BundleError):
            write_bundle(place, SHIPPED / "model.onnx", facts | {"licence": facts["licence"] | {missing: ""}}, "")
    assert not place.exists()
    for version in ("1", "2"):
        write_bundle(place, SHIPPED / "model.onnx", facts | {"version": version}, "# $name $version")
    assert manifest_from_file(place / "manifest.toml").version == "2"
    assert (place / "CARD.md").read_text(encoding="utf-8") == "# colorize 2"
    assert [path.name for path in tmp_path.iterdir()] == ["colorize"]
