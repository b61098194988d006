"""Sequences to learn from and to judge by: windows of pieces, some voices left out, styles shared by kinds of music."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from scumble.music import vocabulary as v
from scumble_export.composer.corpus import Piece

Numbers = NDArray[np.int64]
UNTAUGHT = -100
"""Marks words that are given and not to be foretold: those of headings."""
SHARES = {
    "lieder": 0.34,
    "quartets": 0.24,
    "freedoom": 0.13,
    "drums": 0.03,
    "chords": 0.03,
    "mutopia": 0.01,
    "engine": 0.22,
}
"""How often a sequence begins in each corpus."""
_ALL, _TUNE = 0.5, 0.35
"""How often all voices are taught, and the melody over its chords alone; else any choice of voices."""
_LENT = 0.5
"""How often written music is taught under the name of one of the engine's styles, whose lead may sing like it."""
_PREFIX = len(v.PREFIX)
_STYLE_AT = v.PREFIX.index("style")
_WALTZ = v.number("style", v.STYLE_WORDS.index("waltz"))
_IN_FOUR = tuple(
    v.number("style", v.STYLE_WORDS.index(name)) for name in v.ENGINE_STYLES if name not in ("waltz", "other")
)
_LENDERS = ("lieder", "quartets", "freedoom", "mutopia")


class Windows:
    """Draws sequences of `length` words from pieces, all of them taught ones.

    A sequence is one piece from some bar on, and where that ends the next one follows. The key in the heading is
    drawn anew: tones count from the tonic, so that this is a transposition.
    """

    def __init__(self, pieces: Sequence[Piece], length: int) -> None:
        self.length = length
        self.corpora = {name: [piece for piece in pieces if piece.corpus == name] for name in SHARES}
        self.corpora = {name: own for name, own in self.corpora.items() if own}
        shares = np.array([SHARES[name] for name in self.corpora])
        self.shares = shares / shares.sum()
        self.weights = {}
        for name, own in self.corpora.items():
            bars = np.array([len(piece.bars) for piece in own], float)
            self.weights[name] = bars / bars.sum()

    def batch(self, count: int, seed: int) -> tuple[Numbers, Numbers]:
        """Returns words and the words that follow them, (count, length) each; the same for the same seed."""
        chance = np.random.default_rng(seed)
        rows = [self._row(chance) for _ in range(count)]
        words, taught = (np.stack(column) for column in zip(*rows, strict=True))
        return words[:, :-1], np.where(taught[:, 1:], words[:, 1:], UNTAUGHT)

    def _row(self, chance: np.random.Generator) -> tuple[Numbers, NDArray[np.bool_]]:
        words: list[int] = []
        taught: list[bool] = []
        while len(words) <= self.length:
            name = list(self.corpora)[chance.choice(len(self.shares), p=self.shares)]
            piece = self.corpora[name][chance.choice(len(self.weights[name]), p=self.weights[name])]
            own = self._drawn(piece, chance)
            words += own
            taught += [False] * _PREFIX + [True] * (len(own) - _PREFIX)
        end = self.length + 1
        return np.array(words[:end], np.int64), np.array(taught[:end])

    def _drawn(self, piece: Piece, chance: np.random.Generator) -> list[int]:
        first = 0 if chance.random() < 0.5 else int(chance.integers(max(len(piece.bars) - 3, 1)))
        draw = chance.random()
        parts: Sequence[str] = piece.parts
        if "melody" in parts and _ALL <= draw < _ALL + _TUNE:
            parts = ("melody",)
        elif draw >= _ALL + _TUNE:
            parts = [part for part in parts if chance.random() < 0.5]
        words = piece.numbers(parts, first, int(chance.integers(12)))
        if piece.corpus in _LENDERS and chance.random() < _LENT:
            in_three = piece.bars[0][0][0] == v.number("bar", 2)
            words[_STYLE_AT] = _WALTZ if in_three else int(chance.choice(_IN_FOUR))
        return words


def judged_sequences(pieces: Sequence[Piece], corpus: str, length: int) -> Iterator[tuple[Numbers, NDArray[np.bool_]]]:
    """Yields a corpus' pieces as words and whether each is to be foretold: whole bars, cut where the length ends.

    Each piece comes with all its voices, and if it has a melody and other voices, with its melody alone. What is cut
    goes on in the next sequence, which has a heading of its own.
    """
    for piece in pieces:
        if piece.corpus != corpus:
            continue
        choices = [piece.parts] + [("melody",)] * ("melody" in piece.parts and len(piece.parts) > 1)
        for parts in choices:
            first = 0
            while first < len(piece.bars):
                count, last = _PREFIX, first
                while last < len(piece.bars):
                    bar = piece._replace(bars=piece.bars[last : last + 1]).numbers(parts)
                    if count + len(bar) - _PREFIX > length and last > first:
                        break
                    count, last = count + len(bar) - _PREFIX, last + 1
                words = np.array(piece._replace(bars=piece.bars[first:last]).numbers(parts), np.int64)[:length]
                yield words, np.arange(len(words)) >= _PREFIX
                first = last
