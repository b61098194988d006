"""The window of each operator that looks at neighbours: what one element of its output is made of, along one axis."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from scumble.models.graph import Graph, Node

Window = tuple[Fraction, Fraction, Fraction]
"""Step, low and high: element i of the output is made of elements step · i + low to step · i + high."""

_SAME = ("SAME_UPPER", "SAME_LOWER")
# Which input holds the weights.
_CONVOLUTIONS = {"Conv": 1, "ConvInteger": 1, "QLinearConv": 3, "ConvTranspose": 1}
_POOLS = ("MaxPool", "AveragePool", "LpPool")
_RESIZES = ("Resize", "Upsample")
_FINEST = 64
"""The largest denominator of a Resize's scale that is told from rounding."""


def windows(graph: Graph, node: Node, dims: Mapping[str, list[int]]) -> tuple[Window, Window] | str | None:
    """Returns the windows along rows and columns of an operator on (n, c, h, w); `dims` are those of constants.

    A text where the operator looks at the whole picture, and why; None where that cannot be told from the file.
    """
    if node.operator in _CONVOLUTIONS or node.operator in _POOLS:
        return _sliding(node, dims)
    if node.operator in ("DepthToSpace", "SpaceToDepth"):
        size = Fraction(node.whole("blocksize", 1))
        if node.operator == "SpaceToDepth":
            window = (size, Fraction(0), size - 1)
        else:
            window = (1 / size, 1 / size - 1, Fraction(0))
        return window, window
    if node.operator in _RESIZES:
        return _resized(graph, node)
    return None


def _sliding(node: Node, dims: Mapping[str, list[int]]) -> tuple[Window, Window] | None:
    kernel = node.wholes("kernel_shape")
    if node.operator in _CONVOLUTIONS:
        at = _CONVOLUTIONS[node.operator]
        weights = dims.get(node.inputs[at]) if len(node.inputs) > at else None
        kernel = kernel or (weights[2:] if weights is not None else None)
    if kernel is None or len(kernel) != 2:
        return None
    strides, dilations = node.wholes("strides") or [1, 1], node.wholes("dilations") or [1, 1]
    reaches = [dilation * (size - 1) for dilation, size in zip(dilations, kernel, strict=True)]
    pads = _pads(node, reaches, strides)
    if pads is None:
        return None
    found = []
    for reach, stride, pad in zip(reaches, strides, pads, strict=True):
        if node.operator == "ConvTranspose":
            found.append((Fraction(1, stride), Fraction(pad - reach, stride), Fraction(pad, stride)))
        else:
            found.append((Fraction(stride), Fraction(-pad), Fraction(reach - pad)))
    return found[0], found[1]


def _pads(node: Node, reaches: list[int], strides: list[int]) -> list[int] | None:
    """Returns what is padded before the first row and column, at sizes that are multiples of the strides."""
    automatic = node.word("auto_pad", "NOTSET")
    if automatic == "NOTSET":
        return (node.wholes("pads") or [0, 0, 0, 0])[:2] if "output_shape" not in node.attributes else None
    if automatic not in _SAME:
        return [0, 0]
    total = [max(0, reach + 1 - stride) for reach, stride in zip(reaches, strides, strict=True)]
    return [all_ // 2 if automatic == _SAME[0] else all_ - all_ // 2 for all_ in total]


def _resized(graph: Graph, node: Node) -> tuple[Window, Window] | str | None:
    where = _coordinates(node)
    if where in ("align_corners", "tf_crop_and_resize"):
        return f"with {where}, which depends on the picture's size"
    at = 1
    if node.operator == "Resize" and graph.opset >= 11:
        if len(node.inputs) > 3 and node.inputs[3]:
            return "to a fixed size" if node.inputs[3] in graph.constants else None
        at = 2
    factors = graph.constants.get(node.inputs[at]) if len(node.inputs) > at else None
    listed = factors.floats if factors is not None else node.attributes.get("scales")
    if not isinstance(listed, list) or len(listed) != 4 or listed[0] != 1 or listed[1] != 1 or min(listed) <= 0:
        return None
    rows, columns = (Fraction(number).limit_denominator(_FINEST) for number in listed[2:])
    return resized(node, rows, columns, where if at == 2 else "asymmetric")


def resized(node: Node, rows: Fraction, columns: Fraction, where: str | None = None) -> tuple[Window, Window]:
    """Returns the windows of a Resize that makes rows and columns so many times as many."""
    support = {"nearest": 1, "linear": 1, "cubic": 2}.get(node.word("mode", "nearest"), 2)
    found = []
    for factor in (rows, columns):
        is_plain = (where or _coordinates(node)) == "asymmetric"
        shift = Fraction(0) if is_plain else Fraction(1, 2) / factor - Fraction(1, 2)
        wide = support / factor if node.whole("antialias", 0) and factor < 1 else Fraction(support)
        found.append((1 / factor, shift - wide, shift + wide))
    return found[0], found[1]


def _coordinates(node: Node) -> str:
    default = "half_pixel" if node.operator == "Resize" else "asymmetric"
    return node.word("coordinate_transformation_mode", default)
