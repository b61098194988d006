"""Form: from bars to sections that begin where the markers are, return, rise and rest."""

from __future__ import annotations

from typing import NamedTuple

from scumble.music.score import Section
from scumble.music.timing import Grid
from scumble.music.wishes import Wishes

_BODIES = ("A", "AB", "ABA", "AABA", "ABACA", "AABCAB", "AABACBA", "AABACABA")
"""Orders of the sections between intro and outro, by their number; C is the contrast, without a melody."""
_LONG_BODIES = ("AABACABA", "DDEDCDED")
"""What more sections take turns with."""
_ENERGIES = {"intro": 0.6, "A": 0.85, "B": 1.05, "C": 0.7, "D": 0.85, "E": 1.05, "outro": 0.6}
"""Factors upon the mood's energy where the wishes draw no curve."""
_MOVING = 0.2
"""How far a drawn curve must move to decide which section is which."""
_GROWTH = 0.05
"""What the energy grows by each time that a section returns."""


class _Part(NamedTuple):
    """Some bars to be: name, and how many."""

    name: str
    bars: int


def sections_from_grid(grid: Grid, wishes: Wishes, energy: float) -> tuple[Section, ...]:
    """Returns the sections over all bars; `energy` 0 to 1 is the mood's."""
    parts: list[_Part] = []
    blocks = _blocks(len(grid.bars), grid.marked)
    bodies = 0
    for place, bars in enumerate(blocks):
        first, last = place == 0 and not wishes.loop, place == len(blocks) - 1 and not wishes.loop
        lengths, has_intro, has_outro = _split(bars, len(grid.bars), intro=first, outro=last)
        for index, length in enumerate(lengths):
            name = "intro" if has_intro and index == 0 else "outro" if has_outro and index == len(lengths) - 1 else ""
            parts.append(_Part(name, length))
            bodies += not name
    if bodies >= 4 and not wishes.loop:
        # What the first marker ends and the last one begins is where a piece opens and closes.
        parts[0], parts[-1] = _Part("intro", parts[0].bars), _Part("outro", parts[-1].bars)
        bodies = sum(not part.name for part in parts)
    return _sections(_named(parts, bodies, _levels(parts, grid, wishes, energy)), grid, wishes, energy)


def bar_energies(grid: Grid, sections: tuple[Section, ...], wishes: Wishes, energy: float) -> tuple[float, ...]:
    """Returns the energy of each bar: its section's, or where the wishes draw a curve, the curve's."""
    energies: list[float] = []
    for section in sections:
        for bar in grid.bars[section.first_bar : section.first_bar + section.bars]:
            middle = (bar.start_beat + bar.beats / 2) / grid.tempo.beats
            energies.append(wishes.energy_at(middle, energy) if wishes.curve else section.energy)
    if not wishes.loop and not wishes.curve:
        # The last chord is no part of the outro's rest: it is struck as firmly as the piece was played.
        energies[-1] = max(energies[-1], energy * _ENERGIES["A"])
    return tuple(energies)


def _blocks(bars: int, marked: tuple[int, ...]) -> list[int]:
    """Lengths between those markers that leave room for a section on both sides; the others are mere accents."""
    room = 4 if bars >= 16 else 2
    starts = [0]
    for bar in marked:
        if bar - starts[-1] >= room and bars - bar >= room:
            starts.append(bar)
    return [end - start for start, end in zip(starts, [*starts[1:], bars], strict=True)]


def _split(bars: int, total: int, *, intro: bool, outro: bool) -> tuple[list[int], bool, bool]:
    """Section lengths of a block, and whether the first is an intro and the last an outro with its ringing bar."""
    unit = 8 if total >= 28 else 4 if total >= 9 else 2 if total >= 5 else max(total, 1)
    opening = unit // 2 if intro and total >= 13 and bars > unit else 0
    closing = (1 if total < 13 else unit // 2 + 1) if outro and bars > unit else 0
    count, odd_bars = divmod(bars - opening - closing, unit)
    lengths = [unit] * count
    if odd_bars * 2 >= unit or not count:
        lengths.insert(count * 2 // 3, odd_bars)
    elif closing:
        closing += odd_bars
    else:
        lengths[-1] += odd_bars
    lengths = [length for length in lengths if length]
    return [*([opening] * bool(opening)), *lengths, *([closing] * bool(closing))], bool(opening), bool(closing)


def _levels(parts: list[_Part], grid: Grid, wishes: Wishes, energy: float) -> list[float]:
    """The mean of a drawn curve over each part; none where no curve is drawn."""
    levels: list[float] = []
    first = 0
    for part in parts if wishes.curve else []:
        start, end = grid.bars[first].start_beat, grid.bars[first + part.bars - 1].end_beat
        points = [start + (end - start) * (step + 0.5) / 8 for step in range(8)]
        levels.append(sum(wishes.energy_at(point / grid.tempo.beats, energy) for point in points) / 8)
        first += part.bars
    return levels


def _named(parts: list[_Part], bodies: int, levels: list[float]) -> list[_Part]:
    """Give the bodies their letters: in the order of a form, or as high and low as a curve that moves has them."""
    own = [level for part, level in zip(parts, levels, strict=False) if not part.name]
    if own and max(own) - min(own) >= _MOVING:
        order = "".join("ABC"[_height(level, own)] for level in own)
        order = ("A" if order[0] == "C" or "A" not in order else order[0]) + order[1:]
        letters = iter(order)
        return [part if part.name else _Part(next(letters), part.bars) for part in parts]
    if bodies <= len(_BODIES):
        order = _BODIES[bodies - 1] if bodies else ""
    else:
        whole = "".join(_LONG_BODIES)
        order = (whole * (bodies // len(whole) + 1))[: bodies - 1] + "A"
    letters = iter(order)
    return [part if part.name else _Part(next(letters), part.bars) for part in parts]


def _height(level: float, levels: list[float]) -> int:
    """Where a level lies: 1 near the highest, 2 near the lowest, 0 between."""
    share = (level - min(levels)) / (max(levels) - min(levels))
    return 1 if share > 0.7 else 2 if share < 0.15 else 0


def _sections(parts: list[_Part], grid: Grid, wishes: Wishes, energy: float) -> tuple[Section, ...]:
    sections: list[Section] = []
    heard: dict[str, int] = {}
    first = 0
    levels = _levels(parts, grid, wishes, energy)
    for part in parts:
        variant = heard.get(part.name, 0)
        heard[part.name] = variant + 1
        bars = grid.bars[first : first + part.bars]
        start, end = bars[0].start_beat, bars[-1].end_beat
        level = min(energy * (_ENERGIES[part.name] + _GROWTH * min(variant, 3)), 1.0)
        level = levels[len(sections)] if levels else level
        times = grid.tempo.seconds_from_beat(start), grid.tempo.seconds_from_beat(end)
        sections.append(Section(part.name, variant, first, part.bars, *times, level))
        first += part.bars
    return tuple(sections)
