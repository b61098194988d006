"""How the CUDA libraries are found in the wheels, in what order they are opened, and what is said where one lacks."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest
from tests import onnx_nets

from scumble import Colorize, Progress, _native, write_image
from scumble.engine import Engine, cuda
from scumble.engine.telling import note_of
from scumble.errors import ProviderUnavailable
from scumble.media.arrays import image_from_array
from scumble.provenance import provenance_from_file
from scumble.rendering import render_files

LAYOUTS = {
    12: {"libcudart.so.12": "cuda_runtime/lib", "libcublas.so.12": "cublas/lib", "libcudnn.so.9": "cudnn/lib"},
    13: {"libcudart.so.13": "cu13/lib", "libcublas.so.13": "cu13/lib", "libcudnn.so.9": "cudnn/lib"},
}
"""Where NVIDIA's wheels put their libraries below site-packages/nvidia, for CUDA 12 and 13."""


class Opened:
    """Stands for ctypes.CDLL: notes what is opened, and refuses some names."""

    def __init__(self, *refused: str) -> None:
        self.paths: list[str] = []
        self.refused = refused

    def __call__(self, path: str, mode: int) -> None:
        assert mode == ctypes.RTLD_GLOBAL
        if Path(path).name in self.refused:
            raise OSError(f"{path}: cannot open shared object file")
        self.paths.append(path)

    @property
    def names(self) -> list[str]:
        return [Path(path).name for path in self.paths]


def site(folder: Path, version: int, lacking: tuple[str, ...] = ()) -> dict[str, list[Path]]:
    """Lays out the wheels of onnxruntime-gpu and of all of NVIDIA's libraries, but for some."""
    capi = folder / "onnxruntime" / "capi"
    capi.mkdir(parents=True)
    (capi / "build_and_package_info.py").write_text(f"package_name = 'onnxruntime-gpu'\ncuda_version = '{version}.0'\n")
    for library in cuda.libraries(version):
        place = folder / "nvidia" / LAYOUTS[version].get(library.name, f"cu{version}/lib")
        place.mkdir(parents=True, exist_ok=True)
        if library.name not in lacking:
            (place / library.name).touch()
    return {"onnxruntime": [folder / "onnxruntime"], "nvidia": [folder / "nvidia"]}


@pytest.mark.parametrize("version", [12, 13])
def test_the_wheels_libraries_are_opened_by_path_each_after_those_it_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: int
) -> None:
    folders, opened = site(tmp_path, version), Opened()
    monkeypatch.setattr(cuda, "package_folders", folders.__getitem__)
    monkeypatch.setattr(ctypes, "CDLL", opened)
    cuda.preload_cuda()
    assert cuda.cuda_version() == version
    assert opened.names == ["libcuda.so.1", *(library.name for library in cuda.libraries(version))]
    assert all(Path(path).is_absolute() and Path(path).is_file() for path in opened.paths[1:])
    order = opened.names.index
    assert order("libcuda.so.1") < order(f"libcudart.so.{version}") < order("libcurand.so.10")
    assert order(f"libcublasLt.so.{version}") < order(f"libcublas.so.{version}") < order("libcudnn.so.9")


def test_what_no_wheel_has_is_left_to_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folders, opened = site(tmp_path, 13, lacking=("libcublas.so.13",)), Opened()
    monkeypatch.setattr(cuda, "package_folders", folders.__getitem__)
    monkeypatch.setattr(ctypes, "CDLL", opened)
    cuda.preload_cuda()
    assert "libcublas.so.13" in opened.paths


@pytest.mark.parametrize("library", [library for library in cuda.libraries(13) if library.required])
def test_a_missing_library_is_named_with_the_line_to_type(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, library: cuda.Library
) -> None:
    monkeypatch.setattr(cuda, "package_folders", site(tmp_path, 13, lacking=(library.name,)).__getitem__)
    monkeypatch.setattr(ctypes, "CDLL", Opened(library.name))
    with pytest.raises(ProviderUnavailable) as caught:
        cuda.preload_cuda()
    assert caught.value.code == "device.cuda_library"
    assert library.name in caught.value.message
    assert caught.value.hint.startswith(f"pip install {library.wheel},")


def test_a_library_that_does_not_open_is_told_apart_from_a_missing_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cuda, "package_folders", site(tmp_path, 13).__getitem__)
    monkeypatch.setattr(ctypes, "CDLL", Opened("libcudnn.so.9"))
    with pytest.raises(ProviderUnavailable, match="cannot be opened") as caught:
        cuda.preload_cuda()
    assert "--force-reinstall nvidia-cudnn-cu13" in caught.value.hint


def test_what_few_graphs_need_may_be_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spare = tuple(library.name for library in cuda.libraries(13) if not library.required)
    opened = Opened(*spare)
    monkeypatch.setattr(cuda, "package_folders", site(tmp_path, 13, lacking=spare).__getitem__)
    monkeypatch.setattr(ctypes, "CDLL", opened)
    cuda.preload_cuda()
    assert len(spare) == 3
    assert len(opened.paths) == 1 + len(cuda.libraries(13)) - len(spare)


def with_cuda_built_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the installed runtime look like the one with CUDA, on a machine without a driver."""
    monkeypatch.setattr(_native, "available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])
    monkeypatch.setattr(ctypes, "CDLL", Opened("libcuda.so.1"))


def test_strict_names_the_missing_driver_and_never_falls_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with_cuda_built_in(monkeypatch)
    made = Engine(device="cuda")
    for _ in range(2):
        with pytest.raises(ProviderUnavailable) as caught:
            made.session(onnx_nets.unet(), "unet")
        assert (caught.value.code, made.fallback_reason) == ("device.no_driver", None)
        assert "--device cpu" in caught.value.hint


def test_auto_falls_back_and_says_why_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with_cuda_built_in(monkeypatch)
    made = Engine(device="auto", workers=1)
    session = made.session(onnx_nets.unet(), "unet")
    assert session.provider == made.provider == "CPUExecutionProvider"
    assert "CUDA needs NVIDIA's driver" in made.provider_note
    assert "Install NVIDIA's driver" in made.provider_note
    assert made.fallback_reason is not None


def test_the_record_says_why_auto_did_not_take_the_card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    picture = np.linspace(0, 255, 48 * 64 * 3).reshape(48, 64, 3).astype(np.uint8)
    write_image(tmp_path / "in.png", image_from_array(picture))
    with_cuda_built_in(monkeypatch)
    clips, made = {"source": tmp_path / "in.png"}, Engine(device="auto", workers=1)
    progress = Progress()
    done = render_files(
        Colorize(), clips, tmp_path / "out.png", engine=made, progress=progress, max_megapixels=1
    ).record
    assert done.provider == "CPUExecutionProvider"
    assert done.provider_note == made.provider_note
    assert done.provider_note.startswith("not on the card: CUDA needs NVIDIA's driver")
    assert provenance_from_file(tmp_path / "out.png.scumble.json") == done


def test_a_note_names_what_a_card_left_to_the_processor() -> None:
    nodes: dict[str, list[str]] = {"CUDAExecutionProvider": ["Conv", "Conv"], "CPUExecutionProvider": ["Shape", "Cast"]}
    expected = "the processor ran 2 of 4 operators: Cast, Shape"
    assert note_of(nodes, "CUDAExecutionProvider") == expected
    assert note_of({"CUDAExecutionProvider": ["Conv"]}, "CUDAExecutionProvider") == ""
    assert note_of({"CPUExecutionProvider": ["Conv"]}, "CPUExecutionProvider") == ""


def test_an_engine_adds_up_what_its_sessions_did() -> None:
    made = Engine(device="cpu", workers=1)
    assert made.statistics() == {"runs": 0, "model_seconds": 0, "busy_seconds": 0}
    for key in ("one", "two"):
        made.session(onnx_nets.unet(), key).run({"x": np.zeros((1, 3, 16, 16), np.float32)})
    found = made.statistics()
    assert found["runs"] == 2
    assert 0 < found["model_seconds"] <= found["busy_seconds"]
