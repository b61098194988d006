"""Builds small ONNX nets for tests, with seeded weights and without torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Net:
    """A graph under construction: each method adds a node and returns the name of its output."""

    def __init__(self, seed: int = 7) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def add(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def weight(self, shape: tuple[int, ...], scale: float) -> str:
        name = f"weight_{len(self.weights)}"
        values = self.rng.normal(0.0, scale, shape).astype(np.float32)
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def conv(self, x: str, channels: int, out: int, *, size: int = 3, stride: int = 1) -> str:
        kernel = self.weight((out, channels, size, size), (channels * size * size) ** -0.5)
        inputs = [x, kernel, self.weight((out,), 0.1)]
        return self.add("Conv", inputs, pads=[size // 2] * 4, strides=[stride, stride])

    def relu(self, x: str) -> str:
        return self.add("Relu", [x])

    def grow(self, x: str, channels: int, out: int) -> str:
        kernel = self.weight((channels, out, 4, 4), (channels * 4) ** -0.5)
        return self.add("ConvTranspose", [x, kernel], strides=[2, 2], pads=[1, 1, 1, 1])

    def finish(self, inputs: dict[str, list[int | str]], outputs: dict[str, tuple[str, list[int | str]]]) -> bytes:
        """Names the outputs ({name: (node output, shape)}) and returns the file's bytes."""
        for name, (source, _) in outputs.items():
            self.nodes.append(helper.make_node("Identity", [source], [name]))
        graph = helper.make_graph(
            self.nodes,
            "net",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, (_, shape) in outputs.items()],
            self.weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())


# The encoder-decoder below sees 20 pixels far at most, and its strides multiply to 4.
UNET_REACH = 20
UNET_STRIDE = 4


def _unet(net: Net, x: str, channels: int, out: int) -> str:
    full = net.relu(net.conv(x, channels, 8))
    half = net.relu(net.conv(full, 8, 12, stride=2))
    quarter = net.relu(net.conv(half, 12, 16, stride=2))
    bottom = net.relu(net.conv(quarter, 16, 16))
    up = net.add("Concat", [net.grow(bottom, 16, 12), half], axis=1)
    up = net.relu(net.conv(up, 24, 12))
    up = net.add("Concat", [net.grow(up, 12, 8), full], axis=1)
    return net.conv(up, 16, out)


def unet(channels: int = 3, out: int = 2) -> bytes:
    """An encoder-decoder with levels at stride 2 and 4: input "x", output "y"."""
    net = Net()
    y = _unet(net, "x", channels, out)
    return net.finish({"x": [1, channels, "h", "w"]}, {"y": (y, [1, out, "h", "w"])})


def colorizer(*, tiled_bias: bool = False) -> bytes:
    """Lightness, hints (a, b, mask) and a bias, (1, 2, 1, 1) or tiled, to Lab "ab" within ±60; "codes" is spare."""
    net = Net(11)
    scale = net.weight((1,), 0.0)
    net.weights[-1] = numpy_helper.from_array(np.array([0.02], np.float32), scale)
    l_unit = net.add("Mul", ["lightness", scale])
    y = _unet(net, net.add("Concat", [l_unit, "hints"], axis=1), 4, 2)
    gain = net.weight((1,), 0.0)
    net.weights[-1] = numpy_helper.from_array(np.array([60.0], np.float32), gain)
    ab = net.add("Mul", [net.add("Tanh", [net.add("Add", [y, "bias"])]), gain])
    codes = net.conv("lightness", 1, 5, size=1)
    return net.finish(
        {
            "lightness": [1, 1, "h", "w"],
            "hints": [1, 3, "h", "w"],
            "bias": [1, 2, "h", "w"] if tiled_bias else [1, 2, 1, 1],
        },
        {"ab": (ab, [1, 2, "h", "w"]), "codes": (codes, [1, 5, "h", "w"])},
    )


def slow(layers: int = 40) -> bytes:
    """A deep plain net, "x" to "y" with one channel: seconds on a large input, so that a run can be interrupted."""
    net = Net(3)
    x = net.relu(net.conv("x", 1, 64))
    for _ in range(layers):
        x = net.relu(net.conv(x, 64, 64))
    return net.finish({"x": [1, 1, "h", "w"]}, {"y": (net.conv(x, 64, 1), [1, 1, "h", "w"])})


def halving() -> bytes:
    """A net whose output is half as large as its input, which tiles cannot take."""
    net = Net(5)
    return net.finish({"x": [1, 1, "h", "w"]}, {"y": (net.conv("x", 1, 1, stride=2), [1, 1, "h2", "w2"])})
