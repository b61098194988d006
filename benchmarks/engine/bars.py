"""What the engine is to reach, beside what a bench run found."""

from __future__ import annotations

import statistics
from collections.abc import Callable

from benchmarks.engine.exact import CORE
from benchmarks.engine.nets import REACH, STRIDE
from benchmarks.engine.report import Job, Samples, has_failed, median, ratios
from benchmarks.engine.tilers import computed_pixels
from benchmarks.figures import table
from benchmarks.photo import extent_from_megapixels
from scumble.engine import TilePlan

_SHARE_OUTSIDE = 0.03
_OF_FRAME, _OF_MONAI = 1 / 20, 1 / 2
_GROWTH = 1.10
_RECOMPUTED = 1.30
_TIMES_TILER = 20
_FRAMES = {"full": "onnxruntime_frame", "exact": "onnxruntime_exact"}
_WINDOWS = {"full": "monai_windows", "exact": "monai_exact"}
_OURS = {"full": "scumble_full", "exact": "scumble_exact"}


def bars(samples: Samples, small: float, large: float, limit_gib: float) -> str:
    """Returns the table of the bars; a figure in bold misses its bar. Sizes are the bench's two, in megapixels."""
    rows = [*_outside_the_model(samples, large), *_memory(samples, small, large, limit_gib)]
    rows += [*_recomputed(small), *_recomputed(large), *_whole_job(samples, large), *_exactness(samples)]
    return "\n".join(["## Bars", "", *table(["", "wanted", "found"], rows)])


def _shown(value: float, is_met: bool, written: Callable[[float], str]) -> str:
    return written(value) if is_met else f"**{written(value)}**"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _times(value: float) -> str:
    return f"{value:.2f}×" if value < 10 else f"{value:.0f}×"


def _outside_the_model(samples: Samples, megapixels: float) -> list[list[str]]:
    rows = []
    for way, title in (("scumble_exact", "exact tiles"), ("scumble_full", "colouring at full detail")):
        job = Job(way, megapixels)
        if not has_failed(samples, job):
            share = statistics.median(1 - run["model_seconds"] / run["busy_seconds"] for run in samples[job])
            wanted = f"≤ {_percent(_SHARE_OUTSIDE)}" if way == "scumble_exact" else "–"
            met = way != "scumble_exact" or share <= _SHARE_OUTSIDE
            rows.append(
                [f"workers' time outside the model, {title}, {megapixels:g} MP", wanted, _shown(share, met, _percent)]
            )
    return rows


def _memory(samples: Samples, small: float, large: float, limit_gib: float) -> list[list[str]]:
    rows = []
    for kind, way in _OURS.items():
        ours = Job(way, large)
        if has_failed(samples, ours):
            continue
        for title, peers, bar in (("the full frame's", _FRAMES, _OF_FRAME), ("MONAI's", _WINDOWS, _OF_MONAI)):
            peer = Job(peers[kind], large)
            if peer in samples and has_failed(samples, peer):
                own, less = median(samples[ours], "mib"), Job(peers[kind], small)
                found = f"{own:.0f} MiB, the other wanted more than {limit_gib:.0f} GiB: "
                if not has_failed(samples, less):
                    guess = own / median(samples[less], "mib") * small / large
                    found = f"1/{1 / guess:.0f} if it grows as from nothing to {small:g} MP; {found}"
                bound = own / (limit_gib * 1024)
                rows.append(
                    [
                        f"peak memory, {kind}, {large:g} MP, of {title}",
                        f"≤ 1/{1 / bar:.0f}",
                        f"{found}< 1/{1 / bound:.0f}",
                    ]
                )
            elif peer in samples:
                part = 1 / statistics.median(ratios(samples[peer], samples[ours], "mib"))
                found = _shown(part, part <= bar, lambda value: f"1/{1 / value:.1f}")
                rows.append([f"peak memory, {kind}, {large:g} MP, of {title}", f"≤ 1/{1 / bar:.0f}", found])
        before = Job(way, small)
        if not has_failed(samples, before):
            growth = median(samples[ours], "mib") / median(samples[before], "mib")
            found = _shown(growth, growth <= _GROWTH, _times)
            rows.append([f"peak memory, {kind}, {large:g} MP of that at {small:g}", f"≤ {_times(_GROWTH)}", found])
    return rows


def _recomputed(megapixels: float) -> list[list[str]]:
    width, height = extent_from_megapixels(megapixels)
    plan = TilePlan(width, height, tile=CORE + 2 * REACH, halo=REACH, stride=STRIDE)
    fixed = computed_pixels(width, height, CORE, REACH) / (width * height)
    is_met = plan.overhead <= min(fixed, _RECOMPUTED)
    title = f"computed for each pixel of {megapixels:g} MP, tile {CORE + 2 * REACH}, halo {REACH}"
    wanted = f"≤ {_RECOMPUTED:.2f} and the fixed planner's {fixed:.3f}"
    return [[title, wanted, _shown(plan.overhead, is_met, lambda value: f"{value:.3f}")]]


def _whole_job(samples: Samples, megapixels: float) -> list[list[str]]:
    ours, tiler = Job("scumble_fast", megapixels), Job("opencv_tiles", megapixels)
    if has_failed(samples, ours) or has_failed(samples, tiler):
        return []
    times = statistics.median(ratios(samples[tiler], samples[ours], "seconds"))
    title = f"default mode against the OpenCV tiler at full detail, {megapixels:g} MP"
    return [[title, f"≥ {_times(_TIMES_TILER)}", _shown(times, times >= _TIMES_TILER, _times)]]


def _exactness(samples: Samples) -> list[list[str]]:
    rows = []
    for job, runs in samples.items():
        if job.way == "scumble_exact" and runs and "different" in runs[0]:
            found = _shown(runs[0]["different"], not runs[0]["different"], lambda share: f"{100 * share:.2g} %")
            rows.append([f"codes of exact tiles unlike the full frame's, {job.megapixels:g} MP", "0 %", found])
    return rows
