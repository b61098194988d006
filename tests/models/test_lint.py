"""The linter lets plain graphs through and refuses each way in which a graph could do harm."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from scumble.errors import UnsafeModel
from scumble.models.lint import lint

Nodes = list[onnx.NodeProto]
Constants = list[onnx.TensorProto]
FLOAT = TensorProto.FLOAT


def model_of(nodes: Nodes, constants: Constants = [], **changes: object) -> onnx.ModelProto:  # noqa: B006
    x = helper.make_tensor_value_info("x", FLOAT, [1, 1, None, None])
    y = helper.make_tensor_value_info("y", FLOAT, None)
    graph = helper.make_graph(nodes, "g", [x], [y], constants)
    opsets = changes.pop("opset_imports", [helper.make_opsetid("", 18)])
    return helper.make_model(graph, opset_imports=opsets, **changes)


def plain() -> onnx.ModelProto:
    weight = numpy_helper.from_array(np.ones((4, 1, 3, 3), np.float32), "w")
    return model_of([helper.make_node("Conv", ["x", "w"], ["y"])], [weight])


def external() -> onnx.ModelProto:
    model = plain()
    weight = model.graph.initializer[0]
    weight.data_location = TensorProto.EXTERNAL
    weight.ClearField("raw_data")
    weight.external_data.add(key="location", value="../../etc/passwd")
    return model


def foreign_node() -> onnx.ModelProto:
    return model_of([helper.make_node("Relu", ["x"], ["y"], domain="evil.ops")])


def foreign_import() -> onnx.ModelProto:
    imports = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    return model_of([helper.make_node("Relu", ["x"], ["y"])], opset_imports=imports)


def with_function() -> onnx.ModelProto:
    body = [helper.make_node("Relu", ["a"], ["b"])]
    function = helper.make_function("own", "F", ["a"], ["b"], body, [helper.make_opsetid("", 18)])
    return model_of([helper.make_node("Relu", ["x"], ["y"])], functions=[function])


def nested() -> onnx.ModelProto:
    node = helper.make_node("Identity", ["x"], ["inner"])
    for depth in range(6):
        out = helper.make_tensor_value_info(node.output[0], FLOAT, None)
        branch = helper.make_graph([node], f"g{depth}", [], [out])
        node = helper.make_node("If", ["c"], [f"o{depth}"], then_branch=branch, else_branch=branch)
    return model_of([node])


def bloated() -> onnx.ModelProto:
    model = plain()
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend([1 << 20, 1 << 20])
    return model


def bomb() -> onnx.ModelProto:
    shape = numpy_helper.from_array(np.array([1 << 20, 1 << 20], np.int64), "s")
    return model_of([helper.make_node("ConstantOfShape", ["s"], ["y"])], [shape])


def bomb_in_a_constant_node() -> onnx.ModelProto:
    shape = numpy_helper.from_array(np.array([1 << 20, 1 << 20], np.int64))
    nodes = [helper.make_node("Constant", [], ["s"], value=shape), helper.make_node("Expand", ["x", "s"], ["y"])]
    return model_of(nodes)


def sparse() -> onnx.ModelProto:
    values = numpy_helper.from_array(np.ones(1, np.float32), "v")
    places = numpy_helper.from_array(np.zeros(1, np.int64), "i")
    model = plain()
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [9]))
    return model


BAD: dict[str, tuple[Callable[[], onnx.ModelProto], str]] = {
    "external data": (external, "model.unsafe.external"),
    "foreign operator": (foreign_node, "model.unsafe.domain"),
    "foreign import": (foreign_import, "model.unsafe.domain"),
    "function": (with_function, "model.unsafe.functions"),
    "nesting": (nested, "model.unsafe.nesting"),
    "declared size": (bloated, "model.unsafe.oversized"),
    "constant of shape": (bomb, "model.unsafe.oversized"),
    "expand": (bomb_in_a_constant_node, "model.unsafe.oversized"),
    "sparse": (sparse, "model.unsafe.sparse"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_dangerous_graph_is_refused(case: str) -> None:
    make, code = BAD[case]
    with pytest.raises(UnsafeModel) as raised:
        lint(make().SerializeToString())
    assert raised.value.code == code
    assert raised.value.hint


def test_a_plain_graph_passes_and_is_counted() -> None:
    facts = lint(plain().SerializeToString())
    assert (facts.operators, facts.nodes, facts.opset, facts.nesting) == ({"Conv": 1}, 1, 18, 1)
    assert facts.constant_bytes == 4 * 9 * 4


def test_a_shape_with_a_negative_side_is_no_bomb() -> None:
    shape = numpy_helper.from_array(np.array([1, -1, 8, 8], np.int64), "s")
    assert lint(model_of([helper.make_node("Expand", ["x", "s"], ["y"])], [shape]).SerializeToString()).nodes == 1


def test_every_cut_of_a_model_is_refused_or_read_never_a_crash() -> None:
    content = plain().SerializeToString()
    refused = 0
    for end in range(len(content)):
        try:
            lint(content[:end])
        except UnsafeModel:
            refused += 1
    assert refused > 0.9 * len(content)


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_random_bytes_never_crash_the_linter(content: bytes) -> None:
    with pytest.raises(UnsafeModel):
        lint(content)


@given(st.integers(0, 10_000), st.integers(0, 255))
@settings(max_examples=200)
def test_a_changed_byte_never_crashes_the_linter(place: int, value: int) -> None:
    content = bytearray(plain().SerializeToString())
    content[place % len(content)] = value
    try:
        nodes = lint(bytes(content)).nodes
    except UnsafeModel:
        return
    assert nodes >= 1
