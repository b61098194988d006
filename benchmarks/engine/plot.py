"""The picture of a bench run: how many times Scumble's time and memory each way takes."""

from __future__ import annotations

import statistics
from pathlib import Path

import matplotlib

from benchmarks.engine.report import Job, Samples, has_failed, ratios
from benchmarks.engine.ways import KINDS, OURS, WAYS

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

_FIELDS = (("seconds", "time"), ("mib", "memory"))
_COLOURS = {True: "#c8553d", False: "#588b8b"}
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


def draw(samples: Samples, sizes: dict[str, float], path: Path) -> None:
    """Saves a row for each kind of job at its size, in megapixels: the median ratio of the turns and their range.

    Bars begin at Scumble's own figure: to the right of it a way needs more, to the left less.
    """
    kinds = [kind for kind in KINDS if _bars(samples, kind, sizes[kind], "seconds")]
    heights = [1.5 + len(_bars(samples, kind, sizes[kind], "seconds")) for kind in kinds]
    figure, rows = pyplot.subplots(
        len(kinds), 2, figsize=(12, 0.42 * sum(heights)), squeeze=False, height_ratios=heights, sharey="row"
    )
    for kind, row in zip(kinds, rows, strict=True):
        for (field, title), axes in zip(_FIELDS, row, strict=True):
            bars = _bars(samples, kind, sizes[kind], field)
            for place, (label, found) in enumerate(bars):
                middle = statistics.median(found)
                axes.barh(place, middle - 1, left=1, height=0.6, color=_COLOURS[label == WAYS[OURS[kind]].title])
                axes.plot([min(found), max(found)], [place, place], color="black", lw=1, marker="|", ms=5)
                axes.annotate(f"  {middle:.2g}×", (max(1, *found), place), va="center", fontsize=8)
            axes.set_yticks(range(len(bars)), [label for label, _ in bars], fontsize=8)
            axes.set_xscale("log")
            axes.set_xlim(
                min(0.4, 0.7 * min(min(found) for _, found in bars)), 2 * max(max(found) for _, found in bars)
            )
            axes.xaxis.set_major_locator(FixedLocator(_TICKS))
            axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.axvline(1, color=_COLOURS[True], lw=1.5)
            axes.set_title(f"{title}, × Scumble's", fontsize=9, loc="right")
        row[0].invert_yaxis()
        row[0].set_title(f"{KINDS[kind]}, {sizes[kind]:g} MP", fontsize=9, loc="left")
    figure.tight_layout()
    figure.savefig(path, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


def _bars(samples: Samples, kind: str, megapixels: float, field: str) -> list[tuple[str, list[float]]]:
    ours = Job(OURS[kind], megapixels)
    if has_failed(samples, ours):
        return []
    jobs = [job for job in samples if WAYS[job.way].kind == kind and job.megapixels == megapixels]
    return [
        (WAYS[job.way].title, ratios(samples[job], samples[ours], field))
        for job in jobs
        if not has_failed(samples, job)
    ]
