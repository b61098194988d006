"""What ImageNet nets see in a picture: one teaches (style labels, the critic), another judges (distances, copies)."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import mobilenet_v2

from scumble_export.colorize.encoder import Encoder, PaddedConv

SIDE = 224
CHANNELS = 1280
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class FeatureNet(Encoder):
    """EfficientNet-Lite0 with its colour stem and head: it names styles, and the critic sees through it."""

    def __init__(self, weights: Path) -> None:
        super().__init__()
        self._conv_stem = PaddedConv(3, 32, 3, 2)
        self._conv_head = nn.Conv2d(320, CHANNELS, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(CHANNELS, eps=1e-3, momentum=0.01)
        state = torch.load(weights, map_location="cpu", weights_only=True)
        self.load_state_dict({name: value for name, value in state.items() if not name.startswith("_fc")})
        self.eval().requires_grad_(False)

    def taps(self, rgb: Tensor) -> list[Tensor]:
        """Returns features at strides 2, 4, 8, 16 and 32 of sRGB pictures in 0..1, (N, 3, H, W)."""
        mean, std = (torch.tensor(v, device=rgb.device).reshape(1, 3, 1, 1) for v in (_MEAN, _STD))
        return self.forward((rgb - mean) / std)

    def means(self, rgb: Tensor) -> Tensor:
        """Returns (N, 1280) features of sRGB pictures in 0..1, (N, 3, H, W): what the classifier reads."""
        return F.relu6(self._bn1(self._conv_head(self.taps(rgb)[-1]))).mean((2, 3))


class JudgeNet(nn.Module):
    """MobileNetV2 up to the global mean that its classifier reads: another net than the critic's.

    A generator that pleases its critic's net scores too well in that same net (Kynkäänniemi et al. 2023, "The Role of
    ImageNet Classes in Fréchet Inception Distance", section 4). Both nets learnt ImageNet, so some of that may remain;
    and distances taken here are proxies: what is published as FID or KID is measured in Inception-v3.
    """

    def __init__(self, weights: Path) -> None:
        super().__init__()
        net = mobilenet_v2(weights=None)
        net.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        self.features = net.features
        self.eval().requires_grad_(False)

    def means(self, rgb: Tensor) -> Tensor:
        """Returns (N, 1280) features of sRGB pictures in 0..1, (N, 3, H, W)."""
        mean, std = (torch.tensor(v).reshape(1, 3, 1, 1) for v in (_MEAN, _STD))
        features: Tensor = self.features((rgb - mean) / std)
        return features.mean((2, 3))


@torch.no_grad()
def vectors_of(net: FeatureNet | JudgeNet, pictures: Tensor, batch: int = 16) -> Tensor:
    """Returns (N, 1280) features of sRGB pictures in 0..1, (N, 3, H, W), seen at 224 × 224 pixels."""
    rows = []
    for part in torch.split(pictures, batch):
        rows.append(net.means(F.interpolate(part, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False)))
    return torch.cat(rows)
