"""Loads ONNX Runtime for the tests of the native core."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from scumble import _native


def runtime_library() -> Path:
    """The library that the onnxruntime wheel installed."""
    spec = importlib.util.find_spec("onnxruntime")
    assert spec is not None
    assert spec.origin is not None
    return next((Path(spec.origin).parent / "capi").glob("libonnxruntime.so.*"))


@pytest.fixture(scope="session")
def library() -> Path:
    return runtime_library()


@pytest.fixture(scope="session")
def runtime(library: Path) -> str:
    return _native.init_runtime(str(library))
