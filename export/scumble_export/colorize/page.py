"""Puts the figures of an evaluation into a page: tables, bars, and the hint curve as a drawing beside it.

python -m scumble_export.colorize.page scores.json docs/colorize-quality.md
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from scumble_export.colorize.bars import bars_of

BEGIN, END = "<!-- figures: made by scumble_export.colorize.page -->", "<!-- end of figures -->"
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 720, 420, 56, 44, 16, 150
_INKS = {
    "gray": "#8a8a8a",
    "mean ab": "#b5a27c",
    "MSE net": "#3b7dd8",
    "propagation": "#c07a1e",
    "Levin": "#7a4fb5",
    "net alone": "#53a548",
    "ours": "#c8322b",
}


def interval(values: list[float], digits: int = 2) -> str:
    """Writes a mean with its bounds."""
    mean, low, high = (f"{value:.{digits}f}" for value in values)
    return f"{mean} [{low}, {high}]"


def automatic_table(methods: dict[str, Any]) -> list[str]:
    """Returns the lines of the table without hints."""
    lines = [
        "| method | PSNR dB | over gray dB | AuC | rebalanced AuC | colourfulness | gap |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, row in methods.items():
        if name == "truth":
            lines.append(f"| true pictures | | | | | {interval(row['colourfulness'])} | |")
            continue
        cells = (
            interval(row["psnr_db"]),
            interval(row["over_gray_db"]),
            interval([100 * value for value in row["auc"]], 1),
            interval([100 * value for value in row["auc_rebalanced"]], 1),
            interval(row["colourfulness"]),
            f"{100 * row['colourfulness_gap_share']:.0f} %",
        )
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def curve_table(curve: dict[str, Any], key: str, digits: int = 2) -> list[str]:
    """Returns the lines of a table of methods by number of hints."""
    counts = list(next(iter(curve.values()))["hints"])
    lines = [f"| method | {' | '.join(counts)} |", f"|---|{'---:|' * len(counts)}"]
    for name, row in curve.items():
        values = [row["hints"][count].get(key) for count in counts]
        if any(values):
            lines.append(f"| {name} | {' | '.join(interval(v, digits) if v else '' for v in values)} |")
    return lines


def bar_table(report: dict[str, Any]) -> list[str]:
    """Returns the lines of the table of bars, the missed ones in bold."""
    lines = ["| bar | wanted | measured | margin |", "|---|---:|---:|---:|"]
    for bar in bars_of(report):
        sign = "≤" if bar.at_most else "≥"
        margin = f"{bar.margin:+.3f}" if bar.margin >= 0 else f"**{bar.margin:+.3f}**"
        lines.append(f"| {bar.name} | {sign} {bar.wanted:g} | {bar.measured:.3f} | {margin} |")
    return lines


def curve_drawing(curve: dict[str, Any]) -> str:
    """Draws PSNR over the number of hints as SVG, the counts evenly apart."""
    counts = list(next(iter(curve.values()))["hints"])
    points = {name: [row["hints"][count]["psnr_db"][0] for count in counts] for name, row in curve.items()}
    every = [value for values in points.values() for value in values]
    low, high = int(min(every)), int(max(every)) + 1
    step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(counts) - 1)

    def place(index: int, value: float) -> tuple[float, float]:
        return _LEFT + index * step, _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        'font-size="13"><rect width="100%" height="100%" fill="#fff"/>'
    ]
    for value in range(low, high + 1):
        y = place(0, value)[1]
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="#e4e4e4"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value}</text>')
    for index, count in enumerate(counts):
        x = place(index, low)[0]
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 20}" text-anchor="middle">{count}</text>')
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 6}">hints (6 by 6 true patches); PSNR in dB upwards</text>')
    last_y = float("-inf")
    for name in sorted(points, key=lambda entry: -points[entry][-1]):
        ink = _INKS.get(name, "#000")
        line = " ".join("{:.1f},{:.1f}".format(*place(index, value)) for index, value in enumerate(points[name]))
        x, y = place(len(counts) - 1, points[name][-1])
        last_y = max(y + 4, last_y + 15)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{ink}" stroke-width="2"/>')
        parts.append(f'<text x="{x + 8:.1f}" y="{last_y:.1f}" fill="{ink}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


def figures(report: dict[str, Any], drawing: str) -> str:
    """Returns the figures of a report as Markdown."""
    lines = [
        f"{report['pictures']} pictures of {report['size']} by {report['size']} pixels, temperature "
        f"{report['temperature']}. In brackets: 95 % intervals by bootstrap over pictures, paired where it is a "
        "difference.",
        "",
        *automatic_table(report["methods"]),
    ]
    if "curve" in report:
        lines += ["", f"![PSNR over the number of hints]({drawing})", "", "PSNR in dB by number of hints:", ""]
        lines += curve_table(report["curve"], "psnr_db")
        lines += ["", "Over Levin, dB, paired:", "", *curve_table(report["curve"], "over_levin_db")]
        lines += ["", "Bleeding: mean ab error at sharp changes of the true colour:", ""]
        lines += curve_table(report["curve"], "bleeding")
    return "\n".join([*lines, "", "## Against the bars", "", *bar_table(report)])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("scores", type=Path, help="report of the evaluation")
    options.add_argument("page", type=Path, help="Markdown file; what stands between the marks is replaced")
    args = options.parse_args()
    report = json.loads(args.scores.read_text(encoding="utf-8"))
    drawing = args.page.with_name(f"{args.page.stem}-hints.svg")
    if "curve" in report:
        drawing.write_text(curve_drawing(report["curve"]), encoding="utf-8")
    text = args.page.read_text(encoding="utf-8") if args.page.exists() else f"{BEGIN}\n{END}\n"
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    args.page.write_text(f"{before}{BEGIN}\n{figures(report, drawing.name)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
