"""One word out of many, by whole numbers: so that small differences between machines do not become other music."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scumble.music.chance import Chance

_FINE = 8
"""Steps of a probability by which it doubles."""
_ONE = 30
"""The likeliest word weighs 2 to this power."""
_WEIGHTS = tuple(round(2.0 ** (_ONE - step / _FINE)) for step in range(_FINE))
_SCALE = _FINE / math.log(2)


def chosen(
    logits: Sequence[float], allowed: Sequence[int], chance: Chance, *, temperature: float = 1.0, top_p: float = 1.0
) -> int:
    """Returns one of the allowed numbers, drawn as likely as the net says: nucleus sampling, Holtzman et al. 2020.

    Logits are rounded to eighths of an octave of probability, and from there on whole numbers decide: nets whose
    logits differ in their last digits decide alike, but for the rare logit that lies where two roundings meet. A
    temperature below 1 favours what is likely, and so does `top_p`: words beyond that share of all are left out. With
    temperature 0 the likeliest is taken, the lowest number of several.
    """
    if len(allowed) == 1:
        return allowed[0]
    scale = _SCALE / temperature if temperature > 0 else _SCALE
    levels = [(round(logits[number] * scale), -number) for number in allowed]
    highest, minus_first = max(levels)
    if temperature <= 0:
        return -minus_first
    weighed = []
    for level, minus_number in sorted(levels, reverse=True):
        octaves, step = divmod(highest - level, _FINE)
        weight = _WEIGHTS[step] >> octaves if octaves <= _ONE else 0
        if weight:
            weighed.append((weight, -minus_number))
    enough = sum(weight for weight, _ in weighed) * round(top_p * 1000) // 1000
    kept, total = [], 0
    for weight, number in weighed:
        kept.append((weight, number))
        total += weight
        if total >= enough:
            break
    left = int(chance.uniform() * (1 << 24)) * total >> 24
    for weight, number in kept:
        left -= weight
        if left < 0:
            return number
    return kept[-1][1]
