"""Writes docs/timbre.md from a report of evaluate.py.

python -m scumble_export.timbre.page timbre.json facts.json ../docs/timbre.md --sheet timbre/sheet.jpg
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from string import Template
from typing import Any

_PAGE = Path(__file__).with_name("PAGE.md")
_NAMES = {
    "drawn": "drawn by the net, new instruments",
    "taught": "real notes of the taught fonts",
    "taught_again": "the same, other notes",
    "held_out": "real notes of the held-out fonts",
    "held_out_as_pictures": "held-out notes, made pictures and read back",
    "plain_tones": "baseline: harmonics of 1/n with the kind's mean envelope",
    "noise": "baseline: white noise with that envelope",
}


def interval(value: list[float], digits: int = 3) -> str:
    """Returns a figure with its interval."""
    return f"{value[0]:.{digits}f} ({value[1]:.{digits}f} to {value[2]:.{digits}f})"


def pitch_table(report: dict[str, Any]) -> list[str]:
    """Returns the rows on pitch."""
    lines = ["| notes | within 50 cents | octaves forgiven | median error |", "|---|---:|---:|---:|"]
    for name, row in report["pitch"].items():
        shares = (
            f"{100 * v[0]:.1f} % ({100 * v[1]:.1f} to {100 * v[2]:.1f})"
            for v in (row["in_tune"], row["in_tune_but_for_octaves"])
        )
        lines.append(f"| {_NAMES[name]} | {' | '.join(shares)} | {row['median_cents']:.1f} cents |")
    return lines


def kind_table(report: dict[str, Any]) -> list[str]:
    """Returns the rows on pitch by kind."""
    lines = ["| kind | drawn | held-out | notes |", "|---|---:|---:|---:|"]
    for kind, (drawn, real, count) in report["pitch_by_kind"].items():
        lines.append(f"| {kind} | {100 * drawn:.0f} % | {100 * real:.0f} % | {count} |")
    return lines


def distance_table(report: dict[str, Any]) -> list[str]:
    """Returns the rows on distances to held-out notes."""
    lines = ["| notes | Fréchet distance |", "|---|---:|"]
    return lines + [f"| {_NAMES[name]} | {interval(row)} |" for name, row in report["frechet"].items()]


def words_on_kernel(kernel: dict[str, list[float]]) -> str:
    """Returns what the kernel distance can tell: which sets are further away than the taught notes' interval."""
    apart = [_NAMES[name] for name, row in kernel.items() if row[1] > kernel["taught"][2]]
    told = "; ".join(apart) if apart else "none"
    return f"The kernel distance (Binkowski et al. 2018) tells less: further away than real notes it finds {told}."


def words_on_losses(report: dict[str, Any]) -> str:
    """Returns what is said of reading pictures back, and of variety."""
    back, varied = report["read_back"], report["variety"]
    return (
        f"{back['notes']} held-out notes of single players that became pictures and sounds again have levels "
        f"{back['loud_db']:.1f} dB off in bands above -40 dB, {back['between_db']:.1f} dB between harmonics, and a "
        f"pitch {back['cents']:.1f} cents off (medians). At middle C two drawn instruments of a "
        f"kind are {varied['drawn']:.1f} dB apart on average, two taught ones {varied['taught']:.1f} dB."
    )


def words_on_copies(copies: dict[str, Any]) -> str:
    """Returns what is said of nearest taught notes."""
    return (
        f"A drawn note's nearest taught note of its kind and key is {copies['drawn_median_db']:.1f} dB away (median of "
        f"{copies['notes']}), a held-out note's {copies['held_out_median_db']:.1f} dB, a taught note's nearest other "
        f"one {copies['taught_median_db']:.1f} dB. {100 * copies['drawn_closer_db']:.1f} % of the drawn notes are "
        f"closer than {copies['limit_db']:.1f} dB, as 1 % of the taught are to each other."
    )


def words_on_blends(blends: dict[str, Any]) -> str:
    """Returns what is said of the way from one instrument to another."""
    return (
        f"Along {blends['pairs']} blends in ten steps, {100 * blends['levels_onward']:.0f} % of the steps lead onward "
        f"in level and {100 * blends['heard_onward']:.0f} % as CREPE hears them; the longest step is "
        f"{blends['levels_longest_step']:.2f} and {blends['heard_longest_step']:.2f} times the mean one. The end of a "
        f"blend differs from the second instrument alone by {blends['end_off_db']:.1g} dB on average."
    )


def figures_of(report: dict[str, Any], sheet: str) -> str:
    """Returns the section on figures."""
    lines = [
        f"{report['notes']} notes, {len(report['pitch_by_kind'])} kinds, keys 40 to 94, the same for every row, made "
        "by `python -m scumble_export.timbre.evaluate` from the bundle that ships and the product's own code. Held-out "
        "notes are those of TimGM6mb and Freepats, which the net never heard. Intervals are of 95 %.",
        "### Pitch",
        "Heard by CREPE (Kim et al. 2018, tiny). The bar was 95 % within 50 cents.",
        "\n".join(pitch_table(report)),
        "\n".join(kind_table(report)),
        "Where real notes are not in tune it is mostly by an octave: organs with a stop of 16 feet.",
        "### Distance to held-out notes",
        "Of features behind CREPE's fifth convolution (GANSynth was judged by a pitch classifier's too), attack and "
        "sustain, on 48 principal components. Lower is nearer. Real notes of other fonts are the floor.",
        "\n".join(distance_table(report)),
        words_on_kernel(report["kernel"]),
        words_on_losses(report),
        "### Copies and blends",
        words_on_copies(report["copies"]),
        words_on_blends(report["blends"]),
        f"![Pictures of real notes, the same notes drawn, and two new instruments of each kind]({sheet})",
        "*Levels, low frequencies below, two seconds each; keys A2, A3, A4, A5. Uncurated: the seeds are 0 and 1.*",
    ]
    return "\n\n".join(lines)


def text_of(report: dict[str, Any], settings: dict[str, Any], training: dict[str, Any], sheet: str) -> str:
    """Returns the page."""
    facts = settings | training | {"kinds": settings["kinds"].replace(" ", ", ")}
    facts |= {"seconds": f"{max(2, 19 * report['seconds_a_note']):.0f}", "minutes": f"{training['minutes']:.0f}"}
    return Template(_PAGE.read_text("utf-8")).substitute(facts, figures=figures_of(report, sheet))


def main() -> None:
    """Writes the page."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("report", type=Path)
    options.add_argument("facts", type=Path, help="what export printed: the manifest's facts as JSON")
    options.add_argument("out", type=Path)
    options.add_argument("--sheet", default="timbre/sheet.jpg")
    args = options.parse_args()
    report, facts = (json.loads(path.read_text("utf-8")) for path in (args.report, args.facts))
    args.out.write_text(text_of(report, facts["settings"], facts["training"], args.sheet), encoding="utf-8")


if __name__ == "__main__":
    main()
