"""What an ImageNet net sees in a picture: the features behind style labels, KID and the search for copies."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scumble_export.colorize.encoder import Encoder, PaddedConv

SIDE = 224
CHANNELS = 1280
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class FeatureNet(Encoder):
    """EfficientNet-Lite0 with its colour stem and head, up to the global mean that its classifier reads.

    Distances taken in it are proxies: what is published as FID or KID is measured in Inception-v3.
    """

    def __init__(self, weights: Path) -> None:
        super().__init__()
        self._conv_stem = PaddedConv(3, 32, 3, 2)
        self._conv_head = nn.Conv2d(320, CHANNELS, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(CHANNELS, eps=1e-3, momentum=0.01)
        state = torch.load(weights, map_location="cpu", weights_only=True)
        self.load_state_dict({name: value for name, value in state.items() if not name.startswith("_fc")})
        self.eval().requires_grad_(False)

    @torch.no_grad()
    def vectors(self, pictures: Tensor, batch: int = 16) -> Tensor:
        """Returns (N, 1280) features of sRGB pictures in 0..1, (N, 3, H, W), seen at 224 × 224 pixels."""
        mean, std = (torch.tensor(v).reshape(1, 3, 1, 1) for v in (_MEAN, _STD))
        rows = []
        for part in torch.split(pictures, batch):
            x = F.interpolate(part, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False)
            x = self.forward((x - mean) / std)[-1]
            rows.append(F.relu6(self._bn1(self._conv_head(x))).mean((2, 3)))
        return torch.cat(rows)
