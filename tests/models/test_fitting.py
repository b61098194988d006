"""Models of several inputs and outputs, and of other precision: made to take one picture and give one."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests import foreign_nets

from scumble.engine import Engine
from scumble.errors import ModelError, ParamError
from scumble.media.arrays import array_from_image, image_from_array
from scumble.models.fitting import Given, fitted, given_from_text
from scumble.models.foreign import image_ports, read_model
from scumble.models.reach import reach_of_graph

RNG = np.random.default_rng(9)
ENGINE = Engine(device="cpu", workers=1)
FLOAT, HALF, DOUBLE, INT64, BOOL = (
    TensorProto.FLOAT,
    TensorProto.FLOAT16,
    TensorProto.DOUBLE,
    TensorProto.INT64,
    TensorProto.BOOL,
)
PLANE: list[int | str] = [1, 3, "h", "w"]


def made(
    nodes: list[onnx.NodeProto], inputs: dict[str, tuple[int, list[Any]]], outputs: dict[str, Any], *more: Any
) -> bytes:
    """A graph of typed ports."""
    taken, given = (
        [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in group.items()]
        for group in (inputs, outputs)
    )
    graph = helper.make_graph(
        nodes, "net", taken, given, [numpy_helper.from_array(array, name) for name, array in more]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def leveled(kind: int, shape: list[int | str]) -> bytes:
    """Adds a level of any type."""
    nodes = [
        helper.make_node("Cast", ["level"], ["number"], to=FLOAT),
        helper.make_node("Add", ["x", "number"], ["y"]),
    ]
    return made(nodes, {"x": (FLOAT, PLANE), "level": (kind, shape)}, {"y": (FLOAT, PLANE)})


def ran(content: bytes, pixels: Any, **inputs: Given) -> Any:
    found = fitted(read_model(content), inputs)
    onnx.checker.check_model(onnx.load_from_string(found.content), full_check=True)
    (output,) = ENGINE.session(found.content, found.key).run({"x": pixels}).values()
    return output


def with_map() -> bytes:
    """As DRUNet: a map of noise levels, of the picture's size."""
    net = foreign_nets.Found(21)
    x = net.relu(net.conv(net.add("Concat", ["x", "map"], axis=1), 4, 8))
    return net.finish({"map": [1, 1, "h", "w"], "x": PLANE}, {"y": (net.conv(x, 8, 3), PLANE)})


@pytest.mark.parametrize(
    ("kind", "shape", "value", "want"),
    [
        (FLOAT, [], 0.25, 0.25),
        (FLOAT, [1], 0.25, 0.25),
        (FLOAT, ["batch"], 0.25, 0.25),
        (FLOAT, [1, 1, 1, 1], [0.25], 0.25),
        (HALF, [1], 0.25, 0.25),
        (DOUBLE, [1], 1, 1.0),
        (INT64, [1], 3, 3.0),
        (INT64, [1], 3.0, 3.0),
        (BOOL, [1], True, 1.0),
        (FLOAT, [1, 3, 1, 1], [0.5, 0.25, 0.0], np.array([0.5, 0.25, 0.0]).reshape(1, 3, 1, 1)),
        (FLOAT, [1, 3, 1, 1], 0.5, 0.5),
        (FLOAT, [1, 1, "h", "w"], 0.5, 0.5),
        (INT64, [1, 3, "h", "w"], -2, -2.0),
    ],
)
def test_a_value_becomes_part_of_the_graph(kind: int, shape: list[int | str], value: Given, want: Any) -> None:
    content = leveled(kind, shape)
    x = RNG.random((1, 3, 6, 8), np.float32)
    assert np.allclose(ran(content, x, level=value), x + np.float32(want), rtol=0, atol=1e-6)
    found = fitted(read_model(content), {"level": value})
    assert found.sha256 == read_model(content).sha256
    assert found.key != found.sha256
    assert [port.name for port in found.graph.inputs] == ["x"]
    seen = reach_of_graph(found.graph, ["x"], "y").seen
    assert seen is not None
    assert seen.x.halo == 0


def test_a_plane_beside_a_picture_whose_channels_are_last() -> None:
    node = helper.make_node("Add", ["x", "level"], ["y"])
    picture: tuple[int, list[Any]] = (FLOAT, [1, "h", "w", 3])
    content = made([node], {"level": (FLOAT, [1, "h", "w", 1]), "x": picture}, {"y": picture})
    found = ENGINE.model(content, inputs={"level": 0.25})
    assert (found.facts.axes, found.facts.halo, found.facts.tiling) == ("nhwc", 0, "exact")
    pixels = RNG.random((50, 70, 3)).astype(np.float32)
    got = array_from_image(found(image_from_array(pixels), tile=32))
    assert np.allclose(got, pixels + np.float32(0.25), rtol=0, atol=1e-6)


def test_many_equal_numbers_are_not_written_out() -> None:
    content = leveled(FLOAT, [1, 3, 64, 64])
    found = fitted(read_model(content), {"level": 0.5})
    assert len(found.content) < len(content) + 500
    x = RNG.random((1, 3, 64, 64), np.float32)
    assert np.array_equal(ran(content, x, level=0.5), x + np.float32(0.5))


@pytest.mark.parametrize(
    ("kind", "shape", "value", "reason"),
    [
        (INT64, [1], 0.5, "whole numbers"),
        (BOOL, [1], 2, "true or false"),
        (FLOAT, [1], [1, 2], "one number, not 2"),
        (FLOAT, [1], float("nan"), "no number"),
        (FLOAT, [1], "loud", "no number"),
        (FLOAT, [1], [], "no number"),
        (HALF, [1], 1e6, "beyond its range"),
        (TensorProto.INT32, [1], 2**40, "whole numbers"),
        (FLOAT, [1, 1, "h", "w"], [1, 2], "as large as the picture"),
        (FLOAT, [1, "c", "h", "w"], 1, "as large as the picture"),
    ],
)
def test_values_that_do_not_fit_are_refused(kind: int, shape: list[int | str], value: Any, reason: str) -> None:
    with pytest.raises(ParamError, match=reason) as caught:
        fitted(read_model(leveled(kind, shape)), {"level": value})
    assert caught.value.code == "param.inputs"
    assert "'level'" in caught.value.hint


def test_what_is_missing_or_unknown_is_named() -> None:
    found = read_model(leveled(FLOAT, [1]))
    with pytest.raises(ModelError, match=r"it needs 'level': float32 \(1\)") as caught:
        fitted(found)
    assert (caught.value.code, "--set level=VALUE" in caught.value.hint) == ("model.needs_inputs", True)
    with pytest.raises(ParamError, match="no input 'sigma'") as unknown:
        fitted(found, {"sigma": 1})
    assert "'level': float32 (1)" in unknown.value.hint
    with pytest.raises(ParamError, match="none is left for the picture"):
        fitted(found, {"x": 1, "level": 1})
    words = made([helper.make_node("Identity", ["t"], ["y"])], {"t": (INT64, ["n"])}, {"y": (INT64, ["n"])})
    with pytest.raises(ModelError) as other:
        image_ports(fitted(read_model(words)).graph)
    assert other.value.code == "model.not_image"


def test_text_is_read_as_numbers() -> None:
    lines = ["sigma=0.06", " a = 1, 2,3", "on=true", "off=No", "n=-4"]
    assert given_from_text(lines) == {"sigma": 0.06, "a": [1, 2, 3], "on": True, "off": False, "n": -4}
    for wrong in (["sigma"], ["=1"], ["sigma="], ["sigma=loud"], ["sigma=1,,2"], ["a=1", "a=2"]):
        with pytest.raises(ParamError) as caught:
            given_from_text(wrong)
        assert caught.value.code == "param.inputs"


@pytest.mark.parametrize(("make", "name"), [(foreign_nets.with_level, "sigma"), (with_map, "map")])
def test_a_denoiser_with_a_level_is_followed_and_tiled_to_the_last_bit(make: Any, name: str) -> None:
    found = ENGINE.model(make(), inputs={name: 0.1})
    assert (found.facts.input, found.facts.halo, found.facts.halo_by, found.facts.tiling) == ("x", 2, "graph", "exact")
    pixels = RNG.random((60, 90, 3)).astype(np.float32)
    planes = pixels.transpose(2, 0, 1)[None].copy()
    level = np.full((1, 1, 1, 1) if name == "sigma" else (1, 1, 60, 90), 0.1, np.float32)
    want = ENGINE.session(make(), name).run({"x": planes, name: level})["y"][0].transpose(1, 2, 0)
    tiled = array_from_image(found(image_from_array(pixels), tile=32))
    assert np.array_equal(tiled, want)
    louder = array_from_image(ENGINE.model(make(), inputs={name: 0.9})(image_from_array(pixels)))
    assert not np.allclose(louder, want, atol=1e-3)


def test_one_of_several_outputs_is_kept() -> None:
    net = foreign_nets.Found(22)
    features = net.relu(net.conv("x", 3, 8))
    pooled = net.add("GlobalAveragePool", [features])
    shapes: Any = {"features": (features, [1, 8, "h", "w"]), "mean": (pooled, [1, 8, 1, 1])}
    content = net.finish({"x": PLANE}, shapes | {"y": (net.conv(features, 8, 3), PLANE), "z": ("x", PLANE)})
    found = ENGINE.model(content)
    assert (found.facts.output, found.facts.halo, found.facts.tiling) == ("y", 2, "exact")
    assert found.facts.global_operators == {}  # what another output needs is no matter
    assert ENGINE.model(content, keep="z").facts.halo == 0
    with pytest.raises(ModelError, match="8 channels"):
        ENGINE.model(content, keep="features")
    with pytest.raises(ParamError, match="no output 'w'") as caught:
        ENGINE.model(content, keep="w")
    assert (caught.value.code, "'mean'" in caught.value.hint) == ("param.keep", True)


@pytest.mark.parametrize(("kind", "is_inside"), [(HALF, False), (HALF, True), (DOUBLE, True)])
def test_ports_of_other_precision_get_a_cast(kind: int, is_inside: bool) -> None:
    weight = ("weight", (RNG.normal(size=(3, 3, 3, 3)) * 0.2).astype(np.float16))
    if is_inside:
        port = helper.make_tensor_value_info("b", kind, None)
        graphs = [helper.make_graph([helper.make_node("Neg", ["x"], ["b"])], name, [], [port]) for name in "ab"]
        nodes = [helper.make_node("If", ["on"], ["y"], then_branch=graphs[0], else_branch=graphs[1])]
        constants: list[tuple[str, Any]] = [("on", np.array(True))]
    else:
        nodes = [helper.make_node("Conv", ["x", "weight"], ["y"], pads=[1] * 4)]
        constants = [weight]
    content = made(nodes, {"x": (kind, PLANE)}, {"y": (kind, PLANE)}, *constants)
    with pytest.raises(ModelError, match="not float32"):
        image_ports(read_model(content).graph)
    found = fitted(read_model(content))
    onnx.checker.check_model(onnx.load_from_string(found.content), full_check=True)
    assert {port.kind for port in (*found.graph.inputs, *found.graph.outputs)} == {FLOAT}
    assert (found.graph.inputs[0].shape, found.graph.inputs[0].name) == ((1, 3, "h", "w"), "x")
    x = RNG.random((1, 3, 20, 30), np.float32)
    got = ENGINE.session(found.content, found.key).run({"x": x})["y"]
    if is_inside:
        assert np.allclose(got, -x, rtol=1e-3)
        return
    facts = ENGINE.model(content).facts
    assert (facts.sha256, facts.halo, facts.tiling) == (found.sha256, 1, "exact")
    plain = made(nodes, {"x": (FLOAT, PLANE)}, {"y": (FLOAT, PLANE)}, ("weight", weight[1].astype(np.float32)))
    want = ENGINE.session(plain, f"plain {kind}").run({"x": x})["y"]
    assert np.abs(got - want).max() < 2e-3 * np.abs(want).max()


def test_a_plain_model_stays_as_it_is() -> None:
    found = read_model(foreign_nets.plain())
    assert fitted(found) is found
    four = foreign_nets.Found()
    content = four.finish({"x": [1, 4, "h", "w"]}, {"y": (four.conv("x", 4, 3), PLANE)})
    with pytest.raises(ModelError, match="not 1 or 3 channels"):
        ENGINE.model(content)
