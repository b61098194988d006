"""Training runs read back: averaged weights, the prior of their photographs, the chosen temperature."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from scumble_export.colorize.bins import bin_centres
from scumble_export.colorize.net import Colorizer, adopted
from scumble_export.colorize.sampling import Inputs

TEMPERATURE = "temperature.json"


class Run:
    """The averaged net of a run, and whether it was taught to use spread hints (the former nets were not)."""

    def __init__(self, folder: Path) -> None:
        self.state: dict[str, Any] = torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True)
        self.net = Colorizer()
        former = not any(name.startswith("tile.") for name in self.state["average"])
        weights = adopted(self.net, self.state["average"]) if former else self.state["average"]
        self.net.load_state_dict(weights)
        self.net.eval()
        self.uses_spread = not former and bool(self.state.get("spread", True))
        self.prior = torch.tensor(self.state["prior"], dtype=torch.float32)
        chosen = folder / TEMPERATURE
        if chosen.exists():
            self.net.temperature = float(json.loads(chosen.read_text(encoding="utf-8"))["temperature"])

    def mean_ab(self) -> Tensor:
        """Returns the mean colour of the photographs it learnt from, (1, 2, 1, 1)."""
        return (self.prior[:, None] * torch.from_numpy(bin_centres())).sum(0).reshape(1, 2, 1, 1)

    @torch.no_grad()
    def heads(self, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """Returns ab and logits of whole pictures."""
        ab, logits = self.net.heads(inputs if self.uses_spread else inputs.without_spread())
        return ab, logits
