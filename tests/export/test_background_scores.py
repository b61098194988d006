"""The measures of backgrounds give known answers on made-up sets, and the page shows misses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from scumble_export.background.judging import colour_scores, memory_scores, variety_scores
from scumble_export.background.measures import (
    delta_e_2000,
    kernel_distance,
    kernel_interval,
    mood_attributes,
    nearest,
    variety,
)
from scumble_export.background.moods import find_directions, measure_sliders
from scumble_export.background.net import Generator
from scumble_export.background.page import BEGIN, END, bars_of, figures, main
from scumble_export.background.tiling import TileCheck


def test_delta_e_gives_the_values_of_sharma_wu_and_dalal() -> None:
    first = [[50, 2.6772, -79.7751], [50, 0, 0], [50, 2.49, -0.001], [60.2574, -34.0099, 36.2677], [50, 2.5, 0]]
    second = [[50, 0, -82.7485], [50, -1, 2], [50, -2.49, 0.0009], [60.4626, -34.1751, 39.4387], [58, 24, 15]]
    got = delta_e_2000(torch.tensor(first), torch.tensor(second))
    assert got.tolist() == pytest.approx([2.0425, 2.3669, 7.1792, 1.2644, 19.4535], abs=2e-4)


def test_kernel_distance_is_about_zero_for_one_source_and_not_for_two() -> None:
    torch.manual_seed(0)
    a, b, c = torch.randn(150, 8), torch.randn(150, 8), torch.randn(150, 8) + 1.0
    mean, low, high = kernel_interval(a, b)
    assert low <= mean <= high
    assert low < 0 < high
    assert kernel_interval(a, c)[1] > high
    assert kernel_distance(a, c) == pytest.approx(kernel_distance(c, a))


def test_variety_and_neighbours() -> None:
    torch.manual_seed(0)
    spread, huddled = torch.randn(40, 16), torch.ones(40, 16) + 0.01 * torch.randn(40, 16)
    assert variety(spread) > 10 * variety(huddled)
    distance, index = nearest(spread[3:5], spread)
    assert index.tolist() == [3, 4]
    assert float(distance.max()) < 1e-2
    scores = variety_scores(huddled, spread, 2)
    assert scores["ratio"][2] < 0.2


def test_copies_are_found_and_shown(tmp_path: Path) -> None:
    torch.manual_seed(0)
    taught, free = torch.randn(30, 16), torch.randn(30, 16)
    pictures = torch.rand(30, 3, 32, 32)
    seen = {"taught": taught, "other_taught": taught, "held_out": free, "ours": taught + 0.01 * torch.randn(30, 16)}
    copied = memory_scores(seen, pictures, pictures, tmp_path)
    assert copied["ratio"][2] < 0.5
    assert (tmp_path / "nearest.jpg").exists()
    fresh = memory_scores({**seen, "ours": torch.randn(30, 16)}, pictures, pictures, None)
    assert 0.8 < fresh["ratio"][0] < 1.2


def test_attributes_name_what_changes() -> None:
    rng = torch.Generator().manual_seed(0)
    calm = torch.zeros(1, 3, 64, 64)
    busy = 0.5 * torch.randn(1, 3, 64, 64, generator=rng)
    warm = calm + torch.tensor([0.4, 0.0, -0.4])[None, :, None, None]
    table = mood_attributes(torch.cat((calm, busy.clamp(-1, 1), calm + 0.5, warm)))
    assert table[1, 0] > table[0, 0] + 1
    assert table[2, 1] > table[0, 1] + 10
    assert table[3, 2] > table[0, 2] + 10


def test_a_direction_moves_its_attribute() -> None:
    torch.manual_seed(1)
    net = Generator((16, 8, 8), 2).eval().requires_grad_(False)
    for weight in net.coloured():
        torch.nn.init.normal_(weight)
    directions = find_directions(net, 160)
    scores = measure_sliders(net, directions, 8, detail_reach=0.0)
    assert scores.spearman["energy"][0] > 0.5
    backwards = {name: [-value for value in row] for name, row in directions.items()}
    assert measure_sliders(net, backwards, 8, detail_reach=0.0).spearman["energy"][0] < -0.5


def test_a_net_that_answers_the_layout_keeps_its_colours() -> None:
    net = Generator((8, 8), 2).eval()  # its levels add nothing yet
    scores = colour_scores(net, 4)
    assert scores["median"] < 4
    assert scores["cells"] == 4 * 36


def report() -> dict[str, Any]:
    kid = {"ours": [0.3, 0.2, 0.4], "upsampled layout": [1.0, 0.9, 1.1], "real against real": [0.0, -0.1, 0.1]}
    return {
        "pictures": 10,
        "size": 256,
        "trained": {"pictures": 100, "minutes": 3.0, "cell_px": 64},
        "kernel_distance": kid,
        "kernel_distance_by_style": {"sky": kid},
        "palette": {"median": 3.0, "p95": 20.0},
        "diversity": {"ratio": [0.8, 0.7, 0.9]},
        "memorisation": {"ratio": [1.0, 0.9, 1.1]},
        "moods": {
            "directions": {},
            "spearman": {"energy": [0.95, 0.9, 1.0]},
            "cross_talk": {"energy": 0.2},
            "spearman_of_the_vector_alone": {"energy": [0.6, 0.5, 0.7]},
        },
        "seams": {"sky": 1.0},
        "tiles": vars(TileCheck(0.0, 0, 0.5)),
        "sheets": ["sky.jpg"],
    }


def test_the_page_shows_figures_and_marks_what_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bars = {bar.name: bar for bar in bars_of(report())}
    assert [name for name, bar in bars.items() if not bar.met] == ["palette ΔE00, 95th percentile"]
    text = figures(report(), "background")
    assert "**20**" in text
    assert "0.300 [0.200, 0.400]" in text
    page, scores = tmp_path / "page.md", tmp_path / "scores.json"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    scores.write_text(json.dumps(report()), encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["page", str(scores), str(page)])
    main()
    written = page.read_text(encoding="utf-8")
    assert written.startswith("before")
    assert written.rstrip().endswith("after")
    assert "old" not in written
    assert "background-samples/sky.jpg" in written


def test_a_figure_that_is_no_number_meets_no_bar() -> None:
    broken = report()
    broken["palette"]["median"] = float(np.nan)
    assert not next(bar for bar in bars_of(broken) if bar.name == "palette ΔE00, median").met
