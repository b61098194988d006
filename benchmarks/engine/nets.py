"""The nets of the bench: the colorizer that ships, and one of a phone's make, and what each has to multiply."""

from __future__ import annotations

from pathlib import Path

import onnx
from tests.foreign_nets import Found

BUNDLE = Path(__file__).resolve().parents[2] / "sdk" / "scumble" / "bundles" / "colorize"
STRIDE = 4
"""Product of the mobile net's strides."""
REACH = 32
"""Pixels beside its own that an output pixel of the mobile net may depend on: a little more than it does."""
_SIDE = 256


def mobile_net() -> bytes:
    """A picture's picture by inverted residuals (MobileNetV2, section 3.3), down to a quarter and up again.

    "x" to "y", (1, 3, h, w) both; sides are multiples of `STRIDE`; seeded weights, as a net's speed is not its skill.
    """
    net = Found(21)
    half = _inverted(net, net.relu(net.conv("x", 3, 24, stride=2)), 24, 24)
    x = _inverted(net, half, 24, 32, stride=2)
    for _ in range(3):
        x = _inverted(net, x, 32, 32)
    x = net.conv(net.add("Concat", [net.grow(x, 32, 24), half], axis=1), 48, 24, size=1)
    x = net.grow(_inverted(net, _inverted(net, x, 24, 24), 24, 24), 24, 16)
    return net.picture(net.conv(net.relu(net.conv(x, 16, 16)), 16, 3))


def _inverted(net: Found, x: str, channels: int, out: int, *, stride: int = 1, expansion: int = 4) -> str:
    """Widens by a convolution of 1 by 1, filters each channel by itself, narrows again, and adds what came in."""
    wide = channels * expansion
    y = net.add("Clip", [net.conv(x, channels, wide, size=1), net.constant([0.0]), net.constant([6.0])])
    kernel = net.weight((wide, 1, 3, 3), 1 / 3)
    y = net.add("Conv", [y, kernel], pads=[1] * 4, strides=[stride, stride], group=wide)
    y = net.conv(net.add("Clip", [y, net.constant([0.0]), net.constant([6.0])]), wide, out, size=1)
    return net.add("Add", [x, y]) if (channels, stride) == (out, 1) else y


def multiplications(model: bytes, outputs: list[str]) -> float:
    """Returns the multiplications of a graph's convolutions for each pixel of its picture, as far as outputs need them.

    The picture's inputs are those whose height and width have no fixed size.
    """
    proto = onnx.load_from_string(model)
    for port in proto.graph.input:
        sides = port.type.tensor_type.shape.dim
        if len(sides) == 4 and not sides[2].HasField("dim_value"):
            sides[2].dim_value = sides[3].dim_value = _SIDE
    graph = onnx.shape_inference.infer_shapes(proto, data_prop=True).graph
    shapes = {info.name: [side.dim_value for side in info.type.tensor_type.shape.dim] for info in graph.value_info}
    shapes |= {info.name: [side.dim_value for side in info.type.tensor_type.shape.dim] for info in graph.output}
    kernels = {weight.name: list(weight.dims) for weight in graph.initializer}
    needed, total = set(outputs), 0.0
    for node in reversed(graph.node):
        if not needed.intersection(node.output):
            continue
        needed.update(node.input)
        if node.op_type == "Conv":
            _, _, height, width = shapes[node.output[0]]
            out, taken, *window = kernels[node.input[1]]
            total += height * width * out * taken * window[0] * window[1]
        elif node.op_type == "ConvTranspose":
            _, _, height, width = shapes[node.output[0]]
            stride = next((attribute.ints for attribute in node.attribute if attribute.name == "strides"), [1, 1])
            taken, out, *window = kernels[node.input[1]]
            total += height * width / (stride[0] * stride[1]) * taken * out * window[0] * window[1]
    return total / _SIDE**2


def _oidn_multiplications() -> float:
    """Open Image Denoise's U-Net as its published training code (training/model.py) has it: 3 by 3, five levels."""
    layers = (
        (1, ((3, 32), (32, 32), (64 + 3, 64), (64, 32), (32, 3))),
        (2, ((32, 48), (96 + 32, 64), (64, 64))),
        (4, ((48, 64), (112 + 48, 96), (96, 96))),
        (8, ((64, 80), (96 + 64, 112), (112, 112))),
        (16, ((80, 96), (96, 96))),
    )
    return sum(9 * taken * out / shrunk**2 for shrunk, level in layers for taken, out in level)


OIDN_MULTIPLICATIONS = _oidn_multiplications()
"""Multiplications a pixel of Open Image Denoise's net for pictures without further guides."""
