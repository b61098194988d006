"""What every exported graph goes through before it ships."""

from __future__ import annotations

from pathlib import Path

import onnx


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
