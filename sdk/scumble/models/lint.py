"""Refuses ONNX graphs that could read other files, run foreign code or exhaust the machine."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field

from scumble.errors import UnsafeModel
from scumble.models.protobuf import WireError, fields, integers, message, text

STANDARD_DOMAINS = frozenset({"", "ai.onnx"})
MAX_NODES = 100_000
MAX_NESTING = 4
MAX_CONSTANT_BYTES = 512 * 2**20
MAX_GROWN_ELEMENTS = 2**26
_ITEM_BYTES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}
_INT64 = 7
_EXTERNAL = 1
_GROWING_OPS = frozenset({"ConstantOfShape", "Expand"})
_HINT = "Use only bundles from a source you trust; export the model again with standard ONNX operators."


@dataclass
class GraphFacts:
    """What the linter counted: operators by name, nodes, bytes of constants, opset and nesting."""

    operators: dict[str, int] = field(default_factory=dict)
    nodes: int = 0
    constant_bytes: int = 0
    nesting: int = 0
    opset: int = 0


def lint(model: bytes) -> GraphFacts:
    """Checks a serialised ONNX model before any runtime sees it.

    Raises UnsafeModel for external data, operators or functions outside the standard domain, graphs nested
    deeper than 4, more than 100,000 nodes, constants over 512 MiB in all, tensors whose declared size is
    not that of their data, and constant shapes that would grow beyond 64 Mi elements.
    """
    facts = GraphFacts()
    try:
        for number, value in fields(memoryview(model)):
            if number == 7:
                _graph(message(value), facts, depth=1)
            elif number == 8:
                _opset(message(value), facts)
            elif number == 25:
                _refuse("functions", "it defines functions of its own")
            elif number == 20:
                _refuse("training", "it carries a training graph")
    except WireError as error:
        raise UnsafeModel(f"The model is not a readable ONNX file: {error}", _HINT, "model.malformed") from error
    if not facts.nodes or not facts.opset:
        raise UnsafeModel("The model is not a readable ONNX file: it has no graph", _HINT, "model.malformed")
    return facts


def _refuse(reason: str, sentence: str) -> None:
    raise UnsafeModel(f"The model was refused: {sentence}", _HINT, f"model.unsafe.{reason}")


def _opset(view: memoryview, facts: GraphFacts) -> None:
    domain, version = "", 0
    for number, value in fields(view):
        if number == 1:
            domain = text(value)
        elif number == 2 and isinstance(value, int):
            version = value
    if domain not in STANDARD_DOMAINS:
        _refuse("domain", f"it imports the operator domain {domain!r}")
    facts.opset = version


def _graph(view: memoryview, facts: GraphFacts, depth: int) -> None:
    facts.nesting = max(facts.nesting, depth)
    if depth > MAX_NESTING:
        _refuse("nesting", f"its graphs are nested deeper than {MAX_NESTING}")
    shapes: dict[str, list[int]] = {}
    nodes = []
    for number, value in fields(view):
        if number == 1:
            nodes.append(message(value))
        elif number == 5:
            name, values = _tensor(message(value), facts)
            if values:
                shapes[name] = values
        elif number == 15:
            _refuse("sparse", "it holds sparse constants")
    for node in nodes:
        _node(node, facts, shapes, depth)


def _node(view: memoryview, facts: GraphFacts, shapes: dict[str, list[int]], depth: int) -> None:
    facts.nodes += 1
    if facts.nodes > MAX_NODES:
        _refuse("nodes", f"it has more than {MAX_NODES} nodes")
    operator = ""
    inputs: list[str] = []
    outputs: list[str] = []
    constant: list[int] = []
    for number, value in fields(view):
        if number == 1:
            inputs.append(text(value))
        elif number == 2:
            outputs.append(text(value))
        elif number == 4:
            operator = text(value)
        elif number == 5:
            constant = _attribute(message(value), facts, depth) or constant
        elif number == 7 and text(value) not in STANDARD_DOMAINS:
            _refuse("domain", f"it uses an operator of the domain {text(value)!r}")
    facts.operators[operator] = facts.operators.get(operator, 0) + 1
    if operator == "Constant" and constant:
        shapes.update(dict.fromkeys(outputs, constant))
    if operator in _GROWING_OPS:
        for name in inputs:
            if math.prod(max(1, side) for side in shapes.get(name, [])) > MAX_GROWN_ELEMENTS:
                _refuse("oversized", f"a constant shape of {operator} would grow beyond all use")


def _attribute(view: memoryview, facts: GraphFacts, depth: int) -> list[int]:
    """Walks an attribute; returns the values of a small integer tensor in it, for the shape check."""
    values: list[int] = []
    for number, value in fields(view):
        if number in (5, 10):
            values = _tensor(message(value), facts)[1]
        elif number in (6, 11):
            _graph(message(value), facts, depth + 1)
        elif number in (22, 23):
            _refuse("sparse", "it holds sparse constants")
    return values


def _tensor(view: memoryview, facts: GraphFacts) -> tuple[str, list[int]]:
    dims: list[int] = []
    name, kind, held, values = "", 0, 0, []
    for number, value in fields(view):
        if number == 1:
            dims += integers(value)
        elif number == 2 and isinstance(value, int):
            kind = value
        elif number == 8:
            name = text(value)
        elif number == 13 or (number == 14 and value == _EXTERNAL):
            _refuse("external", "it keeps constants in another file")
        elif number == 9:
            raw = message(value)
            held += len(raw)
            if kind == _INT64 and len(raw) <= 64 and len(raw) % 8 == 0:
                values = list(struct.unpack(f"<{len(raw) // 8}q", raw))
        elif number == 7:
            values += integers(value)
        elif number in (4, 5, 6, 10, 11):
            held += 8 if isinstance(value, int) else len(message(value))
    declared = math.prod(dims) * _ITEM_BYTES.get(kind, 1)
    facts.constant_bytes += max(held, declared)
    if facts.constant_bytes > MAX_CONSTANT_BYTES:
        _refuse("oversized", f"its constants take more than {MAX_CONSTANT_BYTES >> 20} MiB")
    if held and kind in _ITEM_BYTES and not values and declared > 8 * max(held, 1):
        _refuse("oversized", "a constant declares far more data than it holds")
    return name, values
