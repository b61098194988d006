"""Changes ONNX graphs without a protobuf library: what is not changed keeps its bytes."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from scumble.errors import UnsafeModel
from scumble.models.protobuf import Value, WireError, enumeration, fields, message, text

Field = tuple[int, Value]
_NODE, _NAME, _CONSTANT, _INPUT, _OUTPUT, _KNOWN = 1, 2, 5, 11, 12, 13
_GRAPH, _GRAPHS = 6, 11
_WHOLE = 2
"""AttributeProto's number for attributes that are one whole number."""


def field_bytes(number: int, value: int | str | bytes | memoryview) -> bytes:
    """Returns one field in the wire format: whole numbers as varints, all else with its length."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value & (2**64 - 1))
    content = value.encode() if isinstance(value, str) else value
    return b"".join((_varint(number << 3 | 2), _varint(len(content)), content))


def tensor_bytes(name: str, kind: int, dims: Sequence[int], raw: bytes | memoryview) -> bytes:
    """Returns a TensorProto: its numbers are little-endian in `raw`."""
    sides = b"".join(field_bytes(1, side) for side in dims)
    return b"".join((sides, field_bytes(2, kind), field_bytes(8, name), field_bytes(9, raw)))


def port_bytes(name: str, kind: int, shape: Sequence[int | str | None] | None) -> bytes:
    """Returns a ValueInfoProto of a tensor; None for a shape of which nothing is said."""
    sides = b""
    for side in shape or ():
        said = b"" if side is None else field_bytes(2 if isinstance(side, str) else 1, side)
        sides += field_bytes(1, said)
    tensor = field_bytes(1, kind) + (b"" if shape is None else field_bytes(2, sides))
    return field_bytes(1, name) + field_bytes(2, field_bytes(1, tensor))


@dataclass
class DraftNode:
    """One operator that may be renamed; `rest` is what else its message holds, and left alone."""

    operator: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    rest: list[Field] = field(default_factory=list)

    @property
    def graphs(self) -> Iterator[memoryview]:
        """The graphs inside: the branches of an If, the body of a Loop."""
        for number, value in self.rest:
            if number == 5:
                yield from (message(part) for at, part in fields(message(value)) if at in (_GRAPH, _GRAPHS))

    @property
    def reads(self) -> set[str]:
        """What it reads, the graphs inside included."""
        return set(self.inputs).union(*(_names_read(graph) for graph in self.graphs)) - {""}

    def to_bytes(self) -> bytes:
        """Returns the NodeProto."""
        parts = [field_bytes(1, name) for name in self.inputs] + [field_bytes(2, name) for name in self.outputs]
        return b"".join([*parts, field_bytes(4, self.operator), *map(_again, self.rest)])


def made_node(operator: str, inputs: list[str], outputs: list[str], **attributes: int) -> DraftNode:
    """Returns a new operator with attributes that are whole numbers."""
    rest: list[Field] = [(3, memoryview(f"scumble/{outputs[0]}".encode()))]
    for name, value in attributes.items():
        said = field_bytes(1, name) + field_bytes(3, value) + field_bytes(20, _WHOLE)
        rest.append((5, memoryview(said)))
    return DraftNode(operator, inputs, outputs, rest)


@dataclass
class Draft:
    """A model that is being changed. Constants, ports and known shapes are messages by name, in the file's order."""

    around: list[Field] = field(default_factory=list)
    nodes: list[DraftNode] = field(default_factory=list)
    constants: dict[str, bytes | memoryview] = field(default_factory=dict)
    inputs: dict[str, bytes | memoryview] = field(default_factory=dict)
    outputs: dict[str, bytes | memoryview] = field(default_factory=dict)
    known: dict[str, bytes | memoryview] = field(default_factory=dict)
    rest: list[Field] = field(default_factory=list)

    def to_bytes(self) -> bytes:
        """Returns the file."""
        parts = [field_bytes(_NODE, node.to_bytes()) for node in self.nodes]
        named = ((_CONSTANT, self.constants), (_INPUT, self.inputs), (_OUTPUT, self.outputs), (_KNOWN, self.known))
        parts += [field_bytes(number, value) for number, group in named for value in group.values()]
        graph = b"".join([*parts, *map(_again, self.rest)])
        return b"".join([*map(_again, self.around), field_bytes(7, graph)])

    def kinds_of_ports(self) -> dict[str, int]:
        """Returns the element types of the inputs, by ONNX's number."""
        return {name: kind_of_port(view) for name, view in self.inputs.items()}

    def rename(self, names: dict[str, str]) -> None:
        """Renames tensors wherever they are made and read, but not ports and constants."""
        for node in self.nodes:
            node.inputs = [names.get(name, name) for name in node.inputs]
            node.outputs = [names.get(name, name) for name in node.outputs]
            if any(names.keys() & _names_read(graph) for graph in node.graphs):
                node.rest = [(at, _renamed_attribute(value, names) if at == 5 else value) for at, value in node.rest]
        for old in names.keys() & self.known.keys():
            del self.known[old]  # it named the kind that the tensor had

    def prune(self) -> None:
        """Drops the operators and constants that no output needs."""
        wanted = set(self.outputs)
        kept = []
        for node in reversed(self.nodes):
            if wanted.intersection(node.outputs):
                kept.append(node)
                wanted |= node.reads
        self.nodes = kept[::-1]
        self.constants = {name: value for name, value in self.constants.items() if name in wanted}
        made = {name for node in self.nodes for name in node.outputs}
        self.known = {name: value for name, value in self.known.items() if name in made}


def draft_from_bytes(model: bytes) -> Draft:
    """Reads a model that `lint` has passed. Raises UnsafeModel where it is malformed after all."""
    draft = Draft()
    with read_whole():
        for number, value in fields(memoryview(model)):
            if number == 7:
                _read_graph(draft, message(value))
            else:
                draft.around.append((number, value))
    return draft


@contextlib.contextmanager
def read_whole() -> Iterator[None]:
    """Raises UnsafeModel for what turns out to be malformed; graphs inside operators are read as they are needed."""
    try:
        yield
    except (WireError, struct.error) as error:
        hint = "Export the model again with standard ONNX operators."
        raise UnsafeModel(f"The model is not a readable ONNX file: {error}", hint, "model.malformed") from error


def _read_graph(draft: Draft, view: memoryview) -> None:
    named = {_CONSTANT: (draft.constants, 8), _INPUT: (draft.inputs, 1), _OUTPUT: (draft.outputs, 1)}
    named[_KNOWN] = (draft.known, 1)
    for number, value in fields(view):
        if number == _NODE:
            draft.nodes.append(node_from_bytes(message(value)))
        elif number in named:
            group, at = named[number]
            group[_text_at(message(value), at)] = message(value)
        else:
            draft.rest.append((number, value))


def node_from_bytes(view: memoryview) -> DraftNode:
    """Reads a NodeProto."""
    node = DraftNode()
    for number, value in fields(view):
        if number == 1:
            node.inputs.append(text(value))
        elif number == 2:
            node.outputs.append(text(value))
        elif number == 4:
            node.operator = text(value)
        else:
            node.rest.append((number, value))
    return node


def kind_of_port(view: bytes | memoryview) -> int:
    """Returns the element type of a ValueInfoProto's tensor, by ONNX's number; 0 where it is none."""
    for path in (2, 1):
        inner = [value for number, value in fields(memoryview(view)) if number == path]
        if not inner:
            return 0
        view = message(inner[-1])
    return next((enumeration(value) for number, value in fields(memoryview(view)) if number == 1), 0)


def _names_read(graph: memoryview) -> set[str]:
    """Returns what the operators of a graph inside a node read, and its outputs, which may be the outer graph's."""
    found = {_text_at(message(value), 1) for number, value in fields(graph) if number == _OUTPUT}
    return found.union(*(node_from_bytes(message(value)).reads for number, value in fields(graph) if number == _NODE))


def _renamed_attribute(value: Value, names: dict[str, str]) -> memoryview:
    graphs = (_GRAPH, _GRAPHS)
    return _each(value, lambda at, part: _renamed_graph(message(part), names) if at in graphs else None)


def _renamed_graph(graph: memoryview, names: dict[str, str]) -> memoryview:
    def change(at: int, part: Value) -> bytes | memoryview | None:
        if at == _NODE:
            node = node_from_bytes(message(part))
            node.inputs = [names.get(name, name) for name in node.inputs]
            node.rest = [(number, _renamed_attribute(one, names) if number == 5 else one) for number, one in node.rest]
            return node.to_bytes()
        if at == _OUTPUT:
            return _each(part, lambda number, name: names.get(text(name), text(name)).encode() if number == 1 else None)
        return None

    return _each(graph, change)


def _each(value: Value, change: Callable[[int, Value], bytes | memoryview | None]) -> memoryview:
    """Returns a message with some of its fields changed; None leaves one as it is."""
    parts = []
    for number, part in fields(message(value)):
        other = change(number, part)
        parts.append(_again((number, part)) if other is None else field_bytes(number, other))
    return memoryview(b"".join(parts))


def _text_at(view: memoryview, at: int) -> str:
    return next((text(value) for number, value in fields(view) if number == at), "")


def _again(given: Field) -> bytes:
    """Returns a field as it was read: fixed numbers are bytes, of 4 or 8."""
    number, value = given
    if isinstance(value, bytes):
        return _varint(number << 3 | (5 if len(value) == 4 else 1)) + value
    return field_bytes(number, value)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])
