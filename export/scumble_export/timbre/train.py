r"""Trains the timbre net on a pack of notes (notes.py), on a CPU or a GPU; the same command resumes.

python -m scumble_export.timbre.train PACK RUN --minutes 60

Two lessons a step (Larsen et al. 2016, "Autoencoding beyond pixels"): notes of known instruments are drawn from the
instruments' codes and compared with what they are, and both these and notes of instruments that nobody recorded, drawn
from a kind's distribution of codes, must pass the critic. `--minutes` is the computing that the whole run gets.
"""

from __future__ import annotations

import argparse
import copy
import csv
import json
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scumble_export.timbre import picture
from scumble_export.timbre.codes import Codes
from scumble_export.timbre.critic import Critic, critic_loss, generator_loss, tone_gate
from scumble_export.timbre.net import Generator
from scumble_export.timbre.notes import CLASSES

KINDS = tuple(CLASSES)
_COOL_SHARE, _COOLEST = 0.35, 0.02
_HALF_LIFE_NOTES, _RAMP = 6_000, 0.05
_SAVE_MINUTES = 2.0
_CODE_WEIGHT = 2e-3
_RAMP_NOTES = 6_000
"""Notes within which the critic comes to count in full."""


class Pack:
    """Notes as tensors, drawn in batches; each kind of instrument as often as every other."""

    def __init__(self, folder: Path) -> None:
        with (folder / "notes.csv").open(newline="", encoding="utf-8") as stream:
            self.rows = list(csv.DictReader(stream))
        self.pictures = np.load(folder / "pictures.npy", mmap_mode="r")
        self.waves = np.load(folder / "waves.npy", mmap_mode="r")
        names = [(row["kind"], row["font"], row["program"]) for row in self.rows]
        self.instruments = sorted(set(names))
        self.kind_of = [KINDS.index(kind) for kind, _, _ in self.instruments]
        number = {name: place for place, name in enumerate(self.instruments)}
        self.instrument = torch.tensor([number[name] for name in names])
        self.kind = torch.tensor([KINDS.index(name[0]) for name in names])
        self.key = torch.tensor([[float(row["key"])] for row in self.rows])
        self.velocity = torch.tensor([[int(row["velocity"]) / 127] for row in self.rows])
        share = 1 / torch.bincount(self.kind, minlength=len(KINDS))[self.kind].double()
        self._weights = share / share.sum()

    def batch(self, count: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Returns some notes: pictures in decibels and residuals, instrument, kind, key, velocity."""
        rows = torch.multinomial(self._weights, count, replacement=True, generator=generator)
        raw = torch.from_numpy(self.pictures[rows.numpy()])
        pictures = torch.stack([raw[:, 0].float() / 2.5 + picture.FLOOR_DB, (raw[:, 1].float() - 128) / 127], dim=1)
        facts = {name: getattr(self, name)[rows] for name in ("instrument", "kind", "key", "velocity")}
        return facts | {"pictures": pictures}


def likeness_loss(fake: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
    """Returns how far pictures are off: levels in units of 10 dB, and the cosine of frequencies that can be heard.

    Loud bands count more; frequencies are angles, and of an angle a whole turn is nothing.
    """
    level, wanted = fake[:, 0], real[:, 0]
    weight = 0.15 + ((wanted - picture.FLOOR_DB) / -picture.FLOOR_DB).square()
    off = (weight * (level - wanted).abs()).mean() / 10
    gate = tone_gate(wanted - 10)
    turn = 1 - torch.cos(torch.pi * (fake[:, 1] - real[:, 1]))
    return off, (gate * turn).sum() / gate.sum().clamp_min(1)


class Training:
    """A run that can be stopped at any moment and resumed: its state is one checkpoint file."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.run: Path = args.run
        self.run.mkdir(parents=True, exist_ok=True)
        self.device = torch.device(args.device)
        self.pack = Pack(args.pack)
        self.settings = {"width": args.width, "instruments": ["/".join(name) for name in self.pack.instruments]}
        self.net = Generator(args.width).to(self.device)
        self.codes = Codes(self.pack.kind_of, len(KINDS)).to(self.device)
        self.critic = Critic(len(KINDS)).to(self.device)
        self.average = copy.deepcopy(self.net).requires_grad_(False)
        for net in (self.net, self.critic, self.average):
            net.to(memory_format=torch.channels_last)
        own: list[dict[str, Any]] = [
            {"params": self.net.parameters()},
            {"params": self.codes.parameters(), "lr_scale": 4.0},
        ]
        self.optimizers = [
            torch.optim.Adam(own, args.rate, (0.5, 0.99)),
            torch.optim.Adam(self.critic.parameters(), args.critic_rate, (0.0, 0.99)),
        ]
        self.steps, self.notes, self.minutes = 0, 0, 0.0
        self.stopped = False
        if self.checkpoint.exists():
            self.resume()

    @property
    def checkpoint(self) -> Path:
        return self.run / "checkpoint.pt"

    def resume(self) -> None:
        state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        if state["settings"] != self.settings:
            raise SystemExit(f"{self.checkpoint} belongs to other settings")
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.steps, self.notes, self.minutes = state["steps"], state["notes"], state["minutes"]

    def _parts(self) -> dict[str, Any]:
        parts: dict[str, Any] = {"net": self.net, "codes": self.codes, "critic": self.critic, "average": self.average}
        return parts | {f"optimizer_{index}": one for index, one in enumerate(self.optimizers)}

    def save(self) -> None:
        """Writes the checkpoint, and the averaged generator with the codes alone, to export."""
        progress = {"settings": self.settings, "steps": self.steps, "notes": self.notes, "minutes": self.minutes}
        progress |= {"seed": self.args.seed, "pack": len(self.pack.rows)}
        light = {"average": self.average.state_dict(), "codes": self.codes.state_dict()}
        states = {name: part.state_dict() for name, part in self._parts().items()}
        for name, state in (("checkpoint", states), ("generator", light)):
            temporary = self.run / f"{name}.new"
            torch.save(state | progress, temporary)
            temporary.replace(self.run / f"{name}.pt")

    def rate(self) -> float:
        """Returns the share of the learning rate: 1, and a straight line down over the last third."""
        left: float = 1 - self.minutes / self.args.minutes
        return max(_COOLEST, min(1.0, left / _COOL_SHARE))

    def step(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Takes one step of both nets."""
        for optimizer, rate in zip(self.optimizers, (self.args.rate, self.args.critic_rate), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * self.rate() * group.get("lr_scale", 1.0)
        count = self.args.batch
        real = {name: x.to(self.device) for name, x in self.pack.batch(2 * count, generator).items()}
        judged = self.notes >= self.args.critic_from
        # Before there is a critic, a note is either compared with what it should be or of no use.
        parts = (slice(count), slice(count, None)) if judged else (slice(None), slice(0))
        known, other = ({name: x[part] for name, x in real.items()} for part in parts)
        code = torch.cat([self.codes(known["instrument"]), self.codes.drawn(other["kind"])])
        noise = torch.randn(2 * count, 1, picture.BANDS, picture.FRAMES, device=self.device)
        with self.low_precision():
            fake = self.net(code, real["key"], real["velocity"], noise)
        losses = self.teach_critic(real, fake.detach()) if judged else {}
        losses |= self.teach_generator(known, real, fake, code[: len(known["key"])], judged)
        self.steps += 1
        self.notes += 2 * count
        self.follow()
        return losses

    def low_precision(self) -> torch.autocast:
        """Returns the context in which the nets run."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.args.bf16)

    def teach_critic(self, real: dict[str, Tensor], fake: Tensor) -> dict[str, Tensor]:
        """One step of the critic."""
        with self.low_precision():
            on_real = self.critic(real["pictures"], real["key"], real["kind"])
            on_fake = self.critic(fake, real["key"], real["kind"])
        loss = critic_loss(on_real, on_fake)
        self.update(1, loss)
        values = {f"real_{k}": x.mean() for k, x in enumerate(on_real)}
        values |= {f"fake_{k}": x.mean() for k, x in enumerate(on_fake)}
        return {name: value.detach() for name, value in (values | {"critic": loss}).items()}

    def teach_generator(
        self, known: dict[str, Tensor], real: dict[str, Tensor], fake: Tensor, code: Tensor, judged: bool
    ) -> dict[str, Tensor]:
        """One step of the generator and the codes: notes as they are, verdicts, codes that stay together."""
        level, turn = likeness_loss(fake[: len(code)], known["pictures"])
        spread = code.square().sum(1).mean()
        loss = level + 0.3 * turn + _CODE_WEIGHT * spread
        found = {"level_db": 10 * level, "turn": turn, "code": spread}
        if judged:
            adversarial = self.verdict(fake, real)
            weight = self.args.critic_weight * min(1.0, (self.notes - self.args.critic_from) / _RAMP_NOTES)
            loss = loss + weight * adversarial
            found["generator"] = adversarial
        self.update(0, loss)
        return {name: value.detach() for name, value in found.items()}

    def verdict(self, fake: Tensor, real: dict[str, Tensor]) -> Tensor:
        """Returns the generator's loss by the critic, which stays as it is."""
        self.critic.requires_grad_(False)
        with self.low_precision():
            loss = generator_loss(self.critic(fake, real["key"], real["kind"]))
        self.critic.requires_grad_(True)
        return loss

    def update(self, index: int, loss: Tensor) -> None:
        """Takes one optimizer step; gradients are held to a length of 5."""
        optimizer = self.optimizers[index]
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(parameters, 5.0)
        optimizer.step()

    @torch.no_grad()
    def follow(self) -> None:
        """Moves the averaged weights towards the current ones."""
        keep = 0.5 ** (2 * self.args.batch / min(_HALF_LIFE_NOTES, 1 + _RAMP * self.notes))
        torch._foreach_lerp_(list(self.average.parameters()), list(self.net.parameters()), 1 - keep)

    def report(self, rows: list[dict[str, Tensor]]) -> None:
        """Appends a row of means to the log."""
        names = rows[-1]
        means = {n: round(float(torch.stack([row[n] for row in rows if n in row]).mean()), 4) for n in names}
        row = {"minutes": round(self.minutes, 1), "steps": self.steps, "notes": self.notes, **means}
        with (self.run / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(row) + "\n")

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Lets the current step end; the run then saves and leaves."""
        self.stopped = True

    def go(self) -> None:
        """Trains until the run has had its minutes, or a signal ends this sitting."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        seed = int(np.random.SeedSequence((self.args.seed, self.steps)).generate_state(1)[0])
        generator = torch.Generator().manual_seed(seed)
        torch.manual_seed(seed)
        rows: list[dict[str, Tensor]] = []
        # A process that waits for its turn on a busy CPU does not train.
        clock = time.monotonic if self.device.type == "cuda" else time.thread_time
        started, first = self.minutes, clock()
        saved = first
        while self.minutes < self.args.minutes and not self.stopped:
            rows.append(self.step(generator))
            self.minutes = started + (clock() - first) / 60
            if len(rows) == self.args.report:
                self.report(rows)
                rows = []
            if clock() - saved > 60 * _SAVE_MINUTES:
                self.save()
                saved = clock()
        if rows:
            self.report(rows)
        self.save()


def parser() -> argparse.ArgumentParser:
    """Returns the options of the command."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("pack", type=Path, help="folder that scumble_export.timbre.notes wrote")
    options.add_argument("run", type=Path, help="folder of the checkpoint and log; resumed if it has one")
    options.add_argument("--width", type=int, default=64, help="channels of the branches at their coarsest")
    options.add_argument("--batch", type=int, default=8, help="notes of each of the two lessons")
    options.add_argument("--rate", type=float, default=1e-3)
    options.add_argument("--critic-rate", type=float, default=4e-4)
    options.add_argument("--critic-weight", type=float, default=0.15)
    options.add_argument("--critic-from", type=int, default=10_000, help="notes to learn from before there is a critic")
    options.add_argument("--minutes", type=float, default=60.0, help="computing that the run gets in all")
    options.add_argument("--report", type=int, default=50, help="steps between rows of the log")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options.add_argument("--bf16", action="store_true", help="run the nets in bfloat16")
    options.add_argument("--threads", type=int, default=0, help="CPU threads; 0 takes all")
    return options


def main() -> None:
    """Trains as the command line says."""
    args = parser().parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(args.seed)
    Training(args).go()


if __name__ == "__main__":
    main()
