"""The facts of a bundle, as its manifest.toml states them and export measured them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypedDict

import msgspec

from scumble.errors import BundleNotFound, LicenceRefused, ModelError

Count = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]


class Clip(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One input or output tensor: its name in the graph, and what its numbers mean."""

    name: str
    meaning: str
    channels: Positive
    range: tuple[float, float]
    layout: Literal["NCHW"] = "NCHW"
    scale: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    """Output side length over input side length."""
    centres: tuple[tuple[float, float], ...] = ()
    """Where channels are classes: the Lab a and b that each stands for."""


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The graph's file and identity."""

    file: Annotated[str, msgspec.Meta(pattern=r"\A\w[\w.-]*\Z")]
    """A plain name: the graph lies beside its manifest."""
    sha256: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
    opset: Positive
    precision: Literal["float32", "float16", "int8"]
    parameters: Count


Mode = Literal["exact", "global", "guided"]
"""How a picture may be worked on: in tiles that are the full frame; in tiles that are told a coarse result of it; or
small, and led to full size by the picture itself."""
_OFFERED: dict[str, tuple[Mode, ...]] = {"exact": ("exact",), "global": ("global", "guided"), "internal": ()}


class PlanFacts(TypedDict):
    """What a plan of tiles asks of a manifest; lengths in pixels."""

    halo: int
    stride: int
    min_size: int
    bytes_per_pixel: float
    weights_bytes: int


class Tiling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the graph may be cut into tiles; lengths in pixels of its input."""

    mode: Literal["exact", "global", "internal"]
    receptive_field: Positive
    """Width of the square of inputs that can change one output pixel."""
    stride: Positive
    """Tile origins and sizes are multiples of this."""
    halo: Count
    """Margin that gives a tile the same result as the whole picture has."""
    context_halo: Count
    """Margin that is enough when a coarse result of the whole picture is fed to every tile."""
    min_size: Positive
    bytes_per_pixel: Annotated[float, msgspec.Meta(gt=0)]
    """Working memory of one worker per pixel of its tile."""


class DataLicence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many training samples came under which terms."""

    licence: str
    samples: Count


class Licence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Terms of the model file and of everything it was trained on."""

    model: str
    data: tuple[DataLicence, ...]
    pretrained: str = ""


class Training(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the model came to be."""

    recipe: str
    commit: str
    seed: int
    samples: int
    steps: int
    minutes: float


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All facts of one bundle."""

    name: str
    version: str
    summary: str
    model: Model
    inputs: tuple[Clip, ...]
    outputs: tuple[Clip, ...]
    tiling: Tiling
    licence: Licence
    training: Training
    scores: dict[str, float]
    """Measured results, each key naming its metric and unit."""
    settings: dict[str, float | int | str]
    """What the effect needs to know besides, such as the working size."""

    def plan_facts(self, mode: Mode) -> PlanFacts:
        """Returns what tiles of a mode need. Raises ModelError for a mode that the net was not made for."""
        tiling = self.tiling
        if mode not in _OFFERED[tiling.mode]:
            offered = ", ".join(_OFFERED[tiling.mode]) or "none"
            message = f"The model of the bundle {self.name!r} cannot be run in the mode {mode!r}"
            raise ModelError(message, f"Its manifest offers: {offered}.", "bundle.mode")
        halo = {"exact": tiling.halo, "global": tiling.context_halo, "guided": 0}[mode]
        return {
            "halo": halo,
            "stride": tiling.stride,
            "min_size": tiling.min_size,
            "bytes_per_pixel": tiling.bytes_per_pixel,
            "weights_bytes": 4 * self.model.parameters,
        }


def manifest_from_file(path: Path) -> Manifest:
    """Reads manifest.toml.

    Raises BundleNotFound when there is none, ModelError when it does not state what it must, LicenceRefused
    when the licence of the model or of its training data is missing.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        hint = "Install the bundle again."
        raise BundleNotFound(f"There is no readable manifest at {path}", hint, "bundle.no_manifest") from error
    try:
        manifest = msgspec.toml.decode(content, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        hint = "Install the bundle again, or export it with this version of scumble-export."
        raise ModelError(f"The manifest {path} is not valid: {error}", hint, "bundle.bad_manifest") from error
    licence = manifest.licence
    if not licence.model.strip() or not licence.data or not all(row.licence.strip() for row in licence.data):
        raise LicenceRefused(
            f"The bundle {manifest.name!r} does not state the licence of its model and of its training data",
            "Ask its maker for the licences; Scumble runs no model of unknown terms.",
            "bundle.no_licence",
        )
    return manifest
