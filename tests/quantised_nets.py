"""Nets in 8 bits as ONNX Runtime's own tool makes them; in a process of its own, since nothing else here imports it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

How = Literal["tensor", "channel", "operators", "dynamic"]
"""QDQ per tensor, QDQ per channel, QLinearConv, and scales taken from each picture (ConvInteger)."""

_PROGRAM = """
import sys
import numpy as np
from onnxruntime import quantization as q

class Pictures(q.CalibrationDataReader):
    def __init__(self):
        rng = np.random.default_rng(0)
        self.left = iter([{"x": rng.random((1, 3, 64, 64), np.float32)} for _ in range(4)])
    def get_next(self):
        return next(self.left, None)

source, target, how = sys.argv[1:]
if how == "dynamic":
    q.quantize_dynamic(source, target, weight_type=q.QuantType.QUInt8)
else:
    kind = q.QuantFormat.QOperator if how == "operators" else q.QuantFormat.QDQ
    options = {"quant_format": kind, "per_channel": how == "channel", "reduce_range": how == "channel"}
    q.quantize_static(source, target, Pictures(), weight_type=q.QuantType.QInt8, **options)
"""


def quantised(content: bytes, how: How) -> bytes:
    """Returns a net of one input "x", (1, 3, h, w), in 8 bits."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "float.onnx"), Path(folder, "int8.onnx")
        source.write_bytes(content)
        command = [sys.executable, "-W", "ignore", "-c", _PROGRAM, str(source), str(target), how]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        return target.read_bytes()
