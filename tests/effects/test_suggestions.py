"""Suggested colours: likely, different, possible at the pixel's lightness, and led by the user's hints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scumble import Colorize, HintPoint, Image, Rgb, read_image
from scumble.effect import MOST_SUGGESTIONS, Suggestion
from scumble.effects.colorize.palette import suggestions
from scumble.engine import Engine
from scumble.errors import ParamError
from scumble.media.arrays import array_from_image, image_from_array

PHOTOS = Path(__file__).parents[2] / "examples" / "photos"
CENTRES = np.array([(a, b) for a in range(-60, 61, 10) for b in range(-60, 61, 10)], np.float32)


@pytest.fixture(scope="module")
def photo() -> Image:
    return read_image(PHOTOS / "astronaut.jpg")


def lab(found: tuple[Suggestion, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    rgb = (np.array([suggestion.color for suggestion in found]) / 255).astype(np.float32)
    return Engine.default().lab_from_rgb(rgb)


def logits_of(shares: dict[tuple[int, int], float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    logits = np.full(len(CENTRES), -20.0, np.float32)
    for place, share in shares.items():
        logits[np.abs(CENTRES - np.array(place)).sum(1) == 0] = np.log(share)
    return logits


@pytest.mark.parametrize("place", [(256, 170), (10, 10), (511, 511)])
def test_they_have_the_pixels_lightness_and_differ(photo: Image, place: tuple[int, int]) -> None:
    found = Colorize().suggestions(photo, *place)
    own = float(Engine.default().lightness(photo)[place[1], place[0]])
    assert 1 + (0.01 < own < 99.99) <= len(found) <= MOST_SUGGESTIONS
    assert np.abs(lab(found)[:, 0] - own).max() < 1.0
    assert len({suggestion.color for suggestion in found}) == len(found)
    weights = [suggestion.weight for suggestion in found]
    assert weights == sorted(weights, reverse=True)
    assert 0.5 < sum(weights) <= 1.0001


def test_a_hint_is_the_first_suggestion_where_it_was_given(photo: Image) -> None:
    hint = HintPoint(100, 400, Rgb(60, 110, 200))
    free = lab(Colorize().suggestions(photo, 100, 400))[0]
    led = lab(Colorize(hint=(hint,)).suggestions(photo, 100, 400))[0]
    wanted = lab((Suggestion(hint.color, 1.0),))[0]
    assert np.hypot(*(led - wanted)[1:]) < np.hypot(*(free - wanted)[1:])


def test_two_peaks_are_two_colours_with_their_shares() -> None:
    found = suggestions(logits_of({(40, 30): 0.7, (-30, -40): 0.3}), CENTRES, 60.0, Engine.default())
    assert [round(suggestion.weight, 3) for suggestion in found] == [0.7, 0.3]
    assert np.abs(lab(found)[:, 1:] - [(40, 30), (-22, -29)]).max() < 12  # the second is out of the gamut
    assert np.sign(lab(found)[1, 1:]).tolist() == [-1, -1]


def test_black_has_one_colour() -> None:
    flat = np.zeros(len(CENTRES), np.float32)
    assert [s.color for s in suggestions(flat, CENTRES, 0.0, Engine.default())] == [Rgb(0, 0, 0)]


def test_the_same_input_gives_the_same(photo: Image) -> None:
    assert Colorize().suggestions(photo, 30, 40) == Colorize().suggestions(photo, 30, 40)


@pytest.mark.parametrize("count", [1, 3, MOST_SUGGESTIONS])
def test_there_are_at_most_as_many_as_wanted(photo: Image, count: int) -> None:
    assert 1 <= len(Colorize().suggestions(photo, 90, 300, count=count)) <= count


def test_one_colour_stands_for_all(photo: Image) -> None:
    (only,) = Colorize().suggestions(photo, 90, 300, count=1)  # K is the number asked for: not the first of nine
    assert only.weight == pytest.approx(1)


@pytest.mark.parametrize("count", [0, -1, MOST_SUGGESTIONS + 1])
def test_a_count_out_of_range_is_refused(photo: Image, count: int) -> None:
    with pytest.raises(ParamError) as raised:
        Colorize().suggestions(photo, 90, 300, count=count)
    assert raised.value.code == "param.range"


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (700, 2)])
def test_odd_sizes(size: tuple[int, int]) -> None:
    image = image_from_array(np.full((size[1], size[0]), 130, np.uint8))
    assert Colorize().suggestions(image, size[0] - 1, size[1] - 1)


@pytest.mark.parametrize("place", [(-1, 0), (0, 512), (512, 0)])
def test_a_pixel_outside_is_refused(photo: Image, place: tuple[int, int]) -> None:
    with pytest.raises(ParamError, match="outside"):
        Colorize().suggestions(photo, *place)


def test_the_source_stays_as_it_is(photo: Image) -> None:
    before = array_from_image(photo).copy()
    Colorize().suggestions(photo, 5, 5)
    assert np.array_equal(array_from_image(photo), before)
