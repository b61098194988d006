"""Regions: the laws of rectangles, on random ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble.errors import ParamError
from scumble.media.region import Region, region_from_text

numbers, sizes = st.integers(-50, 50), st.integers(0, 40)
regions = st.builds(Region, numbers, numbers, sizes, sizes)


def pixels_of(region: Region) -> set[tuple[int, int]]:
    return {(x, y) for y in range(region.y, region.bottom) for x in range(region.x, region.right)}


@given(regions, regions)
def test_an_intersection_holds_exactly_the_common_pixels(a: Region, b: Region) -> None:
    assert pixels_of(a.intersection(b)) == pixels_of(a) & pixels_of(b)
    assert pixels_of(a.intersection(b)) == pixels_of(b.intersection(a))


@given(regions, regions)
def test_containing_is_having_every_pixel(a: Region, b: Region) -> None:
    assert a.contains(b) == (pixels_of(b) <= pixels_of(a))
    assert a.contains(a.intersection(b))


@given(regions, numbers, numbers)
def test_moving_there_and_back_changes_nothing(a: Region, dx: int, dy: int) -> None:
    moved = a.translated(dx, dy)
    assert moved.translated(-dx, -dy) == a
    assert moved.area == a.area == len(pixels_of(a))


@given(regions)
def test_an_empty_region_has_no_pixels(a: Region) -> None:
    assert a.is_empty == (not pixels_of(a))


@given(regions)
def test_text_reads_back(a: Region) -> None:
    assert region_from_text(",".join(map(str, a))) == a


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1.5,0,1,1", "0,0,-1,5", "0,0,5,-1"])
def test_text_that_is_no_region_says_what_to_write(text: str) -> None:
    with pytest.raises(ParamError) as caught:
        region_from_text(text)
    assert caught.value.code == "param.region"
    assert caught.value.hint
