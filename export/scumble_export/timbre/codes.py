"""Codes of the instruments learnt from, and the distribution of codes that each kind of instrument draws from.

An instrument (a program of a font) has one code for all its keys and velocities, learnt together with the generator
(Bojanowski et al. 2018, "Optimizing the latent space of generative networks"). So a code is a timbre and no pitch, and
no encoder is needed. A kind's new instruments are drawn from the normal distribution of the codes of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from scumble_export.timbre.net import CODE

SPREAD = 0.15
"""Deviation of the noise on codes while learning: how near each other codes must do the same."""


class Codes(nn.Module):
    """The codes; `kind_of` is the kind's number of each instrument."""

    kind_of: Tensor

    def __init__(self, kind_of: Sequence[int], kinds: int) -> None:
        super().__init__()
        self.register_buffer("kind_of", torch.tensor(kind_of))
        self.kinds = kinds
        self.table = nn.Parameter(0.5 * torch.randn(len(kind_of), CODE))

    def forward(self, instrument: Tensor) -> Tensor:
        """Returns codes of instruments, (N, CODE), a little off."""
        found = self.table[instrument]
        return found + SPREAD * torch.randn_like(found)

    def drawn(self, kind: Tensor) -> Tensor:
        """Returns codes of new instruments of these kinds, (N, CODE)."""
        member = (self.kind_of == kind[:, None]).float()
        count = member.sum(1, keepdim=True)
        table = self.table.detach()
        mean = member @ table / count
        shares = member * torch.randn_like(member) / (count - 1).clamp_min(1).sqrt()
        return mean + shares @ table - shares.sum(1, keepdim=True) * mean + SPREAD * torch.randn_like(mean)

    @torch.no_grad()
    def distributions(self) -> tuple[Tensor, Tensor]:
        """Returns mean, (kinds, CODE), and Cholesky factor, (kinds, CODE, CODE), of each kind's codes."""
        means, factors = [], []
        for kind in range(self.kinds):
            own = self.table[self.kind_of == kind].double()
            centred = own - own.mean(0)
            covariance = centred.T @ centred / max(1, len(own) - 1) + SPREAD**2 * torch.eye(CODE, dtype=torch.float64)
            means.append(own.mean(0))
            factors.append(torch.linalg.cholesky(covariance))
        return torch.stack(means).float(), torch.stack(factors).float()
