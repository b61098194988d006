"""The tables of the shipped backgrounds' quality, as Markdown, between marks of their own in a page."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from benchmarks.background.checks import MoodScores, PaletteScores, TextScores
from benchmarks.background.measures import MOODS
from benchmarks.background.processes import LARGE_PX, ByteScores, Cost, FileScores
from benchmarks.figures import Figure, percent, shown, table
from benchmarks.machine import processor
from scumble.effects.background import THUMBNAIL_BYTES, THUMBNAIL_PX
from scumble.engine.resident import default_budget_mib

BEGIN, END = "<!-- shipped effect: made by benchmarks.background -->", "<!-- end of shipped effect -->"


@dataclass(frozen=True)
class Scores:
    """Everything that is measured, by style."""

    moods: dict[str, MoodScores]
    palettes: dict[str, PaletteScores]
    seams: dict[str, tuple[Figure, Figure]]
    texts: dict[str, TextScores]
    bytes_: dict[str, ByteScores]
    thumbnails: dict[str, FileScores]
    diversity: dict[str, Figure]
    small: dict[str, Cost]
    large: dict[str, Cost]
    large_px: tuple[int, int] = LARGE_PX


def mood_lines(moods: dict[str, MoodScores]) -> list[str]:
    """Returns the tables of the three sliders."""
    first = next(iter(moods.values())).spearman["energy"]
    ranks = [[style, *(shown(row.spearman[mood], low=0.9) for mood in MOODS)] for style, row in moods.items()]
    talks = [
        [style, *(shown(talk[mood], high=0.3) for talk in (row.cross_talk, row.own_cross_talk) for mood in MOODS)]
        for style, row in moods.items()
    ]
    return [
        "### Mood",
        "",
        f"Seven positions of each slider, the others in the middle, {first.samples} seeds a style, each with the "
        "palette that the seed chooses. Rank correlation (Spearman) of a slider's position with its attribute, mean "
        "over the seeds; wanted ≥ 0.9. Energy is the log of the mean step of L between neighbours at 128 columns, "
        "brightness the mean L, warmth the mean of (a + b) / √2.",
        "",
        *table(["style", *MOODS], ranks),
        "",
        "Cross-talk: from one end of a slider to the other, the mean absolute change of the other attribute that moves "
        "most over that of its own; wanted ≤ 0.3. Each in standard deviations of the pictures at rest: of all styles "
        "together (the definition that the net's figures have too), and, harder, of the style alone.",
        "",
        *table(["style", *MOODS, *(f"{mood}, style alone" for mood in MOODS)], talks),
    ]


def palette_lines(palettes: dict[str, PaletteScores]) -> list[str]:
    """Returns the tables of colours."""
    first = next(iter(palettes.values())).used
    rows = [
        [
            style,
            shown(row.mixtures[0], high=4),
            shown(row.mixtures[1], high=12),
            *map(shown, row.colours),
            percent(row.used),
            percent(row.commonest),
            " ".join(f"{100 * share:.0f}" for share in row.by_place),
        ]
        for style, row in palettes.items()
    ]
    return [
        "### Palette",
        "",
        f"{first.samples} palettes a style, a seed each: by turns one of the product's own and one to six colours "
        "drawn evenly from all of sRGB. A picture of 640 by 360 pixels is averaged in blocks of 10 by 10 (sRGB "
        "numbers); the figure is CIEDE2000 from a block to the nearest *mixture* (a place on the straight line in Lab "
        "between two of the palette's colours), wanted ≤ 4 in the median and ≤ 12 at the 95th percentile of all "
        "blocks, and to the nearest *single* colour. *In use*: the share of a palette's colours that at least 1 % of "
        "the blocks lie nearest to. *Commonest*: the share of blocks nearest to one colour, the largest in each "
        "picture. *By place*: for the product's palettes, the mean share nearest to the first, second … fifth colour.",
        "",
        *table(
            ["style", "mixture, median", "p95", "single, median", "p95", "in use %", "commonest %", "by place %"], rows
        ),
    ]


def seam_lines(seams: dict[str, tuple[Figure, Figure]], diversity: dict[str, Figure]) -> list[str]:
    """Returns the tables of the wrap edge and of diversity."""
    first, other = next(iter(seams.values()))[0], next(iter(diversity.values()), None)
    rows = [[style, shown(own, 0.9, 1.1), shown(plain)] for style, (own, plain) in seams.items()]
    lines = [
        "### Seamless",
        "",
        f"The mean step across the wrap edge, both directions, over the mean step inside (for a net's styles across "
        f"the borders of its cells, for the edge is one): {first.samples} seeds of 384 by 256 pixels a style; wanted "
        "0.9 to 1.1. The control is the same pictures drawn without `--seamless`.",
        "",
        *table(["style", "seamless", "control"], rows),
    ]
    if other is not None:
        lines += [
            "",
            "### Diversity",
            "",
            f"How different two seeds look in one palette: the mean distance in Lab at 32 by 18 of pictures of a "
            f"style, over that to pictures of the other styles; {other.samples} seeds a style. 1 is as different as "
            "another style's. There is no bar for it: a style whose things are small against a 32nd of the picture, or "
            "that always has its colours in the same order, is more alike by design.",
            "",
            *table(["style", "within over across"], [[style, shown(row)] for style, row in diversity.items()]),
        ]
    return lines


def text_lines(texts: dict[str, TextScores]) -> list[str]:
    """Returns the table of text areas."""
    first = next(iter(texts.values())).legible
    rows = [
        [style, percent(row.legible, 0.99, 2), f"{100 * row.worst:.2f}", percent(row.without)]
        for style, row in texts.items()
    ]
    return [
        "### Text area",
        "",
        f"{first.samples} pictures a style with random areas, palettes and moods, white text and black by turns: the "
        "share of the area's pixels that have a contrast of at least 4.5 with the text, by WCAG 2.2, computed apart "
        "from the product's code; wanted ≥ 99 %. *Without* is the same picture without `--text-area`.",
        "",
        *table(["style", "legible %", "worst picture %", "without %"], rows),
    ]


def byte_lines(bytes_: dict[str, ByteScores], thumbnails: dict[str, FileScores]) -> list[str]:
    """Returns the table of bytes and thumbnails."""
    rows = []
    for style, row in bytes_.items():
        files = thumbnails[style]
        sizes = " ".join(f"{width}×{height}" for width, height in sorted(files.sizes_px))
        fits = files.most_bytes <= THUMBNAIL_BYTES and files.sizes_px == {THUMBNAIL_PX}
        most = f"{files.most_bytes / 1e6:.2f} MB, {sizes}"
        same = [f"{one} of {all_}" for one, all_ in ((row.same, row.pictures), (files.same, files.files))]
        rows.append([style, same[0], str(row.distinct), same[1], most if fits else f"**{most}**"])
    return [
        "### The same bytes",
        "",
        "Pictures (plain, seamless, blended and blurred, with a text area) drawn in three processes with one, two and "
        "three threads: how many have the same pixels in all, and how many differ from each other, as they should. "
        "Thumbnails, PNG and JPEG, written twice by the command line: how many are the same file, and the largest.",
        "",
        *table(["style", "same pixels", "distinct", "same files", "largest thumbnail"], rows),
    ]


def cost_lines(small: dict[str, Cost], large: dict[str, Cost], large_px: tuple[int, int]) -> list[str]:
    """Returns the table of time and memory; "gradient", or the first style, is the measure of the others."""
    base = "gradient" if "gradient" in small else next(iter(small))
    rows = []
    for style, row in small.items():
        big = large[style]
        rows.append(
            [
                style,
                shown(row.process_s, high=3),
                f"{row.least_s:.2f}",
                shown(row.cpu_s),
                f"{row.cpu_s.value / small[base].cpu_s.value:.2f}",
                shown(row.peak_mib, high=400, digits=0),
                f"{big.drawing_s.value:.1f}",
                f"{big.cpu_s.value:.1f}",
                f"{big.cpu_s.value / large[base].cpu_s.value:.2f}",
                f"{big.peak_mib.value:.0f}",
            ]
        )
    wide, high = large_px
    load = f"{os.getloadavg()[0]:.1f}"
    ratio = f"× {base}"
    return [
        "### Time and memory",
        "",
        f"{processor()}, {len(os.sched_getaffinity(0))} cores, load average {load} at the end: with other jobs on "
        "the machine, processor time and the ratios say more than seconds. Each drawing is a process of its own. At "
        f"1280 by 720: seconds from the process's start to its end, medians of {small[base].process_s.samples}, wanted "
        f"≤ 3; processor seconds, over {base}'s; the peak of its whole memory, wanted ≤ 400 MiB. At {wide} by {high}, "
        f"once: seconds of the drawing, processor seconds, peak; the picture itself has {3 * wide * high / 2**20:.0f} "
        f"MiB, the memory budget here is {default_budget_mib()} MiB.",
        "",
        *table(["style", "s", "least", "CPU s", ratio, "MiB", "large: s", "CPU s", ratio, "MiB"], rows),
    ]


def report(scores: Scores) -> str:
    """Returns all tables."""
    parts = [
        mood_lines(scores.moods),
        palette_lines(scores.palettes),
        seam_lines(scores.seams, scores.diversity),
        text_lines(scores.texts),
        byte_lines(scores.bytes_, scores.thumbnails),
        cost_lines(scores.small, scores.large, scores.large_px),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts)


def put(page: Path, text: str) -> None:
    """Writes the tables between the page's marks; all else stays. Raises ValueError when a mark is not there once."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in after or END in after:
        raise ValueError(f"{page.name} must have {BEGIN} and {END} once each")
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
