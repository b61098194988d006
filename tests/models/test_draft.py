"""Graphs that are changed byte by byte stay the graphs they were, but for the change."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from tests import foreign_nets, onnx_nets

from scumble.errors import ScumbleError
from scumble.models.draft import draft_from_bytes, made_node, port_bytes, tensor_bytes
from scumble.models.fitting import fitted
from scumble.models.foreign import read_model
from scumble.models.graph import graph_from_bytes
from scumble.models.half import half_from_graph
from scumble.models.store import find_bundle

NETS = {name: make() for name, (make, *_) in foreign_nets.EXACT.items()} | {"colorizer": onnx_nets.colorizer()}


def with_branches(captured: str = "x") -> bytes:
    """An If whose branches read a tensor of the outer graph."""
    shape: list[int | str | None] = [1, 3, "h", "w"]
    port = helper.make_tensor_value_info("b", TensorProto.FLOAT, None)
    branches = [
        helper.make_graph([helper.make_node(kind, [captured], ["b"])], kind, [], [port]) for kind in ("Abs", "Neg")
    ]
    nodes = [
        helper.make_node("Conv", ["x", "weight"], ["mixed"]),
        helper.make_node("If", ["is_on"], ["y"], then_branch=branches[0], else_branch=branches[1]),
    ]
    constants = [
        numpy_helper.from_array(np.full((3, 3, 1, 1), 0.25, np.float32), "weight"),
        numpy_helper.from_array(np.array(True), "is_on"),
    ]
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in "xy"]
    graph = helper.make_graph(nodes, "net", ports[:1], ports[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("name", NETS)
def test_a_graph_that_is_not_changed_says_the_same(name: str) -> None:
    assert onnx.load_from_string(draft_from_bytes(NETS[name]).to_bytes()) == onnx.load_from_string(NETS[name])


def test_a_bundle_says_the_same() -> None:
    content = find_bundle("background").model_bytes()
    assert onnx.load_from_string(draft_from_bytes(content).to_bytes()) == onnx.load_from_string(content)


def test_what_is_written_is_what_onnx_reads() -> None:
    tensor = onnx.TensorProto.FromString(tensor_bytes("t", TensorProto.INT64, [2, 1], np.array([3, -4]).tobytes()))
    assert numpy_helper.to_array(tensor).tolist() == [[3], [-4]]
    port = onnx.ValueInfoProto.FromString(port_bytes("p", TensorProto.FLOAT16, [1, "h", None]))
    assert port == helper.make_tensor_value_info("p", TensorProto.FLOAT16, [1, "h", None])
    node = onnx.NodeProto.FromString(made_node("Cast", ["a"], ["b"], to=10).to_bytes())
    assert node == helper.make_node("Cast", ["a"], ["b"], name="scumble/b", to=10)


def test_names_change_in_the_graphs_inside_too() -> None:
    draft = draft_from_bytes(with_branches("mixed"))
    draft.rename({"mixed": "other"})
    model = onnx.load_from_string(draft.to_bytes())
    onnx.checker.check_model(model)
    branches = [attribute.g for attribute in model.graph.node[1].attribute]
    assert [branch.node[0].input[0] for branch in branches] == ["other", "other"]
    assert model.graph.node[0].output[0] == "other"


def test_what_no_output_needs_is_dropped() -> None:
    draft = draft_from_bytes(onnx_nets.colorizer())
    del draft.outputs["ab"]
    draft.prune()
    graph = graph_from_bytes(draft.to_bytes())
    assert [node.operator for node in graph.nodes] == ["Conv", "Identity"]
    assert len(graph.constants) == 2
    inside = draft_from_bytes(with_branches("mixed"))
    inside.prune()
    assert [node.operator for node in inside.nodes] == ["Conv", "If"]


DAMAGED = NETS | {"branches": with_branches("mixed"), "level": foreign_nets.with_level()}


@given(
    net=st.sampled_from(sorted(DAMAGED)),
    places=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=4),
)
@settings(max_examples=400, deadline=None)
def test_damaged_files_are_changed_or_refused(net: str, places: list[tuple[int, int]]) -> None:
    content = bytearray(DAMAGED[net])
    for place, byte in places:
        content[place % len(content)] = byte
    try:
        found = fitted(read_model(bytes(content)), {"sigma": 0.1} if net == "level" else {})
        graph = graph_from_bytes(half_from_graph(found.content))
    except ScumbleError:
        return
    assert graph.nodes
