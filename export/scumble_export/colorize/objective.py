"""What training lowers: Huber on ab plus rebalanced cross-entropy on the 313 bins."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from scumble_export.colorize.bins import SoftEncoder, bin_centres, rebalancing_weights
from scumble_export.data import Photo
from scumble_export.lab import lab_from_pixels

HUBER_DELTA = 20.0
CLASS_WEIGHT = 0.25
TYPICAL_ERROR, LEAST_ERROR = 15.0, 1.0
"""The regression loss of a picture with hints is divided by its own error (in ab units), as decibels count it: what
is nearly right, because many hints tell it, would otherwise not be worth a step."""


def measured_prior(photos: list[Photo], most: int = 3000) -> NDArray[np.float64]:
    """Counts how often each of the 313 bins is the nearest one, over thumbnails of the photographs."""
    prior = np.zeros(len(bin_centres()))
    encoder = SoftEncoder()
    for photo in photos[:: max(1, len(photos) // most)]:
        nearest, _ = encoder(lab_from_pixels(photo.pixels[None, ::4, ::4])[:, 1:])
        prior += np.bincount(nearest[:, 0].flatten().numpy(), minlength=len(prior))
    share: NDArray[np.float64] = prior / prior.sum()
    return share


class Objective(nn.Module):
    """Huber on ab plus rebalanced cross-entropy on the bins; or half the squared error alone."""

    def __init__(self, kind: str, prior: NDArray[np.float64]) -> None:
        super().__init__()
        self.kind = kind
        self.encoder = SoftEncoder()
        self.weights: Tensor
        self.register_buffer("weights", torch.from_numpy(rebalancing_weights(prior)))

    def forward(self, ab: Tensor, logits: Tensor, true_ab: Tensor, told: Tensor) -> Tensor:
        """Returns the mean loss of a batch; `told`, (N,), says which pictures have spread hints."""
        if self.kind == "mse":
            return F.mse_loss(ab, true_ab) / (4 * HUBER_DELTA)
        huber = F.smooth_l1_loss(ab, true_ab, beta=HUBER_DELTA, reduction="none").mean((1, 2, 3)) / 2
        wrong = (ab.detach() - true_ab).square().mean((1, 2, 3)).sqrt()
        regression = (huber * torch.where(told, TYPICAL_ERROR / (wrong + LEAST_ERROR), 1.0)).mean()
        nearest, share = self.encoder(F.avg_pool2d(true_ab, 4))
        last = torch.log_softmax(logits.permute(0, 2, 3, 1), -1)  # contiguous there in channels-last
        picked = last.gather(-1, nearest.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        rarity = self.weights[nearest[:, 0]]
        return regression + CLASS_WEIGHT * -((picked * share).sum(1) * rarity).mean()
