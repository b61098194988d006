r"""Trains the background generator on a pack of pieces (pack.py), on a CPU or a GPU; the same command resumes.

python -m scumble_export.background.train PACK.tar RUN --device cuda --bf16 --batch 64 --minutes 9 \
    --widths 320 320 256 192 128 64 32 --schedule 64:4 128:8 256:13 --features efficientnet-lite0-57934424.pth

PACK may be any folder or tar of pictures; the folders in it are the styles. `--schedule` is resolution:minutes of
computing; a level is added to both nets at each change. `--minutes` ends this sitting, the same command goes on.
"""

from __future__ import annotations

import argparse
import copy
import json
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from scumble_export.background.batches import (
    CELLS,
    WHOLE_PX,
    Pieces,
    Wishes,
    disturbed,
    layout_of,
    load_pieces,
    nearer,
    varied,
)
from scumble_export.background.critic import Critic, Projector, critic_loss, generator_loss
from scumble_export.background.net import Generator
from scumble_export.background.sheet import sample_sheet, write_sheet

LATENT_WEIGHT = 0.3
_COOL_SHARE, _COOLEST = 0.25, 0.1
_HALF_LIFE_PICTURES, _RAMP = 10_000, 0.05
_SAVE_MINUTES = 4.0
_BIGGEST_PX = 384


def depth_of(size: int) -> int:
    """Returns how many levels make pictures of `size` pixels a side from 4 × 4 cells."""
    depth = (size // CELLS).bit_length()
    if size != CELLS << (depth - 1):
        raise ValueError(f"{size} is not 4 times a power of two")
    return depth


class Training:
    """A run that can be stopped at any moment and resumed: its state is one checkpoint file."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.run: Path = args.run
        self.run.mkdir(parents=True, exist_ok=True)
        self.device = torch.device(args.device)
        self.stages = [(int(size), float(minutes)) for size, minutes in (s.split(":") for s in args.schedule)]
        short_side = min(_BIGGEST_PX, self.stages[-1][0] * 3 // 2)
        self.pieces = Pieces(load_pieces(args.pieces, short_side), self.device)
        self.settings = {
            "widths": list(args.widths),
            "styles": self.pieces.names,
            "enlarged": bool(args.enlarged),
        }
        # The doubling of the finest picture is the product's: it has nothing to learn.
        self.net = Generator(args.widths, len(self.pieces.names)).to(self.device)
        self.critic = Critic(len(self.pieces.names)).to(self.device)
        self.projector = Projector(args.features).to(self.device)
        self.average = copy.deepcopy(self.net).requires_grad_(False)
        for net in (self.net, self.critic, self.average, self.projector):
            net.to(memory_format=torch.channels_last)
        self.optimizers = [
            torch.optim.Adam(net.parameters(), rate, (0.0, 0.99))
            for net, rate in ((self.net, args.rate), (self.critic, args.critic_rate))
        ]
        self.steps, self.pictures, self.minutes, self.depth = 0, 0, 0.0, depth_of(self.stages[0][0])
        self.stopped = False
        if self.checkpoint.exists():
            self.resume()

    @property
    def checkpoint(self) -> Path:
        return self.run / "checkpoint.pt"

    def resume(self) -> None:
        state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        if state["settings"] != self.settings:
            raise SystemExit(f"{self.checkpoint} belongs to other settings: {state['settings']}")
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.steps, self.pictures, self.minutes = state["steps"], state["pictures"], state["minutes"]
        self.depth = state["depth"]

    def _parts(self) -> dict[str, Any]:
        parts: dict[str, Any] = {"net": self.net, "critic": self.critic, "average": self.average}
        parts["projector"] = self.projector
        return parts | {f"optimizer_{index}": one for index, one in enumerate(self.optimizers)}

    def _progress(self) -> dict[str, Any]:
        return {
            "settings": self.settings,
            "steps": self.steps,
            "pictures": self.pictures,
            "minutes": self.minutes,
            "depth": self.depth,
            "seed": self.args.seed,
            "pieces": len(self.pieces.store),
        }

    def save(self) -> None:
        """Writes the checkpoint, and the averaged generator alone in half precision, to travel and to export."""
        light = {name: value.half() for name, value in self.average.state_dict().items()}
        states = {name: part.state_dict() for name, part in self._parts().items()}
        for name, state in (("checkpoint", states), ("generator", {"average": light})):
            temporary = self.run / f"{name}.new"
            torch.save(state | self._progress(), temporary)
            temporary.replace(self.run / f"{name}.pt")

    def stage(self) -> int:
        """Returns the resolution of now."""
        left, size = self.minutes, self.stages[-1][0]
        for at, minutes in self.stages:
            if left < minutes:
                size = at
                break
            left -= minutes
        self.depth = max(self.depth, depth_of(size))
        return size

    def rate(self) -> float:
        """Returns the share of the learning rate: 1, and a straight line to a tenth over the last quarter."""
        done = self.minutes / sum(minutes for _, minutes in self.stages)
        return max(_COOLEST, min(1.0, (1 - done) / _COOL_SHARE))

    def view(self, size: int, generator: torch.Generator) -> tuple[int, Tensor, Tensor]:
        """Returns how many levels to draw, real pictures at that resolution, and their styles.

        Finer than 128 pixels a picture is looked at in turn as a whole, more coarsely, and from near, in part.
        """
        near = size > WHOLE_PX and self.steps % 2 == 0
        if size > WHOLE_PX and not near:
            size = WHOLE_PX
        real, style = self.pieces.batch(self.args.batch, size, generator)
        return depth_of(size), nearer(real, generator) if near else real, style

    def step(self, generator: torch.Generator) -> dict[str, Tensor]:
        depth, real, style = self.view(self.stage(), generator)
        for optimizer, rate in zip(self.optimizers, (self.args.rate, self.args.critic_rate), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * self.rate()
        real = varied(real, generator).contiguous(memory_format=torch.channels_last)
        if self.steps == 0:
            self.projector.level(real)
        cells = real.shape[-1] >> (depth - 1)
        colours = layout_of(real, self.net.margins(depth).cells, generator, cells)
        wishes = Wishes(self.net, depth, colours, style, generator)
        with self.low_precision():
            fake = wishes.picture(self.net)
        seen = [disturbed(x, generator).contiguous(memory_format=torch.channels_last) for x in (real, fake.float())]
        # With gradients the frozen net is faster in full precision on a CPU; the critic learns from the same features.
        with self.low_precision(self.device.type == "cuda"):
            mixed = self.projector(seen[1])
        losses = self.teach_critic(seen[0], [x.detach() for x in mixed], wishes)
        losses |= self.teach_generator(mixed, fake.float(), wishes)
        self.steps += 1
        self.pictures += len(real)
        self.follow()
        return losses

    def low_precision(self, wanted: bool = True) -> torch.autocast:
        """Returns the context in which the nets run."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.args.bf16 and wanted)

    def teach_critic(self, real: Tensor, mixed: list[Tensor], wishes: Wishes) -> dict[str, Tensor]:
        """One step of the critic on real pictures and on what the frozen net sees in made ones."""
        with self.low_precision():
            with torch.no_grad():
                true = self.projector(real)
            on_real, _ = self.critic(true, wishes.style)
            on_fake, guess = self.critic(mixed, wishes.style)
        loss = critic_loss(on_real, on_fake)
        miss = F.mse_loss(guess.float(), wishes.latent)
        self.update(1, loss + LATENT_WEIGHT * miss)
        values = {"critic": loss, "latent": miss}
        values |= {f"real_{k}": x.float().mean() for k, x in enumerate(on_real)}
        values |= {f"fake_{k}": x.float().mean() for k, x in enumerate(on_fake)}
        return {name: value.detach() for name, value in values.items()}

    def teach_generator(self, mixed: list[Tensor], fake: Tensor, wishes: Wishes) -> dict[str, Tensor]:
        """One step of the generator: verdicts, wanted colours, a range that can be shown, a vector that is heeded."""
        self.critic.requires_grad_(False)
        with self.low_precision():
            on_fake, guess = self.critic(mixed, wishes.style)
        adversarial = generator_loss(on_fake)
        layout = wishes.layout_error(fake)
        excess = (fake.abs() - 1).clamp_min(0).mean()
        miss = F.mse_loss(guess.float(), wishes.latent)
        self.update(0, adversarial + self.args.layout_weight * layout + excess + LATENT_WEIGHT * miss)
        self.critic.requires_grad_(True)
        return {"generator": adversarial.detach(), "layout": layout.detach()}

    def update(self, index: int, loss: Tensor) -> None:
        """Takes one optimizer step; what is not finite is not learnt."""
        optimizer = self.optimizers[index]
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    torch.nan_to_num(parameter.grad, 0.0, 0.0, 0.0, out=parameter.grad)
        optimizer.step()

    @torch.no_grad()
    def follow(self) -> None:
        """Moves the averaged weights towards the current ones."""
        keep = 0.5 ** (self.args.batch / min(_HALF_LIFE_PICTURES, 1 + _RAMP * self.pictures))
        torch._foreach_lerp_(list(self.average.parameters()), list(self.net.parameters()), 1 - keep)

    def report(self, rows: list[dict[str, Tensor]]) -> None:
        """Appends a row to the log and draws a sheet of samples of the averaged net."""
        names = sorted({name for row in rows for name in row})
        means = {n: round(float(torch.stack([r[n] for r in rows if n in r]).mean()), 4) for n in names}
        sheet, variety = sample_sheet(self.average, self.depth, self.device)
        write_sheet(sheet, self.run / "sheets" / f"{self.pictures:09}.png")
        row = {"minutes": round(self.minutes, 1), "steps": self.steps, "pictures": self.pictures}
        row |= {"size": CELLS << (self.depth - 1), **means, "variety": round(variety, 4)}
        with (self.run / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(row) + "\n")

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Lets the current step end; the run then saves and leaves."""
        self.stopped = True

    def go(self) -> None:
        """Trains until the schedule, the sitting or the user ends it."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        seed = int(np.random.SeedSequence((self.args.seed, self.steps)).generate_state(1)[0])
        generator = torch.Generator(self.device).manual_seed(seed)
        rows: list[dict[str, Tensor]] = []
        # A process that is paused or waits for its turn on a busy CPU does not train.
        clock = time.monotonic if self.device.type == "cuda" else time.thread_time
        total = sum(minutes for _, minutes in self.stages)
        began, started = time.monotonic(), self.minutes
        first = saved = checked = clock()
        while self.minutes < total and not self.stopped:
            rows.append(self.step(generator))
            if self.device.type == "cuda" and self.steps % 32 == 0:
                torch.cuda.synchronize()
            now = clock()
            self.minutes = started + (now - first) / 60
            if now - checked > 60 * self.args.sheet_minutes:
                self.report(rows)
                rows, checked = [], clock()
            if now - saved > 60 * _SAVE_MINUTES:
                self.save()
                saved = clock()
            self.stopped |= bool(self.args.minutes) and time.monotonic() - began > 60 * self.args.minutes
        if rows:
            self.report(rows)
        self.save()


def parser() -> argparse.ArgumentParser:
    """Returns the options of the command."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("pieces", type=Path, help="pack, folder or tar of pictures; the folders in it are styles")
    options.add_argument("run", type=Path, help="folder of the checkpoint, log and sheets; resumed if it has one")
    options.add_argument("--widths", type=int, nargs="+", default=[128, 128, 128, 96, 48, 32, 24])
    options.add_argument("--features", type=Path, required=True, help="ImageNet weights of EfficientNet-Lite0")
    options.add_argument("--enlarged", action="store_true", help="the exported net doubles the finest level's picture")
    options.add_argument("--schedule", nargs="+", default=["64:60", "128:60", "256:120"], metavar="SIZE:MINUTES")
    options.add_argument("--batch", type=int, default=20)
    options.add_argument("--rate", type=float, default=2e-3, help="learning rate (layers are equalised)")
    options.add_argument("--critic-rate", type=float, default=2e-4, help="learning rate of the critic")
    options.add_argument("--layout-weight", type=float, default=2.0, help="how much the wanted colours count")
    options.add_argument("--minutes", type=float, default=0.0, help="end this sitting after so long; 0: never")
    options.add_argument("--sheet-minutes", type=float, default=10.0, help="between sample sheets, of computing")
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
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(args.seed)
    Training(args).go()


if __name__ == "__main__":
    main()
