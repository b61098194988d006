"""Models found elsewhere: read, refused where they are unsafe, and told whether a picture goes in and one comes out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scumble.errors import ModelError
from scumble.models.graph import FLOAT, Graph, Port, graph_from_bytes
from scumble.models.lint import lint

Axes = Literal["nchw", "nhwc"]
_HINT = "Scumble runs models that make one picture of another, of 1 or 3 channels, in float32 or float16."
_MIB = 1 << 20
LARGEST_FILE_MIB = 2048


@dataclass(frozen=True)
class ImagePorts:
    """The one input and output of an image-to-image graph."""

    input: str
    output: str
    channels: tuple[int, int | None]
    """Of the input, and of the output where the file states them."""
    axes: Axes
    fixed_size: tuple[int, int] | None
    """Width and height, where the graph takes no others."""

    @property
    def space(self) -> tuple[int, int]:
        """Which axes are rows and columns."""
        return (2, 3) if self.axes == "nchw" else (1, 2)


@dataclass(frozen=True)
class ForeignModel:
    """A graph that was linted, with the hash of its file."""

    name: str
    content: bytes
    """What runs: the file's bytes, or those that `fitting` made of them."""
    sha256: str
    """Of the file."""
    graph: Graph
    operators: dict[str, int]
    key: str = ""
    """The hash of `content`."""

    @property
    def is_file(self) -> bool:
        """True where the file itself runs."""
        return self.key == self.sha256


def read_model(source: Path | str | bytes) -> ForeignModel:
    """Reads an ONNX file, or takes its bytes, and lints it.

    Raises ModelError for a file that cannot be read or is too large, UnsafeModel for what `lint` refuses.
    """
    name = "model"
    if not isinstance(source, bytes):
        path = Path(source)
        name = path.name
        try:
            if path.stat().st_size > LARGEST_FILE_MIB * _MIB:
                message = f"The model {path} is larger than {LARGEST_FILE_MIB} MiB"
                raise ModelError(message, "Scumble runs models of one file.", "model.too_large")
            source = path.read_bytes()
        except OSError as error:
            hint = "Check the path and your rights to it."
            raise ModelError(f"The model {path} cannot be read: {error.strerror}", hint, "model.missing") from error
    facts = lint(source)
    sha256 = hashlib.sha256(source).hexdigest()
    return ForeignModel(name, source, sha256, graph_from_bytes(source), facts.operators, sha256)


def image_ports(graph: Graph) -> ImagePorts:
    """Returns the ports of a graph from picture to picture. Raises ModelError, model.not_image, where it is none."""
    if len(graph.inputs) != 1 or not graph.outputs:
        names = ", ".join(repr(port.name) for port in graph.inputs) or "none"
        raise _refusal(f"it has {len(graph.inputs)} inputs ({names})")
    source, target = graph.inputs[0], graph.outputs[0]
    for port in (source, target):
        if port.kind != FLOAT:
            raise _refusal(f"{port.name!r} is not float32")
    if len(source.shape) != 4 or (source.shape[0] not in (1, None) and not isinstance(source.shape[0], str)):
        shape = told_shape(source)
        raise _refusal(f"{source.name!r} has the shape {shape}, not one picture of channels, height and width")
    axes, channels = axes_of(source), channels_of(source)
    if channels not in (1, 3) or not isinstance(channels, int):
        raise _refusal(f"{source.name!r} has the shape {told_shape(source)}, which has not 1 or 3 channels")
    rows, columns = (source.shape[axis] for axis in ((2, 3) if axes == "nchw" else (1, 2)))
    if isinstance(rows, int) != isinstance(columns, int):
        raise _refusal(f"{source.name!r} has the shape {told_shape(source)}: one side is fixed, the other is not")
    fixed = (columns, rows) if isinstance(rows, int) and isinstance(columns, int) else None
    given = target.shape[3 if axes == "nhwc" else 1] if len(target.shape) == 4 else None
    return ImagePorts(source.name, target.name, (channels, given if isinstance(given, int) else None), axes, fixed)


def axes_of(port: Port) -> Axes:
    """Returns the order of a picture's axes, as its channels tell it."""
    is_last = len(port.shape) == 4 and port.shape[3] in (1, 3) and port.shape[1] not in (1, 3)
    return "nhwc" if is_last else "nchw"


def channels_of(port: Port) -> int | None:
    """Returns how many channels a port of four axes has; None where the file does not say, or it is none."""
    found = port.shape[3 if axes_of(port) == "nhwc" else 1] if len(port.shape) == 4 else None
    return found if isinstance(found, int) else None


def told_shape(port: Port) -> str:
    """Returns a port's shape in words."""
    return "(" + ", ".join("?" if size is None else str(size) for size in port.shape) + ")"


def _refusal(reason: str) -> ModelError:
    return ModelError(f"The model does not make a picture of a picture: {reason}", _HINT, "model.not_image")
