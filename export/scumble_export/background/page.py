"""Puts the figures of an evaluation into a page: tables, bars, and the sheets of samples beside it.

python -m scumble_export.background.page scores.json docs/background-quality.md [--sheets background-samples]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- figures: made by scumble_export.background.page -->", "<!-- end of figures -->"


@dataclass(frozen=True)
class Bar:
    """One figure, and what it must reach: at least `low`, at most `high`."""

    name: str
    measured: float
    low: float | None = None
    high: float | None = None

    @property
    def met(self) -> bool:
        """Returns whether the figure is within its bounds; one that is not a number is not."""
        return (self.low is None or self.measured >= self.low) and (self.high is None or self.measured <= self.high)

    @property
    def wanted(self) -> str:
        """Returns the bounds as a person reads them."""
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        return f"≥ {self.low:g}" if self.low is not None else f"≤ {self.high:g}"


def bars_of(report: dict[str, Any]) -> Iterator[Bar]:
    """Yields the bars that the training side answers for."""
    kid, moods, tiles = report["kernel_distance"], report["moods"], report["tiles"]
    yield Bar(
        "kernel distance, share of the upsampled layout's", _share(kid["ours"][0], kid["upsampled layout"][0]), high=0.5
    )
    yield Bar(
        "its intervals apart: upper of ours over lower of the layout's",
        _share(kid["ours"][2], kid["upsampled layout"][1]),
        high=1.0,
    )
    if "procedural" in kid:
        yield Bar(
            "kernel distance, share of the procedural styles'", _share(kid["ours"][0], kid["procedural"][0]), high=1.0
        )
    yield Bar("palette ΔE00, median", report["palette"]["median"], high=4)
    yield Bar("palette ΔE00, 95th percentile", report["palette"]["p95"], high=12)
    yield Bar("diversity, share of real pairs'", report["diversity"]["ratio"][0], low=0.6)
    yield Bar("memorisation ratio", report["memorisation"]["ratio"][0], low=0.9)
    for name, row in moods["spearman"].items():
        yield Bar(f"mood {name}, Spearman", row[0], low=0.9)
        yield Bar(f"mood {name}, cross-talk", moods["cross_talk"][name], high=0.3)
    for name, value in report["seams"].items():
        yield Bar(f"wrap edge over interior, {name}", value, low=0.9, high=1.1)
    yield Bar("tiles against whole, largest difference", tiles["largest_difference"], high=1e-5)
    yield Bar("tiles against whole, differing bytes", tiles["differing_bytes"], high=0)
    yield Bar("the same, tiles a cell off (must be large)", tiles["misplaced_difference"], low=1e-2)


def _share(part: float, whole: float) -> float:
    """Returns a distance over a peer's; a peer that is no farther than real pictures cannot be beaten."""
    return part / whole if whole > 0 else float("inf")


def interval(values: list[float], digits: int = 3) -> str:
    """Writes a figure with its bounds."""
    mean, low, high = (f"{value:.{digits}f}" for value in values)
    return f"{mean} [{low}, {high}]"


def distance_table(report: dict[str, Any]) -> list[str]:
    """Returns the table of kernel distances: all styles together, then each."""
    sets = list(report["kernel_distance"])
    lines = [f"| styles | {' | '.join(sets)} |", f"|---|{'---:|' * len(sets)}"]
    rows = {"all": report["kernel_distance"], **report["kernel_distance_by_style"]}
    for name, row in rows.items():
        lines.append(f"| {name} | {' | '.join(interval(row[key]) if key in row else '' for key in sets)} |")
    return lines


def bar_table(report: dict[str, Any]) -> list[str]:
    """Returns the table of bars, the missed ones in bold."""
    lines = ["| bar | wanted | measured |", "|---|---:|---:|"]
    for bar in bars_of(report):
        measured = f"{bar.measured:.4g}"
        lines.append(f"| {bar.name} | {bar.wanted} | {measured if bar.met else f'**{measured}**'} |")
    return lines


def figures(report: dict[str, Any], sheets: str) -> str:
    """Returns the figures of a report as Markdown; `sheets` is the sheets' folder as the page sees it."""
    trained = report["trained"]
    alone = report["moods"]["spearman_of_the_vector_alone"]
    vectors = ", ".join(f"{interval(row, 2)} ({name})" for name, row in alone.items())
    lines = [
        f"A generator that saw {trained['pictures']} crops ({trained['minutes']:.0f} minutes of computing), "
        f"{trained['cell_px']} pixels a cell; {report['pictures']} pictures a set, {report['size']} pixels a side.",
        "",
        "Kernel distance to crops of the training pieces (cubic-kernel MMD in MobileNetV2: a proxy, not the published "
        "KID, which is taken in Inception-v3; the critic saw through another net, EfficientNet-Lite0); lower is "
        "nearer. In brackets 95 % bounds from halves of the "
        "sets. *Real against real* is other crops of the same pieces, *held out* pieces that were never taught.",
        "",
        *distance_table(report),
        "",
        "## Against the bars",
        "",
        *bar_table(report),
        "",
        "Energy lets the levels add less or more to the layout, and moves the global vector along the direction found "
        f"for it where that works by itself. By the vector alone the rank correlation is {vectors}: "
        f"it {'ships' if report['moods']['directions'] else 'does not ship'}.",
    ]
    if report["sheets"]:
        lines += ["", "## Samples", "", "Seeds 0 to 63, none left out, in colours drawn at random."]
        for name in report["sheets"]:
            lines += ["", f"**{Path(name).stem}**", "", f"![64 samples: {Path(name).stem}]({sheets}/{name})"]
        lines += ["", "The ten pictures nearest to a training crop (above), and that crop (below):", ""]
        lines += [f"![nearest training crops]({sheets}/nearest.jpg)"]
    return "\n".join(lines)


def main() -> None:
    """Writes the figures between the page's marks; what a person wrote around them stays."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("scores", type=Path, help="report of the evaluation")
    options.add_argument("page", type=Path, help="Markdown file; what stands between the marks is replaced")
    options.add_argument("--sheets", default="background-samples", help="the sheets' folder, relative to the page")
    args = options.parse_args()
    report = json.loads(args.scores.read_text(encoding="utf-8"))
    text = args.page.read_text(encoding="utf-8") if args.page.exists() else f"# Backgrounds\n\n{BEGIN}\n{END}\n"
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    args.page.write_text(f"{before}{BEGIN}\n{figures(report, args.sheets)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
