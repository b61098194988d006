"""Figures as a page shows them: a statistic with its 95 % interval and how many samples it rests on."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

_RESAMPLES = 1000
_Z = 1.959964
"""Quantile of the normal distribution for 95 %, both sides."""


class Figure(NamedTuple):
    """A statistic of some samples with its 95 % bounds."""

    value: float
    low: float
    high: float
    samples: int


def figure(samples: Values, statistic: Callable[[Values], float] | None = None) -> Figure:
    """Returns the statistic (the mean) of independent samples along the first axis; bootstrap of whole samples."""
    measure = statistic or (lambda some: float(some.mean()))
    chance, count = np.random.default_rng(0), len(samples)
    drawn = [measure(samples[chance.integers(0, count, count)]) for _ in range(_RESAMPLES)]
    low, high = np.percentile(drawn, (2.5, 97.5))
    return Figure(measure(samples), float(low), float(high), count)


def share(hits: int, count: int) -> Figure:
    """Returns the share of so many independent trials; Wilson's interval, which is one at 0 and 100 % too."""
    part, spread = hits / count, _Z**2 / count
    middle = (part + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(part * (1 - part) / count + spread / (4 * count)) / (1 + spread)
    return Figure(part, max(0.0, middle - half), min(1.0, middle + half), count)


def ranks(values: Values) -> Values:
    """Returns the places of values in their order from 0 on; equal ones share theirs."""
    return np.array([(values < value).sum() + ((values == value).sum() - 1) / 2 for value in values])


def rank_correlation(values: Values, order: Values | None = None) -> float:
    """Returns Spearman's coefficient of values with `order` (their own places); 0 where all are the same."""
    if np.ptp(values) == 0:
        return 0.0
    wanted = np.arange(len(values), dtype=np.float64) if order is None else ranks(order)
    return float(np.corrcoef(wanted, ranks(values))[0, 1])


def shown(figure: Figure, low: float = -math.inf, high: float = math.inf, digits: int = 2) -> str:
    """Writes a figure with its bounds; bold where it is not from `low` to `high`."""
    value, least, most = (f"{number:.{digits}f}" for number in figure[:3])
    return f"{value if low <= figure.value <= high else f'**{value}**'} [{least}, {most}]"


def percent(figure: Figure, low: float = 0.0, digits: int = 1) -> str:
    """Writes a share with its bounds in percent; bold where it is below `low`."""
    value, least, most = (f"{100 * number:.{digits}f}" for number in figure[:3])
    return f"{value if figure.value >= low else f'**{value}**'} [{least}, {most}]"


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Returns a table whose first column is words and the others figures."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]
