"""The exported graph at work as in the product: the SDK's own constrained writing over ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from onnxruntime import InferenceSession, SessionOptions

from scumble.music import STYLES, Score, Wishes, compose
from scumble.music.chance import Chance
from scumble.music.hearing import Heard, heard_from_score
from scumble.music.imagining_score import Imagination, Share, imagine


class GraphNet:
    """A net that is told words and foretells the next, from the bytes of an exported step."""

    def __init__(self, session: InferenceSession, context: int) -> None:
        self.context, self._session = context, session
        self._memory = np.zeros((context, session.get_inputs()[1].shape[1]), np.float32)
        self._known = 0

    def begin(self) -> None:
        """Forgets all."""
        self._known = 0

    def foretell(self, words: Sequence[int]) -> Sequence[float]:
        """Takes some words and returns the logits of the next."""
        end = self._known + len(words)
        told = {"words": np.array(words, np.float32), "past": self._memory[: self._known]}
        logits, self._memory[self._known : end] = self._session.run(["logits", "kept"], told)
        self._known = end
        found: list[float] = logits.tolist()
        return found


def net_maker(model: bytes, context: int) -> Callable[[], GraphNet]:
    """Returns what makes nets of a graph, on one thread, as the product runs it."""
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda: GraphNet(session, context)


class Bed(NamedTuple):
    """A piece that was made: how, the score, and what is heard in it."""

    share: str
    wishes: Wishes
    score: Score
    heard: list[Heard]


def beds(
    maker: Callable[[], GraphNet],
    share: Share | None,
    count: int,
    seed: int,
    *,
    seconds: float = 40,
    strict: bool = False,
) -> Iterator[Bed]:
    """Yields beds of all styles in turn; `share` None has the rules write everything, for comparison."""
    styles = list(STYLES)
    for number in range(count):
        chance = Chance(seed).at("bed", number)
        wishes = Wishes(
            seconds,
            styles[number % len(styles)],
            energy=chance.between(0.2, 1.0, "energy"),
            valence=chance.uniform("valence"),
            strict=strict,
        )
        yield bed(maker, share, wishes, chance.integer(1 << 24, "seed"))


def bed(maker: Callable[[], GraphNet], share: Share | None, wishes: Wishes, seed: int) -> Bed:
    """Returns a bed, and what is heard in it; `share` as for `beds`."""
    score = compose(wishes, seed) if share is None else imagine(wishes, seed, Imagination(share), maker)
    return Bed(share or "rules", wishes, score, heard_from_score(score, wishes.style, keyed=True))
