"""What this machine has: the runtime library that a wheel installed, and cores."""

from __future__ import annotations

import importlib.util
import sys
from importlib import metadata
from pathlib import Path

from scumble import _native  # noqa: TID251 - this is the room
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


def cores() -> int:
    """Returns how many threads of this process work at a time, at least 1, however many jobs there are."""
    return _native.cores()


def spare_cores(count: int) -> None:
    """Leaves so many of the machine's cores to others: for a process that works for another one."""
    _native.spare_cores(count)
