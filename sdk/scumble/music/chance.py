"""Chance by counting: every choice is a hash of the seed and of what is chosen, the same on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
_MASK = (1 << 64) - 1


def _splitmix64(z: int) -> int:
    """Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"."""
    z = (z + 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def _number_from_name(name: str) -> int:
    """FNV-1a (Fowler, Noll and Vo): Python's own hash differs from run to run."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & _MASK
    return value


class Chance:
    """A place in the tree of choices; it has no state, so asking twice for the same thing gives the same answer."""

    def __init__(self, seed: int) -> None:
        self._state = _splitmix64(seed & _MASK)

    def at(self, *path: str | int) -> Chance:
        """Returns the place below this one that `path` names."""
        state = self._state
        for step in path:
            state = _splitmix64(state ^ ((_number_from_name(step) if isinstance(step, str) else step) & _MASK))
        child = object.__new__(Chance)
        child._state = state
        return child

    def uniform(self, *path: str | int) -> float:
        """Returns a number above 0 and below 1."""
        return ((self.at(*path)._state >> 40) + 0.5) / (1 << 24)

    def between(self, low: float, high: float, *path: str | int) -> float:
        """Returns a number between `low` and `high`."""
        return low + (high - low) * self.uniform(*path)

    def bell(self, *path: str | int) -> float:
        """Returns a number of mean 0 and deviation 1, never beyond ±3.5: the sum of four uniform ones (Irwin-Hall)."""
        bits = self.at(*path)._state
        fields = sum((bits >> shift) & 0xFFFF for shift in (0, 16, 32, 48))
        return ((fields + 2) / 65536 - 2) * 1.7320508075688772

    def happens(self, probability: float, *path: str | int) -> bool:
        """Returns True with that probability."""
        return self.uniform(*path) < probability

    def integer(self, count: int, *path: str | int) -> int:
        """Returns one of 0 to `count` - 1."""
        return int(self.uniform(*path) * count)

    def choice(self, options: Sequence[T], *path: str | int) -> T:
        """Returns one of the options, all being as likely."""
        return options[self.integer(len(options), *path)]

    def weighted(self, options: Sequence[T], weights: Sequence[float], *path: str | int) -> T:
        """Returns one of the options, as likely as its weight says."""
        left = self.uniform(*path) * sum(weights)
        for option, weight in zip(options, weights, strict=True):
            left -= weight
            if left < 0:
                return option
        return options[-1]
