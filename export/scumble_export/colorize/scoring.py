"""Raw scores of colorizers, picture by picture: automatic colour, and the curve over true hints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from scumble_export.colorize.bins import SoftEncoder
from scumble_export.colorize.patches import PATCH, Places, hinted, patch_places
from scumble_export.colorize.peers import INFORMED, Method
from scumble_export.colorize.sampling import Inputs, global_statistics
from scumble_export.data import files_in, pixels_from_bytes
from scumble_export.lab import lab_from_pixels, lab_from_rgb, linear_from_lab, rgb_from_lab
from scumble_export.metrics import ab_error, accuracy, colour_edges, colourfulness, psnr_db

SIZE = 256
_GAMUT_SLACK = 1e-4
COUNTS = (0, 1, 2, 5, 10, 20, 50, 100)
LEAST_PRIOR = 1e-5
"""Bins rarer than this among the training photographs weigh no more in the rebalanced AuC."""
Pixels = NDArray[np.uint8]
Row = dict[str, float]
"""Scores of one method on one picture; not a number: does not apply."""
Table = dict[str, NDArray[np.float64]]
"""Scores of one method: one entry a picture, rows in the order of the pictures."""


def squared_pictures(source: Path, folders: tuple[str, ...] = ()) -> dict[str, Pixels]:
    """Reads pictures, each resized to 256 by 256 as the published scores do; `folders` filters a tar."""
    pictures = {}
    for name, content in files_in(source):
        if not folders or name.startswith(folders):
            image = Image.fromarray(pixels_from_bytes(content, None))
            pictures[name] = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.LANCZOS))
    return pictures


def pixels_from_ab(lightness: Tensor, ab: Tensor) -> Pixels:
    """Returns 8-bit sRGB pixels, (H, W, 3), of one picture's planes."""
    return pixels_from_rgb(rgb_from_lab(torch.cat((lightness, ab), 1)))


def pixels_from_rgb(rgb: Tensor) -> Pixels:
    """Returns 8-bit pixels, (H, W, 3), of one sRGB picture in 0..1, (1, 3, H, W)."""
    return np.asarray((rgb[0].permute(1, 2, 0) * 255).round().to(torch.uint8))


def hint_misses(inputs: Inputs, ab: Tensor, places: Places) -> list[float]:
    """Returns how far the colour at each hint's centre is from the wanted one, in 8-bit codes of the worst channel.

    Only hints that sRGB can show at the pixel's lightness count.
    """
    if not places:
        return []
    y, x = (torch.tensor(place) + PATCH // 2 for place in zip(*places, strict=True))
    wanted, found = (torch.cat((inputs.lightness, plane), 1)[..., y, x][:, :, None] for plane in (inputs.hint_ab, ab))
    linear = linear_from_lab(wanted)
    shown = (linear.amin(1) >= -_GAMUT_SLACK) & (linear.amax(1) <= 1 + _GAMUT_SLACK)
    codes = 255 * (rgb_from_lab(wanted) - rgb_from_lab(found)).abs().amax(1)
    return [float(code) for code in codes[shown]]


def automatic_row(truth: Pixels, methods: Mapping[str, Method], prior: Tensor) -> dict[str, Row]:
    """Scores every method on one picture without hints: PSNR, colourfulness, AuC and its rebalanced parts.

    The methods of `INFORMED` are told the picture's true histogram and saturation.
    """
    encoder = SoftEncoder()
    lab = lab_from_pixels(truth[None])
    light, true_ab = lab[:, :1], lab[0, 1:].numpy()
    weight = (1 / prior.clamp_min(LEAST_PRIOR))[encoder(lab[:, 1:])[0][0, 0]].numpy()
    plain = Inputs.of(light)
    informed = replace(plain, statistics=global_statistics(rgb_from_lab(lab), lab[:, 1:], encoder))
    rows: dict[str, Row] = {"truth": {"colourfulness": colourfulness(truth)}}
    for name, method in methods.items():
        with torch.no_grad():
            rgb = rgb_from_lab(torch.cat((light, method(informed if name in INFORMED else plain)), 1))
        result = pixels_from_rgb(rgb)
        reached = accuracy(ab_error(lab_from_rgb(rgb)[0, 1:].numpy(), true_ab))
        rows[name] = {
            "psnr_db": psnr_db(result, truth),
            "colourfulness": colourfulness(result),
            "auc": float(reached.mean()),
            "auc_weighed": float((reached * weight).sum()),
            "auc_weights": float(weight.sum()),
        }
    return rows


def curve_rows(
    truth: Pixels, index: int, methods: Mapping[str, Method], counts: Sequence[int] = COUNTS
) -> dict[str, dict[int, Row]]:
    """Scores every method on one picture at every number of hints: PSNR, bleeding, and how well hints are kept.

    `index` chooses the hints' places. Bleeding is the mean ab error where the true colour changes sharply; `kept`
    the share of hints whose centre is within 1/255, `miss` the mean distance there in 8-bit codes.
    """
    lab = lab_from_pixels(truth[None])
    true_ab = lab[0, 1:].numpy()
    edges = colour_edges(true_ab)
    places = patch_places(truth.shape[:2], max(counts), index)
    rows: dict[str, dict[int, Row]] = {name: {} for name in methods}
    for count in counts:
        inputs = hinted(lab, places[:count])
        for name, method in methods.items():
            with torch.no_grad():
                ab = method(inputs)
            misses = np.array(hint_misses(inputs, ab, places[:count]))
            rgb = rgb_from_lab(torch.cat((lab[:, :1], ab), 1))
            error = ab_error(lab_from_rgb(rgb)[0, 1:].numpy(), true_ab)
            rows[name][count] = {
                "psnr_db": psnr_db(pixels_from_rgb(rgb), truth),
                "bleeding": float(error[edges].mean()) if edges.any() else float("nan"),
                "kept": float((misses <= 1).mean()) if len(misses) else float("nan"),
                "miss": float(misses.mean()) if len(misses) else float("nan"),
            }
    return rows


def table_from_rows(rows: Iterable[Row]) -> Table:
    """Turns the pictures' rows of one method into columns."""
    every = list(rows)
    return {key: np.array([row[key] for row in every]) for key in every[0]}


def automatic_tables(rows: Sequence[dict[str, Row]]) -> dict[str, Table]:
    """Gathers what `automatic_row` returned for each picture, by method."""
    return {name: table_from_rows(row[name] for row in rows) for name in rows[0]}


def curve_tables(rows: Sequence[dict[str, dict[int, Row]]]) -> dict[str, dict[int, Table]]:
    """Gathers what `curve_rows` returned for each picture, by method and number of hints."""
    return {
        name: {count: table_from_rows(row[name][count] for row in rows) for count in by_count}
        for name, by_count in rows[0].items()
    }
