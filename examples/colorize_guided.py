"""Colours with guidance from Python: ask for suggestions, take one as a hint, use the result as a reference.

python examples/colorize_guided.py [FOLDER]    writes guided.png and like-it.png into FOLDER, here if none is named
"""

from __future__ import annotations

import sys
from pathlib import Path

from scumble import Colorize, HintPoint, Rgb, read_image, write_image

PHOTOS = Path(__file__).resolve().parent / "photos"


def main() -> None:
    """Prints the suggestions for the suit of an astronaut, and writes two pictures."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    photo = read_image(PHOTOS / "astronaut.jpg")

    # A point that is certain leads the suggestions for the others.
    known = HintPoint(60, 430, Rgb.from_hex("#cf5a2b"))
    suggested = Colorize(hint=(known,)).suggestions(photo, 90, 300, count=5)
    for color, weight in suggested:
        print(f"{color.hex}  {weight:.0%}")

    chosen = HintPoint(90, 300, suggested[0].color)
    guided = Colorize(hint=(known, chosen), vividness=0.8)(photo)
    write_image(folder / "guided.png", guided)

    # Another photograph in these colours: their mix and how saturated they are, not their places.
    cup = read_image(PHOTOS / "coffee.jpg")
    write_image(folder / "like-it.png", Colorize()(cup, reference=guided))


if __name__ == "__main__":
    main()
