"""Raw scores of colorizers, picture by picture: automatic colour, and the curve over true hints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from scumble_export.colorize.bins import SoftEncoder
from scumble_export.colorize.patches import PATCH, Places, hinted, patch_places
from scumble_export.colorize.peers import Method
from scumble_export.colorize.sampling import Inputs
from scumble_export.data import files_in, pixels_from_bytes
from scumble_export.lab import lab_from_pixels, lab_from_rgb, linear_from_lab, rgb_from_lab
from scumble_export.metrics import ab_error, accuracy, colour_edges, colourfulness, psnr_db

SIZE = 256
_GAMUT_SLACK = 1e-4
COUNTS = (0, 1, 2, 5, 10, 20, 50, 100)
LEAST_PRIOR = 1e-5
"""Bins rarer than this among the training photographs weigh no more in the rebalanced AuC."""
Pixels = NDArray[np.uint8]
Table = dict[str, NDArray[np.float64]]
"""Scores of one method: one entry a picture, rows in the order of the pictures; not a number: does not apply."""


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
    rgb = rgb_from_lab(torch.cat((lightness, ab), 1))[0].permute(1, 2, 0)
    return np.asarray((rgb * 255).round().to(torch.uint8))


def hint_misses(inputs: Inputs, ab: Tensor, places: Places) -> list[float]:
    """Returns how far the colour at each hint's centre is from the wanted one, in 8-bit codes of the worst channel.

    Only hints that sRGB can show at the pixel's lightness count.
    """
    wanted = torch.cat((inputs.lightness, inputs.hint_ab), 1)
    linear = linear_from_lab(wanted)[0]
    asked, got = rgb_from_lab(wanted)[0], rgb_from_lab(torch.cat((inputs.lightness, ab), 1))[0]
    misses = []
    for y, x in places:
        spot = (slice(None), y + PATCH // 2, x + PATCH // 2)
        if float(linear[spot].min()) >= -_GAMUT_SLACK and float(linear[spot].max()) <= 1 + _GAMUT_SLACK:
            misses.append(255 * float((asked[spot] - got[spot]).abs().max()))
    return misses


def automatic_scores(pictures: Mapping[str, Pixels], methods: Mapping[str, Method], prior: Tensor) -> dict[str, Table]:
    """Scores every method without hints: PSNR, colourfulness, AuC and its rebalanced parts."""
    encoder = SoftEncoder()
    weight_of_bin = 1 / prior.clamp_min(LEAST_PRIOR)
    tables: dict[str, dict[str, list[float]]] = {name: {} for name in ("truth", *methods)}

    def note(name: str, **values: float) -> None:
        for key, value in values.items():
            tables[name].setdefault(key, []).append(value)

    for truth in pictures.values():
        lab = lab_from_pixels(truth[None])
        light, true_ab = lab[:, :1], lab[0, 1:].numpy()
        weight = weight_of_bin[encoder(lab[:, 1:])[0][0, 0]].numpy()
        inputs = Inputs.of(light)
        note("truth", colourfulness=colourfulness(truth))
        for name, method in methods.items():
            with torch.no_grad():
                ab = method(inputs)
            result = pixels_from_ab(light, ab)
            reached = accuracy(ab_error(shown_ab(light, ab), true_ab))
            note(
                name,
                psnr_db=psnr_db(result, truth),
                colourfulness=colourfulness(result),
                auc=float(reached.mean()),
                auc_weighed=float((reached * weight).sum()),
                auc_weights=float(weight.sum()),
            )
    return {name: {key: np.array(values) for key, values in table.items()} for name, table in tables.items()}


def shown_ab(lightness: Tensor, ab: Tensor) -> NDArray[np.float32]:
    """Returns the ab, (2, H, W), that a picture has once it is clipped to sRGB."""
    shown: NDArray[np.float32] = lab_from_rgb(rgb_from_lab(torch.cat((lightness, ab), 1)))[0, 1:].numpy()
    return shown


def curve_scores(
    pictures: Mapping[str, Pixels], methods: Mapping[str, Method], counts: Sequence[int] = COUNTS
) -> dict[str, dict[int, Table]]:
    """Scores every method at every number of hints: PSNR, bleeding, and how well hints are kept.

    Bleeding is the mean ab error where the true colour changes sharply; `kept` the share of hints whose centre
    is within 1/255, `miss` the mean distance there in 8-bit codes.
    """
    tables: dict[str, dict[int, dict[str, list[float]]]] = {
        name: {count: {"psnr_db": [], "bleeding": [], "kept": [], "miss": []} for count in counts} for name in methods
    }
    for index, truth in enumerate(pictures.values()):
        lab = lab_from_pixels(truth[None])
        true_ab = lab[0, 1:].numpy()
        edges = colour_edges(true_ab)
        places = patch_places(truth.shape[:2], max(counts), index)
        for count in counts:
            inputs = hinted(lab, places[:count])
            for name, method in methods.items():
                with torch.no_grad():
                    ab = method(inputs)
                misses = hint_misses(inputs, ab, places[:count])
                table = tables[name][count]
                table["psnr_db"].append(psnr_db(pixels_from_ab(lab[:, :1], ab), truth))
                error = ab_error(shown_ab(lab[:, :1], ab), true_ab)
                table["bleeding"].append(float(error[edges].mean()) if edges.any() else float("nan"))
                table["kept"].append(float(np.mean(np.array(misses) <= 1)) if misses else float("nan"))
                table["miss"].append(float(np.mean(misses)) if misses else float("nan"))
    return {
        name: {count: {key: np.array(values) for key, values in table.items()} for count, table in rows.items()}
        for name, rows in tables.items()
    }
