"""The colorizers that are compared: each takes what a user gives and returns ab."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np
import torch
from torch import Tensor

from scumble_export.colorize.levin import anchored_ab, levin_ab, pull_of
from scumble_export.colorize.runs import Run
from scumble_export.colorize.sampling import Inputs
from scumble_export.colorize.scales import Views

Method = Callable[[Inputs], Tensor]
"""Takes one picture's inputs and returns ab, (1, 2, H, W)."""

GUIDED = ("gray", "mean ab", "MSE net", "propagation", "Levin", "net alone", "ours")
"""The methods of the hint curve."""
AUTOMATIC = ("gray", "mean ab", "MSE net", "ours", "ours, vivid", "ours, told", "ours, vivid, told")
"""The methods that are scored without hints."""
INFORMED = AUTOMATIC[-2:]
"""Those that are told the true picture's histogram and saturation, as the global hints of Zhang et al. 2017."""


def gray(inputs: Inputs) -> Tensor:
    """Leaves the picture without colour."""
    return torch.zeros_like(inputs.hint_ab)


def propagation(inputs: Inputs) -> Tensor:
    """Takes the spread hints as they are."""
    return inputs.spread_ab


def _planes(inputs: Inputs) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return inputs.lightness[0, 0].numpy(), inputs.hint_ab[0].numpy(), inputs.hint_mask[0, 0].numpy() >= 1


def levin(inputs: Inputs) -> Tensor:
    """Spreads the hints as Levin et al. do."""
    return torch.from_numpy(levin_ab(*_planes(inputs)))[None]


def methods_from_runs(ours: Run, mse: Run | None) -> dict[str, Method]:
    """Returns every colorizer by name, in the order of the tables."""
    mean_ab = ours.mean_ab()
    views = Views(ours)

    def solved(inputs: Inputs) -> Tensor:
        light, hint, mask = _planes(inputs)
        ab = views.ab(inputs)[0].numpy()
        return torch.from_numpy(anchored_ab(light, ab, hint, mask, pull_of(inputs.confidence[0, 0].numpy())))[None]

    methods: dict[str, Method] = {"gray": gray, "mean ab": lambda inputs: mean_ab.expand_as(inputs.hint_ab)}
    if mse is not None:
        methods["MSE net"] = lambda inputs: mse.heads(inputs)[0]
    return methods | {
        "propagation": propagation,
        "Levin": levin,
        "net alone": views.at_full_size,
        "ours": solved,
        "ours, vivid": views.vivid,
        "ours, told": views.ab,
        "ours, vivid, told": views.vivid,
    }


def those(names: Collection[str], methods: Mapping[str, Method]) -> dict[str, Method]:
    """Returns the methods of these names, in their own order."""
    return {name: method for name, method in methods.items() if name in names}
