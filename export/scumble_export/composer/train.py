r"""Trains the composer on what corpus.py wrote, on a CPU or a GPU; the same command resumes.

python -m scumble_export.composer.train DATA.npz RUN --minutes 75 --bf16 --batch 4 --rate 2e-3 --dropout 0 --threads 1
python -m scumble_export.composer.train DATA.npz RUN --minutes 8 --steps 2500 --device cuda --bf16 --batch 128 \
    --rate 1.5e-3 --dropout 0.2

`--minutes` is the whole schedule's computing time: the rate rises, then falls along a cosine until they are over.
`--sitting` ends this sitting earlier. TERM and interrupts end it too, saved. The log has a line a look: held-out nats
a word of the averaged net and of an n-gram with the same order of words before it, from the same pieces.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import json
import math
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scumble.music import vocabulary as v
from scumble_export.composer.batches import UNTAUGHT, Windows
from scumble_export.composer.corpus import Piece, load_pieces
from scumble_export.composer.judging import WRITTEN, held_out, mean_of, net_surprises, ngram_from, ngram_surprises
from scumble_export.composer.net import Composer, Size

_WARM_STEPS, _COOLEST = 100, 0.03
_AVERAGED_STEPS = 500
_SAVE_MINUTES = 3.0
_LOOK_WORDS = 6000


class Training:
    """A run that can be stopped at any moment and resumed: its state is one checkpoint file."""

    def __init__(self, args: argparse.Namespace, pieces: list[Piece]) -> None:
        self.args = args
        self.run: Path = args.run
        self.run.mkdir(parents=True, exist_ok=True)
        self.device = torch.device(args.device)
        torch.manual_seed(args.seed)
        self.size = Size(v.SIZE, args.width, args.layers, args.heads, args.context)
        self.net = Composer(self.size, args.dropout).to(self.device)
        self.average = copy.deepcopy(self.net).requires_grad_(False).eval()
        decayed = [weight for weight in self.net.parameters() if weight.dim() > 1]
        others = [weight for weight in self.net.parameters() if weight.dim() <= 1]
        groups = [{"params": decayed, "weight_decay": args.decay}, {"params": others, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, args.rate, (0.9, 0.98))
        self.windows = Windows([piece for piece in pieces if not piece.held_out], args.context)
        self.steps, self.minutes, self.stopped = 0, 0.0, False
        if self.checkpoint.exists():
            self.resume()

    @property
    def checkpoint(self) -> Path:
        """Where the state is kept."""
        return self.run / "checkpoint.pt"

    @property
    def done(self) -> float:
        """How much of the schedule is over, 0 to 1."""
        by_steps = self.steps / self.args.steps if self.args.steps else 0.0
        by_minutes: float = self.minutes / self.args.minutes
        return min(max(by_minutes, by_steps), 1.0)

    @property
    def over(self) -> bool:
        """True when the schedule is over or somebody has stopped it."""
        return self.stopped or self.done >= 1

    def resume(self) -> None:
        """Goes on where the checkpoint stands. Raises SystemExit when it is of another net."""
        state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        if state["size"] != dataclasses.asdict(self.size) or state["vocabulary"] != v.fingerprint():
            raise SystemExit(f"{self.checkpoint} belongs to another net: {state['size']}")
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.steps, self.minutes = state["steps"], state["minutes"]

    def save(self) -> None:
        """Writes the checkpoint, and the averaged net alone in half precision, to travel and to export."""
        facts = {
            "size": dataclasses.asdict(self.size),
            "vocabulary": v.fingerprint(),
            "steps": self.steps,
            "minutes": self.minutes,
            "seed": self.args.seed,
            "words": self.steps * self.args.batch * self.args.context,
        }
        whole: dict[str, Any] = {"net": self.net.state_dict(), "optimizer": self.optimizer.state_dict()}
        whole["average"] = self.average.state_dict()
        light = {"average": {name: value.half() for name, value in self.average.state_dict().items()}}
        for name, state in (("checkpoint", whole), ("composer", light)):
            temporary = self.run / f"{name}.new"
            torch.save(state | facts, temporary)
            temporary.replace(self.run / f"{name}.pt")

    def rate(self) -> float:
        """Returns the learning rate of now."""
        warm = min((self.steps + 1) / _WARM_STEPS, 1.0)
        cosine = _COOLEST + (1 - _COOLEST) * 0.5 * (1 + math.cos(math.pi * self.done))
        return float(self.args.rate * warm * cosine)

    def step(self) -> Tensor:
        """Learns from one batch and returns its loss in nats a word."""
        words, following = (
            torch.from_numpy(one).to(self.device)
            for one in self.windows.batch(self.args.batch, self.args.seed + (self.steps << 20))
        )
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.args.bf16):
            logits = self.net(words)
        loss = F.cross_entropy(logits.float().flatten(0, 1), following.flatten(), ignore_index=UNTAUGHT)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        self.steps += 1
        keep = min(1 - 1 / (self.steps / 4 + 1), 1 - 1 / _AVERAGED_STEPS)
        with torch.no_grad():
            for slow, fast in zip(self.average.parameters(), self.net.parameters(), strict=True):
                slow.lerp_(fast, 1 - keep)
        return loss.detach()

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        """Ends the sitting after this step."""
        self.stopped = True


def run(training: Training, pieces: list[Piece], log: Path) -> None:
    """Trains until the schedule or the sitting is over, or somebody stops it; looks and saves now and then."""
    args = training.args
    looks = held_out(pieces, args.context, _LOOK_WORDS)
    model = ngram_from(pieces, args.order)
    peers = {corpus: mean_of(ngram_surprises(model, some)) for corpus, some in looks.items()}
    losses: list[Tensor] = []
    begun = since = time.monotonic()
    sat, saved, looked = 0.0, 0.0, training.steps
    over = training.over
    while not over:
        losses.append(training.step())
        now = (time.monotonic() - begun) / 60
        training.minutes, sat = training.minutes + now - sat, now
        over = training.over or sat >= args.sitting
        if over or training.steps - looked >= args.look:
            looked = training.steps
            nats = {
                name: mean_of(net_surprises(training.average, some, training.device)) for name, some in looks.items()
            }
            record = {
                "steps": training.steps,
                "minutes": round(training.minutes, 2),
                "loss": round(float(torch.stack(losses).mean()), 4),
                "rate": training.rate(),
                "words_a_second": round(len(losses) * args.batch * args.context / (time.monotonic() - since)),
                "held_out": {name: round(value, 4) for name, value in nats.items()},
                "ngram": {name: round(value, 4) for name, value in peers.items()},
                "fewer_percent": _fewer(nats, peers),
            }
            losses, since = [], time.monotonic()
            with log.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(record) + "\n")
            print(json.dumps(record), flush=True)
        if over or sat - saved >= _SAVE_MINUTES:
            training.save()
            saved = sat


def _fewer(nats: dict[str, float], peers: dict[str, float]) -> float | None:
    """How many fewer nats than the n-gram the net needs on what people wrote, in percent; corpora weigh alike."""
    written = [name for name in nats if name in WRITTEN]
    if not written:
        return None
    return round(100 * (1 - sum(nats[name] for name in written) / sum(peers[name] for name in written)), 2)


def parser() -> argparse.ArgumentParser:
    """Returns the command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data", type=Path, help="what corpus.py wrote")
    options.add_argument("run", type=Path, help="folder of the run")
    options.add_argument("--minutes", type=float, default=75.0, help="computing time of the whole schedule")
    options.add_argument("--steps", type=int, default=0, help="or so many steps, whichever comes first")
    options.add_argument("--sitting", type=float, default=float("inf"), help="minutes after which to stop for now")
    options.add_argument("--device", default="cpu")
    options.add_argument("--bf16", action="store_true", help="half precision while computing")
    options.add_argument("--threads", type=int, default=0, help="threads of a CPU; 0 takes torch's own choice")
    options.add_argument("--batch", type=int, default=8, help="sequences a step")
    options.add_argument("--rate", type=float, default=1e-3)
    options.add_argument("--decay", type=float, default=0.1)
    options.add_argument("--dropout", type=float, default=0.1)
    options.add_argument("--width", type=int, default=256)
    options.add_argument("--layers", type=int, default=6)
    options.add_argument("--heads", type=int, default=8)
    options.add_argument("--context", type=int, default=512, help="words of a sequence")
    options.add_argument("--order", type=int, default=3, help="words of the n-gram's longest sequence")
    options.add_argument("--look", type=int, default=200, help="steps between looks at held-out pieces")
    options.add_argument("--seed", type=int, default=0)
    return options


def main() -> None:
    """Trains."""
    args = parser().parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    pieces = load_pieces(args.data)
    training = Training(args, pieces)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, training.stop)
    run(training, pieces, args.run / "log.jsonl")


if __name__ == "__main__":
    main()
