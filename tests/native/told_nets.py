"""Small graphs with the inputs of the colorizer: lightness, hints, spread hints, confidence, and two of the whole."""

from __future__ import annotations

import numpy as np
from onnx import numpy_helper
from tests.onnx_nets import UNET_REACH, Net

REACH, STRIDE = UNET_REACH, 4
SPREAD = ("spread_ab", "confidence")


def scaled(net: Net, x: str, factor: float) -> str:
    """Adds a product with a number."""
    name = net.weight((1,), 0.0)
    net.weights[-1] = numpy_helper.from_array(np.array([factor], np.float32), name)
    return net.add("Mul", [x, name])


def spread_alone() -> bytes:
    """Spread ab times confidence, and lightness times 0: pixel by pixel."""
    net = Net()
    product = net.add("Mul", list(SPREAD))
    ab = net.add("Add", [product, scaled(net, "lightness", 0.0)])
    inputs: dict[str, list[int | str]] = {
        "lightness": [1, 1, "h", "w"],
        "spread_ab": [1, 2, "h", "w"],
        "confidence": [1, 1, "h", "w"],
    }
    return net.finish(inputs, {"ab": (ab, [1, 2, "h", "w"])})


def told() -> bytes:
    """All seven inputs to "ab" within ±50, by convolutions that see as far as `REACH`."""
    net = Net(13)
    planes = ["lightness", "hint_ab", "hint_mask", *SPREAD]
    joined = net.add("Concat", [scaled(net, plane, 0.02) for plane in planes], axis=1)
    x = net.relu(net.conv(joined, 7, 8))
    x = net.relu(net.conv(x, 8, 8, stride=2))
    x = net.relu(net.conv(x, 8, 8, stride=2))
    x = net.relu(net.grow(x, 8, 8))
    x = net.conv(net.grow(x, 8, 8), 8, 2)
    whole = net.add("Add", [net.conv("small", 7, 2, size=1), net.conv("statistics", 3, 2, size=1)])
    whole = net.add("GlobalAveragePool", [whole])
    ab = scaled(net, net.add("Tanh", [net.add("Add", [x, whole])]), 50.0)
    inputs: dict[str, list[int | str]] = {
        "lightness": [1, 1, "h", "w"],
        "hint_ab": [1, 2, "h", "w"],
        "hint_mask": [1, 1, "h", "w"],
        "spread_ab": [1, 2, "h", "w"],
        "confidence": [1, 1, "h", "w"],
        "small": [1, 7, 4, 4],
        "statistics": [1, 3, 1, 1],
    }
    return net.finish(inputs, {"ab": (ab, [1, 2, "h", "w"])})
