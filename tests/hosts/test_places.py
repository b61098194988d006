"""Which layer an effect starts from and where its result goes, by names; and what counts pixels, scaled."""

from __future__ import annotations

import pytest

from scumble.effects.colorize import Colorize
from scumble.hosts.adapter import result_place, scaled_params, source_place
from scumble.params import PointsParam, RegionParam
from scumble.schema import ClipSchema, EffectSchema

SCHEMA = Colorize.declaration()
HINTS = "Colorize: hints"


@pytest.mark.parametrize(
    ("names", "active", "source"),
    [
        (["Photo"], 0, 0),
        (["Photo", "Other"], 1, 1),
        (["Photo", HINTS], 1, 0),
        (["Photo", "Colorize", "Colorize (strength 0.5)", HINTS], 3, 0),
        (["Photo", "Colorize (strength 0.5)"], 1, 0),
        (["Colorize"], 0, 0),
        (["Photo", "Colorized by hand"], 1, 1),
        ([HINTS], 0, None),
        ([], -1, None),
    ],
)
def test_the_source_lies_below_hints_and_results(names: list[str], active: int, source: int | None) -> None:
    assert source_place(SCHEMA, names, active) == source


@pytest.mark.parametrize(
    ("names", "source", "place"),
    [
        (["Photo"], 0, 0),
        (["Photo", "Colorize", "Colorize (strength 0.5)", HINTS], 0, 2),
        (["Photo", HINTS, "Colorize"], 0, 0),
        (["Photo", "Other", "Colorize"], 0, 0),
    ],
)
def test_results_pile_up_on_their_source(names: list[str], source: int, place: int) -> None:
    assert result_place(SCHEMA, names, source) == place


def test_what_counts_pixels_is_scaled_and_nothing_else() -> None:
    params = (PointsParam(name="dots"), RegionParam(name="frame"), RegionParam(name="none"))
    schema = EffectSchema("x", "X", "filter", "", "1", (), params, (ClipSchema("source"),), ClipSchema("output"))
    given = {"dots": [[100, 51, "#ff0000"]], "frame": [10, 20, 1, 400], "none": None, "seed": 100}
    scaled = scaled_params(schema, given, 0.25)
    assert scaled == {"dots": [[25, 12, "#ff0000"]], "frame": [2, 5, 1, 100], "none": None, "seed": 100}
    assert given["frame"] == [10, 20, 1, 400]
