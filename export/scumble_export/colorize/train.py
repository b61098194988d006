"""Trains the colorizer on folders or tars of photographs, on a CPU or a GPU; the same command resumes.

python -m scumble_export.colorize.train PHOTOS [PHOTOS ...] RUN --encoder WEIGHTS --pictures 400000
"""

from __future__ import annotations

import argparse
import copy
import json
import signal
import time
from pathlib import Path
from types import FrameType

import numpy as np
import torch
from torch import Tensor, nn

from scumble_export.colorize.bins import SoftEncoder
from scumble_export.colorize.check import held_out_scores, squares
from scumble_export.colorize.net import Colorizer, adopted
from scumble_export.colorize.objective import Objective, measured_prior
from scumble_export.colorize.sampling import batch_from_store
from scumble_export.colorize.store import PhotoStore
from scumble_export.data import load_photos

FROZEN_BLOCKS = 3
WARM_STEPS = 200
COOL_SHARE = 0.3
SIZES = {128: (0.75, 0.5), 192: (0.25, 0.5)}
"""Side of the crops and how often it is drawn: before cooling, and while cooling. They are pieces of whole pictures
of 128 to 213 and of 192 to 320 pixels: what the two views of a picture of 256 pixels show (scales.py)."""
_SAVE_MINUTES, _CHECK_MINUTES = 4.0, 12.0
_HELD_OUT = 64
_KEEP = 0.9995


def rate_at(steps: int, done: float) -> float:
    """Returns the share of the peak learning rate: warm-up, constant, then a straight line to 0.

    Constant for most of the time, so that a run may be prolonged (`--pictures`) at any moment before it cools.
    """
    return min(1.0, (steps + 1) / WARM_STEPS, max(0.0, 1 - done) / COOL_SHARE)


class Training:
    """A run that can be stopped at any moment and resumed: its state is one checkpoint file."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.run: Path = args.run
        self.run.mkdir(parents=True, exist_ok=True)
        self.device = torch.device(args.device)
        photos = [photo for source in args.photos for photo in load_photos(source)]
        taught = [photo for photo in photos if not photo.held_out]
        self.pictures_held_out = squares([photo for photo in photos if photo.held_out], _HELD_OUT)
        self.prior = measured_prior(taught)
        self.store = PhotoStore(taught, self.device)
        self.encoder = SoftEncoder()
        self.net = Colorizer()
        if args.encoder:
            self.net.tile.encoder.load_pretrained(torch.load(args.encoder, map_location="cpu", weights_only=True))
        if args.start:
            former = torch.load(args.start, map_location="cpu", weights_only=True)["average"]
            self.net.load_state_dict(adopted(self.net, former))
        self.net.tile.encoder.freeze(FROZEN_BLOCKS)
        self.net.to(self.device).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net)
        self.objective = Objective(args.loss, self.prior).to(self.device)
        encoder = [p for p in self.net.tile.encoder.parameters() if p.requires_grad]
        known = {id(p) for p in self.net.tile.encoder.parameters()}
        decoder = [p for p in self.net.parameters() if id(p) not in known]
        self.peak_rates = (args.rate * args.encoder_share, args.rate)
        self.optimizer = torch.optim.AdamW([{"params": encoder}, {"params": decoder}], weight_decay=0.01)
        self.steps, self.pictures, self.minutes = 0, 0, 0.0
        self.stopped = False
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
            "spread": self.args.spread,
            "photos": len(self.store),
            "prior": self.prior.tolist(),
        }
        temporary = self.checkpoint.with_suffix(".new")
        torch.save(state, temporary)
        temporary.replace(self.checkpoint)

    def generator(self, *key: int) -> torch.Generator:
        seed = int(np.random.SeedSequence((self.args.seed, *key)).generate_state(1)[0])
        return torch.Generator(self.device).manual_seed(seed)

    def step(self, generator: torch.Generator) -> Tensor:
        done = self.pictures / self.args.pictures
        cooling = int(done > 1 - COOL_SHARE)
        shares = torch.tensor([share[cooling] for share in SIZES.values()])
        chooser = torch.Generator().manual_seed(self.args.seed * 1_000_003 + self.steps)
        size = tuple(SIZES)[int(torch.multinomial(shares, 1, generator=chooser))]
        count = max(2, self.args.batch * 128**2 // size**2)
        inputs, true_ab = batch_from_store(self.store, count, size, self.encoder, generator)
        if not self.args.spread:
            inputs = inputs.without_spread()
        rate = rate_at(self.steps, done)
        for group, peak in zip(self.optimizer.param_groups, self.peak_rates, strict=True):
            group["lr"] = peak * rate
        self.net.train()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.args.bf16):
            ab, logits = self.net.heads(inputs.channels_last())
        loss: Tensor = self.objective(ab.float(), logits.float(), true_ab, inputs.confidence.flatten(1).any(1))
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimizer.step()
        self.steps += 1
        self.pictures += count
        self.follow(min(_KEEP, (1 + self.steps) / (20 + self.steps)))
        return loss.detach()

    @torch.no_grad()
    def follow(self, keep: float) -> None:
        """Moves the averaged weights a little towards the current ones."""
        for mean, now in zip(self.average.parameters(), self.net.parameters(), strict=True):
            if now.requires_grad:
                mean.lerp_(now, 1 - keep)

    @torch.no_grad()
    def settle(self, batches: int = 24) -> None:
        """Measures the batch statistics of the averaged weights afresh: those of the current ones do not fit."""
        generator = self.generator(0, 1)
        self.average.train()
        layers = [m for m in self.average.modules() if isinstance(m, nn.BatchNorm2d) and m.training]
        for layer in layers:
            layer.reset_running_stats()
            layer.momentum = None  # a plain mean over the batches
        for index in range(batches):
            size, count = ((128, self.args.batch), (192, self.args.batch // 2))[index % 2]
            inputs, _ = batch_from_store(self.store, max(2, count), size, self.encoder, generator)
            self.average.heads(inputs if self.args.spread else inputs.without_spread())

    def report(self, losses: list[Tensor]) -> None:
        """Appends a row to the log: progress, mean loss, scores on held-out photographs."""
        row = {
            "minutes": round(self.minutes, 1),
            "steps": self.steps,
            "pictures": self.pictures,
            "loss": round(float(torch.stack(losses).mean()), 4),
            **held_out_scores(self.average, self.pictures_held_out, self.device, self.args.spread),
        }
        with (self.run / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Lets the current step end; the run then saves and leaves."""
        self.stopped = True

    def go(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        generator = self.generator(1, self.steps)
        losses: list[Tensor] = []
        # A process that is paused or waits for its turn on a busy CPU does not train.
        clock = time.monotonic if self.device.type == "cuda" else time.thread_time
        saved = checked = clock()
        while self.pictures < self.args.pictures and not self.stopped:
            began = clock()
            losses.append(self.step(generator))
            now = clock()
            self.minutes += (now - began) / 60
            if now - checked > 60 * self.args.check_minutes or self.pictures >= self.args.pictures:
                self.settle()
                self.save()
                self.report(losses)
                losses, saved, checked = [], clock(), clock()
            elif now - saved > 60 * _SAVE_MINUTES:
                self.save()
                saved = now
        self.settle()
        self.save()


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("photos", type=Path, nargs="+", help="folders or tars of colour photographs")
    options.add_argument("run", type=Path, help="folder of the checkpoint and the log; resumed if it has one")
    options.add_argument("--encoder", type=Path, help="ImageNet weights of EfficientNet-Lite0 (.pth)")
    options.add_argument("--start", type=Path, help="checkpoint of an earlier run to start from, former nets too")
    options.add_argument("--loss", choices=("rebalanced", "mse"), default="rebalanced")
    options.add_argument("--pictures", type=int, default=400_000, help="crops to see, over all sittings")
    options.add_argument("--batch", type=int, default=16, help="crops of 128 pixels a step; fewer of larger ones")
    options.add_argument("--rate", type=float, default=8e-4, help="peak learning rate of the decoder")
    options.add_argument("--encoder-share", type=float, default=0.1, help="the encoder's share of that rate")
    options.add_argument("--no-spread", dest="spread", action="store_false", help="keep the spread hints from the net")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--check-minutes", type=float, default=_CHECK_MINUTES, help="between scores, of computing")
    options.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options.add_argument("--bf16", action="store_true", help="run the net in bfloat16")
    options.add_argument("--threads", type=int, default=0, help="CPU threads; 0 takes all")
    return options


def main() -> None:
    args = parser().parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)  # the tails of the spread hints would slow a CPU down
    torch.manual_seed(args.seed)
    Training(args).go()


if __name__ == "__main__":
    main()
