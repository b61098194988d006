"""The CUDA libraries that ONNX Runtime's provider needs: found in NVIDIA's wheels, and opened before it asks."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path
from typing import NamedTuple

from scumble.engine.machine import package_folders
from scumble.errors import ProviderUnavailable

_DRIVER = "libcuda.so.1"
_OLDEST, _NEWEST = 12, 13
_DEFAULT_VERSION = 13


class Library(NamedTuple):
    """A library of CUDA, and the wheel that has it."""

    name: str
    wheel: str
    required: bool = True


def libraries(version: int) -> tuple[Library, ...]:
    """Returns the libraries for a major version of CUDA, each after those that it needs.

    cuDNN is required although the provider opens without it: convolutions would silently take other, slower kernels,
    or none. cuFFT and the two compilers are wanted by few graphs.
    """
    suffix = f"-cu{version}" if version < _NEWEST else ""
    fft = 12 if version >= _NEWEST else 11
    return (
        Library(f"libcudart.so.{version}", f"nvidia-cuda-runtime{suffix}"),
        Library(f"libnvJitLink.so.{version}", f"nvidia-nvjitlink{suffix}", required=False),
        Library(f"libnvrtc.so.{version}", f"nvidia-cuda-nvrtc{suffix}", required=False),
        Library(f"libcublasLt.so.{version}", f"nvidia-cublas{suffix}"),
        Library(f"libcublas.so.{version}", f"nvidia-cublas{suffix}"),
        Library("libcurand.so.10", f"nvidia-curand{suffix}"),
        Library(f"libcufft.so.{fft}", f"nvidia-cufft{suffix}", required=False),
        Library("libcudnn.so.9", f"nvidia-cudnn-cu{version}"),
    )


def cuda_version() -> int:
    """Returns the major version of CUDA that the installed ONNX Runtime was made for, as its wheel says."""
    for folder in package_folders("onnxruntime"):
        info = folder / "capi" / "build_and_package_info.py"
        if info.is_file() and (found := re.search(r"cuda_version\s*=\s*['\"](\d+)", info.read_text("utf-8"))):
            return min(max(int(found[1]), _OLDEST), _NEWEST)
    return _DEFAULT_VERSION


def library_in_wheels(name: str) -> Path | None:
    """Returns the absolute path of a library in the nvidia wheels' folders, or None."""
    for folder in package_folders("nvidia"):
        for path in sorted(folder.glob(f"**/lib*/{name}")):
            return path.resolve()
    return None


def preload_cuda() -> None:
    """Opens the driver's library and those of CUDA and cuDNN, so that the provider finds them by their names.

    Those of the nvidia wheels come first, then what the system finds by itself. Raises ProviderUnavailable
    device.no_driver without a driver, device.cuda_library where a library is missing or cannot be opened.
    """
    try:
        ctypes.CDLL(_DRIVER, mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        hint = "Install NVIDIA's driver, or use --device cpu."
        raise ProviderUnavailable(
            f"CUDA needs NVIDIA's driver, which is not there: {error}", hint, "device.no_driver"
        ) from error
    for library in libraries(cuda_version()):
        path = library_in_wheels(library.name)
        try:
            ctypes.CDLL(str(path or library.name), mode=ctypes.RTLD_GLOBAL)
        except OSError as error:
            if library.required:
                raise _missing(library, path, error) from error


def _missing(library: Library, path: Path | None, error: OSError) -> ProviderUnavailable:
    if path is None:
        message = f"The CUDA library {library.name} is not installed"
        hint = f"pip install {library.wheel}, or all of them with: pip install 'scumble[gpu]'"
    else:
        message = f"The CUDA library {library.name} cannot be opened: {error}"
        hint = f"pip install --force-reinstall {library.wheel}, or use --device cpu."
    return ProviderUnavailable(message, hint, "device.cuda_library")
