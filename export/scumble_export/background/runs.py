"""Training runs read back: the averaged generator, its styles and how far it came."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from scumble_export.background.net import Generator


class Run:
    """The averaged net of a run; levels that were not trained yet are left off and replaced by doubling."""

    def __init__(self, path: Path) -> None:
        """Reads `generator.pt` of a run folder, or that file itself."""
        path = path / "generator.pt" if path.is_dir() else path
        self.state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        settings = self.state["settings"]
        self.styles: list[str] = settings["styles"]
        depth = int(self.state["depth"])
        widths = settings["widths"][:depth]
        enlarged = bool(settings["enlarged"]) or depth < len(settings["widths"])
        self.net = Generator(widths, len(self.styles), enlarged)
        kept = self.net.state_dict().keys()
        self.net.load_state_dict({name: value.float() for name, value in self.state["average"].items() if name in kept})
        self.net.eval().requires_grad_(False)
