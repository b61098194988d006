"""Any model that makes a picture of a picture, as an effect: so that it is recorded and replayed as others are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scumble.effect import Effect, Input, RenderContext
from scumble.engine.cutting import Mode
from scumble.errors import ParamError
from scumble.media.image import Image
from scumble.models.fitting import given_from_text
from scumble.params import Bool, Choice, File, Int, Text

RANGES = {"0-1": (0.0, 1.0), "0-255": (0.0, 255.0), "-1-1": (-1.0, 1.0)}
_LARGEST = 1 << 16
_HOW: dict[Mode, str] = {
    "exact": "in tiles that equal the full frame",
    "rounding": "in tiles that equal the full frame but for rounding",
    "full frame": "on the full frame",
    "seams": "in tiles that do not equal the full frame: seams were allowed",
}


class RunModel(Effect, id="run", title="Run a model", context="filter"):
    """Runs an ONNX model found elsewhere, such as a denoiser or an upscaler, on a picture of any size.

    The picture is cut into tiles where that does not change the result; a model that looks at the whole picture gets
    the whole picture. Halo, alignment and scale are measured.
    """

    source: Image = Input(doc="Picture for the model.")
    model: Path | None = File(default=None, suffixes=(".onnx",), doc="The model: one picture in, one picture out.")
    tile: int = Int(default=0, min=0, max=_LARGEST, unit="px", doc="Largest side of a tile, halos included; 0 chooses.")
    halo: int = Int(default=-1, min=-1, max=_LARGEST, unit="px", doc="Pixels around a tile's core; -1 measures them.")
    range: str = Choice(default="0-1", choices=tuple(RANGES), doc="Numbers that stand for black and white.")
    inputs: str = Text(default="", doc="Values of the model's other inputs: NAME=VALUE, a line each.")
    keep: str = Text(default="", doc="The output that is the picture, where the model has several.")
    allow_seams: bool = Bool(default=False, doc="Tile it even where tiles differ from the full frame, visibly.")

    def graph_files(self) -> tuple[Path, ...]:
        """Returns the model's file."""
        return (self.model,) if self.model is not None else ()

    def work(self) -> float:
        """Returns what a small model takes."""
        return 100.0

    def render(self, ctx: RenderContext) -> Image:
        """Inspects the model and runs it."""
        if self.model is None:
            raise ParamError("There is no model to run", "Name an .onnx file.", "param.model")
        ctx.progress.report(0.0, "Looking at the model")
        given: Any = {"inputs": given_from_text(self.inputs.splitlines()), "keep": self.keep or None}
        model = ctx.engine.model(self.model, ctx.progress.sub(0.0, 0.1).report, **given)
        ctx.progress.report(0.1, model.name)
        cut: Any = {"tile": self.tile or None, "halo": self.halo if self.halo >= 0 else None}
        cut["allow_seams"] = self.allow_seams
        how = _HOW[model.plan(self.source.width, self.source.height, **cut).mode]
        ctx.state(f"Made of the source by the model {model.name}, SHA-256 {model.facts.sha256}, {how}.")
        progress = ctx.progress.sub(0.1, 0.9).report
        return model(self.source, **cut, value_range=RANGES[self.range], progress=progress)
