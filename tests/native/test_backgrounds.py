"""Native backgrounds: any tile is part of the whole, edges fit where they shall, noise is what the table says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scumble import _native
from scumble.errors import JobCancelled, MediaError, ParamError

Pixels = NDArray[np.uint8]
STYLES = _native.background_styles()
PALETTE = np.array([[12, 20, 36], [91, 63, 168], [255, 155, 208]], np.float32) / np.float32(255)
VECTORS = (
    # seed, stream, y, x, channel, the hash, bits of the float32 normal: tests/export holds torch to the same table
    (0, 0, 0, 0, 0, 0x2130748AAAC80268, 3215179544),
    (1, 0, 0, 0, 0, 0xE28195DDD9EE4956, 1065798122),
    (42, 1, -3, 5, 2, 0x0D530BFA39DE0E7A, 3224595189),
    (2**64 - 1, 16, -(2**40), 2**40, 31, 0xBB9AA159EB131395, 1058975177),
)


def drawn(style: str, width: int, height: int, tile: tuple[int, int, int, int] | None = None, **how: Any) -> Pixels:
    x, y, columns, rows = tile or (0, 0, width, height)
    out = np.zeros((rows, columns, 3), np.uint8)
    _native.draw_background(out, style, size=(width, height), origin=(x, y), palette=PALETTE, **how)
    return out


def reference_hash(*values: int) -> int:
    """The definition in plain Python numbers."""
    mask = (1 << 64) - 1

    def step(z: int) -> int:
        z = (z + 0x9E3779B97F4A7C15) & mask
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    state = values[0]
    for value in values[1:]:
        state = step(state ^ (value & mask))
    return state


@pytest.mark.parametrize(("seed", "stream", "y", "x", "channel", "word", "bits"), VECTORS)
def test_noise_is_that_of_the_table(seed: int, stream: int, y: int, x: int, channel: int, word: int, bits: int) -> None:
    assert reference_hash(seed, stream, y, x, channel) == word
    normal = _native.grid_noise(seed, stream, (x, y, 1, 1), channels=channel + 1)
    assert int(normal[channel].view(np.uint32)[0, 0]) == bits
    uniform = _native.grid_noise(seed, stream, (x, y, 1, 1), channels=channel + 1, kind="uniform")
    assert uniform[channel, 0, 0] == np.float32(((word >> 40) + 0.5) / 2**24)


@given(st.integers(0, 2**31 - 1), st.integers(0, 10**6), st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
@settings(max_examples=30, deadline=None)
def test_noise_is_that_of_the_definition(seed: int, stream: int, y: int, x: int) -> None:
    found = _native.grid_noise(seed, stream, (x, y, 2, 2), channels=2, kind="uniform")
    other = _native.grid_noise(seed, stream, (x, y, 2, 2), channels=2, kind="normal")
    for channel, row, column in np.ndindex(2, 2, 2):
        bits = reference_hash(seed, stream, y + row, x + column, channel)
        assert found[channel, row, column] == np.float32(((bits >> 40) + 0.5) / 2**24)
        fields = sum((bits >> shift) & 0xFFFF for shift in (0, 16, 32, 48))
        want = (np.float32(fields + 2) / np.float32(65536) - np.float32(2)) * np.float32(np.sqrt(3))
        assert other[channel, row, column] == want


def test_noise_repeats_after_its_period_and_refuses_nonsense() -> None:
    found = _native.grid_noise(3, 1, (-7, -5, 30, 20), period=(10, 8))
    assert np.array_equal(found[:, :, :10], found[:, :, 10:20])
    assert np.array_equal(found[:, :8], found[:, 8:16])
    for wrong in ({"period": (0, 5)}, {"kind": "pink"}, {"channels": 2**40}):
        with pytest.raises(ParamError):
            _native.grid_noise(3, 1, (0, 0, 4, 4), **wrong)


@pytest.mark.parametrize("seamless", [False, True])
@pytest.mark.parametrize("style", STYLES)
def test_every_tile_is_part_of_the_whole_bit_for_bit(style: str, seamless: bool) -> None:
    width, height = 389, 227
    whole = drawn(style, width, height, seed=5, energy=0.8, seamless=seamless)
    for tile in ((0, 0, 389, 1), (388, 226, 1, 1), (101, 53, 97, 31), (7, 199, 300, 28)):
        x, y, columns, rows = tile
        part = drawn(style, width, height, tile, seed=5, energy=0.8, seamless=seamless, workers=2)
        assert np.array_equal(part, whole[y : y + rows, x : x + columns])
    # The negative control: one pixel beside its place, a tile is another picture.
    aside = drawn(style, width, height, (102, 53, 97, 31), seed=5, energy=0.8, seamless=seamless)
    assert (aside != whole[53:84, 101:198]).mean() > 0.05


def steps(difference: NDArray[np.float64]) -> float:
    return float(np.abs(difference).mean())


def steps_at_the_wrap(picture: Pixels) -> tuple[float, float]:
    """Mean steps from the last to the first row and column, and of the three rows and columns on either side."""
    at, beside = 0.0, 0.0
    for axis in (0, 1):
        edge = np.concatenate((picture.take(range(-4, 0), axis), picture.take(range(4), axis)), axis).astype(np.float64)
        size = np.abs(np.diff(edge, axis=axis)).mean(tuple({0, 1, 2} - {axis}))
        at, beside = at + float(size[3]), beside + float(np.delete(size, 3).mean())
    return at, beside


@pytest.mark.parametrize("style", STYLES)
def test_across_the_wrap_a_seamless_picture_is_as_smooth_as_inside(style: str) -> None:
    ratios = []
    for seamless in (True, False):
        found = [steps_at_the_wrap(drawn(style, 160, 90, seed=seed, seamless=seamless)) for seed in range(48)]
        at, beside = np.sum(found, axis=0)
        ratios.append(at / beside)
    assert 0.9 <= ratios[0] <= 1.1, ratios
    assert ratios[1] > 2, ratios


def test_the_strongest_border_of_seamless_waves_lies_anywhere_and_not_at_the_tiles_edge() -> None:
    near, count = 0, 64
    for seed in range(count):
        picture = drawn("waves", 96, 64, seed=seed, seamless=True).astype(np.float64)
        strongest = int(np.abs(picture - np.roll(picture, 1, axis=0)).mean((1, 2)).argmax())
        near += min(strongest, 64 - strongest) <= 6
    assert near / count < 0.4  # a fifth of the rows are as near as that


@pytest.mark.parametrize("style", STYLES)
def test_between_two_seeds_the_ends_are_the_seeds_own(style: str) -> None:
    ends = [drawn(style, 96, 64, seed=seed) for seed in (1, 2)]
    assert np.array_equal(drawn(style, 96, 64, seed=1, blend=(2, 0.0)), ends[0])
    assert np.array_equal(drawn(style, 96, 64, seed=1, blend=(2, 1.0)), ends[1])
    middle = drawn(style, 96, 64, seed=1, blend=(2, 0.5))
    assert not any(np.array_equal(middle, end) for end in ends)
    near = drawn(style, 96, 64, seed=1, blend=(2, 0.01)).astype(int)
    assert np.abs(near - ends[0]).mean() < 0.35 * np.abs(ends[1].astype(int) - ends[0]).mean()


def test_no_bands_show_in_eight_bits() -> None:
    dark = np.array([[20, 20, 24], [28, 28, 34]], np.float32) / np.float32(255)
    out = np.zeros((200, 400, 3), np.uint8)
    _native.draw_background(out, "gradient", size=(400, 200), palette=dark, seed=3, energy=0.1)
    plane = out[..., 1].astype(np.float64)
    # Where codes only stepped, a mean over 8x8 pixels would be a whole number nearly everywhere.
    means = plane.reshape(25, 8, 50, 8).mean((1, 3))
    fractions = np.abs(means - np.rint(means))
    assert fractions.mean() > 0.15
    undithered = np.rint(means)
    assert np.abs(undithered - np.rint(undithered)).mean() < 0.15


@pytest.mark.parametrize(
    "how",
    [
        {"style": "oil"},
        {"size": (0, 64)},
        {"size": (64, 16385)},
        {"origin": (60, 0)},
        {"origin": (2**62, 0)},
        {"palette": np.zeros((0, 3), np.float32)},
        {"palette": np.zeros((7, 3), np.float32)},
        {"palette": np.full((1, 3), np.nan, np.float32)},
        {"palette": np.zeros((2, 4), np.float32)},
        {"energy": 1.5},
        {"blend": (3, float("nan"))},
    ],
)
def test_what_cannot_be_drawn_is_refused(how: dict[str, Any]) -> None:
    given: dict[str, Any] = {"style": "waves", "size": (64, 64), "palette": PALETTE, **how}
    with pytest.raises(ParamError) as caught:
        _native.draw_background(np.zeros((64, 64, 3), np.uint8), given.pop("style"), **given)
    assert caught.value.hint


def test_extreme_shapes_are_drawn() -> None:
    for style in STYLES:
        for width, height in ((1, 1), (1, 3000), (3000, 1), (64, 16384), (16384, 64)):
            tile = (0, 0, min(width, 200), min(height, 200))
            assert drawn(style, width, height, tile, seed=1, seamless=True).any()


def test_a_listener_that_raises_stops_the_drawing() -> None:
    def stop(_: float) -> None:
        raise JobCancelled("enough")

    with pytest.raises(JobCancelled):
        drawn("paper", 4000, 4000, seed=1, progress=stop)


def test_softening_keeps_means_and_refuses_nonsense() -> None:
    picture = drawn("low-poly", 320, 200, seed=4)
    soft = picture.copy()
    _native.soften(soft, 9.0)
    assert np.abs(soft.astype(float).mean((0, 1)) - picture.mean((0, 1))).max() < 1.0
    assert steps(np.diff(soft.astype(float), axis=1)) < 0.7 * steps(np.diff(picture.astype(float), axis=1))
    for wrong in ({"sigma": 0.1}, {"sigma": float("nan")}, {"sigma": 5.0, "mask": np.zeros((3, 3), np.uint8)}):
        with pytest.raises((ParamError, MediaError)):
            _native.soften(soft, **wrong)
