"""Batches for training: pieces of a pack as bytes in device memory, styles evenly, colours varied, coarse layouts."""

from __future__ import annotations

import math
from pathlib import Path, PurePosixPath

import torch
from torch import Tensor
from torch.nn import functional as F

from scumble_export.background.net import GLOBALS, LATENTS, LAYOUT, Generator, cropped
from scumble_export.colorize.store import PhotoStore, uniform
from scumble_export.data import Photo, files_in, is_held_out, pixels_from_bytes

CELLS = 4
"""A training picture is 4 by 4 cells, whatever its resolution; beyond `WHOLE_PX` only its middle 2 by 2 are seen."""
WHOLE_PX, NEAR_CELLS = 128, 2
_JITTER_SHARE, _SYNTHETIC = 0.5, 0.5
_YIQ = torch.tensor(((0.299, 0.587, 0.114), (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112)))


def picture_of(name: str) -> str:
    """Returns the stem of the picture that a piece, `STYLE/PICTURE__NUMBER.jpg`, was cut from."""
    return PurePosixPath(name).stem.rsplit("__", 1)[0]


def load_pieces(source: Path, short_side: int, held_out: bool = False) -> dict[str, list[Photo]]:
    """Reads a pack, or any folder or tar: pieces by style, the name of the folder they lie in.

    One picture in forty is held out, with all of its pieces; `held_out` returns those instead.
    """
    styles: dict[str, list[Photo]] = {}
    for name, content in files_in(source):
        if is_held_out(picture_of(name)) == held_out:
            style = PurePosixPath(name).parent.name or "pictures"
            styles.setdefault(style, []).append(Photo(name, pixels_from_bytes(content, short_side)))
    return dict(sorted(styles.items()))


class Pieces:
    """All pieces on the device; draws crops with their styles."""

    def __init__(self, styles: dict[str, list[Photo]], device: torch.device) -> None:
        self.names = list(styles)
        photos = [photo for pieces in styles.values() for photo in pieces]
        self.store = PhotoStore(photos, device)
        sides = torch.minimum(self.store.heights, self.store.widths)
        counts = [len(pieces) for pieces in styles.values()]
        self.ranges = [(sum(counts[:k]), sum(counts[: k + 1])) for k in range(len(counts))]
        self.sides = sides.cpu()
        self.device = device

    def batch(self, count: int, size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Returns sRGB in -1..1, (count, 3, size, size), and styles as one-hot rows; each style as often as the others.

        A piece smaller than `size` is left out while its style has larger ones.
        """
        style = torch.arange(count) % len(self.names)
        chosen = torch.empty(count, dtype=torch.int64, device=self.device)
        for index, (low, high) in enumerate(self.ranges):
            fit = low + (self.sides[low:high] >= size).nonzero()[:, 0].to(self.device)
            fit = fit if len(fit) else torch.arange(low, high, device=self.device)
            mine = (style == index).nonzero()[:, 0].to(self.device)
            chosen[mine] = fit[torch.randint(len(fit), (len(mine),), generator=generator, device=self.device)]
        finer = max(1, WHOLE_PX // size)
        rgb = F.avg_pool2d(self.store.crops(count, size * finer, generator, chosen), finer)
        return rgb * 2 - 1, F.one_hot(style, len(self.names)).float().to(self.device)


def varied(rgb: Tensor, generator: torch.Generator) -> Tensor:
    """Turns hue, saturation and brightness of half of the pictures, so that any palette is a real one."""
    count, device = len(rgb), rgb.device
    yiq = _YIQ.to(device)
    angle = uniform(count, -math.pi, math.pi, generator)
    chroma = uniform(count, 0.4, 1.4, generator)
    cos, sin, zero = angle.cos() * chroma, angle.sin() * chroma, torch.zeros_like(angle)
    one = torch.ones_like(angle)
    turn = torch.stack((one, zero, zero, zero, cos, -sin, zero, sin, cos), 1).reshape(-1, 3, 3)
    matrix = torch.linalg.inv(yiq) @ turn @ yiq
    bent = ((rgb + 1) / 2).clamp(0, 1) ** uniform(count, -0.5, 0.5, generator).exp()[:, None, None, None]
    changed = (torch.einsum("nij,njhw->nihw", matrix, bent) * 2 - 1).clamp(-1, 1)
    kept = uniform(count, 0, 1, generator) >= _JITTER_SHARE
    return torch.where(kept[:, None, None, None], rgb, changed)


def _blurred(field: Tensor, generator: torch.Generator) -> Tensor:
    """Blurs fields of cells by 0.6 to 1.4 cells, each by its own width."""
    reach = 3
    sigma = uniform(len(field), 0.6, 1.4, generator)[:, None]
    steps = torch.arange(-reach, reach + 1, device=field.device)
    line = torch.softmax(-(steps**2) / (2 * sigma**2), 1)
    kernel = (line[:, :, None] * line[:, None, :]).repeat_interleave(field.shape[1], 0)[:, None]
    flat = F.pad(field, (reach,) * 4, mode="replicate").reshape(1, -1, *(side + 2 * reach for side in field.shape[2:]))
    return F.conv2d(flat, kernel, groups=kernel.shape[0]).reshape(field.shape)


def nearer(rgb: Tensor, generator: torch.Generator) -> Tensor:
    """Cuts 2 by 2 cells out of pictures of 4 by 4, one place for the whole batch."""
    side = rgb.shape[-1] * NEAR_CELLS // CELLS
    top, left = torch.randint(0, rgb.shape[-1] - side + 1, (2,), generator=generator, device=rgb.device).tolist()
    return rgb[..., top : top + side, left : left + side]


def layout_of(rgb: Tensor, margin: int, generator: torch.Generator, cells: int = CELLS) -> Tensor:
    """Returns the colours of the cells, (N, 3, 4 + 2·margin, …): means, continued past the border, blurred."""
    means = F.adaptive_avg_pool2d(rgb, cells)
    return _blurred(F.pad(means, (margin,) * 4, mode="replicate"), generator)


def synthetic_layout(like: Tensor, generator: torch.Generator) -> Tensor:
    """Returns layouts of 2 to 5 random colours that flow into each other, in the shape of `like`."""
    count, _, height, width = like.shape
    device = like.device
    hue = torch.rand(count, 1, generator=generator, device=device)
    hue = hue + 0.25 * torch.randn(count, 5, generator=generator, device=device)
    value, saturation = (torch.rand(count, 5, generator=generator, device=device) for _ in range(2))
    phases = torch.tensor((0, 2 / 3, 1 / 3), device=device)
    pure = ((((hue[..., None] + phases) % 1) * 6 - 3).abs() - 1).clamp(0, 1)
    colours = value[..., None] * (1 - saturation[..., None] * (1 - pure)) * 2 - 1
    logits = 8 * _blurred(torch.randn(count, 5, height, width, generator=generator, device=device), generator)
    used = torch.arange(5, device=device) < torch.randint(2, 6, (count, 1), generator=generator, device=device)
    shares = torch.softmax(logits.masked_fill(~used[:, :, None, None], -1e4), 1)
    return torch.einsum("nkhw,nkc->nchw", shares, colours)


class Wishes:
    """What the generator is asked for in one batch."""

    def __init__(self, net: Generator, depth: int, colours: Tensor, style: Tensor, generator: torch.Generator) -> None:
        count, device = len(style), style.device
        margins = net.margins(depth)

        def normal(*shape: int) -> Tensor:
            return torch.randn(count, *shape, generator=generator, device=device)

        made = synthetic_layout(colours, generator)
        is_made = torch.rand(count, 1, 1, 1, generator=generator, device=device) < _SYNTHETIC
        self.colours = torch.where(is_made, made, colours)
        side = self.colours.shape[-1]
        self.layout = self.colours + 0.03 * normal(LAYOUT, 1, 1) + 0.02 * normal(LAYOUT, side, side)
        self.latents = normal(LATENTS, side, side)
        self.latent, self.style = normal(GLOBALS), style
        self.cells = side - 2 * margins.cells
        self.noise = [normal(1, *[(self.cells << k) + 2 * margins.noise[k]] * 2) for k in range(depth)]

    def picture(self, net: Generator) -> Tensor:
        """Returns the generator's answer, RGB of about -1..1."""
        rgb: Tensor = net(
            self.latents, self.layout, self.latent, self.style, torch.ones_like(self.style[:, :1]), *self.noise
        )
        return rgb

    def layout_error(self, rgb: Tensor) -> Tensor:
        """Returns how far the picture's coarse colours are from the wanted ones.

        The mean of two errors: of single cells, and of two by two of them together, which leaves room for shapes.
        """
        margin = (self.colours.shape[-1] - self.cells) // 2
        wanted = cropped(self.colours, margin)
        difference = F.adaptive_avg_pool2d(rgb, self.cells) - wanted
        parts = (difference, F.avg_pool2d(difference, 2, stride=1))
        return torch.stack([part.abs().mean() for part in parts]).mean()


def disturbed(rgb: Tensor, generator: torch.Generator) -> Tensor:
    """Brightens, shifts and cuts out real and made pictures alike, differentiably (Zhao et al. 2020, DiffAugment)."""
    count, _, height, width = rgb.shape
    device = rgb.device

    def draw(low: float, high: float) -> Tensor:
        return uniform(count, low, high, generator)[:, None, None, None]

    rgb = rgb + draw(-0.25, 0.25)
    mean = rgb.mean(1, keepdim=True)
    rgb = mean + (rgb - mean) * draw(0.5, 1.5)
    mean = rgb.mean((1, 2, 3), keepdim=True)
    rgb = mean + (rgb - mean) * draw(0.75, 1.25)
    reach = max(1, height // 8)
    padded = F.pad(rgb, (reach,) * 4, mode="reflect")
    shifts = torch.randint(0, 2 * reach + 1, (2, count), generator=generator, device=device)
    rows = shifts[0][:, None] + torch.arange(height, device=device)
    columns = shifts[1][:, None] + torch.arange(width, device=device)
    index = torch.arange(count, device=device)[:, None, None]
    rgb = padded.permute(0, 2, 3, 1)[index, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    hole = height * 2 // 5
    corner = torch.randint(-hole // 2, height - hole // 2, (2, count), generator=generator, device=device)
    place = torch.arange(height, device=device)
    inside = [(place >= start[:, None]) & (place < start[:, None] + hole) for start in corner]
    kept = ~(inside[0][:, None, :, None] & inside[1][:, None, None, :])
    seen: Tensor = rgb * kept
    return seen
