"""Draws backgrounds through the product's Python API and measures them, a style at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from benchmarks.background.measures import (
    MOODS,
    Pixels,
    attributes,
    block_means,
    contrasts,
    cross_talk,
    edge_steps,
    lab,
    pair_distances,
    strays,
)
from benchmarks.figures import Figure, Values, figure, rank_correlation
from scumble import Background, Rgb
from scumble.effects.background.palettes import OURS
from scumble.media.arrays import array_from_image
from scumble.models.store import find_bundle

STEPS = 7
CONTRAST = 4.5
USED = 0.01
"""Share of the blocks that must lie nearest to a colour for it to count as used."""
_MOOD_PX = (384, 216)
_PALETTE_PX = (640, 360)
_SEAM_PX = (384, 256)
_DIVERSITY_PX, _DIVERSITY_BLOCKS = (320, 180), (32, 18)
_MOST_COLOURS = 6


def picture(style: str, size: tuple[int, int], **values: Any) -> Pixels:
    """Returns a background of width and height in pixels, 8-bit RGB."""
    look = Background(style=style, width=size[0], height=size[1], **values)
    return np.asarray(array_from_image(look()), np.uint8)


def sample_palette(index: int) -> tuple[Rgb, ...]:
    """Returns one of the product's own palettes for an even index, else one to six colours at random from all sRGB."""
    if index % 2 == 0:
        return OURS[index // 2 * 5 % len(OURS)]
    codes = np.random.default_rng(index).integers(0, 256, (1 + index // 2 % _MOST_COLOURS, 3))
    return tuple(Rgb(*map(int, row)) for row in codes)


class MoodScores(NamedTuple):
    """For each slider: its rank correlation with its attribute, its cross-talk, and that in the style's own units."""

    spearman: dict[str, Figure]
    cross_talk: dict[str, Figure]
    own_cross_talk: dict[str, Figure]


def mood_paths(style: str, seeds: Sequence[int]) -> dict[str, Values]:
    """Returns the attributes on each slider's way through its range, (seeds, steps, attributes), all else at rest."""
    middle = STEPS // 2
    rest = np.stack([attributes(picture(style, _MOOD_PX, seed=seed)) for seed in seeds])
    paths = {}
    for mood in MOODS:
        paths[mood] = np.repeat(rest[:, None], STEPS, axis=1)
        for step in set(range(STEPS)) - {middle}:
            place = step / (STEPS - 1)
            for row, seed in enumerate(seeds):
                paths[mood][row, step] = attributes(picture(style, _MOOD_PX, seed=seed, **{mood: place}))
    return paths


def mood_scores(paths: dict[str, dict[str, Values]]) -> dict[str, MoodScores]:
    """Returns the scores of each style from its `mood_paths`; the attributes' spread is that of all styles at rest."""
    at_rest = {style: moods["energy"][:, STEPS // 2] for style, moods in paths.items()}
    spread = np.concatenate(list(at_rest.values())).std(0)
    scores = {}
    for style, moods in paths.items():
        spearman, talk, own_talk = {}, {}, {}
        for own, mood in enumerate(MOODS):
            spearman[mood] = figure(np.array([rank_correlation(path[:, own]) for path in moods[mood]]))
            changes = moods[mood][:, -1] - moods[mood][:, 0]
            talk[mood] = _talk_figure(changes, own, spread)
            own_talk[mood] = _talk_figure(changes, own, at_rest[style].std(0))
        scores[style] = MoodScores(spearman, talk, own_talk)
    return scores


def _talk_figure(changes: Values, own: int, spread: Values) -> Figure:
    return figure(changes, lambda some: cross_talk(some, own, spread))


class PaletteScores(NamedTuple):
    """CIEDE2000 of blocks to mixtures and to single colours; the share of colours in use, and of the commonest."""

    mixtures: tuple[Figure, Figure]
    colours: tuple[Figure, Figure]
    used: Figure
    commonest: Figure
    by_place: list[float]
    """Mean share of the blocks that lie nearest to each colour of our palettes of five, in the palette's order."""


def palette_scores(style: str, count: int) -> PaletteScores:
    """Measures how a style keeps to `count` palettes, each with a seed of its own."""
    palettes = [sample_palette(index) for index in range(count)]
    found = [
        strays(picture(style, _PALETTE_PX, seed=seed, palette=palette), np.array(palette))
        for seed, palette in enumerate(palettes)
    ]
    return PaletteScores(
        _median_and_p95(np.stack([stray.from_mixtures for stray in found])),
        _median_and_p95(np.stack([stray.from_colours for stray in found])),
        figure(np.array([(stray.shares >= USED).mean() for stray in found])),
        figure(np.array([stray.shares.max() for stray in found])),
        np.mean([stray.shares for stray in found[::2]], axis=0).tolist(),
    )


def _median_and_p95(distances: Values) -> tuple[Figure, Figure]:
    return (
        figure(distances, lambda some: float(np.median(some))),
        figure(distances, lambda some: float(np.quantile(some, 0.95))),
    )


def cell_px(style: str) -> int:
    """Returns the side of a cell of the net that draws a style; 1 where none does."""
    bundles = Background(style=style).used_bundles()
    return int(find_bundle(bundles[0]).manifest.settings["cell_px"]) if bundles else 1


def seam_scores(style: str, count: int) -> tuple[Figure, Figure]:
    """Returns the step across the wrap edge over that inside, of seamless pictures and of plain ones (the control)."""

    def ratio(seamless: bool) -> Figure:
        steps = [
            edge_steps(picture(style, _SEAM_PX, seed=seed, seamless=seamless), cell_px(style)) for seed in range(count)
        ]
        return figure(np.array(steps), lambda some: float(some[:, 0].sum() / some[:, 1].sum()))

    return ratio(True), ratio(False)


class TextScores(NamedTuple):
    """Shares of a text area's pixels that have the contrast: in the mean, at worst, and without asking for it."""

    legible: Figure
    worst: float
    without: Figure


def text_scores(style: str, count: int) -> TextScores:
    """Measures random areas, palettes and moods, with white text and black by turns."""
    legible: list[float] = []
    without: list[float] = []
    for index in range(count):
        chance = np.random.default_rng(1000 + index)
        width, height = (
            int(share * side) for share, side in zip(chance.uniform(0.1, 0.7, 2), _PALETTE_PX, strict=True)
        )
        left, top = int(chance.integers(_PALETTE_PX[0] - width + 1)), int(chance.integers(_PALETTE_PX[1] - height + 1))
        text = (255, 255, 255) if index % 2 == 0 else (0, 0, 0)
        moods = dict(zip(MOODS, map(float, chance.uniform(0, 1, 3)), strict=True))
        values: dict[str, Any] = {"seed": index, "palette": sample_palette(index // 2), **moods}
        asked = picture(
            style,
            _PALETTE_PX,
            text_area=(left, top, width, height),
            text_color=Rgb(*text),
            contrast=CONTRAST,
            **values,
        )
        for pixels, shares in ((asked, legible), (picture(style, _PALETTE_PX, **values), without)):
            area = pixels[top : top + height, left : left + width]
            shares.append(float((contrasts(area, text) >= CONTRAST).mean()))
    return TextScores(figure(np.array(legible)), min(legible), figure(np.array(without)))


def _random_area(chance: np.random.Generator) -> tuple[int, int, int, int]:
    """Returns a rectangle of a tenth to seven tenths of each side, somewhere in the picture."""
    sizes = [int(share * side) for share, side in zip(chance.uniform(0.1, 0.7, 2), _PALETTE_PX, strict=True)]
    places = [int(chance.integers(side - size + 1)) for size, side in zip(sizes, _PALETTE_PX, strict=True)]
    return places[0], places[1], sizes[0], sizes[1]


def diversity_scores(styles: Sequence[str], count: int) -> dict[str, Figure]:
    """Returns for each style the distance of pictures of different seeds over that to pictures of the other styles.

    All have the same palette, so that the choice of colours makes none of it. Needs two styles and two seeds.
    """
    seen = {style: np.stack([_small_lab(style, seed) for seed in range(count)]) for style in styles}
    scores = {}
    for style in styles:
        within = pair_distances(seen[style], seen[style]).sum(1) / (count - 1)
        across = pair_distances(seen[style], np.concatenate([seen[other] for other in styles if other != style]))
        scores[style] = figure(
            np.stack((within, across.mean(1)), 1), lambda some: float(some[:, 0].mean() / some[:, 1].mean())
        )
    return scores


def _small_lab(style: str, seed: int) -> Values:
    return lab(block_means(picture(style, _DIVERSITY_PX, seed=seed, palette=OURS[0]), *_DIVERSITY_BLOCKS))
