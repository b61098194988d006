"""All photographs as one uint8 tensor in device memory, and random crops cut from it there."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from scumble_export.data import Photo

_SIDE = (0.6, 1.0)
_ASPECT = (0.85, 1.18)


def uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    """Draws (count,) numbers on the generator's device."""
    return torch.rand(count, generator=generator, device=generator.device) * (high - low) + low


class PhotoStore:
    """Decoded photographs laid end to end, three bytes a pixel, so that crops of any size need no copy of them."""

    def __init__(self, photos: list[Photo], device: torch.device) -> None:
        sizes = np.array([photo.pixels.shape[:2] for photo in photos], dtype=np.int64)
        starts = np.concatenate(([0], np.cumsum(sizes.prod(1))[:-1]))
        pixels = np.empty((int(sizes.prod(1).sum()), 3), np.uint8)
        for photo, start in zip(photos, starts, strict=True):
            flat = photo.pixels.reshape(-1, 3)
            pixels[start : start + len(flat)] = flat
        self.pixels = torch.from_numpy(pixels).to(device)
        self.starts = torch.from_numpy(starts).to(device)
        self.heights, self.widths = torch.from_numpy(sizes).to(device).unbind(1)

    def __len__(self) -> int:
        return len(self.starts)

    def crops(self, count: int, size: int, generator: torch.Generator, chosen: Tensor | None = None) -> Tensor:
        """Cuts 60 to 100 % of the short side of random photographs, resized bilinearly and half of them mirrored.

        `chosen` (count,) are the photographs to cut, if not random ones.

        Returns sRGB in 0..1, (count, 3, size, size).
        """
        device = generator.device
        if chosen is None:
            chosen = torch.randint(len(self), (count,), generator=generator, device=device)
        height, width = self.heights[chosen], self.widths[chosen]
        side = torch.minimum(height, width) * uniform(count, *_SIDE, generator)
        aspect = uniform(count, *_ASPECT, generator)
        boxes = (torch.minimum(side / aspect, height), torch.minimum(side * aspect, width))
        unit = (torch.arange(size, device=device) + 0.5) / size
        mirrored = torch.where(uniform(count, 0, 1, generator)[:, None] < 0.5, 1 - unit, unit)
        low, share = [], []
        for box, whole, at in zip(boxes, (height, width), (unit.expand(count, size), mirrored), strict=True):
            start = uniform(count, 0, 1, generator) * (whole - box)
            place = (start[:, None] + at * box[:, None] - 0.5).clamp_min(0)
            floor = torch.minimum(place.floor(), whole[:, None] - 1)
            low.append(floor.long())
            share.append((place - floor).clamp(0, 1))
        (y, x), (down, right) = low, share
        total = torch.zeros(count, size, size, 3, device=device)
        for step_y in (0, 1):
            rows = self.starts[chosen, None] + torch.minimum(y + step_y, height[:, None] - 1) * width[:, None]
            weight_y = down if step_y else 1 - down
            for step_x in (0, 1):
                index = rows[:, :, None] + torch.minimum(x + step_x, width[:, None] - 1)[:, None]
                weight = weight_y[:, :, None] * (right if step_x else 1 - right)[:, None]
                total += self.pixels[index].float() * weight[..., None]
        return (total / 255).permute(0, 3, 1, 2)
