"""Puts the figures of an evaluation into a page: tables, bars, the worst pictures; the curves are drawn beside it.

python -m scumble_export.colorize.page scores.json docs/colorize-quality.md --log RUN/log.jsonl
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from math import floor
from pathlib import Path
from typing import Any

from scumble_export.colorize.bars import bars_of
from scumble_export.colorize.sheet import worst_by_rule

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

WHY = {
    "over_gray_db": "regression loses most to leaving it gray, dB",
    "hints_10_over_levin_db": "ours loses most to Levin's at 10 hints, dB",
    "vivid_colourfulness_difference": "vivid is farthest from the true colourfulness",
}
"""What each figure that the worst are chosen by says."""
_WORST = 12
_LEARNT = {"net_0": "no hints", "net_1": "1 hint", "net_10": "10 hints", "net_50": "50 hints"}


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
    lines = ["| bar | wanted | measured | margin | met | how |", "|---|---:|---:|---:|---|---|"]
    for bar in bars_of(report):
        sign = "≤" if bar.at_most else "≥"
        margin = f"{bar.margin:+.3f}" if bar.margin >= 0 else f"**{bar.margin:+.3f}**"
        met = "yes" if bar.margin >= 0 else "**no**"
        lines.append(f"| {bar.name} | {sign} {bar.wanted:g} | {bar.measured:.3f} | {margin} | {met} | {bar.how} |")
    return lines


def worst_table(leads: dict[str, dict[str, float]]) -> list[str]:
    """Returns the lines of a table of the worst pictures, each with the figure that it was chosen by."""
    lines = ["| picture | why it is here | figure |", "|---|---|---:|"]
    for name, chosen in worst_by_rule(leads, _WORST).items():
        key, figure = chosen.rsplit(" ", 1)
        lines.append(f"| {name} | {WHY[key]} | {figure} |")
    return lines


def drawing(lines: dict[str, list[float]], marks: Sequence[str], places: Sequence[float], caption: str) -> str:
    """Draws lines as SVG: `places` are where along the x axis, 0 to 1, the values and their `marks` stand."""
    every = [value for values in lines.values() for value in values]
    low, high = floor(min(every)), floor(max(every)) + 1

    def place(at: float, value: float) -> tuple[float, float]:
        x = _LEFT + at * (_WIDTH - _LEFT - _RIGHT)
        return x, _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        'font-size="13"><rect width="100%" height="100%" fill="#fff"/>'
    ]
    for value in range(low, high + 1):
        y = place(0, value)[1]
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="#e4e4e4"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value}</text>')
    for at, mark in zip(places, marks, strict=True):
        x = place(at, low)[0]
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 20}" text-anchor="middle">{mark}</text>')
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 6}">{caption}</text>')
    last_y = float("-inf")
    for name in sorted(lines, key=lambda entry: -lines[entry][-1]):
        ink = _INKS.get(name, "#000")
        points = [place(at, value) for at, value in zip(places, lines[name], strict=True)]
        x, y = points[-1]
        last_y = max(y + 4, last_y + 15)
        line = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{ink}" stroke-width="2"/>')
        parts.append(f'<text x="{x + 8:.1f}" y="{last_y:.1f}" fill="{ink}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


def curve_drawing(curve: dict[str, Any]) -> str:
    """Draws PSNR over the number of hints, the counts evenly apart."""
    counts = list(next(iter(curve.values()))["hints"])
    lines = {name: [row["hints"][count]["psnr_db"][0] for count in counts] for name, row in curve.items()}
    places = [index / max(1, len(counts) - 1) for index in range(len(counts))]
    return drawing(lines, counts, places, "hints (6 by 6 true patches); PSNR in dB upwards")


def learning_drawing(log: list[dict[str, float]]) -> str:
    """Draws the gain over gray on held-out training photographs over what the net has seen, a row of its log each."""
    seen = [row["pictures"] for row in log]
    names = [name for name in _LEARNT if name in log[-1]]
    lines = {_LEARNT[name]: [row[name] for row in log] for name in names}
    marks = [f"{number / 1000:.0f}k" for number in seen]
    return drawing(lines, marks, [number / seen[-1] for number in seen], "crops seen; gain over gray in dB upwards")


def figures(report: dict[str, Any], curve: str, learning: str | None = None) -> str:
    """Returns the figures of a report as Markdown; `curve` and `learning` name the drawings beside the page."""
    lines = [
        f"{report['pictures']} pictures of {report['size']} by {report['size']} pixels, temperature "
        f"{report['temperature']}. In brackets: 95 % intervals by bootstrap over pictures, paired where it is a "
        "difference. *Told*: with the true picture's histogram and saturation as global hints.",
        "",
        *automatic_table(report["methods"]),
    ]
    if "curve" in report:
        lines += ["", f"![PSNR over the number of hints]({curve})", "", "PSNR in dB by number of hints:", ""]
        lines += curve_table(report["curve"], "psnr_db")
        lines += ["", "Over gray, dB, paired:", "", *curve_table(report["curve"], "over_gray_db")]
        lines += ["", "Over Levin, dB, paired:", "", *curve_table(report["curve"], "over_levin_db")]
        lines += ["", "Bleeding: mean ab error at sharp changes of the true colour:", ""]
        lines += curve_table(report["curve"], "bleeding")
        lines += ["", "Share of pictures that lose more than 0.3 dB at any added hints: "]
        lines[-1] += ", ".join(f"{name} {100 * row['setback_share']:.0f} %" for name, row in report["curve"].items())
    lines += ["", "## Against the bars", "", *bar_table(report)]
    if "by_picture" in report:
        lines += ["", "## The worst", "", *worst_table(report["by_picture"])]
    if learning:
        lines += ["", "## How it learnt", "", f"![Gain over gray while it learnt]({learning})"]
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("scores", type=Path, help="report of the evaluation")
    options.add_argument("page", type=Path, help="Markdown file; what stands between the marks is replaced")
    options.add_argument("--log", type=Path, help="log of the training, for the learning curve")
    options.add_argument("--bundle", type=Path, help="bundle whose size is held against its bar")
    options.add_argument("--preview-ms", type=float, help="from hint edit to preview, as benchmarks.hints measured it")
    args = options.parse_args()
    report = json.loads(args.scores.read_text(encoding="utf-8"))
    if args.bundle:
        report["bundle_mib"] = sum(path.stat().st_size for path in args.bundle.iterdir()) / (1 << 20)
    if args.preview_ms:
        report["preview_ms"] = args.preview_ms
    curve, learning = (args.page.with_name(f"{args.page.stem}-{kind}.svg") for kind in ("hints", "learning"))
    if "curve" in report:
        curve.write_text(curve_drawing(report["curve"]), encoding="utf-8")
    if args.log:
        log = [json.loads(line) for line in args.log.read_text(encoding="utf-8").splitlines()]
        learning.write_text(learning_drawing(log), encoding="utf-8")
    text = args.page.read_text(encoding="utf-8") if args.page.exists() else f"{BEGIN}\n{END}\n"
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    body = figures(report, curve.name, learning.name if args.log else None)
    args.page.write_text(f"{before}{BEGIN}\n{body}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
