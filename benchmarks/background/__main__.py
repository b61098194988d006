"""Measures every style of the shipped effect, by its Python API and command line, for docs/background-quality.md.

python -m benchmarks.background [--styles gradient paper] [--samples 4] [--page PAGE.md | --print]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from benchmarks.background import checks, page, processes
from scumble.effects.background.styles import STYLES

T = TypeVar("T")

PAGE = processes.ROOT / "docs" / "background-quality.md"


def arguments() -> argparse.Namespace:
    """Returns the command line's options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.background", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--styles", nargs="+", choices=STYLES, default=STYLES, help="those to measure (all)")
    parser.add_argument("--samples", type=int, default=12, help="seeds of each mood path; the rest in proportion (12)")
    parser.add_argument("--large", type=int, default=processes.LARGE_PX[0], help="side of the large picture (8192)")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to write (docs/background-quality.md)")
    parser.add_argument("--print", action="store_true", help="print the tables, write no page")
    options = parser.parse_args()
    if options.samples < 2:
        parser.error("an interval needs two samples or more")
    return options


def measured(styles: Sequence[str], samples: int, large: int) -> page.Scores:
    """Returns all scores."""

    def each(what: str, measure: Callable[[str], T]) -> dict[str, T]:
        found = {}
        for style in styles:
            print(f"{what}: {style}", file=sys.stderr)
            found[style] = measure(style)
        return found

    return page.Scores(
        moods=checks.mood_scores(each("mood", lambda style: checks.mood_paths(style, range(samples)))),
        palettes=each("palette", lambda style: checks.palette_scores(style, 2 * samples)),
        seams=each("seams", lambda style: checks.seam_scores(style, 16 * samples)),
        texts=each("text area", lambda style: checks.text_scores(style, 4 * samples)),
        bytes_=each("bytes", processes.byte_scores),
        thumbnails=each("thumbnail", lambda style: processes.thumbnail_scores(style, range(1 + samples // 12))),
        diversity=checks.diversity_scores(styles, 2 * samples) if len(styles) > 1 else {},
        small=each("1280 by 720", lambda style: processes.cost_scores(style, processes.SMALL_PX, min(5, samples))),
        large=each("large", lambda style: processes.cost_scores(style, (large, large), 1)),
        large_px=(large, large),
    )


def main() -> None:
    """Measures, and writes or prints the tables."""
    options = arguments()
    text = page.report(measured(options.styles, options.samples, options.large))
    if options.print:
        print(text)
    else:
        page.put(options.page, text)


if __name__ == "__main__":
    main()
