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

from scumble_export.colorize.runs import TEMPERATURE, Run
from scumble_export.colorize.sampling import Inputs
from scumble_export.colorize.scales import Views
from scumble_export.colorize.scoring import SIZE, pixels_from_ab
from scumble_export.data import load_photos
from scumble_export.lab import lab_from_pixels
from scumble_export.metrics import colourfulness

Pixels = NDArray[np.uint8]
_MOST_PICTURES = 160
_TEMPERATURES = (0.25, 1.0)
_ROUNDS, _CLOSE_ENOUGH = 6, 0.002


def fitted_temperature(run: Run, pictures: list[Pixels]) -> float:
    """Finds the temperature at which the vivid output is as colourful as true pictures are on average.

    Call it with held-out training pictures, never with evaluation pictures.
    """
    target = float(np.mean([colourfulness(picture) for picture in pictures]))
    seen = []
    for picture in pictures:
        inputs, views = Inputs.of(lab_from_pixels(picture[None])[:, :1]), Views(run)
        views(inputs)
        seen.append((inputs, views))

    def colour(temperature: float) -> float:
        colours = []
        for inputs, views in seen:
            colours.append(colourfulness(pixels_from_ab(inputs.lightness, views.vivid(inputs, temperature))))
        return float(np.mean(colours))

    # Colourfulness falls nearly as a straight line over the logarithm: a few false positions do.
    low, high = _TEMPERATURES
    with torch.no_grad():
        most, least = colour(low), colour(high)
        middle = low
        for _ in range(_ROUNDS):
            share = min(0.95, max(0.05, (most - target) / max(most - least, 1e-6)))
            middle = float(low ** (1 - share) * high**share)
            found = colour(middle)
            if abs(found / target - 1) < _CLOSE_ENOUGH:
                break
            low, most, high, least = (middle, found, high, least) if found > target else (low, most, middle, found)
    return float(middle)


def main() -> None:
    """Writes temperature.json into the run's folder."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("run", type=Path, help="run folder of a training")
    options.add_argument("--photos", type=Path, nargs="+", required=True, help="what the run was trained on")
    options.add_argument("--threads", type=int, default=1, help="CPU threads")
    args = options.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    held_out = [photo for source in args.photos for photo in load_photos(source, held_out_only=True)][:_MOST_PICTURES]
    pictures = [np.asarray(Image.fromarray(photo.pixels).resize((SIZE, SIZE))) for photo in held_out]
    temperature = round(fitted_temperature(Run(args.run), pictures), 3)
    chosen = {"temperature": temperature, "pictures": len(pictures)}
    (args.run / TEMPERATURE).write_text(json.dumps(chosen) + "\n", encoding="utf-8")
    print(json.dumps(chosen))


if __name__ == "__main__":
    main()
