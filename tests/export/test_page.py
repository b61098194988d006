"""The page of figures: bars are read from the right bound, the words around the figures stay."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from scumble_export.colorize import page
from scumble_export.colorize.bars import bars_of


def report() -> dict[str, Any]:
    def hints(lead: float) -> dict[str, Any]:
        row = {"psnr_db": [22 + lead, 21 + lead, 23 + lead], "over_gray_db": [lead, lead - 0.4, lead + 0.4]}
        ours = {
            "over_levin_db": [0.7, 0.55, 0.9],
            "over_propagation_db": [1.0, 0.8, 1.2],
            "hints_kept": [1.0, 1.0, 1.0],
        }
        return {"0": row, "1": row | (ours if lead else {})}

    row = {
        "psnr_db": [24.0, 23.0, 25.0],
        "over_gray_db": [1.8, 1.4, 2.2],
        "auc": [0.9, 0.88, 0.92],
        "auc_rebalanced": [0.7, 0.6, 0.8],
        "colourfulness": [30.0, 28.0, 32.0],
        "colourfulness_gap_share": 0.2,
    }
    return {
        "pictures": 9,
        "size": 256,
        "temperature": 0.5,
        "methods": {"truth": {"colourfulness": [37.0, 35.0, 39.0]}, "gray": row, "ours": row, "ours, vivid": row},
        "curve": {
            "gray": {"hints": hints(0), "setback_share": 0.0},
            "ours": {"hints": hints(2.7), "setback_share": 0.02},
        },
        "by_picture": {"a.jpg": {"over_gray_db": -1.0}, "b.jpg": {"over_gray_db": 1.0}},
        "preview_ms": 120.0,
        "bundle_mib": 26.0,
        "tiles": {"pictures": 2, "mean_ab": 0.05, "p99_ab": 1.5},
    }


def test_bars_take_the_lower_bound_and_know_their_direction() -> None:
    bars = {bar.name: bar for bar in bars_of(report())}
    assert bars["regression over gray, dB"].margin == pytest.approx(-0.1)
    assert bars["vivid: colourfulness gap"].margin == pytest.approx(-0.05)
    assert bars["1 hints over gray, dB"].margin == pytest.approx(2.3 - 2.5)
    assert bars["1 hints over Levin, dB"].margin == pytest.approx(0.05)
    assert bars["tiles against whole: mean Δab"].margin == pytest.approx(0.05)
    assert bars["tiles against whole: 99th percentile"].margin == pytest.approx(-0.5)
    assert "10 hints over gray, dB" not in bars
    assert bars["hint edit to preview at 512², ms"].margin == pytest.approx(30)
    assert bars["bundle, MiB"].margin == pytest.approx(-1)


def test_figures_are_replaced_and_the_words_around_them_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scores, words = tmp_path / "scores.json", tmp_path / "quality.md"
    scores.write_text(json.dumps(report()))
    words.write_text(f"# Quality\n\n{page.BEGIN}\nyesterday\n{page.END}\n\nLooked at.\n")
    log = tmp_path / "log.jsonl"
    log.write_text('{"pictures": 1000, "net_0": 1.0}\n{"pictures": 4000, "net_0": 1.8}\n')
    monkeypatch.setattr(sys, "argv", ["page", str(scores), str(words), "--log", str(log)])
    for _ in range(2):
        page.main()
    text = words.read_text()
    assert text.startswith("# Quality")
    assert text.endswith("Looked at.\n")
    assert "yesterday" not in text
    assert text.count(page.BEGIN) == 1
    assert "| ours | 24.00 [23.00, 25.00] | 1.80 [1.40, 2.20] | 90.0 [88.0, 92.0] |" in text
    assert "**-0.100**" in text
    assert "| a.jpg | regression loses most to leaving it gray, dB | -1.00 |" in text
    learning = ElementTree.parse(tmp_path / "quality-learning.svg").getroot()  # noqa: S314 - written just now
    (learnt,) = (element for element in learning if element.tag.endswith("polyline"))
    first, last = (tuple(map(float, point.split(","))) for point in learnt.attrib["points"].split())
    assert first[0] - 56 == pytest.approx((last[0] - 56) / 4, abs=0.2)
    assert first[1] > last[1]
    drawing = ElementTree.parse(tmp_path / "quality-hints.svg").getroot()  # noqa: S314 - written just now
    lines = [element for element in drawing if element.tag.endswith("polyline")]
    assert len(lines) == 2
    assert all(len(line.attrib["points"].split()) == 2 for line in lines)
