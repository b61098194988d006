"""What a graph says of itself without being run: how far a pixel is seen, on which grid, and what sees everything."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from tests import foreign_nets, onnx_nets

from scumble.errors import ModelError, UnsafeModel
from scumble.models.foreign import image_ports, read_model
from scumble.models.reach import Reach, reach_of_graph
from scumble.models.store import find_bundle

if TYPE_CHECKING:
    from pathlib import Path


NETS = {name: make() for name, (make, *_) in foreign_nets.EXACT.items()}
NETS |= {name: make() for name, (make, _) in foreign_nets.GLOBAL.items()}


def reach(content: bytes) -> Reach:
    graph = read_model(content).graph
    ports = image_ports(graph)
    return reach_of_graph(graph, [ports.input], ports.output, ports.space)


@pytest.mark.parametrize("name", foreign_nets.EXACT)
def test_reach_stride_and_scale_follow_from_the_graph(name: str) -> None:
    make, stride, halo, scale = foreign_nets.EXACT[name]
    found = reach(make())
    assert found.seen is not None
    assert (found.whole, found.unfollowed) == ({}, {})
    assert (found.stride, found.seen.x.halo, found.seen.y.halo) == (stride, halo, halo)
    assert found.seen.x.step * scale == found.seen.y.step * scale == 1


@pytest.mark.parametrize("name", foreign_nets.GLOBAL)
def test_operators_that_see_everything_are_found_in_the_graph(name: str) -> None:
    make, operator = foreign_nets.GLOBAL[name]
    found = reach(make())
    assert found.seen is None
    assert operator in found.whole


def test_a_change_of_shape_is_not_guessed_at() -> None:
    for make in (foreign_nets.shuffled_by_reshape, foreign_nets.windowed):
        found = reach(make())
        assert found.seen is None
        assert found.whole == {}
        assert found.unfollowed == {"Reshape": 1}


def test_a_picture_of_fixed_places_is_no_constant() -> None:
    net = foreign_nets.Found()
    y = net.add("Add", [net.conv("x", 3, 3), net.weight((1, 3, 64, 64), 1.0)])
    assert "Add" in reach(net.picture(y, size=(64, 64))).whole
    biased = foreign_nets.Found()
    y = biased.add("Add", [biased.conv("x", 3, 3), biased.weight((1, 3, 1, 1), 1.0)])
    assert reach(biased.picture(y)).whole == {}


def test_numbers_that_know_their_place_are_not_followed() -> None:
    places = foreign_nets.Found()
    beside = places.add("Concat", ["x", places.weight((1, 1, 64, 64), 1.0)], axis=1)
    assert "Concat" in reach(places.picture(places.conv(beside, 4, 3), size=(64, 64))).whole
    scaled = foreign_nets.Found()
    made = scaled.add("Mul", [scaled.weight((1, 3, 64, 64), 1.0), scaled.constant([2.0])])
    assert "Add" in reach(scaled.picture(scaled.add("Add", ["x", made]), size=(64, 64))).whole
    for operator in ("Add", "Concat"):  # CoordConv: each pixel is told its column
        columns = foreign_nets.Found()
        width = columns.add("Gather", [columns.add("Shape", ["x"]), columns.constant([3])], axis=0)
        counted = columns.add("CumSum", [columns.add("ConstantOfShape", [width]), columns.constant([0])])
        shape = columns.add("Concat", [columns.constant([1, 1, 1]), width], axis=0)
        row = columns.add("Reshape", [counted, shape])
        beside = columns.add(operator, ["x", row], **({"axis": 1} if operator == "Concat" else {}))
        found = reach(columns.picture(beside))
        assert (found.seen, found.unfollowed) == (None, {operator: 1})


def test_a_plane_that_is_the_same_everywhere_is_followed() -> None:
    net = foreign_nets.Found()
    sides = net.add("Slice", [net.add("Shape", ["x"]), net.constant([2]), net.constant([4]), net.constant([0])])
    shape = net.add("Concat", [net.constant([1, 1]), sides], axis=0)
    level = net.add("Mul", [net.add("Expand", [net.weight((1, 1, 1, 1), 1.0), shape]), net.constant([2.0])])
    found = reach(net.picture(net.conv(net.add("Concat", ["x", level], axis=1), 4, 3)))
    assert (found.unfollowed, found.whole) == ({}, {})
    assert found.seen is not None
    assert found.seen.x.halo == 1


@pytest.mark.parametrize("is_doubled", [False, True])
def test_a_resize_to_the_size_of_another_plane_is_followed(*, is_doubled: bool) -> None:
    net = foreign_nets.Found()
    wide = net.conv("x", 3, 8)
    pooled = net.add("MaxPool", [wide], kernel_shape=[4, 4], strides=[4, 4])
    shown = net.add("AveragePool", [wide], kernel_shape=[2, 2], strides=[2, 2]) if is_doubled else wide
    sides = net.add("Slice", [net.add("Shape", [shown]), net.constant([2]), net.constant([4]), net.constant([0])])
    if is_doubled:
        sides = net.add("Mul", [sides, net.constant([2])])
    channels = net.add("Slice", [net.add("Shape", [pooled]), net.constant([0]), net.constant([2]), net.constant([0])])
    grown = net.add("Resize", [pooled, "", "", net.add("Concat", [channels, sides], axis=0)], mode="linear")
    found = reach(net.picture(net.conv(net.add("Concat", [wide, grown], axis=1), 16, 3)))
    assert (found.unfollowed, found.whole, found.stride) == ({}, {}, 4)
    assert found.seen is not None
    # One pixel by either convolution; cells of 4 whose centres are up to one cell away end 5.5 pixels away.
    assert found.seen.x.high == Fraction(15, 2)


def test_two_grids_that_do_not_fit_are_not_followed() -> None:
    net = foreign_nets.Found()
    fine, coarse = net.conv("x", 3, 3), net.conv("x", 3, 3, stride=2)
    found = reach(net.picture(net.add("Add", [fine, coarse])))
    assert found.seen is None
    assert found.unfollowed == {"Add": 1}


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"x": [1, 4, "h", "w"]}, "not 1 or 3 channels"),
        ({"x": [1, 3]}, "not one picture"),
        ({"x": [2, 3, "h", "w"]}, "not one picture"),
        ({"x": [1, 3, 64, "w"]}, "one side is fixed"),
        ({"x": [1, 3, "h", "w"], "z": [1]}, "2 inputs"),
    ],
)
def test_what_makes_no_picture_of_a_picture_is_refused(inputs: dict[str, list[int | str]], reason: str) -> None:
    net = foreign_nets.Found()
    content = net.finish(inputs, {"y": (net.add("Relu", ["x"]), [1, 3, "h", "w"])})
    with pytest.raises(ModelError, match=reason) as caught:
        image_ports(read_model(content).graph)
    assert caught.value.code == "model.not_image"
    assert caught.value.hint


def test_other_numbers_are_refused() -> None:
    ports = [helper.make_tensor_value_info(name, TensorProto.UINT8, [1, 3, "h", "w"]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "net", ports[:1], ports[1:])
    content = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()
    with pytest.raises(ModelError, match="not float32"):
        image_ports(read_model(content).graph)


def test_files_that_are_no_models_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as missing:
        read_model(tmp_path / "none.onnx")
    assert missing.value.code == "model.missing"
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(UnsafeModel):
        read_model(tmp_path / "text.onnx")


@given(
    net=st.sampled_from(sorted(NETS)),
    places=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=4),
)
@settings(max_examples=300, deadline=None)
def test_damaged_files_are_followed_or_refused(net: str, places: list[tuple[int, int]]) -> None:
    content = bytearray(NETS[net])
    for place, byte in places:
        content[place % len(content)] = byte
    try:
        graph = read_model(bytes(content)).graph
        ports = image_ports(graph)
    except ModelError:
        return
    found = reach_of_graph(graph, [ports.input], ports.output, ports.space)
    assert found.stride >= 1
    assert found.seen is None or found.seen.x.halo >= 0


def test_what_was_learnt_is_counted() -> None:
    model = read_model(onnx_nets.slow(2))
    expected = 64 * 9 + 64 + 2 * (64 * 64 * 9 + 64) + 64 * 9 + 1 - 1  # a single number is no parameter
    assert (model.graph.parameters, model.graph.weights_bytes) == (expected, 4 * (expected + 1))
    assert model.operators == {"Conv": 4, "Relu": 3, "Identity": 1}


def test_the_colorizers_manifest_agrees_with_its_graph() -> None:
    bundle = find_bundle("colorize")
    graph = read_model(bundle.folder / bundle.manifest.model.file).graph
    planes = [port.name for port in graph.inputs if len(port.shape) == 4 and not isinstance(port.shape[3], int)]
    found = reach_of_graph(graph, planes, "ab")
    assert found.seen is not None
    assert (found.whole, found.stride) == ({}, bundle.manifest.tiling.stride)
    assert found.seen.x.width >= bundle.manifest.tiling.receptive_field  # measured with the net's own weights
