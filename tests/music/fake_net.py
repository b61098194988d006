"""A net by counting, for tests: logits are hashes of the last words, and what it was told is written down."""

from __future__ import annotations

from collections.abc import Sequence

from scumble.music import vocabulary as v
from scumble.music.chance import Chance


class FakeNet:
    """Foretells by chance; `error` is added to every logit, as another machine's last digits would be."""

    def __init__(self, context: int = 512, error: float = 0.0) -> None:
        self.context, self.error = context, error
        self.told: list[int] = []
        self.most_told = 0
        self.begun = 0

    def begin(self) -> None:
        self.told = []
        self.begun += 1

    def foretell(self, words: Sequence[int]) -> Sequence[float]:
        assert words
        self.told += words
        self.most_told = max(self.most_told, len(self.told))
        chance = Chance(7).at(*self.told[-3:], sum(self.told[:60]))
        return [3 * chance.bell(number) + self.error * (-1) ** number for number in range(v.SIZE)]
