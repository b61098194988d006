"""A sheet of coloured pictures to look at, the worst among them.

python -m scumble_export.colorize.sheet PICTURES sheet.jpg --ours RUN --scores scores.json --worst 4
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from scumble_export.colorize.patches import hinted, patch_places
from scumble_export.colorize.peers import methods_from_runs
from scumble_export.colorize.runs import Run
from scumble_export.colorize.sampling import Inputs
from scumble_export.colorize.scoring import pixels_from_ab, squared_pictures
from scumble_export.lab import lab_from_pixels

Pixels = NDArray[np.uint8]
VIVIDNESS = 0.6
HINTS = 10
_GAP, _CAPTION = 4, 14


def row_of(run: Run, picture: Pixels, index: int, true_colour: bool) -> dict[str, Pixels]:
    """Returns one picture's tiles by caption: gray, automatic, vivid, and with true hints beside the truth."""
    lab = lab_from_pixels(picture[None])
    light = lab[:, :1]
    inputs = Inputs.of(light)
    methods = methods_from_runs(run, None)
    with torch.no_grad():
        automatic, vivid = methods["ours"](inputs), methods["ours, vivid"](inputs)
        tiles = {
            "gray": pixels_from_ab(light, torch.zeros_like(automatic)),
            "regression": pixels_from_ab(light, automatic),
            f"vividness {VIVIDNESS}": pixels_from_ab(light, automatic + VIVIDNESS * (vivid - automatic)),
        }
        if true_colour:
            told = hinted(lab, patch_places(picture.shape[:2], HINTS, index))
            tiles |= {f"{HINTS} hints": pixels_from_ab(light, methods["ours"](told)), "truth": picture}
    return tiles


def sheet_from_rows(rows: Sequence[tuple[str, dict[str, Pixels]]], pairs: int = 2) -> Image.Image:
    """Lays labelled rows of tiles out, `pairs` rows beside each other, captions over the first of each."""
    side = next(iter(rows[0][1].values())).shape[0]
    columns = len(rows[0][1])
    step = side + _GAP + _CAPTION
    width = pairs * columns * (side + _GAP) + (pairs - 1) * 4 * _GAP
    sheet = Image.new("RGB", (width, -(-len(rows) // pairs) * step + _CAPTION), "white")
    draw = ImageDraw.Draw(sheet)
    for index, (label, tiles) in enumerate(rows):
        left, top = index % pairs * (columns * (side + _GAP) + 4 * _GAP), _CAPTION + index // pairs * step
        for column, (caption, pixels) in enumerate(tiles.items()):
            x = left + column * (side + _GAP)
            if index < pairs:
                draw.text((x + 2, 1), caption, fill="black")
            sheet.paste(Image.fromarray(pixels), (x, top))
        draw.text((left + 2, top + side + 1), label, fill="black")
    return sheet


def worst_by_rule(leads: dict[str, dict[str, float]], count: int) -> dict[str, str]:
    """Returns `count` pictures that an evaluation found to fail most, each with the figure it was chosen by.

    In turn: the greatest loss to leaving it gray, the greatest loss to Levin's at 10 hints, the vivid result that is
    most too colourful, and the one that is most too pale.
    """
    rules = (
        ("over_gray_db", 1),
        ("hints_10_over_levin_db", 1),
        *(("vivid_colourfulness_difference", s) for s in (-1, 1)),
    )
    known = [(key, sign) for key, sign in rules if all(key in lead for lead in leads.values())]
    queues = [(key, sorted(leads, key=lambda name: sign * leads[name][key])) for key, sign in known]
    chosen: dict[str, str] = {}
    while len(chosen) < min(count, len(leads)):
        for key, queue in queues:
            name = next((entry for entry in queue if entry not in chosen), None)
            if name is not None and len(chosen) < count:
                chosen[name] = f"{key} {leads[name][key]:+.2f}"
    return chosen


def labelled(pictures: dict[str, Pixels], count: int, worst: dict[str, str]) -> dict[str, str]:
    """Returns the labels of `count` pictures by name: the worst, and of the others evenly spread ones."""
    others = [name for name in pictures if name not in worst]
    spare = max(0, count - len(worst))
    picked = others[:: max(1, len(others) // max(1, spare))][:spare]
    return {name: f"{name}  {worst.get(name, '')}" for name in [*picked, *worst]}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("pictures", type=Path, help="folder or tar of pictures")
    options.add_argument("sheet", type=Path, help="JPEG or PNG to write")
    options.add_argument("--folder", action="append", default=[], help="only names that start with this")
    options.add_argument("--ours", type=Path, required=True, help="run folder of the colorizer")
    options.add_argument("--count", type=int, default=16, help="how many pictures")
    options.add_argument("--scores", type=Path, help="report of the evaluation on these pictures, for --worst")
    options.add_argument("--worst", type=int, default=0, help="how many of them are those that it found to fail most")
    options.add_argument("--old", action="store_true", help="the pictures have no true colour")
    options.add_argument("--threads", type=int, default=0, help="CPU threads; 0 takes all")
    args = options.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    run = Run(args.ours)
    pictures = squared_pictures(args.pictures, tuple(args.folder))
    worst = {}
    if args.worst:
        worst = worst_by_rule(json.loads(args.scores.read_text(encoding="utf-8"))["by_picture"], args.worst)
    numbers = {name: index for index, name in enumerate(pictures)}
    labels = labelled(pictures, args.count, worst)
    rows = [(label, row_of(run, pictures[name], numbers[name], not args.old)) for name, label in labels.items()]
    sheet_from_rows(rows).save(args.sheet, quality=85)


if __name__ == "__main__":
    main()
