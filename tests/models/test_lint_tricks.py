"""Files that one reader of the wire format sees otherwise than another do not get past the linter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from tests import onnx_nets

from scumble.errors import UnsafeModel
from scumble.models.lint import lint

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
HUGE = [1 << 20, 1 << 20]
NODE, INITIALIZER, GRAPH, OPSET = 1, 5, 7, 8


def number(value: int) -> bytes:
    """A varint."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def block(field: int, content: bytes, upper: int = 0) -> bytes:
    """A length-delimited field; `upper` are bits of its key that 32-bit readers drop."""
    return number(upper << 32 | field << 3 | 2) + number(len(content)) + content


def model(*parts: bytes) -> bytes:
    """A model of these fields of its graph."""
    return block(OPSET, helper.make_opsetid("", 18).SerializeToString()) + block(GRAPH, b"".join(parts))


def node(operator: str, inputs: list[str], **attributes: Any) -> bytes:
    return block(NODE, helper.make_node(operator, inputs, ["y"], **attributes).SerializeToString())


def shape(values: list[int], name: str = "s", *, typed: bool = False) -> onnx.TensorProto:
    if typed:
        return helper.make_tensor(name, INT64, [len(values)], values)
    return numpy_helper.from_array(np.array(values, np.int64), name)


def constant(tensor: onnx.TensorProto, extra: bytes = b"") -> bytes:
    return block(INITIALIZER, tensor.SerializeToString() + extra)


def branch(*parts: onnx.NodeProto) -> onnx.GraphProto:
    return helper.make_graph(list(parts), "b", [], [helper.make_tensor_value_info("o", FLOAT, None)])


def declared(kind: int, dims: list[int], **data: Any) -> bytes:
    return constant(TensorProto(name="w", data_type=kind, dims=dims, **data))


GROW = node("ConstantOfShape", ["s"])
INNER = branch(helper.make_node("ConstantOfShape", ["s"], ["o"]))
RELU = node("Relu", ["x"])
BOMBS: dict[str, Callable[[], bytes]] = {
    "typed": lambda: model(constant(shape(HUGE, typed=True)), GROW),
    "ones in front": lambda: model(constant(shape([*[1] * 12, *HUGE])), GROW),
    "a rank beyond reading": lambda: model(constant(shape([*[1] * 100, *HUGE])), GROW),
    "ints of a Constant": lambda: model(
        block(NODE, helper.make_node("Constant", [], ["s"], value_ints=HUGE).SerializeToString()), GROW
    ),
    "an outer constant": lambda: model(constant(shape(HUGE)), node("If", ["c"], then_branch=INNER, else_branch=INNER)),
    "a constant behind its use": lambda: model(GROW, constant(shape(HUGE))),
    "a second constant of the name": lambda: model(constant(shape(HUGE)), constant(shape([1, 1])), GROW),
    "tile": lambda: model(constant(shape(HUGE)), node("Tile", ["x", "s"])),
    "resize": lambda: model(constant(shape([1, 1, *HUGE])), node("Resize", ["x", "", "", "s"])),
    "random": lambda: model(node("RandomNormal", [], shape=HUGE)),
    "a fixed number as raw data": lambda: model(constant(shape(HUGE), number(9 << 3 | 1) + bytes([1, *[0] * 7])), GROW),
    "upper bits of the type": lambda: model(constant(shape(HUGE), number(2 << 3) + number(1 << 32 | INT64)), GROW),
    "upper bits of a key": lambda: model(
        constant(shape([1])), block(INITIALIZER, shape(HUGE).SerializeToString(), 1), GROW
    ),
    "two graphs": lambda: model(constant(shape(HUGE))) + block(GRAPH, GROW),
    "declared and not held": lambda: model(declared(FLOAT, [1 << 26]), RELU),
    "held in part": lambda: model(declared(FLOAT, [4], raw_data=bytes(12)), RELU),
    "complex": lambda: model(declared(TensorProto.COMPLEX128, [1 << 26]), RELU),
    "negative sizes": lambda: model(declared(FLOAT, [-1, -1], raw_data=bytes(4)), RELU),
    "a thousand dimensions": lambda: model(declared(FLOAT, [1 << 62] * 1000), RELU),
    "an unknown type": lambda: model(declared(99, [4], raw_data=bytes(4)), RELU),
    "a training graph": lambda: model(RELU) + block(20, b""),
    "nothing": lambda: b"",
    "no nodes": lambda: model(),
    "no opset": lambda: block(GRAPH, RELU),
}


@pytest.mark.parametrize("case", BOMBS)
def test_a_disguised_bomb_is_refused(case: str) -> None:
    with pytest.raises(UnsafeModel) as raised:
        lint(BOMBS[case]())
    assert raised.value.code.startswith(("model.unsafe.", "model.malformed"))


def test_an_attribute_of_two_values_is_malformed() -> None:
    attribute = helper.make_attribute("value", shape([1 << 20], "")).SerializeToString()
    attribute += block(5, shape([1 << 20], "").SerializeToString())
    with pytest.raises(UnsafeModel, match="two values"):
        lint(model(block(NODE, block(2, b"s") + block(4, b"Constant") + block(5, attribute)), GROW))


@pytest.mark.parametrize("typed", [False, True])
def test_minus_one_is_no_bomb(typed: bool) -> None:
    facts = lint(model(constant(shape([1, -1, 8], typed=typed)), node("Expand", ["x", "s"])))
    assert facts.operators == {"Expand": 1}


def test_large_numbers_that_are_no_shape_pass() -> None:
    data, target = shape([10**9, 10**9], "data"), shape([2, 2])
    assert lint(model(constant(data), constant(target), node("Expand", ["data", "s"]))).nodes == 1


@pytest.mark.parametrize(
    "kind",
    [kind for kind in TensorProto.DataType.values() if kind not in (TensorProto.UNDEFINED, TensorProto.STRING)],
)
@pytest.mark.parametrize("raw", [False, True])
def test_every_kind_of_constant_passes_as_onnx_writes_it(kind: int, raw: bool) -> None:
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    values = np.ones((3, 2), dtype)
    tensor = numpy_helper.from_array(values, "w") if raw else helper.make_tensor("w", kind, (3, 2), values.flatten())
    assert lint(model(constant(tensor), RELU)).constant_bytes > 0


def test_texts_and_empty_constants_pass() -> None:
    texts = TensorProto(name="t", data_type=TensorProto.STRING, dims=[2], string_data=[b"ab", b"c"])
    nothing = numpy_helper.from_array(np.zeros(0, np.float32), "roi")
    assert lint(model(constant(texts), constant(nothing), RELU)).constant_bytes == 3


def test_four_levels_pass_and_five_do_not() -> None:
    inner = branch(helper.make_node("Identity", ["x"], ["o"]))
    for levels in (2, 3, 4):
        top = helper.make_node("If", ["c"], ["o"], then_branch=inner, else_branch=inner)
        assert lint(model(block(NODE, top.SerializeToString()))).nesting == levels
        inner = branch(top)
    with pytest.raises(UnsafeModel) as raised:
        lint(model(node("If", ["c"], then_branch=inner, else_branch=inner)))
    assert raised.value.code == "model.unsafe.nesting"


def test_too_many_nodes_are_refused() -> None:
    with pytest.raises(UnsafeModel) as raised:
        lint(model(RELU * 100_001))
    assert raised.value.code == "model.unsafe.nodes"


@pytest.mark.parametrize("name", ["unet", "colorizer", "slow", "halving"])
def test_the_nets_of_our_tests_pass(name: str) -> None:
    content: bytes = getattr(onnx_nets, name)()
    assert lint(content).nodes == len(onnx.load_from_string(content).graph.node)


@given(st.lists(st.tuples(st.integers(0, 30), st.binary(max_size=30)), max_size=6), st.data())
@settings(max_examples=300, deadline=None)
def test_well_formed_nonsense_is_refused_and_no_crash(parts: list[tuple[int, bytes]], data: st.DataObject) -> None:
    graph = b"".join(block(field, content) for field, content in parts)
    tail = data.draw(st.binary(max_size=8))
    nodes, hint = 0, ""
    try:
        nodes = lint(model(graph + tail)).nodes
    except UnsafeModel as error:
        hint = error.hint
    assert nodes > 0 or hint
