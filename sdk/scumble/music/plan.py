"""The plan of a piece: everything that is decided before the first note is written."""

from __future__ import annotations

import bisect
import dataclasses
import functools
from collections.abc import Iterator
from typing import NamedTuple

from scumble.music.chance import Chance
from scumble.music.harmony import Harmonized, Key
from scumble.music.score import Bar, Section
from scumble.music.style import Ladder, Style
from scumble.music.theory import scale_from_key
from scumble.music.timing import Grid

STEPS = 4
"""Steps a beat of all patterns."""


class Event(NamedTuple):
    """A note on the beat grid, before swing and players' freedom: beats, MIDI pitch, velocity 0 to 1.

    `delay_s` is what the playing itself asks for, as the strings of a strummed chord.
    """

    start: float
    end: float
    pitch: int
    velocity: float
    delay_s: float = 0.0


@dataclasses.dataclass(frozen=True)
class Plan:
    """Form and harmony of a piece in a style.

    Attributes:
        style, key, grid, sections: what they are called.
        energies: 0 to 1 by bar.
        harmony: chords without a gap over all beats.
        loop: True when there is no ending.
        chance: what choices are drawn from.
        groove: factor upon how loosely the players keep time and touch; 0 is a machine's.
    """

    style: Style
    key: Key
    grid: Grid
    sections: tuple[Section, ...]
    energies: tuple[float, ...]
    harmony: tuple[Harmonized, ...]
    loop: bool
    chance: Chance
    groove: float = 1.0

    @property
    def bars(self) -> tuple[Bar, ...]:
        """The grid's bars."""
        return self.grid.bars

    @property
    def beats(self) -> int:
        """Number of beats."""
        return self.grid.tempo.beats

    @property
    def ending(self) -> Bar | None:
        """The bar in which the last chord rings; a loop has none."""
        return None if self.loop else self.bars[-1]

    @functools.cached_property
    def scale(self) -> tuple[int, ...]:
        """The key's pitch classes from the tonic up."""
        return scale_from_key(self.key.tonic, self.key.mode)

    @functools.cached_property
    def _starts(self) -> list[float]:
        return [span.start_beat for span in self.harmony]

    def chord_index(self, beat: float) -> int:
        """Returns which chord stands at a beat."""
        return max(bisect.bisect_right(self._starts, beat) - 1, 0)

    def chord_after(self, index: int) -> Harmonized:
        """Returns the chord that follows; the first one after a loop's last, the last one after itself."""
        following = index + 1
        if following < len(self.harmony):
            return self.harmony[following]
        return self.harmony[0 if self.loop else -1]

    def playing_bars(self, section: Section) -> Iterator[tuple[int, Bar]]:
        """Yields a section's bars and their numbers within it, without the ringing last one."""
        for place in range(section.bars):
            bar = self.bars[section.first_bar + place]
            if bar is not self.ending:
                yield place, bar

    def energy_of(self, section: Section, place: int) -> float:
        """Returns the energy of a section's bar."""
        return self.energies[section.first_bar + place]


def cells(text: str) -> str:
    """Returns a pattern without what is there for the eye."""
    return text.replace(" ", "").replace("|", "")


def bar_of_ladder(ladder: Ladder, energy: float, place: int, bar: Bar, metre: int) -> str:
    """Returns the steps of one bar: of the highest level that the energy reaches; empty when it reaches none."""
    reached = [level for level in ladder if energy >= level.energy - 1e-9]
    if not reached:
        return ""
    steps = cells(reached[-1].text)
    length = metre * STEPS
    start = place * length % len(steps)
    whole = steps[start : start + length]
    return "".join(whole[step % length] for step in range(bar.beats * STEPS))


def strokes(steps: str) -> Iterator[tuple[int, int, str]]:
    """Yields (step, length in steps, mark) of each stroke; the hyphens after it are part of its length."""
    step = 0
    while step < len(steps):
        mark = steps[step]
        end = step + 1
        while end < len(steps) and steps[end] == "-":
            end += 1
        if mark not in ".-_":
            yield step, end - step, mark
        step = end if mark not in "." else step + 1
