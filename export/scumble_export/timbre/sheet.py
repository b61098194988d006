"""Sheets of pictures: for each kind real notes, the same notes as the net draws them, and notes of new instruments.

python -m scumble_export.timbre.sheet RUN PACK sheet.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from scumble_export.timbre import picture
from scumble_export.timbre.net import CODE
from scumble_export.timbre.runs import KINDS, Run, example_noise, inputs_of
from scumble_export.timbre.train import Pack

KEYS = (45, 57, 69, 81)
_TITLES = ("real notes", "the same, drawn", "a new instrument", "another")
_GAP = 6


def tile(levels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Returns a note's levels, (BANDS, FRAMES), low ones at the bottom: (BANDS / 2, FRAMES)."""
    paired = np.maximum(levels[::2], levels[1::2])[::-1]
    return np.clip((paired - picture.FLOOR_DB) / -picture.FLOOR_DB * 255, 0, 255).astype(np.uint8)


@torch.no_grad()
def sheet(run: Run, pack: Pack, kinds: tuple[str, ...] = KINDS) -> Image.Image:
    """Returns the sheet; rows are kinds, columns are _TITLES, each of KEYS."""
    rows = []
    for kind in kinds:
        number = KINDS.index(kind)
        own = [k for k, name in enumerate(pack.instruments) if name[0] == kind]
        instrument = own[len(own) // 2]
        tiles: list[NDArray[np.uint8]] = []
        found = [_nearest(pack, instrument, key) for key in KEYS]
        tiles += [tile(pack.pictures[row, 0].astype(np.float32) / 2.5 + picture.FLOOR_DB) for row in found]
        code = run.codes.table[run.instruments.index("/".join(pack.instruments[instrument]))]
        for row in found:
            drawn = run.net(code[None], pack.key[row][None], pack.velocity[row][None], example_noise(row))
            tiles.append(tile(drawn[0, 0].numpy()))
        for seed in range(2):
            latent = torch.randn(CODE, generator=torch.Generator().manual_seed(seed))
            for key in KEYS:
                drawn = run.graph(*inputs_of(number, latent, float(key), 0.7, example_noise(seed)))
                tiles.append(tile(drawn[0, 0].numpy()))
        rows.append(_row(tiles))
    width, height = rows[0].shape[1], rows[0].shape[0]
    image = Image.new("L", (width + 70, 20 + len(rows) * (height + _GAP)), 255)
    pen = ImageDraw.Draw(image)
    for place, title in enumerate(_TITLES):
        pen.text((74 + place * width // len(_TITLES), 4), title, fill=0)
    for place, (kind, strip) in enumerate(zip(kinds, rows, strict=True)):
        top = 20 + place * (height + _GAP)
        pen.text((4, top + height // 2), kind, fill=0)
        image.paste(Image.fromarray(strip), (70, top))
    return image


def _nearest(pack: Pack, instrument: int, key: int) -> int:
    own = torch.nonzero(pack.instrument == instrument).flatten()
    return int(own[(pack.key[own, 0] - key).abs().argmin()])


def _row(tiles: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    gap = np.full((tiles[0].shape[0], 2), 255, np.uint8)
    wide = np.full((tiles[0].shape[0], _GAP), 255, np.uint8)
    parts = [part for place, one in enumerate(tiles) for part in (one, wide if place % len(KEYS) == 3 else gap)]
    return np.concatenate(parts, axis=1)


def main() -> None:
    """Draws the sheet."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("run", type=Path)
    options.add_argument("pack", type=Path)
    options.add_argument("out", type=Path)
    args = options.parse_args()
    sheet(Run(args.run), Pack(args.pack)).save(args.out, optimize=True)


if __name__ == "__main__":
    main()
