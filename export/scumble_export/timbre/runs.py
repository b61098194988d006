"""Training runs read back, and the graph that ships: the averaged generator behind each kind's codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from scumble_export.timbre import picture
from scumble_export.timbre.codes import Codes
from scumble_export.timbre.net import CODE, Generator
from scumble_export.timbre.notes import CLASSES

KINDS = tuple(CLASSES)


class Instrument(nn.Module):
    """From kinds, latent vectors and a blend to a code, and to the picture of one key's note."""

    means: Tensor
    factors: Tensor

    def __init__(self, net: Generator, means: Tensor, factors: Tensor) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("means", means)
        self.register_buffer("factors", factors)

    def code(self, kind: Tensor, latent: Tensor) -> Tensor:
        """Returns the codes of weights of kinds, (N, kinds), and normal latent vectors, (N, CODE)."""
        factor = torch.matmul(kind, self.factors.flatten(1)).view(-1, CODE, CODE)
        return torch.matmul(kind, self.means) + torch.matmul(factor, latent[:, :, None])[:, :, 0]

    def forward(
        self,
        kind: Tensor,
        latent: Tensor,
        other_kind: Tensor,
        other_latent: Tensor,
        amount: Tensor,
        key: Tensor,
        velocity: Tensor,
        noise: Tensor,
    ) -> Tensor:
        """Returns pictures, (N, 2, BANDS, FRAMES); `amount`, (N, 1), is how far the code is on the way to the other."""
        code = self.code(kind, latent) * (1 - amount) + self.code(other_kind, other_latent) * amount
        drawn: Tensor = self.net(code, key, velocity, noise)
        return drawn


def inputs_of(
    kind: int,
    latent: Tensor,
    key: float,
    velocity: float,
    noise: Tensor,
    other: tuple[int, Tensor, float] | None = None,
) -> tuple[Tensor, ...]:
    """Returns the graph's inputs for one note; `other` is kind, latent and amount to blend with."""
    other_kind, other_latent, amount = other or (kind, latent, 0.0)
    weights = torch.eye(len(KINDS))
    row = [weights[kind][None], latent[None], weights[other_kind][None], other_latent[None]]
    return (*row, torch.tensor([[amount]]), torch.tensor([[float(key)]]), torch.tensor([[velocity]]), noise)


def example_noise(seed: int = 0) -> Tensor:
    """Returns noise for one picture."""
    return torch.randn(1, 1, picture.BANDS, picture.FRAMES, generator=torch.Generator().manual_seed(seed))


class Run:
    """A run's averaged net with its codes, ready to draw."""

    def __init__(self, path: Path) -> None:
        """Reads `generator.pt` of a run folder, or that file itself."""
        path = path / "generator.pt" if path.is_dir() else path
        self.state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        settings = self.state["settings"]
        self.instruments: list[str] = settings["instruments"]
        self.net = Generator(int(settings["width"]))
        self.net.load_state_dict(self.state["average"])
        kind_of = [KINDS.index(name.split("/")[0]) for name in self.instruments]
        self.codes = Codes(kind_of, len(KINDS))
        self.codes.load_state_dict(self.state["codes"])
        self.graph = Instrument(self.net, *self.codes.distributions()).eval().requires_grad_(False)
