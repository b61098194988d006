"""What this machine has: the runtime library that a wheel installed, and cores."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import sys
from importlib import metadata
from pathlib import Path

from scumble.errors import RuntimeNotFound


def runtime_library() -> Path:
    """Returns the ONNX Runtime library that a wheel installed, without importing it.

    Raises RuntimeNotFound when there is none, or when both wheels are installed: they overwrite each other's files.
    """
    if all(is_installed(name) for name in ("onnxruntime", "onnxruntime-gpu")):
        hint = "pip uninstall -y onnxruntime onnxruntime-gpu && pip install 'scumble[cpu]'"
        raise RuntimeNotFound("onnxruntime and onnxruntime-gpu are both installed", hint, "runtime.doubled")
    pattern = {"win32": "onnxruntime.dll", "darwin": "libonnxruntime.*.dylib"}.get(sys.platform, "libonnxruntime.so.*")
    found = [
        library for folder in package_folders("onnxruntime") for library in sorted((folder / "capi").glob(pattern))
    ]
    if not found:
        raise RuntimeNotFound("ONNX Runtime is not installed", "pip install 'scumble[cpu]'", "runtime.missing")
    return found[-1].resolve()


def package_folders(package: str) -> list[Path]:
    """Returns the folders of a package, found but not imported; none where it is not installed."""
    spec = importlib.util.find_spec(package)
    return [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []


def is_installed(distribution: str) -> bool:
    """Returns whether pip knows the distribution."""
    try:
        metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


def preload_cuda() -> None:
    """Opens the CUDA and cuDNN libraries of the nvidia wheels, where ONNX Runtime would not find them by itself.

    What cannot be opened is left to ONNX Runtime, which then says what is missing.
    """
    names = ("cudart", "nvJitLink", "cublasLt", "cublas", "nvrtc", "cufft", "curand", "cudnn*")
    for name in names:
        for folder in package_folders("nvidia"):
            for library in sorted(folder.glob(f"**/lib*/lib{name}.so.*")):
                with contextlib.suppress(OSError):
                    ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)


def cores() -> int:
    """Returns the processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
