"""The recipe end to end on small things: data, hints, net, a real short training, measuring, and the bundle."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from scumble.models.manifest import manifest_from_file
from scumble_export.bundle import BundleError, write_bundle
from scumble_export.colorize.net import Colorizer
from scumble_export.colorize.sampling import CONTEXT_MASK, damaged, simulated_hints
from scumble_export.colorize.train import Training, parser
from scumble_export.data import Photo, licences_of, load_photos
from scumble_export.verify import measure_bytes_per_pixel, measure_parity, measure_reach

SHIPPED = Path(__file__).parents[2] / "sdk" / "scumble" / "bundles" / "colorize"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for index in range(12):
        coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((256, 192)).save(place / f"p{index:02}.png")
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


def test_licences_are_counted_and_unknown_ones_said(tmp_path: Path) -> None:
    manifest = tmp_path / "m.csv"
    manifest.write_text("file,licence\na.jpg,CC0\nb.jpg,CC0\n")
    assert licences_of(manifest, {"a.jpg", "b.jpg", "c.jpg"}) == {"CC0": 2, "not stated": 1}


def test_hints_show_true_colours_and_only_under_their_mask() -> None:
    ab = torch.full((64, 2, 64, 64), 30.0)
    hint, mask = simulated_hints(ab, np.random.default_rng(0))
    assert bool((hint * (mask == 0) == 0).all())
    assert bool((hint[(mask == 1).expand_as(hint)] - 30).abs().max() < 1e-4)
    kinds = [sorted({float(v) for v in m.unique()}) for m in mask]
    assert [0.0] in kinds
    assert any(CONTEXT_MASK in kind for kind in kinds)


def test_damage_stays_in_range_and_changes_only_some() -> None:
    light = torch.linspace(0, 100, 64 * 32 * 32).reshape(64, 1, 32, 32)
    aged = damaged(light, np.random.default_rng(0))
    changed = [not torch.equal(a, b) for a, b in zip(aged, light, strict=True)]
    assert 8 < sum(changed) < 40
    assert float(aged.min()) >= 0
    assert float(aged.max()) <= 100


def test_the_net_is_small_starts_gray_and_listens_to_hints() -> None:
    torch.manual_seed(0)
    net = Colorizer().eval()
    assert sum(parameter.numel() for parameter in net.parameters()) <= 5_000_000
    light, none, mask = torch.full((1, 1, 64, 96), 50.0), torch.zeros(1, 2, 64, 96), torch.zeros(1, 1, 64, 96)
    with torch.no_grad():
        ab, vivid, logits = net(light, none, mask)
        assert ab.shape == vivid.shape == (1, 2, 64, 96)
        assert logits.shape == (1, 313, 16, 24)
        assert not ab.any()
        nn.init.normal_(list(net.fine.parameters())[-2])
        plain = net(light, none, mask)[0]
        mask[..., 30:33, 40:43] = 1
        hinted = net(light, none + 50, mask)[0]
        unmasked = net(light, none + 50, mask * 0)[0]
    assert not torch.equal(plain, hinted)
    assert torch.equal(plain, unmasked)


def test_a_short_training_learns_stops_and_resumes(folder: Path, tmp_path: Path) -> None:
    options = [str(folder), str(tmp_path / "run"), "--batch", "4", "--device", "cpu", "--minutes", "0.05"]
    first = Training(parser().parse_args(options))
    first.go()
    assert first.steps > 0
    again = Training(parser().parse_args([*options[:-1], "0.06"]))
    assert (again.steps, again.pictures) == (first.steps, first.pictures)
    again.go()
    rows = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert rows[-1]["pictures"] > rows[0]["pictures"]
    assert all(np.isfinite(row["loss"]) for row in rows)


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
