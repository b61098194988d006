"""Scores colorizers side by side on the same pictures: gray, mean ab, the plain MSE net and ours.

python -m scumble_export.colorize.evaluate PICTURES --ours RUN --mse RUN --out scores.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from scumble_export.colorize.bins import bin_centres
from scumble_export.colorize.net import Colorizer
from scumble_export.data import files_in, pixels_from_bytes
from scumble_export.lab import lab_from_pixels, rgb_from_lab
from scumble_export.metrics import bootstrap_interval, colourfulness, psnr_db

SIZE = 256
Pixels = NDArray[np.uint8]
Method = Callable[[Tensor], Tensor]
"""Takes lightness, (1, 1, H, W), and returns ab, (1, 2, H, W)."""


def net_from_run(run: Path) -> tuple[Colorizer, dict[str, Any]]:
    """Loads the averaged weights of a training run, and the rest of its checkpoint."""
    state = torch.load(run / "checkpoint.pt", map_location="cpu", weights_only=True)
    net = Colorizer()
    net.load_state_dict(state["average"])
    return net.eval(), state


def temperature_of_run(run: Path) -> float:
    """Returns the temperature that calibrate.py chose for a run."""
    return float(json.loads((run / "temperature.json").read_text(encoding="utf-8"))["temperature"])


def squared_pictures(source: Path, folders: tuple[str, ...] = ()) -> dict[str, Pixels]:
    """Reads pictures, each resized to 256 by 256 as the published scores do; `folders` filters a tar."""
    pictures = {}
    for name, content in files_in(source):
        if not folders or name.startswith(folders):
            image = Image.fromarray(pixels_from_bytes(content, None))
            pictures[name] = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.LANCZOS))
    return pictures


def no_hints(lightness: Tensor) -> tuple[Tensor, Tensor]:
    """Returns empty hint planes for a lightness plane."""
    return lightness.new_zeros((1, 2, *lightness.shape[2:])), torch.zeros_like(lightness)


def pixels_from_ab(lightness: Tensor, ab: Tensor) -> Pixels:
    """Returns 8-bit sRGB pixels, (H, W, 3), of one picture's planes."""
    rgb = rgb_from_lab(torch.cat((lightness, ab), 1))[0].permute(1, 2, 0)
    return np.asarray((rgb * 255).round().to(torch.uint8))


def compare(pictures: dict[str, Pixels], methods: dict[str, Method]) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Returns PSNR and colourfulness of every method on every picture, in the same order."""
    scores: dict[str, dict[str, list[float]]] = {
        name: {"psnr_db": [], "colourfulness": []} for name in ("truth", *methods)
    }
    with torch.no_grad():
        for truth in pictures.values():
            scores["truth"]["colourfulness"].append(colourfulness(truth))
            scores["truth"]["psnr_db"].append(float("inf"))
            lightness = lab_from_pixels(truth[None])[:, :1]
            for name, method in methods.items():
                result = pixels_from_ab(lightness, method(lightness))
                scores[name]["psnr_db"].append(psnr_db(result, truth))
                scores[name]["colourfulness"].append(colourfulness(result))
    return {name: {key: np.array(values) for key, values in row.items()} for name, row in scores.items()}


def summary(scores: dict[str, dict[str, NDArray[np.float64]]]) -> dict[str, dict[str, object]]:
    """Returns means, differences from gray and colourfulness gaps, each with its 95 % interval."""
    true_colour = scores["truth"]["colourfulness"]
    table: dict[str, dict[str, object]] = {}
    for name, row in scores.items():
        if name == "truth":
            table[name] = {"colourfulness": bootstrap_interval(true_colour)}
            continue
        difference = row["colourfulness"] - true_colour
        table[name] = {
            "psnr_db": bootstrap_interval(row["psnr_db"]),
            "over_gray_db": bootstrap_interval(row["psnr_db"] - scores["gray"]["psnr_db"]),
            "colourfulness": bootstrap_interval(row["colourfulness"]),
            "colourfulness_gap": abs(float(difference.mean())),
            "colourfulness_difference": bootstrap_interval(difference),
            "colourfulness_error": bootstrap_interval(np.abs(difference)),
        }
    return table


def methods_from_runs(ours: Path, mse: Path | None, temperature: float) -> dict[str, Method]:
    """Returns the baselines and nets to compare; the mean ab is that of the training photographs."""
    net, state = net_from_run(ours)
    prior = torch.tensor(state["prior"], dtype=torch.float32)
    mean_ab = (prior[:, None] * torch.from_numpy(bin_centres())).sum(0).reshape(1, 2, 1, 1)

    def vivid(light: Tensor) -> Tensor:
        return net.vivid(*net.heads(light, *no_hints(light)), temperature)

    methods: dict[str, Method] = {
        "gray": lambda light: light.new_zeros((1, 2, *light.shape[2:])),
        "mean ab": lambda light: mean_ab.expand(1, 2, *light.shape[2:]),
        "ours, regression": lambda light: net.heads(light, *no_hints(light))[0],
        "ours, vivid": vivid,
    }
    if mse is not None:
        baseline, _ = net_from_run(mse)
        methods["MSE net"] = lambda light: baseline.heads(light, *no_hints(light))[0]
    return methods


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("pictures", type=Path, help="folder or tar of true colour pictures")
    options.add_argument("--folder", action="append", default=[], help="only names that start with this")
    options.add_argument("--ours", type=Path, required=True, help="run folder of the colorizer")
    options.add_argument("--mse", type=Path, help="run folder of the plain MSE net")
    options.add_argument("--temperature", type=float, help="of the annealed mean; default: the calibrated one")
    options.add_argument("--out", type=Path, help="where to write the summary as JSON")
    args = options.parse_args()
    if args.temperature is None:
        args.temperature = temperature_of_run(args.ours)
    pictures = squared_pictures(args.pictures, tuple(args.folder))
    table = summary(compare(pictures, methods_from_runs(args.ours, args.mse, args.temperature)))
    report = {"pictures": len(pictures), "size": SIZE, "temperature": args.temperature, "methods": table}
    text = json.dumps(report, indent=1)
    if args.out:
        args.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
