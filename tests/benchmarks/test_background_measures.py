"""The measures of backgrounds give known answers on pictures made for it, and the page keeps what others wrote."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks.background import page
from benchmarks.background.measures import (
    attributes,
    block_means,
    colour_distance,
    contrasts,
    cross_talk,
    edge_steps,
    lab,
    pair_distances,
    strays,
)
from benchmarks.figures import figure, rank_correlation
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
BLUE, SAND = (20, 40, 160), (240, 200, 120)


def plain(*color: int, height: int = 72, width: int = 128) -> NDArray[np.uint8]:
    return np.full((height, width, 3), color, np.uint8)


def stripes(period: int, width: int = 512) -> NDArray[np.uint8]:
    columns = np.where(np.arange(width) % period < period // 2, 255, 0).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(columns[None, :, None], (288, width, 3)))


def test_an_interval_holds_the_mean_and_narrows_with_more_samples() -> None:
    chance = np.random.default_rng(3)
    few, many = (figure(chance.normal(5, 1, count)) for count in (10, 1000))
    assert few.low < few.value < few.high
    assert many.low < 5 < many.high
    assert many.high - many.low == pytest.approx(2 * 1.96 / 1000**0.5, rel=0.15)
    assert (few.samples, many.samples) == (10, 1000)
    assert figure(np.full(7, 2.5))[:3] == (2.5, 2.5, 2.5)


def test_energy_counts_steps_brightness_is_l_and_warmth_runs_from_blue_to_orange() -> None:
    # At 128 columns each is 4 pixels wide: one step of 100 every two columns, none from row to row.
    energy, brightness, _ = attributes(stripes(16))
    assert energy == pytest.approx(np.log(100 * 63 / 127), abs=1e-3)
    assert brightness == pytest.approx(50, abs=0.01)
    gray = attributes(plain(119, 119, 119))
    assert gray[0] == pytest.approx(np.log(1e-3))
    assert gray[1:] == pytest.approx([50, 0], abs=0.1)
    assert attributes(plain(*SAND))[2] > 20
    assert attributes(plain(*BLUE))[2] < -10


def test_rank_correlation_is_spearmans_with_ties_shared() -> None:
    assert rank_correlation(np.array([1.0, 2.0, 4.0, 8.0])) == pytest.approx(1)
    assert rank_correlation(np.array([3.0, 2.0, 1.0])) == pytest.approx(-1)
    assert rank_correlation(np.array([1.0, 3.0, 2.0, 4.0])) == pytest.approx(0.8)
    assert rank_correlation(np.array([1.0, 1.0, 2.0])) == pytest.approx(3**0.5 / 2)
    assert rank_correlation(np.ones(5)) == 0


def test_cross_talk_is_the_strongest_other_change_over_the_own_one() -> None:
    changes = np.array([[2.0, 0.5, -0.2], [4.0, -0.5, 0.2]])
    assert cross_talk(changes, 0, np.ones(3)) == pytest.approx(0.5 / 3)
    assert cross_talk(changes, 0, np.array([1.0, 1.0, 0.1])) == pytest.approx(2 / 3)


def test_a_mixture_lies_on_the_palette_and_a_stray_colour_beside_it() -> None:
    palette, size = np.array([BLUE, SAND]), {"height": 36, "width": 64}
    own = strays(plain(*BLUE, **size), palette)
    assert own.from_mixtures.max() == pytest.approx(0, abs=1e-6)
    assert own.shares.tolist() == [1, 0]
    from skimage.color import lab2rgb

    ends = lab(palette)
    for share in (0.3, 0.47):  # neither is one of the places looked at first
        middle = np.rint(255 * lab2rgb((ends[0] + share * (ends[1] - ends[0]))[None])[0]).astype(int)
        between = strays(plain(*middle, **size), palette)
        assert between.from_mixtures.max() < 1.0
        assert between.from_colours.min() > 15
    green = strays(plain(0, 200, 0, **size), palette)
    assert green.from_mixtures.min() > 20


def test_colour_distance_is_ciede2000() -> None:
    # Sharma, Wu and Dalal 2005, table 1, pairs 1 and 17.
    first = np.array([[50.0, 2.6772, -79.7751], [50.0, 2.5, 0.0]])
    second = np.array([[50.0, 0.0, -82.7485], [73.0, 25.0, -18.0]])
    assert colour_distance(first, second) == pytest.approx([2.0425, 27.1492], abs=1e-4)


def test_a_periodic_picture_has_no_edge_and_a_ramp_has_one() -> None:
    across, inside = edge_steps(stripes(2, width=64), 1)
    assert across / inside == pytest.approx(1)
    ramp = np.zeros((16, 64, 3), np.uint8) + np.arange(64, dtype=np.uint8)[None, :, None]
    assert edge_steps(ramp, 1) == pytest.approx((63, 1))
    # Steps of a net that show at the borders of its cells only are those that the edge is compared with.
    cells = np.repeat(np.array([0, 10, 20, 10], np.uint8), 8)[None, :, None] + np.zeros((32, 1, 3), np.uint8)
    assert edge_steps(cells, 8) == pytest.approx((10, 10))


def test_contrast_is_that_of_wcag() -> None:
    assert contrasts(plain(0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrasts(plain(255, 255, 255), (255, 255, 255)) == pytest.approx(1)
    # The lightest gray on white that is said to pass 4.5, and the next one that does not.
    assert contrasts(plain(118, 118, 118), (255, 255, 255)).min() == pytest.approx(4.54, abs=0.005)
    assert contrasts(plain(119, 119, 119), (255, 255, 255)).max() < 4.5


def test_distances_of_pictures_and_blocks() -> None:
    one, other = np.zeros((2, 2, 3)), np.full((2, 2, 3), 2.0)
    found = pair_distances(np.stack([one, other]), np.stack([one, other, other]))
    assert found == pytest.approx(np.array([[0, 1, 1], [1, 0, 0]]) * 12**0.5)
    assert block_means(np.arange(16.0).reshape(4, 4), 2, 2).tolist() == [[2.5, 4.5], [10.5, 12.5]]
    with pytest.raises(ValueError, match="equal blocks"):
        block_means(np.zeros((5, 4)), 2, 2)


def test_the_page_keeps_all_but_what_stands_between_its_own_marks(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    around = f"# Title\n\n{page.BEGIN}\nold\n{page.END}\n\n<!-- figures: another's -->\nkept\n"
    path.write_text(around)
    page.put(path, "new")
    assert path.read_text() == around.replace("old", "new")
    path.write_text("no marks")
    with pytest.raises(ValueError, match="once each"):
        page.put(path, "new")
    assert path.read_text() == "no marks"


def test_the_pages_two_pairs_of_marks_are_there_once() -> None:
    from scumble_export.background.page import BEGIN, END

    text = (ROOT / "docs" / "background-quality.md").read_text(encoding="utf-8")
    places = [text.index(mark) for mark in (page.BEGIN, page.END, BEGIN, END)]
    assert places == sorted(places)
    assert [text.count(mark) for mark in (page.BEGIN, page.END, BEGIN, END)] == [1] * 4


def test_the_command_measures_a_style_and_prints_its_tables() -> None:
    words = ("-m", "benchmarks.background", "--samples", "2", "--styles", "gradient", "--large", "256", "--print")
    printed = subprocess.run(
        (sys.executable, *words), cwd=ROOT, check=True, capture_output=True, text=True, timeout=300
    )
    rows = [line for line in printed.stdout.splitlines() if line.startswith("| gradient |")]
    assert len(rows) == 7  # two of moods, one each of colours, seams, text, bytes and cost
    assert "| 4 of 4 | 4 | 2 of 2 |" in rows[5]
