"""The evaluation: scores of known cases, the hint curve's bookkeeping, and one whole run on small things."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from scumble_export.colorize import evaluate, sheet
from scumble_export.colorize.evaluate import automatic_summary, curve_summary, setback_share
from scumble_export.colorize.net import Colorizer
from scumble_export.colorize.patches import hinted, patch_places
from scumble_export.colorize.peers import Method, gray, levin, propagation
from scumble_export.colorize.runs import Run
from scumble_export.colorize.sampling import Inputs
from scumble_export.colorize.scales import Views, smaller
from scumble_export.colorize.scoring import (
    automatic_row,
    automatic_tables,
    curve_rows,
    curve_tables,
    hint_misses,
    squared_pictures,
)
from scumble_export.colorize.tiles import coloured_in_tiles, detailed_inputs
from scumble_export.lab import lab_from_pixels
from scumble_export.metrics import accuracy, bootstrap_interval, colour_edges, ratio_interval


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pictures of five coloured areas, each of its own lightness: what hints along lightness can solve."""
    place = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(1)
    for index in range(3):
        tones = np.array([40, 80, 120, 160, 200])[:, None]
        colours = np.clip(tones + rng.integers(-35, 36, (5, 3)), 0, 255).astype(np.uint8)
        y, x = np.mgrid[:256, :256]
        areas = ((x + y * (index + 1) / 2) // 110).astype(int) % 5
        Image.fromarray(colours[areas]).save(place / f"{index}.png")
    return place


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with the weights a net begins with."""
    place = tmp_path_factory.mktemp("run")
    torch.manual_seed(0)
    prior = np.full(313, 1 / 313).tolist()
    torch.save({"average": Colorizer().state_dict(), "prior": prior, "spread": True}, place / "checkpoint.pt")
    (place / "temperature.json").write_text('{"temperature": 0.5}')
    return place


def test_accuracy_counts_the_thresholds_an_error_keeps() -> None:
    error = np.array([[0.0, 0.5, 1.0, 149.5, 150.0, 151.0]], np.float32)
    assert (accuracy(error) * 151).round().tolist() == [[151, 150, 150, 1, 1, 0]]


def test_edges_are_where_colour_changes() -> None:
    ab = np.zeros((2, 16, 16), np.float32)
    ab[0, :, 8:] = 30
    marked = colour_edges(ab)
    assert marked[:, 6:10].all()
    assert not marked[:, :6].any()
    assert not marked[:, 10:].any()


def test_intervals_of_ratios_and_what_is_no_number() -> None:
    values = np.array([1.0, 2.0, 3.0, 6.0])
    assert ratio_interval(values, np.ones(4)) == bootstrap_interval(values)
    assert ratio_interval(values, values * 2) == pytest.approx((0.5, 0.5, 0.5))
    with_gap = ratio_interval(np.append(values, np.nan), np.ones(5))
    assert with_gap == bootstrap_interval(values)


def test_fewer_hints_are_the_beginning_of_more_and_lie_inside() -> None:
    many = patch_places((40, 60), 100, 3)
    assert patch_places((40, 60), 7, 3) == many[:7]
    assert patch_places((40, 60), 7, 4) != many[:7]
    assert max(y for y, _ in many) <= 34
    assert max(x for _, x in many) <= 54


def test_a_miss_is_counted_in_codes_and_only_in_gamut() -> None:
    lab = lab_from_pixels(np.full((1, 16, 16, 3), (150, 100, 90), np.uint8))
    inputs = hinted(lab, [(2, 2), (8, 8)])
    assert hint_misses(inputs, inputs.hint_ab, [(2, 2), (8, 8)]) == pytest.approx([0, 0], abs=0.02)
    grays = hint_misses(inputs, torch.zeros_like(inputs.hint_ab), [(2, 2)])
    assert 20 < grays[0] < 50
    wild = Inputs.of(lab[:, :1], inputs.hint_ab * 9, inputs.hint_mask)
    assert hint_misses(wild, wild.hint_ab, [(2, 2)]) == []


def test_guides_solve_what_lightness_separates_and_gray_does_not(folder: Path) -> None:
    pictures = squared_pictures(folder)
    methods: dict[str, Method] = {"gray": gray, "propagation": propagation, "Levin": levin}
    rows = [curve_rows(picture, index, methods, (0, 1, 20)) for index, picture in enumerate(pictures.values())]
    summary = curve_summary(curve_tables(rows))
    assert summary["gray"]["setback_share"] == 0
    for name in ("propagation", "Levin"):
        rows = summary[name]["hints"]
        assert rows["0"]["over_gray_db"][0] == pytest.approx(0)
        assert "hints_kept" not in rows["0"]
        assert rows["20"]["over_gray_db"][1] > 5
        assert rows["20"]["bleeding"][0] < 0.8 * summary["gray"]["hints"]["20"]["bleeding"][0]
    assert summary["Levin"]["hints"]["20"]["hints_kept"][0] == 1
    assert "over_levin_db" not in summary["Levin"]["hints"]["1"]


def test_a_setback_is_a_loss_at_any_step() -> None:
    falls = {0: [20.0, 20.0], 1: [19.6, 21.0], 5: [25.0, 20.8], 10: [26.0, 22.0]}
    assert setback_share({count: {"psnr_db": np.array(values)} for count, values in falls.items()}) == 0.5


def test_the_right_colours_reach_the_whole_area(folder: Path) -> None:
    pictures = squared_pictures(folder)
    true_ab = iter([lab_from_pixels(picture[None])[:, 1:] for picture in pictures.values()])
    methods: dict[str, Method] = {"gray": gray, "oracle": lambda inputs: next(true_ab)}
    prior = torch.full((313,), 1 / 313)
    rows = automatic_summary(automatic_tables([automatic_row(each, methods, prior) for each in pictures.values()]))
    assert rows["oracle"]["auc"][0] > 0.993
    assert rows["oracle"]["auc_rebalanced"][0] > 0.993
    assert rows["oracle"]["colourfulness_gap_share"] < 0.02
    assert rows["gray"]["auc"][0] < 0.95
    assert rows["gray"]["colourfulness_gap_share"] > 0.95


def test_one_tile_is_the_whole_and_many_with_a_wide_margin_agree(run: Path) -> None:
    read = Run(run)
    for layer in (read.net.tile.fine[-1], *read.net.tile.told.values()):
        assert isinstance(layer, nn.Conv2d)
        nn.init.normal_(layer.weight, std=0.1)
    light = torch.rand(1, 1, 128, 192, generator=torch.Generator().manual_seed(0)) * 100
    inputs = detailed_inputs(read, light)
    whole, _ = read.heads(inputs)
    assert torch.allclose(coloured_in_tiles(read, inputs, 192), whole, atol=1e-3)
    near, wide = ((coloured_in_tiles(read, inputs, 32, halo) - whole).abs().mean() for halo in (0, 64))
    assert float(wide) < float(near)


def test_a_smaller_view_keeps_light_and_hints_in_place() -> None:
    light = torch.arange(256.0).repeat(128, 1)[None, None] / 2.56
    hint, mask = torch.zeros(1, 2, 128, 256), torch.zeros(1, 1, 128, 256)
    hint[..., 32:38, 64:70] = 30
    mask[..., 32:38, 64:70] = 1
    view = smaller(Inputs.of(light, hint, mask), 0.625)
    assert view.lightness.shape == (1, 1, 64, 160)
    assert torch.allclose(view.lightness[0, 0, 0], (torch.arange(160.0) * 1.6 + 0.3) / 2.56, atol=0.5)
    told = view.hint_mask[0, 0].nonzero()
    assert {tuple(place) for place in told.tolist()} <= {(y, x) for y in range(15, 20) for x in range(39, 45)}
    assert len(told) >= 6
    assert float((view.hint_ab[view.hint_mask.expand_as(view.hint_ab) > 0] - 30).abs().max()) < 1e-3


def test_views_are_averaged_and_computed_once(run: Path) -> None:
    read = Run(run)
    inputs = Inputs.of(torch.full((1, 1, 64, 64), 50.0), torch.full((1, 2, 64, 64), 20.0), torch.ones(1, 1, 64, 64))
    views = Views(read)
    first = views(inputs)
    assert views(inputs) is first
    assert [view.lightness.shape[-1] for view, _, _ in first] == [32, 64]
    both = [nn.functional.interpolate(ab, (64, 64), mode="bilinear", align_corners=False) for _, ab, _ in first]
    assert torch.allclose(views.ab(inputs), (both[0] + both[1]) / 2)
    assert torch.allclose(Views(read, (1.0,)).ab(inputs), read.heads(inputs)[0])


def test_a_run_is_read_back_with_its_temperature(run: Path) -> None:
    read = Run(run)
    assert read.net.temperature == 0.5
    assert read.uses_spread
    assert not read.net.training


def test_the_command_compares_all_methods(
    folder: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "scores.json"
    words = [
        "evaluate",
        str(folder),
        "--ours",
        str(run),
        "--counts",
        "0",
        "5",
        "--most",
        "2",
        "--processes",
        "2",
        "--tiles",
        "1",
    ]
    monkeypatch.setattr(sys, "argv", [*words, "--out", str(out)])
    evaluate.main()
    report = json.loads(out.read_text())
    assert report["pictures"] == 2
    told = ["ours, told", "ours, vivid, told"]
    assert list(report["methods"]) == ["truth", "gray", "mean ab", "ours", "ours, vivid", *told]
    assert list(report["by_picture"]) == ["0.png", "1.png"]
    curve = report["curve"]
    assert list(curve) == ["gray", "mean ab", "propagation", "Levin", "net alone", "ours"]
    fresh = curve["ours"]["hints"]["5"]
    assert fresh["psnr_db"][0] > curve["gray"]["hints"]["5"]["psnr_db"][0] + 2
    assert report["tiles"]["pictures"] == 1
    assert report["tiles"]["p99_ab"] >= report["tiles"]["mean_ab"] >= 0
    assert curve["ours"]["hints"]["5"]["hints_kept"][0] == 1


def test_the_worst_are_chosen_by_rule_and_each_once() -> None:
    rows = {
        "a": (-3.0, -2.0, 20.0),
        "b": (-2.0, 1.0, 30.0),
        "c": (1.0, -1.0, -25.0),
        "d": (2.0, 2.0, 1.0),
    }
    keys = ("over_gray_db", "hints_10_over_levin_db", "vivid_colourfulness_difference")
    leads = {name: dict(zip(keys, values, strict=True)) for name, values in rows.items()}
    assert list(sheet.worst_by_rule(leads, 3)) == ["a", "c", "b"]
    assert sheet.worst_by_rule(leads, 3)["b"] == "vivid_colourfulness_difference +30.00"
    assert list(sheet.worst_by_rule(leads, 9)) == ["a", "c", "b", "d"]
    without_hints = {name: {"over_gray_db": lead["over_gray_db"]} for name, lead in leads.items()}
    assert list(sheet.worst_by_rule(without_hints, 2)) == ["a", "b"]


def test_a_sheet_shows_every_step_of_every_picture(
    folder: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, scores = tmp_path / "sheet.png", tmp_path / "scores.json"
    scores.write_text(json.dumps({"by_picture": {f"{index}.png": {"over_gray_db": -index} for index in range(3)}}))
    words = ["sheet", str(folder), str(path), "--ours", str(run), "--count", "3", "--threads", "1"]
    monkeypatch.setattr(sys, "argv", [*words, "--scores", str(scores), "--worst", "1"])
    sheet.main()
    pixels = np.asarray(Image.open(path))
    assert pixels.shape == (14 + 2 * 274, 2 * 5 * 260 + 16, 3)
    first = [pixels[14 : 14 + 256, 260 * column : 260 * column + 256] for column in range(5)]
    truth = squared_pictures(folder)
    assert np.array_equal(first[4], truth["0.png"])
    assert np.array_equal(pixels[14 + 274 :][:256, 4 * 260 : 4 * 260 + 256], truth["2.png"])
    assert int(np.ptp(first[0], axis=-1).max()) <= 1
    told, alone = (float(np.abs(tile.astype(int) - truth["0.png"]).mean()) for tile in (first[3], first[1]))
    assert told < alone
