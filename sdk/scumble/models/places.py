"""Which tensors that show no picture are the same everywhere on it, and which know where they are."""

from __future__ import annotations

import math

from scumble.models.folding import Wholes
from scumble.models.graph import Graph, Node

_SPREADING = ("Expand", "Tile", "ConstantOfShape")
_RANK = 4
_BY_CHANNEL = ("QuantizeLinear", "DequantizeLinear", "BatchNormalization")
"""Operators whose other inputs lie along one axis, wherever that is."""


class Places:
    """What is known of constants, and of what a graph makes of them and of the picture's size."""

    def __init__(self, graph: Graph) -> None:
        self.dims: dict[str, list[int]] = {name: tensor.dims for name, tensor in graph.constants.items()}
        self._even: set[str] = set()

    def learn(self, node: Node, target: Wholes | None, *, is_pointwise: bool) -> None:
        """Notes what an operator makes whose inputs show no picture; `target` is the shape it is given, if known."""
        if node.operator in _SPREADING:
            if node.operator == "ConstantOfShape" or self._is_number(node.inputs[0]):
                self._even.update(node.outputs)
        elif is_pointwise:
            names = [name for name in node.inputs if name]
            if all(name in self._even or self._is_number(name) for name in names) and self._even.intersection(names):
                self._even.update(node.outputs)
            if node.operator in _BY_CHANNEL:
                names = names[:1]
            known = [self.dims[name] for name in names if name in self.dims]
            if len(known) == len(names) and known:
                rank = max(map(len, known))
                padded = [[1] * (rank - len(dims)) + dims for dims in known]
                self.dims[node.outputs[0]] = [max(sides) for sides in zip(*padded, strict=True)]
        elif node.operator == "Reshape" and target is not None and node.inputs[0] in self.dims:
            sides = [side for side in target.tolist() if isinstance(side, int)]
            if len(sides) == target.size and 0 not in sides:
                elements = math.prod(self.dims[node.inputs[0]])
                rest = abs(math.prod(sides))
                self.dims[node.outputs[0]] = [elements // rest if side == -1 else side for side in sides]

    def is_by_channel(self, node: Node, axes: tuple[int, int]) -> bool:
        """Tells whether what stands beside a plane lies along its channels by the operator's own definition."""
        return node.operator in _BY_CHANNEL and node.whole("axis", 1) % _RANK not in axes

    def is_even(self, name: str, axes: tuple[int, int], *, unless_known: bool) -> bool:
        """Tells whether a tensor is the same along the axes of a plane; `unless_known` is the answer for others."""
        if name in self._even:
            return True
        dims = self.dims.get(name)
        if dims is None:
            return unless_known
        return all(len(dims) - _RANK + axis < 0 or dims[len(dims) - _RANK + axis] == 1 for axis in axes)

    def _is_number(self, name: str) -> bool:
        dims = self.dims.get(name)
        return dims is not None and (math.prod(dims) == 1 or (len(dims) == _RANK and dims[2:] == [1, 1]))
