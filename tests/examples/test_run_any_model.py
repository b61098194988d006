"""The example for developers who bring a model: it runs as its first lines say, and fails in words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests import foreign_nets

from scumble.media.files import read_image

ROOT = Path(__file__).resolve().parents[2]


def example(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "examples" / "run_any_model.py"), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


def test_somebodys_models_run(tmp_path: Path) -> None:
    (tmp_path / "upscaler.onnx").write_bytes(foreign_nets.upscaler(2))
    (tmp_path / "level.onnx").write_bytes(foreign_nets.with_level())
    photo = str(ROOT / "examples" / "photos" / "cat.jpg")
    source = read_image(photo)
    done = example(tmp_path, "upscaler.onnx", photo, "large.png")
    assert done.returncode == 0, done.stderr
    assert "upscaler.onnx: 2 times as large, each pixel made of 7 in a row" in done.stdout
    assert "exact" in done.stdout or "full frame" in done.stdout
    large = read_image(tmp_path / "large.png")
    assert (large.width, large.height) == (2 * source.width, 2 * source.height)
    told = example(tmp_path, "level.onnx", photo, "clean.png", "sigma=0.1")
    assert told.returncode == 0, told.stderr
    assert read_image(tmp_path / "clean.png").width == source.width
    missing = example(tmp_path, "level.onnx", photo, "no.png")
    assert missing.returncode == 1
    assert "sigma" in missing.stderr
    assert not (tmp_path / "no.png").exists()
