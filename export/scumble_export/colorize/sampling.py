"""What the net sees while it learns: crops, damaged lightness and simulated hints."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from scumble_export.data import Photo, Pixels
from scumble_export.lab import lab_from_pixels

AUTOMATIC_SHARE = 0.35
CONTEXT_SHARE = 0.12
REVEAL_SHARE = 0.01
STOP_HINTS = 1 / 8
CONTEXT_MASK = 0.5
CONTEXT_SATURATION = (0.5, 1.1)
_DAMAGED_SHARE = 0.35


def random_crop(pixels: Pixels, size: int, rng: np.random.Generator) -> Pixels:
    """Cuts 60 to 100 % of the short side at a random place, resized to (size, size, 3), maybe mirrored."""
    height, width = pixels.shape[:2]
    side = min(height, width) * rng.uniform(0.6, 1.0)
    aspect = rng.uniform(0.85, 1.18)
    box_w, box_h = min(side * aspect, width), min(side / aspect, height)
    left, top = rng.uniform(0, width - box_w), rng.uniform(0, height - box_h)
    image = Image.fromarray(pixels).resize(
        (size, size), Image.Resampling.BILINEAR, (left, top, left + box_w, top + box_h)
    )
    crop = np.asarray(image)
    return crop[:, ::-1] if rng.random() < 0.5 else crop


def damaged(lightness: Tensor, rng: np.random.Generator) -> Tensor:
    """Ages some lightness planes, (N, 1, H, W) in 0..100: faded, blurred, grainy; the colours stay true."""
    out = lightness.clone()
    for index in range(len(out)):
        if rng.random() > _DAMAGED_SHARE:
            continue
        plane = out[index : index + 1]
        if rng.random() < 0.5:
            black, white = rng.uniform(0, 25), rng.uniform(75, 100)
            plane = black + (plane / 100) ** rng.uniform(0.7, 1.4) * (white - black)
        if rng.random() < 0.4:
            plane = F.avg_pool2d(F.pad(plane, (1, 1, 1, 1), mode="replicate"), 3, 1)
        if rng.random() < 0.5:
            grain = torch.from_numpy(rng.normal(0, rng.uniform(1, 6), plane.shape).astype(np.float32))
            plane = plane + grain
        out[index] = plane[0].clamp(0, 100)
    return out


def simulated_hints(ab: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Draws hints from the true ab, (N, 2, H, W), after Zhang et al. 2017 (section 3.1).

    The number of points is geometric (p = 1/8), their places normal around the centre, patches 1 to 9
    pixels wide, each of its mean colour; 1 % reveal everything. Ours: some pictures get none, and some get
    a blurred, paler version of all colours at mask 0.5, as the full-detail pass gets from the coarse one.
    """
    count, _, height, width = ab.shape
    hint, mask = torch.zeros_like(ab), torch.zeros(count, 1, height, width)
    for index in range(count):
        kind = rng.random()
        if kind < REVEAL_SHARE:
            hint[index], mask[index] = ab[index], 1
            continue
        if kind < REVEAL_SHARE + AUTOMATIC_SHARE:
            continue
        if kind < REVEAL_SHARE + AUTOMATIC_SHARE + CONTEXT_SHARE:
            coarse = F.avg_pool2d(ab[index : index + 1], int(rng.choice((4, 8, 16))))
            coarse = F.interpolate(coarse, (height, width), mode="bilinear", align_corners=False)
            hint[index], mask[index] = coarse[0] * rng.uniform(*CONTEXT_SATURATION), CONTEXT_MASK
        for _ in range(rng.geometric(STOP_HINTS)):
            side = int(rng.integers(1, 10))
            y = int(np.clip(rng.normal(0.5, 0.25) * height, 0, height - side))
            x = int(np.clip(rng.normal(0.5, 0.25) * width, 0, width - side))
            patch = (index, slice(None), slice(y, y + side), slice(x, x + side))
            hint[patch] = ab[patch].mean((1, 2), keepdim=True)
            mask[patch] = 1
    return hint, mask


def batch_from_photos(
    photos: list[Photo], count: int, size: int, rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Returns lightness (damaged), hint ab, hint mask and the true ab of `count` random crops."""
    chosen = rng.integers(0, len(photos), count)
    crops = np.stack([random_crop(photos[i].pixels, size, rng) for i in chosen])
    lab = lab_from_pixels(crops)
    hint, mask = simulated_hints(lab[:, 1:], rng)
    return damaged(lab[:, :1], rng), hint, mask, lab[:, 1:]
