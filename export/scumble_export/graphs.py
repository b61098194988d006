"""What every exported graph goes through before it ships."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import nn


def save_onnx(
    net: nn.Module,
    example: tuple[Any, ...],
    path: Path,
    *,
    inputs: Iterable[str],
    outputs: Iterable[str],
    opset: int,
    dynamic_shapes: Any = None,
) -> None:
    """Exports a net in one file; `example` and `dynamic_shapes` as `torch.onnx.export` takes them."""
    program = torch.onnx.export(
        net,
        example,
        input_names=list(inputs),
        output_names=list(outputs),
        dynamic_shapes=dynamic_shapes,
        opset_version=opset,
        dynamo=True,
        optimize=True,
        verbose=False,
    )
    assert program is not None
    program.save(str(path), external_data=False)
    without_traces(path)


def without_traces(path: Path) -> None:
    """Takes what the exporter notes of the maker's machine, such as stack traces with paths, out of a model's file."""
    model = onnx.load(str(path))
    for part in (*model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    for whole in (model, model.graph):
        whole.ClearField("metadata_props")
        whole.ClearField("doc_string")
    onnx.save(model, str(path))
