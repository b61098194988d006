"""Refuses ONNX graphs that could read other files, run foreign code or exhaust the machine."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass, field

from scumble.errors import UnsafeModel
from scumble.models.protobuf import WireError, enumeration, fields, integers, message, text
from scumble.models.tensors import tensor_from_bytes

STANDARD_DOMAINS = frozenset({"", "ai.onnx"})
MAX_NODES = 100_000
MAX_NESTING = 4
MAX_CONSTANT_BYTES = 512 * 2**20
MAX_GROWN_ELEMENTS = 2**26
# Operators whose output is as large as the numbers in one input say, and which input; or as an attribute says.
_GROWING_INPUT = {"ConstantOfShape": 0, "Expand": 1, "Tile": 1, "Resize": 3}
_GROWING_ATTRIBUTE = frozenset({"RandomNormal", "RandomUniform"})
_HINT = "Use only bundles from a source you trust; export the model again with standard ONNX operators."


@dataclass
class GraphFacts:
    """What the linter counted: operators by name, nodes, bytes of constants, opset and nesting."""

    operators: dict[str, int] = field(default_factory=dict)
    nodes: int = 0
    constant_bytes: int = 0
    nesting: int = 0
    opset: int = 0


Sizes = ChainMap[str, int]
"""Elements of the shapes that a graph's small integer constants would be, by name; outer graphs behind."""


def lint(model: bytes) -> GraphFacts:
    """Checks a serialised ONNX model before any runtime sees it.

    Raises UnsafeModel for external data, operators or functions outside the standard domain, graphs nested
    deeper than 4, more than 100,000 nodes, constants over 512 MiB in all, tensors whose declared size is
    not that of their data, and constant shapes that would grow beyond 64 Mi elements.
    """
    walk = _Walk()
    try:
        walk.model(memoryview(model))
    except WireError as error:
        raise UnsafeModel(f"The model is not a readable ONNX file: {error}", _HINT, "model.malformed") from error
    if not walk.facts.nodes or not walk.facts.opset:
        raise UnsafeModel("The model is not a readable ONNX file: it has no graph", _HINT, "model.malformed")
    return walk.facts


def _refuse(reason: str, sentence: str) -> None:
    raise UnsafeModel(f"The model was refused: {sentence}", _HINT, f"model.unsafe.{reason}")


class _Walk:
    """One way through a model: what it counted, and which constants turned out to be shapes.

    Readers merge a message that is written twice where one belongs, so that its halves pass and the whole
    would not: such a file is malformed here.
    """

    def __init__(self) -> None:
        self.facts = GraphFacts()
        self.growing: list[tuple[str, str, Sizes]] = []

    def model(self, view: memoryview) -> None:
        graphs = 0
        for number, value in fields(view):
            if number == 7:
                graphs += 1
                if graphs > 1:
                    raise WireError("it has two main graphs")
                self.graph(message(value), ChainMap(), depth=1)
            elif number == 8:
                self.opset(message(value))
            elif number == 25:
                _refuse("functions", "it defines functions of its own")
            elif number == 20:
                _refuse("training", "it carries a training graph")
        for operator, name, sizes in self.growing:  # last, since a graph need not name its constants in order
            _check_growth(operator, sizes.get(name, 0))

    def opset(self, view: memoryview) -> None:
        domain, version = "", 0
        for number, value in fields(view):
            if number == 1:
                domain = text(value)
            elif number == 2:
                version = enumeration(value)
        if domain not in STANDARD_DOMAINS:
            _refuse("domain", f"it imports the operator domain {domain!r}")
        self.facts.opset = version

    def graph(self, view: memoryview, outer: Sizes, depth: int) -> None:
        self.facts.nesting = max(self.facts.nesting, depth)
        if depth > MAX_NESTING:
            _refuse("nesting", f"its graphs are nested deeper than {MAX_NESTING}")
        sizes = outer.new_child()
        for number, value in fields(view):
            if number == 1:
                self.node(message(value), sizes, depth)
            elif number == 5:
                name, size = self.tensor(message(value))
                _keep(sizes, name, size)
            elif number == 15:
                _refuse("sparse", "it holds sparse constants")

    def node(self, view: memoryview, sizes: Sizes, depth: int) -> None:
        self.facts.nodes += 1
        if self.facts.nodes > MAX_NODES:
            _refuse("nodes", f"it has more than {MAX_NODES} nodes")
        operator = ""
        inputs: list[str] = []
        outputs: list[str] = []
        grown = 0
        for number, value in fields(view):
            if number == 1:
                inputs.append(text(value))
            elif number == 2:
                outputs.append(text(value))
            elif number == 4:
                operator = text(value)
            elif number == 5:
                grown = max(grown, self.attribute(message(value), sizes, depth))
            elif number == 7 and text(value) not in STANDARD_DOMAINS:
                _refuse("domain", f"it uses an operator of the domain {text(value)!r}")
        self.facts.operators[operator] = self.facts.operators.get(operator, 0) + 1
        if operator == "Constant":
            for name in outputs:
                _keep(sizes, name, grown)
        elif operator in _GROWING_ATTRIBUTE:
            _check_growth(operator, grown)
        elif operator in _GROWING_INPUT and len(inputs) > _GROWING_INPUT[operator]:
            self.growing.append((operator, inputs[_GROWING_INPUT[operator]], sizes))

    def attribute(self, view: memoryview, sizes: Sizes, depth: int) -> int:
        """Walks an attribute; returns the elements of the shape that its integers would be."""
        shape: list[int] = []
        grown = single = 0
        for number, value in fields(view):
            if number in (5, 6):
                single += 1
                if single > 1:
                    raise WireError("an attribute has two values")
            if number in (5, 10):
                grown = max(grown, self.tensor(message(value))[1])
            elif number in (6, 11):
                self.graph(message(value), sizes, depth + 1)
            elif number == 8:
                shape += integers(value)
            elif number in (22, 23):
                _refuse("sparse", "it holds sparse constants")
        return max(grown, _elements(shape))

    def tensor(self, view: memoryview) -> tuple[str, int]:
        """Counts a constant; returns its name and the elements of the shape that its integers would be."""
        tensor = tensor_from_bytes(view)
        if tensor.external:
            _refuse("external", "it keeps constants in another file")
        self.facts.constant_bytes += tensor.declared_bytes
        if self.facts.constant_bytes > MAX_CONSTANT_BYTES:
            _refuse("oversized", f"its constants take more than {MAX_CONSTANT_BYTES >> 20} MiB")
        if not tensor.holds_what_it_declares:
            _refuse("oversized", "a constant does not hold as much data as it declares")
        return tensor.name, MAX_GROWN_ELEMENTS + 1 if tensor.is_long_list else _elements(tensor.values)


def _elements(shape: list[int]) -> int:
    """Returns the size of a shape, 0 for none; it stops counting where it is beyond all use."""
    if not shape:
        return 0
    elements = 1
    for side in shape:
        elements *= max(1, side)
        if elements > MAX_GROWN_ELEMENTS:
            break
    return elements


def _keep(sizes: Sizes, name: str, size: int) -> None:
    if size:
        sizes[name] = max(size, sizes.maps[0].get(name, 0))


def _check_growth(operator: str, elements: int) -> None:
    if elements > MAX_GROWN_ELEMENTS:
        _refuse("oversized", f"a constant shape of {operator} would grow beyond all use")
