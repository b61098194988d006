"""Chooses the temperature of the annealed mean on held-out training photographs.

python -m scumble_export.colorize.calibrate RUN --photos PHOTOS
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from scumble_export.colorize.evaluate import SIZE, net_from_run, no_hints, pixels_from_ab
from scumble_export.colorize.net import Colorizer
from scumble_export.data import load_photos
from scumble_export.lab import lab_from_pixels
from scumble_export.metrics import colourfulness

Pixels = NDArray[np.uint8]
_MOST_PICTURES = 160


def fitted_temperature(net: Colorizer, pictures: list[Pixels]) -> float:
    """Finds the temperature at which the vivid output is as colourful as true pictures are on average.

    Call it with held-out training pictures, never with evaluation pictures.
    """
    target = np.mean([colourfulness(picture) for picture in pictures])
    heads = []
    with torch.no_grad():
        for picture in pictures:
            lab = lab_from_pixels(picture[None])
            heads.append((lab[:, :1], *net.heads(lab[:, :1], *no_hints(lab[:, :1]))))

    def colour(temperature: float) -> float:
        results = (pixels_from_ab(light, net.vivid(ab, logits, temperature)) for light, ab, logits in heads)
        return float(np.mean([colourfulness(result) for result in results]))

    low, high = 0.05, 1.0
    with torch.no_grad():
        for _ in range(10):
            middle = (low * high) ** 0.5
            low, high = (middle, high) if colour(middle) > target else (low, middle)
    return float((low * high) ** 0.5)


def main() -> None:
    """Writes temperature.json into the run's folder."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("run", type=Path, help="run folder of a training")
    options.add_argument("--photos", type=Path, required=True, help="what the run was trained on")
    args = options.parse_args()
    held_out = [photo for photo in load_photos(args.photos) if photo.held_out][:_MOST_PICTURES]
    pictures = [np.asarray(Image.fromarray(photo.pixels).resize((SIZE, SIZE))) for photo in held_out]
    temperature = round(fitted_temperature(net_from_run(args.run)[0], pictures), 3)
    chosen = {"temperature": temperature, "pictures": len(pictures)}
    (args.run / "temperature.json").write_text(json.dumps(chosen) + "\n", encoding="utf-8")
    print(json.dumps(chosen))


if __name__ == "__main__":
    main()
