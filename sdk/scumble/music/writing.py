"""Words written one after the other by a net that remembers, under a grammar and within what the music allows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from scumble.music.chance import Chance
from scumble.music.deciding import chosen
from scumble.music.notation import Grammar, Heading, Measure, numbers_from_measure


class Net(Protocol):
    """A net that is told words and foretells the next; it keeps what it was told since it began."""

    @property
    def context(self) -> int:
        """How many words it can keep."""

    def begin(self) -> None:
        """Forgets all."""

    def foretell(self, words: Sequence[int]) -> Sequence[float]:
        """Takes some words, at least one, and returns the logits of the next."""


class Taste(NamedTuple):
    """How words are drawn: see `deciding.chosen`."""

    temperature: float = 0.95
    top_p: float = 0.95


class Strand:
    """One train of thought: a net, the heading it was given, and the bars that it keeps in mind.

    When its memory is full it begins anew with the heading and the newest bars, half of the memory at most.
    """

    def __init__(self, net: Net, heading: Heading, before: Iterable[Measure] = (), share: float = 1.0) -> None:
        self.net, self.heading, self.share = net, heading, share
        self.bars = [numbers_from_measure(measure, heading.parts) for measure in before]
        self.bar: list[int] = []
        self.fresh: list[int] = []
        self.told = 0
        self._begin()

    def _begin(self) -> None:
        self.net.begin()
        kept: list[int] = []
        for bar in reversed(self.bars):
            if len(kept) + len(bar) + len(self.bar) > self.net.context // 2:
                break
            kept = bar + kept
        self.fresh = [*self.heading.numbers(), *kept, *self.bar]
        self.told = 0

    def tell(self, number: int) -> None:
        """Takes a word; the net hears it when it is next asked."""
        self.bar.append(number)
        self.fresh.append(number)

    def end_bar(self) -> None:
        """Takes note that a bar is whole."""
        self.bars.append(self.bar)
        self.bar = []

    def foretell(self) -> Sequence[float]:
        """Returns the logits of the next word."""
        if self.told + len(self.fresh) > self.net.context:
            self._begin()
        self.told += len(self.fresh)
        logits = self.net.foretell(self.fresh)
        self.fresh = []
        return logits


class Writer:
    """Writes bars: words are told, or chosen among those that grammar and caller allow.

    With several strands their logits are mixed by their shares, which is to multiply their probabilities.
    """

    def __init__(self, strands: Sequence[Strand], taste: Taste) -> None:
        self.strands, self.taste = strands, taste
        self.grammar = Grammar(strands[0].heading.parts)
        self.written: list[int] = []

    def tell(self, numbers: Iterable[int]) -> None:
        """Writes words as they are. Raises ValueError where the grammar does not allow one."""
        for number in numbers:
            self.grammar.follow(number)
            self.written.append(number)
            for strand in self.strands:
                strand.tell(number)
            if self.grammar.state == "bar":
                for strand in self.strands:
                    strand.end_bar()

    def choose(self, welcome: Sequence[int], chance: Chance) -> int:
        """Writes one of the welcome words that the grammar allows, and returns it.

        Raises ValueError when there is none: callers welcome at least one.
        """
        wanted = set(welcome)
        allowed = [number for number in self.grammar.allowed() if number in wanted]
        if not allowed:
            raise ValueError("none of the welcome words may follow here")
        if len(allowed) == 1:
            number = allowed[0]
        else:
            number = chosen(self._logits(), allowed, chance, temperature=self.taste.temperature, top_p=self.taste.top_p)
        self.tell([number])
        return number

    def _logits(self) -> Sequence[float]:
        if len(self.strands) == 1:
            return self.strands[0].foretell()
        told = [(strand.share, strand.foretell()) for strand in self.strands]
        return [sum(share * logits[place] for share, logits in told) for place in range(len(told[0][1]))]
