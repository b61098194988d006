"""Makes a whole video thumbnail, background, subject and title; writes thumbnail.jpg or the file that is named."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from scumble import Background, Rgb, read_image, write_image
from scumble.media.arrays import array_from_image, image_from_array

TITLE, AREA = "WHY\nSPACE\nWINS", (70, 110, 560, 500)
BRAND = (Rgb.from_hex("#0c1424"), Rgb.from_hex("#27306b"), Rgb.from_hex("#c04cc4"), Rgb.from_hex("#ff9bd0"))


def main() -> None:
    """Writes a file of 1280 by 720 pixels and at most 2 MB."""
    look = Background(style="bokeh", palette=BRAND, seed=11, thumbnail=True, text_area=AREA, contrast=7)
    cutout = read_image(Path(__file__).parent / "photos" / "astronaut-cutout.webp")
    picture = Image.fromarray(array_from_image(look(subject=cutout)))
    font = ImageFont.load_default(AREA[3] // 3)
    ImageDraw.Draw(picture).text(AREA[:2], TITLE, "white", font, spacing=4, stroke_width=4)
    write_image(Path(*sys.argv[1:2] or ["thumbnail.jpg"]), image_from_array(np.asarray(picture)), most_bytes=2_000_000)


if __name__ == "__main__":
    main()
