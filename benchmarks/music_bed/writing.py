"""The pieces that are judged as notes: by rule and, where its bundle is installed, with the trained composer."""

from __future__ import annotations

from pathlib import Path

from benchmarks.music_bed.playing import has_composer
from scumble.models.store import find_asset
from scumble_export.composer.corpus import Piece, load_pieces
from scumble_export.composer.playing import Bed, GraphNet, beds, net_maker

Made = dict[str, list[Bed]]
"""Pieces by how they were made."""
RULES, STRICT = "rules", "rules, strict"
SECONDS = 60.0


def pieces_by_rule(count: int) -> Made:
    """Returns `count` pieces of a minute, styles in turn, at random energy and valence; and as many with --strict."""
    return {
        RULES: list(beds(_no_net, None, count, 11, seconds=SECONDS)),
        STRICT: list(beds(_no_net, None, count, 12, seconds=SECONDS, strict=True)),
    }


def pieces_of_the_net(count: int) -> Made:
    """Returns the same of the trained composer, each way it can be asked for; nothing where it is not installed."""
    if not has_composer():
        return {}
    asset = find_asset("composer")
    maker = net_maker(bytes(asset.content()), int(asset.manifest.settings["context"]))
    return {
        "composer, melody": list(beds(maker, "melody", count, 13, seconds=SECONDS)),
        "composer, full": list(beds(maker, "full", count, 14, seconds=SECONDS)),
        "composer, full, strict": list(beds(maker, "full", count, 15, seconds=SECONDS, strict=True)),
    }


def written_pieces(data: Path) -> list[Piece]:
    """Returns the pieces that people wrote, taught and held out, of what scumble_export.composer.corpus wrote."""
    return [piece for piece in load_pieces(data) if piece.corpus != "engine"]


def _no_net() -> GraphNet:
    raise AssertionError("the rules ask no net")
