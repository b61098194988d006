"""Graphs in float16: half the weights, the same picture within what float16 rounds, and float32 where it must be."""

from __future__ import annotations

from typing import get_args

import numpy as np
import onnx
import pytest
from onnx import TensorProto
from onnx.reference import ReferenceEvaluator
from tests import foreign_nets
from tests.models.test_draft import with_branches

from scumble.effects.background import Background
from scumble.effects.colorize import Colorize
from scumble.engine import Engine, Precision
from scumble.errors import ModelError
from scumble.media.arrays import array_from_image, image_from_array
from scumble.models.graph import Graph, graph_from_bytes
from scumble.models.half import LARGEST, half_from_graph, watched_graph
from scumble.models.store import find_bundle

FLOAT, HALF = TensorProto.FLOAT, TensorProto.FLOAT16
RNG = np.random.default_rng(3)
ENGINES = {name: Engine(device="cpu", workers=1, precision=name) for name in get_args(Precision)}
CODE = 2
"""Codes of 8 bits by which a picture may differ; measured: 1."""


def types(content: bytes) -> dict[str, int]:
    """The element types of all tensors, as onnx itself infers them; it raises where two do not fit."""
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model, full_check=True)
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    found = {info.name: info.type.tensor_type.elem_type for info in (*graph.value_info, *graph.input, *graph.output)}
    return found | {tensor.name: tensor.data_type for tensor in graph.initializer}


def reads(content: bytes, operator: str) -> list[int]:
    """The types of what an operator's first input is, wherever it stands."""
    known = types(content)
    return [known[node.inputs[0]] for node in graph_from_bytes(content).nodes if node.operator == operator]


@pytest.mark.parametrize("name", [*foreign_nets.EXACT, *foreign_nets.GLOBAL])
def test_weights_are_halved_and_results_alike(name: str) -> None:
    make = (foreign_nets.EXACT | foreign_nets.GLOBAL)[name][0]
    content = make()
    half = half_from_graph(content)
    before, after = graph_from_bytes(content), graph_from_bytes(half)
    assert (after.inputs, after.outputs) == (before.inputs, before.outputs)
    assert set(reads(half, "Conv")) == {HALF}
    learnt = [sum(t.declared_bytes for t in graph.constants.values() if len(t.dims) == 4) for graph in (before, after)]
    assert learnt[1] == learnt[0] / 2
    is_last = before.inputs[0].shape[3] == 3
    given = {"x": RNG.random((1, 64, 96, 3) if is_last else (1, 3, 64, 96), np.float32)}
    one, other = (
        ENGINES["float32"].session(graph, f"{name} {len(graph)}").run(given)["y"] for graph in (content, half)
    )
    assert 0 < np.abs(one - other).max() < 2e-3 * np.abs(one).max()


def test_what_float16_is_too_coarse_for_stays_float32() -> None:
    net = foreign_nets.Found()
    x = net.conv("x", 3, 4)
    mean = net.add("ReduceMean", [x], axes=[2, 3])
    squares = net.add("Pow", [net.add("Sub", [x, mean]), net.constant([2.0])])
    spread = net.add("Sqrt", [net.add("Add", [net.add("ReduceMean", [squares], axes=[2, 3]), net.constant([1e-6])])])
    normal = net.add("Div", [net.add("Sub", [x, mean]), spread])
    soft = net.add("Softmax", [net.conv(normal, 4, 4)], axis=1)
    grown = net.add("Resize", [net.conv(soft, 4, 3), "", net.constant([1.0, 1.0, 2.0, 2.0])], mode="linear")
    half = half_from_graph(net.picture(net.add("Mul", [grown, net.constant([70000.0])])))
    for operator in ("ReduceMean", "Pow", "Sqrt", "Div", "Softmax", "Mul"):
        assert set(reads(half, operator)) == {FLOAT}, operator
    assert set(reads(half, "Conv")) == set(reads(half, "Resize")) == {HALF}
    assert {
        tensor.kind for name, tensor in graph_from_bytes(half).constants.items() if tensor.floats == [1, 1, 2, 2]
    } == {FLOAT}


def test_weights_beyond_its_range_stay_and_none_left_is_refused() -> None:
    net = foreign_nets.Found()
    large = net.add("Conv", [net.conv("x", 3, 3), net.weight((3, 3, 1, 1), 1e6)])
    half = half_from_graph(net.picture(large))
    assert reads(half, "Conv") == [HALF, FLOAT]
    alone = foreign_nets.Found()
    for content in (
        alone.picture(alone.add("Conv", ["x", alone.weight((3, 3, 1, 1), 1e6)])),
        foreign_nets.Found().picture("x"),
    ):
        with pytest.raises(ModelError, match="cannot be run in float16") as caught:
            half_from_graph(content)
        assert caught.value.code == "model.no_half"


@pytest.mark.parametrize("captured", ["x", "mixed"])
def test_graphs_inside_an_operator_read_float32(captured: str) -> None:
    content = with_branches(captured)
    half = half_from_graph(content)
    types(half)
    x = RNG.random((1, 3, 8, 8), np.float32)
    one, other = (
        ENGINES["float32"].session(data, captured + str(len(data))).run({"x": x})["y"] for data in (content, half)
    )
    assert np.abs(one - other).max() < 1e-3


def test_weights_that_both_read_are_kept_once() -> None:
    net = foreign_nets.Found()
    weight = net.weight((16, 3, 3, 3), 0.2)
    scale = net.add(
        "Sqrt", [net.add("ReduceSum", [net.add("Mul", [weight, weight]), net.constant([1, 2, 3])], keepdims=0)]
    )
    x = net.add("Conv", ["x", weight, scale], pads=[1] * 4)
    half = graph_from_bytes(half_from_graph(net.picture(net.conv(x, 16, 3))))
    assert all(tensor.kind == HALF for tensor in half.constants.values() if len(tensor.dims) == 4)


def weights(graph: Graph) -> int:
    return graph.weights_bytes


@pytest.mark.parametrize("name", ["colorize", "background"])
def test_a_bundle_in_float16_makes_the_same_picture(name: str) -> None:
    content = find_bundle(name).model_bytes()
    half = half_from_graph(content)
    types(half)
    assert weights(graph_from_bytes(half)) < 0.502 * weights(graph_from_bytes(content))
    photo = image_from_array((RNG.random((6, 9, 3)) * 255).astype(np.uint8).repeat(20, axis=0).repeat(20, axis=1))
    results = []
    for engine in ENGINES.values():
        if name == "colorize":
            result = Colorize()(photo, engine=engine)
        else:
            result = Background(style="sky", width=256, height=192, seed=3)(engine=engine)
        results.append(array_from_image(result).astype(int))
    assert results[0].std() > 5
    assert np.abs(results[0] - results[1]).max() <= CODE


def test_an_engine_of_float16_inspects_and_runs_it_tiled() -> None:
    content = foreign_nets.unet_of_stride_8()
    full, half = (engine.model(content) for engine in ENGINES.values())
    assert (half.facts.sha256, half.facts.halo, half.facts.tiling) == (full.facts.sha256, full.facts.halo, "exact")
    assert half.facts.weights_bytes < 0.52 * full.facts.weights_bytes
    photo = image_from_array((RNG.random((200, 300, 3)) * 255).astype(np.uint8))
    whole, tiled, exact = half(photo), half(photo, tile=168), full(photo)
    assert len(half.plan(300, 200, tile=168).plan.tiles) > 1
    assert np.array_equal(array_from_image(whole), array_from_image(tiled))
    assert np.abs(array_from_image(whole).astype(int) - array_from_image(exact)).max() <= CODE


def test_numbers_that_grow_beyond_it_are_refused() -> None:
    net = foreign_nets.Found()
    x = "x"
    for _ in range(2):
        x = net.add("Conv", [x, net.weight((3, 3, 1, 1), 2000.0)])
    content = net.picture(net.add("Conv", [x, net.weight((3, 3, 1, 1), 1e-4)]))
    assert ENGINES["float32"].model(content).facts.tiling == "exact"
    with pytest.raises(ModelError, match="beyond 65,504") as caught:
        ENGINES["float16"].model(content)
    assert caught.value.code == "model.no_half"


@pytest.mark.parametrize("name", ["unet", "plain"])
def test_numbers_rounded_at_every_step_stay_alike(name: str) -> None:
    """The processor computes in float32; the reference rounds each tensor, as a card does."""
    make = foreign_nets.EXACT[name][0]
    content = make()
    x = RNG.random((1, 3, 32, 32), np.float32)
    rounding = ReferenceEvaluator(onnx.load_from_string(half_from_graph(content)))
    rounded = np.asarray(next(iter(rounding.run(None, {"x": x}))))
    want = ENGINES["float32"].session(content, f"{name} {len(content)}").run({"x": x})["y"]
    assert 0 < np.abs(rounded - want).max() < 5e-3 * np.abs(want).max()


BEYOND_4 = {"latents": 9, "layout": 9, "noise_0": 7, "noise_1": 8, "noise_2": 10, "noise_3": 14}
BEYOND_4 |= {"noise_4": 22, "noise_5": 38, "noise_6": 68}
"""Sides of the background net's inputs for its smallest block."""


@pytest.mark.parametrize(
    ("name", "limits"), [("colorize", {"ab": 0.5, "ab_vivid": 2.0}), ("background", {"rgb": 0.01})]
)
def test_bundles_rounded_at_every_step_stay_alike(name: str, limits: dict[str, float]) -> None:
    content = find_bundle(name).model_bytes()
    session = ENGINES["float32"].session(content, name)
    given = {}
    for port, _, shape in session.inputs:
        sides = [side or BEYOND_4.get(port, 64) for side in shape]
        given[port] = np.random.default_rng(4).normal(size=sides).astype(np.float32)
        if port in ("lightness", "small"):
            given[port] = np.abs(given[port] * 40)
    want = session.run(given)
    largest = ENGINES["float32"].session(watched_graph(content), f"{name} watched").run(given).values()
    assert max(float(np.abs(values).max()) for values in largest) < LARGEST / 16
    rounding = ReferenceEvaluator(onnx.load_from_string(half_from_graph(content)))
    got = dict(zip(rounding.output_names, rounding.run(None, dict(given)), strict=True))
    for port, limit in limits.items():
        difference = float(np.abs(np.asarray(got[port]) - want[port]).max())
        assert 0 < difference < limit, port
