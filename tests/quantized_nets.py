"""A small denoiser in 8 bits and its twin in float32: quantised weights and activations, floats at both ends."""

from __future__ import annotations

import numpy as np
from onnx import numpy_helper
from tests.onnx_nets import Net

REACH = 3
"""Pixels that it sees to each side."""
_CHANNELS = 16
_MOST = 2.0
"""Activations are taken to lie within it."""


class Quantized(Net):
    """A graph under construction, with constants and the pair of operators that 8 bits are written with (QDQ)."""

    def constant(self, values: np.ndarray | np.generic) -> str:
        name = f"constant_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def rounded(self, x: str, least: float, most: float) -> str:
        """Passes an activation through 256 levels."""
        scale = (most - least) / 255
        pair = [self.constant(np.float32(scale)), self.constant(np.uint8(round(-least / scale)))]
        return self.add("DequantizeLinear", [self.add("QuantizeLinear", [x, *pair]), *pair])

    def kernel(self, values: np.ndarray) -> str:
        """Holds a kernel in signed bytes."""
        scale = np.float32(np.abs(values).max() / 127)
        codes = np.rint(values / scale).astype(np.int8)
        return self.add("DequantizeLinear", [self.constant(codes), self.constant(scale), self.constant(np.int8(0))])


def denoiser(*, is_quantized: bool) -> bytes:
    """Three convolutions and a sum with the input, "x" to "y", three channels."""
    net = Quantized(5)
    x, channels = "x", 3
    for layer, out in enumerate((_CHANNELS, _CHANNELS, 3)):
        values = net.rng.normal(0, (channels * 9) ** -0.5, (out, channels, 3, 3)).astype(np.float32)
        if is_quantized:
            x = net.rounded(x, 0, 1) if layer == 0 else net.rounded(x, 0, _MOST)
        kernel = net.kernel(values) if is_quantized else net.constant(values)
        x = net.add("Conv", [x, kernel], pads=[1] * 4)
        x, channels = (x if out == 3 else net.relu(x)), out
    gain = net.constant(np.float32(0.1))
    y = net.add("Add", ["x", net.add("Mul", [x, gain])])
    return net.finish({"x": [1, 3, "h", "w"]}, {"y": (y, [1, 3, "h", "w"])})
