"""What tests of a graphics card need; without one they are left out, but never because the card's path is broken.

SCUMBLE_GPU_TESTS_ON=cpu runs them on the processor: a test of the tests.
"""

from __future__ import annotations

import ctypes
import os
from typing import Literal

import pytest

from scumble import _native
from scumble.engine import Engine

ON: Literal["cpu", "cuda"] = "cpu" if os.environ.get("SCUMBLE_GPU_TESTS_ON") == "cpu" else "cuda"
PROVIDER = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}[ON]


def cards() -> int:
    """The number of cards that the driver has; 0 without a driver."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int()
    return count.value if driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 else 0


@pytest.fixture(scope="session", autouse=True)
def card() -> None:
    """Leaves the tests out where there is no card, or the runtime that is installed is the one without CUDA."""
    assert Engine(device="cpu").runtime_version
    if ON == "cuda" and not cards():
        pytest.skip("there is no NVIDIA card")
    if ON == "cuda" and PROVIDER not in _native.available_providers():
        pytest.skip("the installed ONNX Runtime is the one without CUDA")


@pytest.fixture(scope="session")
def here(card: None) -> Engine:
    """The processor's engine."""
    return Engine(device="cpu")


@pytest.fixture(scope="session")
def there(card: None) -> Engine:
    """The card's engine, strictly."""
    return Engine(device=ON)
