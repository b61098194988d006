"""The bars a colorizer must clear, held against a report of the evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

HINTS_OVER_GRAY = {1: 2.5, 10: 5.5, 50: 7.5, 100: 8.3}
HINTS_OVER_LEVIN = {1: 0.5, 10: 0.5, 50: 0.2, 100: 0.0}
AUTOMATIC_OVER_GRAY = 1.5
COLOURFULNESS_GAP = 0.15
SETBACKS = 0.05
TILES_MEAN_AB, TILES_P99_AB = 0.1, 1.0
PREVIEW_MS, BUNDLE_MIB = 150.0, 25.0
_LOWER = "lower 95 % bound of the mean paired difference"
_MEAN = "mean over pictures"


@dataclass(frozen=True)
class Bar:
    """One requirement: what was measured (of a difference: its lower 95 % bound) and what is wanted."""

    name: str
    measured: float
    wanted: float
    at_most: bool = False
    how: str = _MEAN

    @property
    def margin(self) -> float:
        """Returns by how much the bar is cleared; below 0 it is missed by that."""
        return self.wanted - self.measured if self.at_most else self.measured - self.wanted


def automatic_bars(methods: dict[str, Any]) -> list[Bar]:
    """Returns the bars without hints: over gray, colourfulness, and AuC against the MSE net."""
    bars = [
        Bar("regression over gray, dB", methods["ours"]["over_gray_db"][1], AUTOMATIC_OVER_GRAY, how=_LOWER),
        Bar(
            "vivid: colourfulness gap",
            methods["ours, vivid"]["colourfulness_gap_share"],
            COLOURFULNESS_GAP,
            True,
            "difference of the means, as a share of the true pictures'",
        ),
    ]
    if "MSE net" in methods:
        peer = methods["MSE net"]["auc_rebalanced"][0]
        bars.append(
            Bar(
                "vivid: rebalanced AuC against the MSE net's",
                methods["ours, vivid"]["auc_rebalanced"][0],
                peer,
                how="area under the curve, all pixels",
            )
        )
    return bars


def guided_bars(curve: dict[str, Any]) -> list[Bar]:
    """Returns the bars with hints, for as many counts as were measured."""
    ours = curve["ours"]["hints"]
    bars = []
    for key, table in (("over_gray_db", HINTS_OVER_GRAY), ("over_levin_db", HINTS_OVER_LEVIN)):
        peer = "gray" if key == "over_gray_db" else "Levin"
        for count, wanted in table.items():
            if key in ours.get(str(count), {}):
                bars.append(Bar(f"{count} hints over {peer}, dB", ours[str(count)][key][1], wanted, how=_LOWER))
    for count, row in ours.items():
        if count != "0" and "over_propagation_db" in row:
            bars.append(
                Bar(f"{count} hints over propagation alone, dB", row["over_propagation_db"][1], 0.0, how=_LOWER)
            )
        if "bleeding_over_levin" in row and count != "0":
            bars.append(Bar(f"{count} hints: bleeding over Levin's, ab", row["bleeding_over_levin"][0], 0.0, True))
        if "hints_kept" in row:
            bars.append(
                Bar(
                    f"{count} hints: share kept within 1/255",
                    row["hints_kept"][0],
                    1.0,
                    how="hints in gamut, at their centres",
                )
            )
    bars.append(
        Bar(
            "pictures that an added hint costs over 0.3 dB",
            curve["ours"]["setback_share"],
            SETBACKS,
            True,
            "share that loses so much at any step of the curve",
        )
    )
    return bars


def bars_of(report: dict[str, Any]) -> list[Bar]:
    """Returns every bar that a report, with the speed and size that others measured, can be held against."""
    bars = automatic_bars(report["methods"])
    if "curve" in report:
        bars += guided_bars(report["curve"])
    if "tiles" in report:
        tiles = f"{report['tiles']['pictures']} pictures at 512 by 512 in tiles of 256"
        bars.append(Bar("tiles against whole: mean Δab", report["tiles"]["mean_ab"], TILES_MEAN_AB, True, tiles))
        bars.append(Bar("tiles against whole: 99th percentile", report["tiles"]["p99_ab"], TILES_P99_AB, True, tiles))
    if "preview_ms" in report:
        how = "worker's path on 2 shared CPU cores, 20 hints, best of 15 edits (`python -m benchmarks.hints --preview`)"
        bars.append(Bar("hint edit to preview at 512², ms", report["preview_ms"], PREVIEW_MS, True, how))
    if "bundle_mib" in report:
        bars.append(Bar("bundle, MiB", report["bundle_mib"], BUNDLE_MIB, True, "its files"))
    return bars
