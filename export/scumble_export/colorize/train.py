"""Trains the colorizer (or the plain MSE net it is measured against) on a folder or tar of photographs.

python -m scumble_export.colorize.train PHOTOS RUN --encoder WEIGHTS --minutes 120
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from scumble_export.colorize.bins import SoftEncoder, bin_centres, rebalancing_weights
from scumble_export.colorize.net import Colorizer
from scumble_export.colorize.sampling import batch_from_photos
from scumble_export.data import Photo, load_photos
from scumble_export.lab import lab_from_pixels, rgb_from_lab

HUBER_DELTA = 20.0
CLASS_WEIGHT = 0.25
FROZEN_BLOCKS = 3
SIZES = ((0.0, 128), (0.7, 192))
_CHECK_EVERY_MINUTES = 8.0
_CHECK_SIZE = 192


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

    def forward(self, ab: Tensor, logits: Tensor, true_ab: Tensor) -> Tensor:
        if self.kind == "mse":
            return F.mse_loss(ab, true_ab) / (4 * HUBER_DELTA)
        regression = F.smooth_l1_loss(ab, true_ab, beta=HUBER_DELTA) / 2
        nearest, share = self.encoder(F.avg_pool2d(true_ab, 4))
        picked = torch.log_softmax(logits, 1).gather(1, nearest)
        rarity = self.weights[nearest[:, 0]]
        return regression + CLASS_WEIGHT * -((picked * share).sum(1) * rarity).mean()


class Training:
    """A run that can be stopped at any moment and resumed: its state is one checkpoint file."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.run: Path = args.run
        self.run.mkdir(parents=True, exist_ok=True)
        photos = load_photos(args.photos)
        self.photos = [photo for photo in photos if not photo.held_out]
        self.held_out = [photo for photo in photos if photo.held_out][:128]
        self.device = torch.device(args.device)
        self.prior = measured_prior(self.photos)
        self.net = Colorizer()
        if args.encoder:
            self.net.encoder.load_pretrained(torch.load(args.encoder, map_location="cpu", weights_only=True))
        self.net.encoder.freeze(FROZEN_BLOCKS)
        self.net.to(self.device).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net)
        self.objective = Objective(args.loss, self.prior).to(self.device)
        encoder = [p for p in self.net.encoder.parameters() if p.requires_grad]
        known = {id(p) for p in self.net.encoder.parameters()}
        decoder = [p for p in self.net.parameters() if id(p) not in known]
        self.peak_rates = (args.rate * args.encoder_share, args.rate)
        self.optimizer = torch.optim.AdamW([{"params": encoder}, {"params": decoder}], weight_decay=0.01)
        self.steps, self.pictures, self.minutes = 0, 0, 0.0
        if self.checkpoint.exists():
            self.resume()

    @property
    def checkpoint(self) -> Path:
        return self.run / "checkpoint.pt"

    def resume(self) -> None:
        state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.steps, self.pictures, self.minutes = state["steps"], state["pictures"], state["minutes"]

    def save(self) -> None:
        state = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "steps": self.steps,
            "pictures": self.pictures,
            "minutes": self.minutes,
            "seed": self.args.seed,
            "loss": self.args.loss,
            "photos": len(self.photos),
            "prior": self.prior.tolist(),
        }
        temporary = self.checkpoint.with_suffix(".new")
        torch.save(state, temporary)
        temporary.replace(self.checkpoint)

    def step(self, rng: np.random.Generator) -> float:
        done = min(self.minutes / self.args.minutes, 1.0)
        size = next(size for start, size in reversed(SIZES) if done >= start)
        batch = batch_from_photos(self.photos, self.args.batch, size, rng)
        lightness, hint, mask, true_ab = (
            plane.to(self.device).contiguous(memory_format=torch.channels_last) for plane in batch
        )
        rate = min(1.0, (self.steps + 1) / 200) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        for group, peak in zip(self.optimizer.param_groups, self.peak_rates, strict=True):
            group["lr"] = peak * rate
        self.net.train()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.args.bf16):
            ab, logits = self.net.heads(lightness, hint, mask)
        loss = self.objective(ab.float(), logits.float(), true_ab)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimizer.step()
        self.steps += 1
        self.pictures += len(true_ab)
        self.follow(min(0.999, (1 + self.steps) / (20 + self.steps)))
        return float(loss.detach())

    @torch.no_grad()
    def follow(self, keep: float) -> None:
        """Moves the averaged weights a little towards the current ones."""
        for mean, now in zip(self.average.parameters(), self.net.parameters(), strict=True):
            if now.requires_grad:
                mean.lerp_(now, 1 - keep)

    @torch.no_grad()
    def settle(self, batches: int = 40) -> None:
        """Measures the batch statistics of the averaged weights afresh: those of the current ones do not fit."""
        rng = np.random.default_rng(self.args.seed)
        self.average.train()
        layers = [m for m in self.average.modules() if isinstance(m, nn.BatchNorm2d) and m.training]
        for layer in layers:
            layer.reset_running_stats()
            layer.momentum = None  # a plain mean over the batches
        for _ in range(batches):
            lightness, hint, mask, _ = batch_from_photos(self.photos, self.args.batch, 128, rng)
            self.average.heads(lightness.to(self.device), hint.to(self.device), mask.to(self.device))

    @torch.no_grad()
    def check(self) -> dict[str, float]:
        """Scores the averaged weights on held-out training photographs (never the evaluation set)."""
        self.average.eval()
        gains, colour = [], []
        for photo in self.held_out:
            crop = np.array(photo.pixels[:_CHECK_SIZE, :_CHECK_SIZE])
            height, width = (side // 32 * 32 for side in crop.shape[:2])
            lab = lab_from_pixels(crop[None, :height, :width]).to(self.device)
            none = torch.zeros_like(lab)
            ab, logits = self.average.heads(lab[:, :1], none[:, 1:], none[:, :1])
            true = rgb_from_lab(lab)

            def error(ab: Tensor, lab: Tensor = lab, true: Tensor = true) -> float:
                return float(((rgb_from_lab(torch.cat((lab[:, :1], ab), 1)) - true) ** 2).mean())

            gains.append(10 * math.log10((error(none[:, 1:]) + 1e-6) / (error(ab) + 1e-6)))
            chroma = [float(x.norm(dim=1).mean()) for x in (lab[:, 1:], ab, self.average.annealed_mean(logits))]
            colour.append(chroma)
        true_chroma, regressed, annealed = np.mean(colour, 0)
        return {
            "gain_db": float(np.mean(gains)),
            "regressed_chroma": float(regressed / true_chroma),
            "annealed_chroma": float(annealed / true_chroma),
        }

    def go(self) -> None:
        rng = np.random.default_rng((self.args.seed, self.steps))
        losses: list[float] = []
        began = last = time.monotonic()
        before = self.minutes
        while self.minutes < self.args.minutes:
            losses.append(self.step(rng))
            now = time.monotonic()
            self.minutes = before + (now - began) / 60
            if now - last > 60 * _CHECK_EVERY_MINUTES or self.minutes >= self.args.minutes:
                self.settle()
                self.save()
                row = {
                    "minutes": round(self.minutes, 1),
                    "pictures": self.pictures,
                    "loss": float(np.mean(losses)),
                    **self.check(),
                }
                with (self.run / "log.jsonl").open("a", encoding="utf-8") as log:
                    log.write(json.dumps(row) + "\n")
                print(json.dumps(row), flush=True)
                losses, last = [], time.monotonic()


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("photos", type=Path, help="folder or tar of colour photographs")
    options.add_argument("run", type=Path, help="folder of the checkpoint and the log; resumed if it has one")
    options.add_argument("--encoder", type=Path, help="ImageNet weights of EfficientNet-Lite0 (.pth)")
    options.add_argument("--loss", choices=("rebalanced", "mse"), default="rebalanced")
    options.add_argument("--minutes", type=float, default=120.0, help="training time, over all sittings")
    options.add_argument("--batch", type=int, default=16, help="pictures a step")
    options.add_argument("--rate", type=float, default=1e-3, help="peak learning rate of the decoder")
    options.add_argument("--encoder-share", type=float, default=0.1, help="the encoder's share of that rate")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options.add_argument("--bf16", action="store_true", help="run the net in bfloat16")
    options.add_argument("--threads", type=int, default=0, help="CPU threads; 0 takes all")
    return options


def main() -> None:
    args = parser().parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    Training(args).go()


if __name__ == "__main__":
    main()
