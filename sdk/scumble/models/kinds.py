"""Which element type an operator's outputs have, by ONNX's number; 0 where that is not known."""

from __future__ import annotations

from scumble.models.draft import DraftNode, kind_of_port
from scumble.models.graph import FLOAT, attributes_of
from scumble.models.protobuf import fields, message
from scumble.models.tensors import TensorFacts

_INT32, _INT64, _BOOL, _UINT8 = 6, 7, 9, 2
_MADE: dict[str, tuple[int, ...]] = dict.fromkeys(
    ("Shape", "Size", "NonZero", "ArgMax", "ArgMin", "NonMaxSuppression"), (_INT64,)
)
_MADE |= dict.fromkeys(("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or", "Xor"), (_BOOL,))
_MADE |= dict.fromkeys(("Not", "IsNaN", "IsInf"), (_BOOL,))
_MADE |= {"ConvInteger": (_INT32,), "MatMulInteger": (_INT32,), "DynamicQuantizeLinear": (_UINT8, FLOAT, _UINT8)}
# Which input has the type of the first output, where that is not the first.
_LIKE = {"Where": 1, "DequantizeLinear": 1, "QuantizeLinear": 2, "OneHot": 2, "CastLike": 1, "QLinearConv": 7}
_LIKE |= {"QLinearMatMul": 7}
_SECOND = {"TopK": _INT64, "MaxPool": _INT64, "Dropout": _BOOL, "Unique": _INT64}


def kinds_of_outputs(node: DraftNode, given: list[int]) -> list[int]:
    """Returns the types of what an operator makes of inputs of the types `given`."""
    count = len(node.outputs)
    if node.operator in _MADE:
        return [*_MADE[node.operator], *[0] * count][:count]
    graphs = list(node.graphs)
    if graphs:
        return _of_graph(node, graphs[0], count)
    attributes = attributes_of(node.rest)
    to = attributes.get("to", attributes.get("dtype", attributes.get("output_dtype")))
    if isinstance(to, int) and to:
        return [to] * count
    if node.operator in ("Constant", "ConstantOfShape"):
        held = attributes.get("value")
        if isinstance(held, TensorFacts):
            return [held.kind]
        return [_INT64 if any("int" in name for name in attributes) else FLOAT]
    at = _LIKE.get(node.operator, 0)
    first = given[at] if at < len(given) else _UINT8 if node.operator == "QuantizeLinear" else 0
    return [first, *[_SECOND.get(node.operator, first)] * (count - 1)]


def _of_graph(node: DraftNode, graph: memoryview, count: int) -> list[int]:
    """What an If, Loop or Scan gives is what the graph inside says of its outputs; a Loop's first goes no further."""
    kinds = [kind_of_port(message(value)) for number, value in fields(graph) if number == 12]
    kinds = kinds[1:] if node.operator == "Loop" else kinds
    return [*kinds, *[0] * count][:count]
