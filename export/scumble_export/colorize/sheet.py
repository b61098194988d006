"""A sheet of coloured pictures to look at, the worst among them.

python -m scumble_export.colorize.sheet PICTURES sheet.jpg --ours RUN --worst 4
"""

from __future__ import annotations

import argparse
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
from scumble_export.metrics import psnr_db

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


def sheet_from_rows(rows: Sequence[dict[str, Pixels]], pairs: int = 2) -> Image.Image:
    """Lays rows of tiles out, `pairs` rows beside each other, captions over the first of each."""
    side = next(iter(rows[0].values())).shape[0]
    columns = len(rows[0])
    width = pairs * columns * (side + _GAP) + (pairs - 1) * 4 * _GAP
    height = -(-len(rows) // pairs) * (side + _GAP) + _CAPTION
    sheet = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(sheet)
    for index, tiles in enumerate(rows):
        left = index % pairs * (columns * (side + _GAP) + 4 * _GAP)
        for column, (caption, pixels) in enumerate(tiles.items()):
            x = left + column * (side + _GAP)
            if index < pairs:
                draw.text((x + 2, 1), caption, fill="black")
            sheet.paste(Image.fromarray(pixels), (x, _CAPTION + index // pairs * (side + _GAP)))
    return sheet


def chosen(pictures: dict[str, Pixels], run: Run, count: int, worst: int) -> list[Pixels]:
    """Returns `count` pictures: evenly spread ones, and the `worst` by PSNR against leaving them gray."""
    every = list(pictures.values())
    picked = every[:: max(1, len(every) // max(1, count - worst))][: count - worst]
    if worst:
        leads = []
        for picture in every:
            tiles = row_of(run, picture, 0, true_colour=False)
            leads.append(psnr_db(tiles["regression"], picture) - psnr_db(tiles["gray"], picture))
        picked += [every[index] for index in np.argsort(leads)[:worst]]
    return picked


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("pictures", type=Path, help="folder or tar of pictures")
    options.add_argument("sheet", type=Path, help="JPEG or PNG to write")
    options.add_argument("--folder", action="append", default=[], help="only names that start with this")
    options.add_argument("--ours", type=Path, required=True, help="run folder of the colorizer")
    options.add_argument("--count", type=int, default=16, help="how many pictures")
    options.add_argument("--worst", type=int, default=0, help="how many of them are those that lose most to gray")
    options.add_argument("--old", action="store_true", help="the pictures have no true colour")
    options.add_argument("--threads", type=int, default=0, help="CPU threads; 0 takes all")
    args = options.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    run = Run(args.ours)
    pictures = squared_pictures(args.pictures, tuple(args.folder))
    rows = [
        row_of(run, picture, index, not args.old)
        for index, picture in enumerate(chosen(pictures, run, args.count, args.worst))
    ]
    sheet_from_rows(rows).save(args.sheet, quality=88)


if __name__ == "__main__":
    main()
