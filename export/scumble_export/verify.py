"""Measures what a manifest states about a net: reach, stride, agreement of torch and ONNX, memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Planes = Mapping[str, int | tuple[int, ...]]
"""Name of each input and its number of channels; or its shape, batch included, if it is no plane of the picture."""

_STRIP_STRIDES = 2
_PARITY_SIZES = ((64, 96), (160, 128), (256, 320))
_MEMORY_SIZES = (256, 384, 512, 640)


def shape_of(entry: int | tuple[int, ...], height: int, width: int) -> tuple[int, ...]:
    """Returns the shape of an input at a size of the picture."""
    return (1, entry, height, width) if isinstance(entry, int) else entry


@dataclass(frozen=True)
class Reach:
    """How far an input pixel is seen, and on which grid; lengths in input pixels."""

    receptive_field: int
    halo: int
    stride: int


class _Probe:
    """Runs a double-precision copy of a net on planes; double takes the plain convolution code path."""

    def __init__(self, net: nn.Module, inputs: Planes) -> None:
        self.net = net.double().eval()
        torch.manual_seed(0)
        for parameter in self.net.parameters():
            if not parameter.any():  # a zero-initialised layer would hide everything before it
                nn.init.normal_(parameter)
        self.inputs = inputs

    @torch.no_grad()
    def __call__(self, planes: Mapping[str, Tensor]) -> list[Tensor]:
        outputs = self.net(*(planes[name] for name in self.inputs))
        return list(outputs) if isinstance(outputs, tuple) else [outputs]

    def random(self, height: int, width: int, seed: int) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(seed)
        return {
            name: torch.rand(shape_of(entry, height, width), generator=generator, dtype=torch.float64)
            for name, entry in self.inputs.items()
        }

    def planes(self) -> list[str]:
        """Returns the names of the inputs that are planes of the picture."""
        return [name for name, entry in self.inputs.items() if isinstance(entry, int)]


def _marks(output: Tensor, width: int) -> tuple[int, int]:
    """Returns first and last column, in input pixels, at which an output is not a number."""
    columns = torch.isnan(output).any(0).any(0).any(0).nonzero().flatten()
    scale = width // output.shape[-1]
    return int(columns[0]) * scale, int(columns[-1]) * scale + scale - 1


def measure_reach(make_net: Callable[[], nn.Module], inputs: Planes, largest_stride: int = 64) -> Reach:
    """Finds the receptive field, the halo that makes tiles exact, and the stride they must be aligned to.

    A not-a-number put into one input pixel marks every output pixel that depends on it, whatever the
    weights are. The net is probed on strips, at both ends of a stride, since pooling treats the pixels of
    a cell alike but the cells' borders not. The stride is the smallest power of two by which shifting the
    input shifts the output.
    """
    probe = _Probe(make_net(), inputs)
    stride = _measure_stride(probe, largest_stride)
    width = 48 * stride
    while True:
        left, right = _measure_sides(probe, stride, width)
        if max(left, right) < width // 2 - stride:
            break
        width *= 2
    halo = -(-max(left, right) // stride) * stride
    return Reach(receptive_field=left + right + 1, halo=halo, stride=stride)


def _measure_stride(probe: _Probe, largest: int) -> int:
    height, width = largest, 48 * largest
    planes = probe.random(height, width, seed=1)

    def middles(step: int) -> list[Tensor]:
        moved = {name: torch.roll(planes[name], step, -1) for name in probe.planes()}
        outputs = probe({**planes, **moved})
        start = width // 2 - largest + step
        return [o[..., start : start + largest] for o in outputs if o.shape[-1] == width]

    still = middles(0)
    step = 1
    while step <= largest:
        pairs = zip(still, middles(step), strict=True)
        if still and all(torch.allclose(a, b, rtol=1e-9, atol=1e-12) for a, b in pairs):
            return step
        step *= 2
    raise ValueError(f"the net is not shift-equivariant for any stride up to {largest}")


def _measure_sides(probe: _Probe, stride: int, width: int) -> tuple[int, int]:
    left = right = 0
    height = _STRIP_STRIDES * stride
    for name in probe.planes():
        for phase in sorted({0, 1 % stride, stride // 2, stride - 1}):
            planes = probe.random(height, width, seed=2)
            column = width // 2 + phase
            planes[name][..., height // 2, column] = torch.nan
            for output in probe(planes):
                first, last = _marks(output, width)
                left, right = max(left, last - column), max(right, column - first)
    return left, right


def measure_parity(
    net: nn.Module, model: Path, inputs: Planes, fill: Callable[[str, tuple[int, ...], int], NDArray[np.float32]]
) -> dict[str, float]:
    """Returns, for each output, the largest difference of torch and ONNX over several sizes and fillings."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    net.eval()
    worst: dict[str, float] = {}
    for seed, (height, width) in enumerate(_PARITY_SIZES):
        feeds = {name: fill(name, shape_of(entry, height, width), seed) for name, entry in inputs.items()}
        with torch.no_grad():
            expected = net(*(torch.from_numpy(feeds[name]) for name in inputs))
        for output, got, want in zip(session.get_outputs(), session.run(None, feeds), expected, strict=True):
            difference = float(np.abs(got - want.numpy()).max())
            worst[output.name] = max(worst.get(output.name, 0.0), difference)
    return worst


def measure_bytes_per_pixel(model: Path, inputs: Planes) -> float:
    """Returns the working memory of one session per pixel of its tile: the most of several sizes, measured."""
    return max(
        peak_bytes_in_process(model, {name: list(shape_of(entry, side, side)) for name, entry in inputs.items()})
        / side**2
        for side in _MEMORY_SIZES
    )


def peak_bytes_in_process(model: Path, shapes: Mapping[str, list[int]]) -> int:
    """Returns the bytes that a fresh process takes at its peak to run a model on inputs of these shapes."""
    job = json.dumps({"model": str(model), "inputs": shapes})
    command = [sys.executable, "-m", "scumble_export.memory_probe", job]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
