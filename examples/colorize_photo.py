"""Colours a photograph from Python: automatic, paler, and with one colour asked for.

python examples/colorize_photo.py examples/photos/astronaut.jpg
"""

from __future__ import annotations

import sys
from pathlib import Path

from scumble import Colorize, HintPoint, Rgb, read_image, write_image


def main() -> None:
    """Writes three versions into the working folder."""
    source = Path(sys.argv[1] if len(sys.argv) > 1 else "examples/photos/astronaut.jpg")
    photo = read_image(source)
    write_image(Path("automatic.png"), Colorize()(photo))
    write_image(Path("paler.png"), Colorize(strength=0.6, vividness=0.5)(photo))
    wish = HintPoint(photo.width // 2, photo.height * 3 // 4, Rgb.from_hex("#d8622c"))
    write_image(Path("hinted.png"), Colorize(hint=(wish,))(photo))


if __name__ == "__main__":
    main()
