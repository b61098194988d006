"""Follows a picture through a graph, without running it: what an output pixel sees, and what sees everything."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from fractions import Fraction

from scumble.models.fields import FIXED, MERGED, SIZES, UNKNOWN, WHOLE, Fixed, Merged, Seen, Sizes, State, Whole
from scumble.models.folding import Extent, Wholes, folded, sides_of_plane, wholes_from_tensor
from scumble.models.graph import Graph, Node
from scumble.models.places import Places
from scumble.models.windows import Window, resized, windows

_LARGEST_STRIDE = 1024
_POINTWISE = frozenset(
    """
    Abs Acos Acosh Add And Asin Asinh Atan Atanh BatchNormalization BitShift Cast CastLike Ceil Celu
    Clip Cos Cosh DequantizeLinear Div Dropout Elu Equal Erf Exp Floor Gelu Greater GreaterOrEqual
    HardSigmoid HardSwish Identity IsInf IsNaN LeakyRelu Less LessOrEqual Log Max Mean Min Mish Mod
    Mul Neg Not Or PRelu Pow QuantizeLinear Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh
    Softplus Softsign Sqrt Sub Sum Swish Tan Tanh ThresholdedRelu Where Xor
    """.split()  # noqa: SIM905
)
_WINDOWED = frozenset(
    """
    Conv ConvInteger QLinearConv ConvTranspose MaxPool AveragePool LpPool DepthToSpace SpaceToDepth
    Resize Upsample
    """.split()  # noqa: SIM905
)
_GLOBAL = {
    "InstanceNormalization": "normalises by statistics of the whole picture",
    "GroupNormalization": "normalises by statistics of the whole picture",
    "MeanVarianceNormalization": "normalises by statistics of the whole picture",
    "GlobalAveragePool": "pools over the whole picture",
    "GlobalMaxPool": "pools over the whole picture",
    "GlobalLpPool": "pools over the whole picture",
    "DynamicQuantizeLinear": "takes its scale from the whole picture",
}
_ALONG_AXIS = {"Softmax": 13, "LogSoftmax": 13, "Hardmax": 13, "LpNormalization": 1, "CumSum": 1, "ArgMax": 1}
_ALONG_AXIS |= {"ArgMin": 1, "TopK": 1}
"""Operators along one axis, and the opset from which it is one; before, it is that one and all behind it."""
_MIXING = frozenset(_GLOBAL) | {"MatMul", "Softmax", "Einsum", "Gemm", "LSTM", "GRU", "RNN"}


@dataclass
class Reach:
    """What is known from the graph alone; lengths in pixels of the input.

    `seen` is what the output sees, where every operator on the way was followed. `whole` names operators that certainly
    look at the whole picture, each with a reason; `unfollowed` those at which the trace was lost.
    """

    seen: Seen | None = None
    stride: int = 1
    whole: dict[str, str] = field(default_factory=dict)
    unfollowed: dict[str, int] = field(default_factory=dict)
    suspects: dict[str, int] = field(default_factory=dict)
    """Operators behind those that mix whatever they are given: the likely ones, if a measurement finds a global net."""


def reach_of_graph(graph: Graph, sources: Collection[str], output: str, axes: tuple[int, int] = (2, 3)) -> Reach:
    """Follows the inputs `sources`, whose rows and columns are `axes`, to `output`.

    Other inputs describe the whole picture, and are the same for all of its tiles.
    """
    walk = _Walk(graph)
    walk.states |= dict.fromkeys((port.name for port in graph.inputs), FIXED)
    walk.states |= dict.fromkeys(sources, Seen(*axes))
    for node in graph.nodes:
        walk.node(node)
    end = walk.states.get(output, UNKNOWN)
    walk.found.seen = end if isinstance(end, Seen) else None
    return walk.found


class _Walk:
    """One way through a graph, whose nodes are in order; constants are `FIXED`."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.found = Reach()
        self.states: dict[str, State] = dict.fromkeys(graph.constants, FIXED)
        self.wholes = {name: wholes_from_tensor(tensor) for name, tensor in graph.constants.items()}
        self.places = Places(graph)

    def node(self, node: Node) -> None:
        try:
            state = self.result(node)
        except (
            ArithmeticError,
            IndexError,
            TypeError,
            ValueError,
        ):  # too few inputs, a stride of 0: no runtime takes it
            state = self.lost(node)
        if isinstance(state, Seen):
            self.found.stride = math.lcm(self.found.stride, state.y.step.numerator, state.x.step.numerator)
            if self.found.stride > _LARGEST_STRIDE:
                state = self.lost(node)
        for name in node.outputs:
            self.states[name] = state
        if isinstance(state, (Fixed, Sizes)) and node.operator != "Constant" and node.inputs and node.outputs:
            self.wholes[node.outputs[0]] = self.numbers(node)
            target = self.wholes.get(node.inputs[1]) if len(node.inputs) > 1 else None
            self.places.learn(node, target, is_pointwise=node.operator in _POINTWISE)

    def numbers(self, node: Node) -> Wholes | None:
        """Returns the few whole numbers that an operator makes of constants or of the picture's size."""
        shown = self.states.get(node.inputs[0])
        if node.operator == "Shape" and isinstance(shown, Seen):
            return sides_of_plane(node, shown)
        return folded(node, [self.wholes.get(name) for name in node.inputs if name])

    def result(self, node: Node) -> State:
        given = [self.states.get(name, UNKNOWN) for name in node.inputs if name]
        if not node.has_graph:
            if all(isinstance(state, Fixed) for state in given):
                return FIXED
            if node.operator in ("Shape", "Size") or all(isinstance(state, (Fixed, Sizes)) for state in given):
                return SIZES
        if any(isinstance(state, Merged) for state in given):
            return self.merged(node, given)
        seen = [state for state in given if isinstance(state, Seen)]
        if len(seen) + sum(isinstance(state, (Fixed, Sizes)) for state in given) < len(given):
            if node.operator in _MIXING:
                self.found.suspects[node.operator] = self.found.suspects.get(node.operator, 0) + 1
            return WHOLE if any(isinstance(state, Whole) for state in given) else UNKNOWN
        if node.has_graph or not seen:
            return self.lost(node)
        return self.followed(node, seen)

    def followed(self, node: Node, seen: list[Seen]) -> State:
        """Returns the state behind an operator whose inputs are planes and constants."""
        first = seen[0]
        if node.operator in _GLOBAL:
            return self.all_seen(node, _GLOBAL[node.operator])
        if node.operator in _WINDOWED:
            return self.windowed(node, first)
        if node.operator in _POINTWISE:
            return self.pointwise(node, seen)
        if node.operator in _ALONG_AXIS or node.operator == "LayerNormalization":
            return self.along_axis(node, first)
        if node.operator.startswith("Reduce"):
            return self.reduced(node, first)
        if node.operator in ("Concat", "Split", "Gather"):
            return self.channels(node, seen)
        if node.operator == "Transpose":
            order = node.wholes("perm") or []
            if {first.rows, first.columns} <= set(order):
                return Seen(order.index(first.rows), order.index(first.columns), first.y, first.x)
        if node.operator in ("Pad", "Slice"):
            return self.moved(node, first)
        if node.operator == "Reshape" and first.axes == (2, 3):
            target = self.listed(node, 1)
            if len(target) == 3 and target[2] == -1:  # as exporters write group normalisation and attention
                return MERGED
        if node.operator == "MatMul":
            return self.product(node, seen)
        return self.lost(node)

    def merged(self, node: Node, given: list[State]) -> State:
        """Returns the state behind an operator on pixels in one row: what mixes those, sees the whole picture."""
        count = sum(isinstance(state, Merged) for state in given)
        if node.operator == "InstanceNormalization" or (node.operator == "MatMul" and count == 2):
            return self.all_seen(node, "mixes all pixels of the picture")
        is_kept = node.operator in _POINTWISE or node.operator == "Transpose"
        return MERGED if is_kept and len(given) == count else self.lost(node)

    def all_seen(self, node: Node, reason: str) -> Whole:
        self.found.whole.setdefault(node.operator, reason)
        return WHOLE

    def lost(self, node: Node) -> State:
        self.found.unfollowed[node.operator] = self.found.unfollowed.get(node.operator, 0) + 1
        return UNKNOWN

    def windowed(self, node: Node, seen: Seen) -> State:
        weights_are_fixed = all(isinstance(self.states.get(name, UNKNOWN), Fixed) for name in node.inputs[1:] if name)
        if seen.axes != (2, 3) or not (weights_are_fixed or node.operator in ("Resize", "Upsample")):
            return self.lost(node)
        found = windows(self.graph, node, self.places.dims) or self.resized_to(node, seen)
        if found is None:
            return self.lost(node)
        return self.all_seen(node, found) if isinstance(found, str) else seen.taken(*found)

    def resized_to(self, node: Node, seen: Seen) -> tuple[Window, Window] | None:
        """Returns the windows of a Resize to the sides of another plane."""
        found = self.wholes.get(node.inputs[3]) if node.operator == "Resize" and len(node.inputs) > 3 else None
        rows, columns = found.tolist()[2:] if found is not None and found.shape == (4,) else (None, None)
        if not isinstance(rows, Extent) or not isinstance(columns, Extent) or min(rows.step, columns.step) <= 0:
            return None
        return resized(node, seen.y.step / rows.step, seen.x.step / columns.step)

    def pointwise(self, node: Node, seen: list[Seen]) -> State:
        joined = _joined(seen)
        if joined is None or self.places.is_by_channel(node, joined.axes):
            return joined or self.lost(node)
        return self.beside(node, joined)

    def beside(self, node: Node, seen: Seen) -> State:
        """The plane, unless a tensor beside it knows where it is: a tile would have the wrong part of that."""
        for name in node.inputs:
            state = self.states.get(name)
            if isinstance(state, Sizes) and not self.places.is_even(name, seen.axes, unless_known=False):
                return self.lost(node)
            if isinstance(state, Fixed) and not self.places.is_even(name, seen.axes, unless_known=True):
                return self.all_seen(node, "adds or takes numbers of fixed places")
        return seen

    def along_axis(self, node: Node, seen: Seen) -> State:
        """An operator along one axis, or over that and those behind; planes have four axes here."""
        newest = _ALONG_AXIS.get(node.operator, self.graph.opset + 1)
        default = -1 if self.graph.opset >= newest or node.operator == "LayerNormalization" else 1
        axis = node.whole("axis", default)
        if node.operator == "CumSum":
            given = self.listed(node, 1)
            if len(given) != 1:
                return self.lost(node)
            axis = given[0]
        axis %= 4
        touched = {axis} if self.graph.opset >= newest else set(range(axis, 4))
        return self.all_seen(node, "goes over the whole picture") if touched & set(seen.axes) else seen

    def reduced(self, node: Node, seen: Seen) -> State:
        axes = node.wholes("axes")
        if axes is None and len(node.inputs) > 1 and node.inputs[1]:
            axes = self.listed(node, 1)
        if axes is None or {axis % 4 for axis in axes} & set(seen.axes):
            return self.all_seen(node, "reduces the whole picture to one number")
        return seen if axes and node.whole("keepdims", 1) else self.lost(node)

    def channels(self, node: Node, seen: list[Seen]) -> State:
        joined = _joined(seen)
        is_scalar = node.operator == "Gather" and not self.places.dims.get(node.inputs[1])
        if joined is None or is_scalar or node.whole("axis", 0) % 4 in joined.axes:
            return self.lost(node)
        return self.beside(node, joined) if node.operator == "Concat" else joined

    def moved(self, node: Node, seen: Seen) -> State:
        """Rows or columns added or cut off in front; what happens at the end moves nothing."""
        axes = self.listed(node, 3)
        if axes and not {axis % 4 for axis in axes} & set(seen.axes):
            return seen  # channels, however many
        starts = self.starts(node)
        if starts is None:
            return self.lost(node)
        windows_ = []
        for axis in seen.axes:
            start, step = starts.get(axis, (0, 1))
            windows_.append((Fraction(step), Fraction(start), Fraction(start)))
        return seen.taken(windows_[0], windows_[1])

    def starts(self, node: Node) -> dict[int, tuple[int, int]] | None:
        """Returns, for axes that are moved, where the output's first element lies, and the step to the next."""
        if node.operator == "Pad":
            pads = node.wholes("pads") or self.listed(node, 1)
            if len(pads) != 8 or len(node.inputs) > 3 or node.word("mode", "constant") == "wrap":
                return None
            return {axis: (-pads[axis], 1) for axis in range(4) if pads[axis]}
        firsts = node.wholes("starts") or self.listed(node, 1)
        axes = node.wholes("axes") or self.listed(node, 3) or list(range(len(firsts)))
        steps = self.listed(node, 4) or [1] * len(axes)
        if not firsts or not len(firsts) == len(axes) == len(steps) or min(firsts) < 0 or min(steps) < 1:
            return None
        return {axis % 4: (first, step) for axis, first, step in zip(axes, firsts, steps, strict=True)}

    def listed(self, node: Node, index: int) -> list[int]:
        """Returns the whole numbers of an input that is constant; none where it is not, or is not given."""
        found = self.wholes.get(node.inputs[index]) if len(node.inputs) > index else None
        listed = found.ravel().tolist() if found is not None else []
        return listed if all(isinstance(number, int) for number in listed) else []

    def product(self, node: Node, seen: list[Seen]) -> State:
        """Rows of the first times columns of the second: space must be neither."""
        first = self.states.get(node.inputs[0])
        second = self.states.get(node.inputs[1])
        left = isinstance(first, Seen) and 3 in first.axes
        right = isinstance(second, Seen) and 2 in second.axes
        if left or right:
            return self.all_seen(node, "multiplies over the whole picture")
        return seen[0] if isinstance(second, Fixed) else self.lost(node)


def _joined(seen: list[Seen]) -> Seen | None:
    joined: Seen | None = seen[0]
    for other in seen[1:]:
        joined = joined and joined.joined(other)
    return joined
