"""The peer: an interpolated n-gram with modified Kneser-Ney discounts (Chen and Goodman 1998, section 3)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Shares = NDArray[np.float64]


class KneserNey:
    """Probabilities of a word after `order` - 1 others, from counts of sequences.

    Attributes:
        order: words of the longest sequence that is counted.
        words: size of the vocabulary.
    """

    def __init__(self, sequences: Iterable[Numbers], order: int, words: int) -> None:
        self.order, self.words = order, words
        counts = self._counted([np.asarray(sequence, np.int64) for sequence in sequences], order)
        self.levels: list[tuple[Numbers, Shares, Numbers, Shares]] = []
        for size in range(order, 0, -1):
            self.levels.append(self._level(*counts))
            if size > 1:
                # Below the highest order a sequence counts once for each word that stands before it.
                shorter = counts[0] % words ** (size - 1)
                unique, often = np.unique(shorter, return_counts=True)
                counts = unique, often.astype(np.int64)

    def _counted(self, sequences: list[Numbers], size: int) -> tuple[Numbers, Numbers]:
        keys = [self._keys(sequence, size) for sequence in sequences if len(sequence) >= size]
        unique, often = np.unique(np.concatenate(keys), return_counts=True)
        return unique, often.astype(np.int64)

    def _keys(self, sequence: Numbers, size: int) -> Numbers:
        """Every run of `size` words as one number, the first word counting most."""
        count = len(sequence) - size + 1
        keys = np.zeros(max(count, 0), np.int64)
        for place in range(size):
            keys = keys * self.words + sequence[place : place + count]
        return keys

    def _level(self, keys: Numbers, counts: Numbers) -> tuple[Numbers, Shares, Numbers, Shares]:
        ones, twos, threes, fours = (max(int((counts == n).sum()), 1) for n in (1, 2, 3, 4))
        share = ones / (ones + 2 * twos)
        raw = [0, 1 - 2 * share * twos / ones, 2 - 3 * share * threes / twos, 3 - 4 * share * fours / threes]
        # Few counts make poor estimates: something is always left for what was not seen.
        discounts = np.clip(raw, [0.0, 0.1, 0.1, 0.1], [0.0, 0.9, 1.9, 2.9])
        taken = discounts[np.minimum(counts, 3)]
        contexts, place = np.unique(keys // self.words, return_inverse=True)
        totals = np.bincount(place, counts)
        back_off: Shares = np.bincount(place, taken) / totals
        return keys, (counts - taken) / totals[place], contexts, back_off

    def surprises(self, sequence: Numbers) -> Shares:
        """Returns -ln of the probability of each word after the first."""
        sequence = np.asarray(sequence, np.int64)
        probabilities = np.full(len(sequence) - 1, 1 / self.words)
        for size in range(1, self.order + 1):
            keys, own, contexts, back_off = self.levels[self.order - size]
            wanted = self._keys(sequence, size)[1 if size == 1 else 0 :]
            first = len(probabilities) - len(wanted)
            base = probabilities[first:]
            known, at = _found(contexts, wanted // self.words)
            seen, place = _found(keys, wanted)
            mixed = np.where(seen, own[place], 0.0) + back_off[at] * base
            probabilities[first:] = np.where(known, mixed, base)
        surprises: Shares = -np.log(probabilities)
        return surprises


def _found(sorted_values: Numbers, wanted: Numbers) -> tuple[NDArray[np.bool_], Numbers]:
    place = np.minimum(np.searchsorted(sorted_values, wanted), len(sorted_values) - 1)
    return sorted_values[place] == wanted, place
