"""Scores a net in training on held-out training photographs, with and without hints; never on evaluation pictures."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from scumble_export.colorize.net import Colorizer
from scumble_export.colorize.patches import hinted, patch_places
from scumble_export.data import Photo
from scumble_export.lab import lab_from_pixels, rgb_from_lab

HINTS = (0, 1, 10, 50)
_SIZE = 192


def squares(photos: list[Photo], most: int) -> list[Tensor]:
    """Returns Lab of the upper left 192 by 192 pixels of the first `most` photographs that are large enough."""
    large = [photo.pixels[:_SIZE, :_SIZE] for photo in photos if min(photo.pixels.shape[:2]) >= _SIZE]
    return [lab_from_pixels(np.ascontiguousarray(pixels)[None]) for pixels in large[:most]]


def psnr_of(lab: Tensor, ab: Tensor) -> float:
    """Returns PSNR-RGB of one picture with true lightness and the given ab, unrounded."""
    error = (rgb_from_lab(torch.cat((lab[:, :1], ab), 1)) - rgb_from_lab(lab)) ** 2
    return float(-10 * torch.log10(error.mean() + 1e-7))


@torch.no_grad()
def held_out_scores(
    net: Colorizer, pictures: list[Tensor], device: torch.device, spread: bool = True
) -> dict[str, float]:
    """Returns mean gains over gray in dB at 0, 1, 10 and 50 hints, of the net and of the spread hints alone.

    Also the chroma of both heads without hints, as shares of the true one. `spread=False` keeps the spread
    hints from the net: the former inputs.
    """
    net.eval()
    gains: dict[str, list[float]] = {f"{who}_{count}": [] for count in HINTS for who in ("net", "spread")}
    chroma = []
    for index, picture in enumerate(pictures):
        lab = picture.to(device)
        ab = lab[:, 1:]
        gray = psnr_of(lab, torch.zeros_like(ab))
        places = patch_places(ab.shape[2:], max(HINTS), index)
        for count in HINTS:
            inputs = hinted(lab, places[:count])
            result, logits = net.heads(inputs if spread else inputs.without_spread())
            gains[f"net_{count}"].append(psnr_of(lab, result) - gray)
            gains[f"spread_{count}"].append(psnr_of(lab, inputs.spread_ab) - gray)
            if count == 0:
                planes = (ab, result, net.annealed_mean(logits))
                chroma.append([float(plane.norm(dim=1).mean()) for plane in planes])
    true, regressed, annealed = np.mean(chroma, 0)
    scores = {name: round(float(np.mean(values)), 3) for name, values in gains.items() if name != "spread_0"}
    return scores | {
        "regressed_chroma": round(float(regressed / true), 3),
        "annealed_chroma": round(float(annealed / true), 3),
    }
