"""Nats a word on held-out pieces: of the net and of the n-gram, on the very same words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from scumble.music import vocabulary as v
from scumble_export.composer.batches import Numbers, judged_sequences
from scumble_export.composer.corpus import Piece
from scumble_export.composer.net import Composer
from scumble_export.composer.ngram import KneserNey

Shares = NDArray[np.float64]
Judged = list[tuple[Numbers, NDArray[np.bool_]]]
WRITTEN = ("lieder", "quartets", "freedoom", "drums", "chords", "mutopia")
"""The corpora that people wrote: what our own engine makes is far easier to foretell."""
_RESAMPLES = 1000


def held_out(pieces: Sequence[Piece], length: int, most_words: int | None = None) -> dict[str, Judged]:
    """Returns the sequences to judge by, by corpus; `most_words` a corpus, evenly taken, for a quick look."""
    kept = [piece for piece in pieces if piece.held_out]
    found = {}
    for corpus in sorted({piece.corpus for piece in kept}):
        sequences = list(judged_sequences(kept, corpus, length))
        words = sum(len(one) for one, _ in sequences)
        step = 1 if most_words is None else max(1, round(words / most_words))
        found[corpus] = sequences[::step]
    return found


@torch.no_grad()
def net_surprises(net: Composer, sequences: Judged, device: torch.device, batch: int = 16) -> list[Shares]:
    """Returns -ln of the net's probability of each word to be foretold, by sequence."""
    training = net.training
    net.eval()
    found: list[Shares] = []
    for first in range(0, len(sequences), batch):
        some = sequences[first : first + batch]
        words = np.full((len(some), max(len(one) for one, _ in some)), v.PAD, np.int64)
        for row, (one, _) in enumerate(some):
            words[row, : len(one)] = one
        logits = net(torch.from_numpy(words[:, :-1]).to(device)).float().log_softmax(-1)
        following = torch.from_numpy(words[:, 1:]).to(device)
        nats = -logits.gather(-1, following[..., None])[..., 0].cpu().numpy()
        found += [nats[row, : len(one) - 1][taught[1:]] for row, (one, taught) in enumerate(some)]
    net.train(training)
    return found


def ngram_surprises(model: KneserNey, sequences: Judged) -> list[Shares]:
    """Returns the same of the n-gram."""
    return [model.surprises(one)[taught[1:]] for one, taught in sequences]


def ngram_from(pieces: Sequence[Piece], order: int) -> KneserNey:
    """Returns the n-gram of all taught pieces, each with all voices and with its melody alone, as they are judged."""
    sequences: list[Numbers] = []
    for piece in pieces:
        if not piece.held_out:
            sequences.append(np.array(piece.numbers(piece.parts), np.int64))
            if "melody" in piece.parts and len(piece.parts) > 1:
                sequences.append(np.array(piece.numbers(("melody",)), np.int64))
    return KneserNey(sequences, order, v.SIZE)


def mean_of(nats: list[Shares]) -> float:
    """Returns the mean over all words."""
    return float(np.concatenate(nats).mean()) if nats else float("nan")


def compared(net: list[Shares], peer: list[Shares], seed: int = 0) -> dict[str, Any]:
    """Returns nats a word of both, and how many fewer the net needs in percent with a 95 % interval over sequences."""
    sums = np.array([[own.sum(), other.sum(), len(own)] for own, other in zip(net, peer, strict=True)])
    chance = np.random.default_rng(seed)
    drawn = sums[chance.integers(len(sums), size=(_RESAMPLES, len(sums)))].sum(1)
    fewer = 100 * (1 - drawn[:, 0] / drawn[:, 1])
    whole = sums.sum(0)
    return {
        "net_nats": float(whole[0] / whole[2]),
        "ngram_nats": float(whole[1] / whole[2]),
        "fewer_percent": float(100 * (1 - whole[0] / whole[1])),
        "fewer_percent_95": [float(np.quantile(fewer, share)) for share in (0.025, 0.975)],
        "words": int(whole[2]),
        "sequences": len(sums),
    }
