"""What an ONNX file says of its graph: nodes with their attributes, ports and small constants; within bounds."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from scumble.errors import UnsafeModel
from scumble.models.protobuf import Value, WireError, enumeration, fields, integers, message, text
from scumble.models.tensors import TensorFacts, tensor_from_bytes

FLOAT, FLOAT16 = 1, 10
AttributeValue = int | float | str | list[int] | list[float] | TensorFacts | None


@dataclass(frozen=True)
class Port:
    """An input or output: its name, element type by ONNX's number, and sizes; None or a name where any size goes."""

    name: str
    kind: int
    shape: tuple[int | str | None, ...]


@dataclass
class Node:
    """One operator; inputs left out are empty names."""

    operator: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    attributes: dict[str, AttributeValue] = field(default_factory=dict)
    has_graph: bool = False

    def whole(self, name: str, default: int) -> int:
        """Returns an attribute that is one whole number."""
        value = self.attributes.get(name)
        return value if isinstance(value, int) else default

    def word(self, name: str, default: str) -> str:
        """Returns an attribute that is a word."""
        value = self.attributes.get(name)
        return value if isinstance(value, str) else default

    def wholes(self, name: str) -> list[int] | None:
        """Returns an attribute that is a list of whole numbers; None where it is not given."""
        value = self.attributes.get(name)
        return [int(number) for number in value] if isinstance(value, list) else None


@dataclass
class Graph:
    """The main graph of a file. `constants` are the initializers and the outputs of Constant nodes."""

    opset: int = 0
    nodes: list[Node] = field(default_factory=list)
    inputs: list[Port] = field(default_factory=list)
    outputs: list[Port] = field(default_factory=list)
    constants: dict[str, TensorFacts] = field(default_factory=dict)
    parameters: int = 0
    """Numbers in the constants of more than one dimension or element: what was learnt."""
    weights_bytes: int = 0


def graph_from_bytes(model: bytes) -> Graph:
    """Reads a model that `lint` has passed. Raises UnsafeModel where it is malformed after all."""
    graph = Graph()
    try:
        for number, value in fields(memoryview(model)):
            if number == 7:
                _read_graph(graph, message(value))
            elif number == 8:
                domain, version = "", 0
                for part, content in fields(message(value)):
                    domain = text(content) if part == 1 else domain
                    version = enumeration(content) if part == 2 else version
                graph.opset = version if domain in ("", "ai.onnx") else graph.opset
    except (WireError, struct.error) as error:
        hint = "Export the model again with standard ONNX operators."
        raise UnsafeModel(f"The model is not a readable ONNX file: {error}", hint, "model.malformed") from error
    known = graph.constants.keys()
    graph.inputs = [port for port in graph.inputs if port.name not in known]  # old files list weights as inputs
    for tensor in graph.constants.values():
        graph.weights_bytes += tensor.declared_bytes
        graph.parameters += tensor.elements if tensor.elements > 1 else 0
    return graph


def _read_graph(graph: Graph, view: memoryview) -> None:
    for number, value in fields(view):
        if number == 1:
            node = _node(message(value))
            graph.nodes.append(node)
            held = node.attributes.get("value")
            if node.operator == "Constant" and node.outputs:
                graph.constants[node.outputs[0]] = held if isinstance(held, TensorFacts) else _listed(node)
        elif number == 5:
            tensor = tensor_from_bytes(message(value))
            graph.constants[tensor.name] = tensor
        elif number == 11:
            graph.inputs.append(_port(message(value)))
        elif number == 12:
            graph.outputs.append(_port(message(value)))


def _listed(node: Node) -> TensorFacts:
    """Returns the tensor of a Constant that is given as numbers."""
    for name in ("value_int", "value_ints", "value_float", "value_floats"):
        value = node.attributes.get(name)
        numbers: list[Any] = value if isinstance(value, list) else [value]
        if isinstance(value, (int, float, list)):
            is_whole = "int" in name
            kind, dims = (7 if is_whole else FLOAT), [len(numbers)] if name.endswith("s") else []
            tensor = TensorFacts(kind=kind, dims=dims, items=len(numbers))
            if is_whole:
                tensor.values = [int(number) for number in numbers]
            else:
                tensor.floats = [float(number) for number in numbers]
            return tensor
    return TensorFacts(kind=FLOAT, dims=[0])


def attributes_of(parts: Iterable[tuple[int, Value]]) -> dict[str, AttributeValue]:
    """Returns the attributes among the fields of a node's message."""
    node = Node()
    for number, value in parts:
        if number == 5:
            _attribute(node, message(value))
    return node.attributes


def _node(view: memoryview) -> Node:
    node = Node()
    for number, value in fields(view):
        if number == 1:
            node.inputs.append(text(value))
        elif number == 2:
            node.outputs.append(text(value))
        elif number == 4:
            node.operator = text(value)
        elif number == 5:
            _attribute(node, message(value))
    return node


def _attribute(node: Node, view: memoryview) -> None:
    name, kept = "", []
    for number, value in fields(view):
        if number == 1:
            name = text(value)
        elif number in (6, 11):
            node.has_graph = True
        elif number in (2, 3, 4, 5, 7, 8):
            kept.append((number, value))
    for number, value in kept:
        if number == 2 and isinstance(value, bytes):
            node.attributes[name] = struct.unpack("<f", value)[0]
        elif number == 3:
            node.attributes[name] = integers(value)[0]
        elif number == 4:
            node.attributes[name] = text(value)
        elif number == 5:
            node.attributes[name] = tensor_from_bytes(message(value))
        else:
            before = node.attributes.get(name)
            listed: list[Any] = before if isinstance(before, list) else []
            node.attributes[name] = [*listed, *(_floats(value) if number == 7 else integers(value))]


def _floats(value: Value) -> list[float]:
    raw = bytes(value) if isinstance(value, (bytes, memoryview)) else b""
    return list(struct.unpack(f"<{len(raw) // 4}f", raw))


def _port(view: memoryview) -> Port:
    name, kind = "", 0
    shape: list[int | str | None] = []
    for number, value in fields(view):
        if number == 1:
            name = text(value)
        elif number == 2:
            for part, content in fields(message(value)):
                if part == 1:
                    kind, shape = _tensor_type(message(content))
    return Port(name, kind, tuple(shape))


def _tensor_type(view: memoryview) -> tuple[int, list[int | str | None]]:
    kind = 0
    shape: list[int | str | None] = []
    for number, value in fields(view):
        if number == 1:
            kind = enumeration(value)
        elif number == 2:
            shape = [_size(message(dim)) for part, dim in fields(message(value)) if part == 1]
    return kind, shape


def _size(view: memoryview) -> int | str | None:
    size: int | str | None = None
    for number, value in fields(view):
        if number == 1:
            size = integers(value)[0]
        elif number == 2:
            size = text(value)
    return size
