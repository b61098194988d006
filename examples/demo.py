"""The main job on shipped examples: colours real photographs and sets before beside after."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from scumble import Image, read_image, write_image
from scumble.media.arrays import array_from_image, image_from_array

ROOT = Path(__file__).resolve().parent.parent
PHOTOS = ROOT / "examples" / "photos"
OUT = ROOT / "examples" / "out"
JOBS = (
    ("cameraman.png", ()),
    ("rocket.jpg", ()),
    ("cat.jpg", ()),
    ("astronaut.jpg", ("--hint", "250,400,#cf5a2b", "--hint", "60,430,#cf5a2b", "--hint", "360,300,#c9552a")),
)


def run(*arguments: str) -> str:
    """Runs the command line as a user would, and returns what it prints."""
    command = (sys.executable, "-m", "scumble", *arguments)
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def side_by_side(before: Image, after: Image) -> Image:
    """Returns both pictures next to each other, 8-bit RGB, with a white gap."""
    left, right = array_from_image(before)[..., :3], array_from_image(after)[..., :3]
    gap = np.full((before.height, 8, 3), 255, np.uint8)
    return image_from_array(np.concatenate((np.broadcast_to(left, right.shape), gap, right), axis=1))


def main() -> None:
    """Colours every example, writes before/after pictures, and proves that a replay gives the same bytes."""
    OUT.mkdir(exist_ok=True)
    for name, options in JOBS:
        source, output = PHOTOS / name, OUT / f"{Path(name).stem}.png"
        began = time.perf_counter()
        result = json.loads(run("colorize", str(source), str(output), "--json", *options))
        seconds = time.perf_counter() - began
        pair = OUT / f"{output.stem}-before-after.png"
        write_image(pair, side_by_side(read_image(source), read_image(output)))
        shown = " ".join(("scumble colorize", source.name, output.name, *options))
        print(f"{shown}\n  {seconds:.1f} s with start-up, {result['provider']}; see {pair.relative_to(ROOT)}")
    again = OUT / "cameraman-again.png"
    print(run("replay", f"{OUT / 'cameraman.png'}.scumble.json", str(again)))


if __name__ == "__main__":
    main()
