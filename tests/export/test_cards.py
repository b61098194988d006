"""Cards of bundles that were taken over: written by their builders, full, and true to the manifest beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scumble.models.store import find_asset
from scumble_export.assets import Source
from scumble_export.cards import card_from_template
from scumble_export.instruments import build as instruments
from scumble_export.instruments.vorbis import stream_from_wave

SOURCE = Source("package", "1", "0" * 64, "MIT", "somebody")


@pytest.mark.parametrize("name", ["instruments", "speech"])
def test_the_shipped_card_says_what_the_manifest_says(name: str) -> None:
    asset = find_asset(name)
    manifest, card = asset.manifest, (asset.folder / "CARD.md").read_text("utf-8")
    assert "$" not in card
    assert manifest.scores
    numbers = [f"{value:g}" for value in (*manifest.scores.values(), *manifest.settings.values())]
    for fact in (manifest.version, manifest.summary, f"{len(asset.content()):,} bytes", *numbers):
        assert fact in card
    for source in manifest.licence.sources:
        assert f"| {source.name} {source.version} | {source.licence} | {source.authors} | `{source.sha256}` |" in card
    for heading in ("## Licence and source", "## Limits"):
        assert heading in card


def test_a_card_with_a_gap_is_refused(tmp_path: Path) -> None:
    template = tmp_path / "CARD.md"
    template.write_text("$name: $scores_recall of $settings_window, $bytes bytes, $more\n$sources\n")
    facts = {"name": "x", "settings": {"window": 512}, "scores": {"recall": 0.5}}
    assert card_from_template(template, facts, [SOURCE], bytes(1000), more="y") == (
        f"x: 0.5 of 512, 1,000 bytes, y\n| package 1 | MIT | somebody | `{'0' * 64}` |\n"
    )
    with pytest.raises(KeyError, match="scores_recall"):
        card_from_template(template, facts | {"scores": {}}, [SOURCE], b"", more="y")


def test_the_coding_noise_is_measured() -> None:
    wave = (3000 * np.random.default_rng(0).standard_normal(20_000)).astype(np.int16)
    poor, good = (instruments.snr_db(wave, stream_from_wave(wave, 44_100, quality)) for quality in (0.0, 0.9))
    assert 0 < poor < good - 5
