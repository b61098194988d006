"""Scores colorizers side by side on the same pictures, automatic and guided, with paired bootstrap intervals.

python -m scumble_export.colorize.evaluate PICTURES --ours RUN --mse RUN --processes 2 --out scores.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from scumble_export.colorize.peers import AUTOMATIC, GUIDED, methods_from_runs, those
from scumble_export.colorize.runs import Run
from scumble_export.colorize.scoring import (
    COUNTS,
    SIZE,
    Pixels,
    Row,
    Table,
    automatic_row,
    automatic_tables,
    curve_rows,
    curve_tables,
    squared_pictures,
)
from scumble_export.colorize.tiles import tile_agreement, tile_differences
from scumble_export.metrics import bootstrap_interval, ratio_interval

LOSS_DB = 0.3
"""A picture that loses more than this by an added hint counts as a setback."""
Interval = tuple[float, float, float]


class Scored(NamedTuple):
    """What one picture came to: rows without hints, rows of the hint curve, and where tiles differ from the whole."""

    automatic: dict[str, Row]
    curve: dict[str, dict[int, Row]] | None
    tiles: NDArray[np.float32] | None


def automatic_summary(tables: dict[str, Table]) -> dict[str, dict[str, Any]]:
    """Returns means, differences from gray, AuC and colourfulness gaps, each with its 95 % interval."""
    true_colour = tables["truth"]["colourfulness"]
    rows: dict[str, dict[str, Any]] = {"truth": {"colourfulness": bootstrap_interval(true_colour)}}
    for name, table in tables.items():
        if name == "truth":
            continue
        difference = table["colourfulness"] - true_colour
        rows[name] = {
            "psnr_db": bootstrap_interval(table["psnr_db"]),
            "over_gray_db": bootstrap_interval(table["psnr_db"] - tables["gray"]["psnr_db"]),
            "auc": bootstrap_interval(table["auc"]),
            "auc_rebalanced": ratio_interval(table["auc_weighed"], table["auc_weights"]),
            "colourfulness": bootstrap_interval(table["colourfulness"]),
            "colourfulness_gap": abs(float(difference.mean())),
            "colourfulness_gap_share": abs(float(difference.mean())) / float(true_colour.mean()),
            "colourfulness_difference": bootstrap_interval(difference),
            "colourfulness_error": bootstrap_interval(np.abs(difference)),
        }
    return rows


def setback_share(by_count: dict[int, Table]) -> float:
    """Returns the share of pictures that lose more than 0.3 dB at any step to more hints."""
    steps = np.diff(np.stack([by_count[count]["psnr_db"] for count in sorted(by_count)]), axis=0)
    return float((steps.min(0) < -LOSS_DB).mean())


def curve_summary(curves: dict[str, dict[int, Table]]) -> dict[str, dict[str, Any]]:
    """Returns, by method and number of hints, PSNR, its lead over gray, Levin and propagation, and the rest."""

    def lead(name: str, count: int, peer: str, key: str) -> Interval | None:
        if peer == name or peer not in curves:
            return None
        return difference_interval(curves[name][count][key], curves[peer][count][key])

    summary: dict[str, dict[str, Any]] = {}
    for name, by_count in curves.items():
        rows: dict[str, Any] = {}
        for count, table in by_count.items():
            row = {
                "psnr_db": bootstrap_interval(table["psnr_db"]),
                "over_gray_db": lead(name, count, "gray", "psnr_db"),
                "over_levin_db": lead(name, count, "Levin", "psnr_db"),
                "over_propagation_db": lead(name, count, "propagation", "psnr_db"),
                "bleeding": interval_of(table["bleeding"]),
                "bleeding_over_levin": lead(name, count, "Levin", "bleeding"),
                "hints_kept": interval_of(table["kept"]),
                "hint_miss_codes": interval_of(table["miss"]),
            }
            rows[str(count)] = {key: value for key, value in row.items() if value is not None}
        summary[name] = {"hints": rows, "setback_share": setback_share(by_count)}
    return summary


def interval_of(values: NDArray[np.float64]) -> Interval | None:
    """Returns the mean of those that are numbers with its bounds, or None where there is none."""
    known = values[np.isfinite(values)]
    return bootstrap_interval(known) if len(known) else None


def difference_interval(values: NDArray[np.float64], peer: NDArray[np.float64]) -> Interval | None:
    """Returns the mean paired difference with its bounds."""
    return interval_of(values - peer)


def rounded(value: Any) -> Any:
    """Rounds every number of a report to five digits after the point."""
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(entry) for entry in value]
    return round(value, 5) if isinstance(value, float) else value


class Judge:
    """Scores one picture with every method; it is read from its run folders in whichever process it works."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.ours = Run(args.ours)
        if args.temperature is not None:
            self.ours.net.temperature = args.temperature
        methods = methods_from_runs(self.ours, Run(args.mse) if args.mse else None)
        self.methods = {name: method for name, method in methods.items() if name not in args.without}

    def __call__(self, index: int, truth: Pixels, tiled: bool) -> Scored:
        """Scores what was asked for; `tiled` says whether tiles are held against the whole on this picture."""
        automatic = automatic_row(truth, those(AUTOMATIC, self.methods), self.ours.prior)
        counts, curve = sorted(self.args.counts), None
        if counts:
            curve = curve_rows(truth, index, those(GUIDED, self.methods), counts)
        return Scored(automatic, curve, tile_differences(self.ours, truth) if tiled else None)


_judges: list[Judge] = []


def _begin(args: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    _judges[:] = [Judge(args)]


def _judged(index: int, truth: Pixels, tiled: bool) -> Scored:
    return _judges[0](index, truth, tiled)


def judged(args: argparse.Namespace, pictures: dict[str, Pixels]) -> list[Scored]:
    """Scores all pictures, side by side in `args.processes` processes of one thread each, in their order."""
    numbers = range(len(pictures))
    tiled = set(list(numbers)[:: max(1, len(pictures) // args.tiles)][: args.tiles]) if args.tiles else set()
    tasks = (numbers, pictures.values(), [number in tiled for number in numbers])
    if args.processes == 1:
        _begin(args)
        return list(map(_judged, *tasks))
    with ProcessPoolExecutor(args.processes, get_context("spawn"), _begin, (args,)) as pool:
        return list(pool.map(_judged, *tasks))


def leads_by_picture(names: Iterable[str], scored: list[Scored]) -> dict[str, dict[str, float]]:
    """Returns each picture's figures by which the worst are found: what a sheet shows is a rule's choice."""
    leads = {}
    for name, (rows, curve, _) in zip(names, scored, strict=True):
        true, vivid = rows["truth"]["colourfulness"], rows["ours, vivid"]["colourfulness"]
        lead = {
            "over_gray_db": rows["ours"]["psnr_db"] - rows["gray"]["psnr_db"],
            "vivid_colourfulness_difference": vivid - true,
        }
        if curve is not None and "Levin" in curve:
            for count, row in curve["ours"].items():
                lead[f"hints_{count}_over_levin_db"] = row["psnr_db"] - curve["Levin"][count]["psnr_db"]
        leads[name] = lead
    return leads


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("pictures", type=Path, help="folder or tar of true colour pictures")
    options.add_argument("--folder", action="append", default=[], help="only names that start with this")
    options.add_argument("--most", type=int, default=0, help="only so many pictures, evenly spread; 0 takes all")
    options.add_argument("--ours", type=Path, required=True, help="run folder of the colorizer")
    options.add_argument("--mse", type=Path, help="run folder of the plain MSE net")
    options.add_argument("--temperature", type=float, help="of the annealed mean; default: the calibrated one")
    options.add_argument("--counts", type=int, nargs="*", default=list(COUNTS), help="numbers of hints")
    options.add_argument("--tiles", type=int, default=8, help="pictures on which tiles are held against the whole")
    options.add_argument("--without", action="append", default=[], help="leave out this method")
    options.add_argument("--processes", type=int, default=1, help="pictures scored side by side, one thread each")
    options.add_argument("--out", type=Path, help="where to write the summary as JSON")
    return options


def main() -> None:
    args = parser().parse_args()
    pictures = squared_pictures(args.pictures, tuple(args.folder))
    if args.most:
        names = list(pictures)[:: max(1, len(pictures) // args.most)][: args.most]
        pictures = {name: pictures[name] for name in names}
    scored = judged(args, pictures)
    report: dict[str, Any] = {
        "pictures": len(pictures),
        "size": SIZE,
        "temperature": Run(args.ours).net.temperature if args.temperature is None else args.temperature,
        "methods": automatic_summary(automatic_tables([each.automatic for each in scored])),
    }
    curves = [each.curve for each in scored if each.curve is not None]
    if curves:
        report["curve"] = curve_summary(curve_tables(curves))
    differences = [each.tiles for each in scored if each.tiles is not None]
    if differences:
        report["tiles"] = tile_agreement(differences)
    report["by_picture"] = leads_by_picture(pictures, scored)
    text = json.dumps(rounded(report), indent=1)
    if args.out:
        args.out.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
