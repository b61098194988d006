"""`scumble run` and `scumble inspect` as a user types them, on models found elsewhere."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests import foreign_nets

from scumble.media.arrays import array_from_image
from scumble.media.files import read_image

PHOTO = Path(__file__).parents[2] / "examples" / "photos" / "cat.jpg"


def scumble(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scumble", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "Modelle & Bilder"
    place.mkdir()
    (place / "upscaler.onnx").write_bytes(foreign_nets.upscaler(2))
    (place / "pooled.onnx").write_bytes(foreign_nets.with_global_pool())
    (place / "cat.jpg").write_bytes(PHOTO.read_bytes())
    return place


def test_a_model_runs_tiled_is_recorded_and_replays_to_the_same_bytes(folder: Path) -> None:
    done = scumble(folder, "run", "upscaler.onnx", "cat.jpg", "out.png", "--tile", "128", "--device", "cpu", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["provider"] == "CPUExecutionProvider"
    source, out = (array_from_image(read_image(folder / name)) for name in ("cat.jpg", "out.png"))
    assert out.shape == (2 * source.shape[0], 2 * source.shape[1], 3)
    record = json.loads((folder / "out.png.scumble.json").read_text())
    assert (record["effect"], record["params"]["tile"]) == ("run", 128)
    assert "in tiles that equal the full frame." in record["statement"]
    (model,) = record["models"]
    assert model["bundle"] == "upscaler.onnx"
    assert model["sha256"] == record["inputs"]["model"]["sha256"]
    again = scumble(folder, "replay", "out.png.scumble.json", "again.png")
    assert again.returncode == 0, again.stderr
    assert (folder / "again.png").read_bytes() == (folder / "out.png").read_bytes()
    whole = scumble(folder, "run", "upscaler.onnx", "cat.jpg", "whole.png", "--tile", "4096", "--device", "cpu")
    assert whole.returncode == 0, whole.stderr
    assert np.array_equal(array_from_image(read_image(folder / "whole.png")), out)
    (folder / "upscaler.onnx").write_bytes(foreign_nets.upscaler(4))
    changed = scumble(folder, "replay", "out.png.scumble.json", "other.png")
    assert (changed.returncode, "provenance.input_changed" in changed.stderr) == (3, True)


def test_a_level_and_a_precision_are_recorded_and_replayed(folder: Path) -> None:
    (folder / "level.onnx").write_bytes(foreign_nets.with_level())
    command = ["run", "level.onnx", "cat.jpg"]
    given = ["--set", "sigma=0.1", "--precision", "float16", "--device", "cpu"]
    done = scumble(folder, *command, "out.png", *given, "--tile", "128")
    assert done.returncode == 0, done.stderr
    record = json.loads((folder / "out.png.scumble.json").read_text())
    assert (record["params"]["inputs"], record["precision"]) == ("sigma=0.1", "float16")
    assert record["models"][0]["sha256"] == hashlib.sha256((folder / "level.onnx").read_bytes()).hexdigest()
    again = scumble(folder, "replay", "out.png.scumble.json", "again.png")
    assert again.returncode == 0, again.stderr
    assert json.loads((folder / "again.png.scumble.json").read_text())["precision"] == "float16"
    louder = scumble(folder, *command, "louder.png", "--set", "sigma=0.9", "--device", "cpu")
    assert louder.returncode == 0, louder.stderr
    one, other = (array_from_image(read_image(folder / name)) for name in ("out.png", "louder.png"))
    assert np.abs(one.astype(int) - other).max() > 2
    missing = scumble(folder, *command, "no.png")
    assert (missing.returncode, "--set sigma=VALUE" in missing.stderr) == (4, True)
    wrong = scumble(folder, *command, "no.png", "--set", "sigma=1,2")
    assert (wrong.returncode, "param.inputs" in wrong.stderr) == (2, True)
    assert not (folder / "no.png").exists()
    told = scumble(folder, "inspect", "level.onnx")
    assert "it needs 'sigma': float32 (1, 1, 1, 1)" in told.stdout
    inspected = scumble(folder, "inspect", "level.onnx", "--set", "sigma=0.1", "--json")
    assert (json.loads(inspected.stdout)["halo"], json.loads(inspected.stdout)["input"]) == (2, "x")


def test_inspect_tells_people_and_programs(folder: Path) -> None:
    plain = scumble(folder, "inspect", "upscaler.onnx", "--json")
    assert plain.returncode == 0, plain.stderr
    facts = json.loads(plain.stdout)
    assert (facts["scale"], facts["stride"], facts["halo"], facts["tiling"]) == (2, 1, 3, "exact")
    assert facts["inputs"] == [{"name": "x", "type": "float32", "shape": [1, 3, "h", "w"]}]
    assert facts["operators"]["Conv"] == 3
    told = scumble(folder, "inspect", "pooled.onnx")
    assert "global operator: GlobalAveragePool pools over the whole picture" in told.stdout
    assert "exact tiling: impossible, since it looks at the whole picture" in told.stdout


def test_what_cannot_be_tiled_is_refused_and_leaves_nothing(folder: Path) -> None:
    refused = scumble(folder, "run", "pooled.onnx", "cat.jpg", "out.png", "--tile", "64")
    assert refused.returncode == 4
    assert "model.needs_full_frame" in refused.stderr
    assert "--allow-seams" in refused.stderr
    broken = scumble(folder, "run", "cat.jpg", "cat.jpg", "out.png")
    assert (broken.returncode, "param.suffix" in broken.stderr) == (2, True)
    (folder / "broken.onnx").write_bytes(foreign_nets.plain()[:500])
    cut = scumble(folder, "run", "broken.onnx", "cat.jpg", "out.png", "--json")
    assert (cut.returncode, json.loads(cut.stdout)["error"]["code"]) == (4, "model.malformed")
    itself = scumble(folder, "run", "pooled.onnx", "cat.jpg", "cat.jpg")
    assert (itself.returncode, "param.same_file" in itself.stderr) == (2, True)
    assert {path.name for path in folder.iterdir()} == {"upscaler.onnx", "pooled.onnx", "cat.jpg", "broken.onnx"}
    full = scumble(folder, "run", "pooled.onnx", "cat.jpg", "out.png")
    assert full.returncode == 0, full.stderr
    seams = scumble(
        folder, "run", "pooled.onnx", "cat.jpg", "seams.png", "--tile", "64", "--halo", "8", "--allow-seams"
    )
    assert seams.returncode == 0, seams.stderr
    assert "seams were allowed" in json.loads((folder / "seams.png.scumble.json").read_text())["statement"]
    whole, cut_up = (array_from_image(read_image(folder / name)) for name in ("out.png", "seams.png"))
    assert whole.shape == cut_up.shape
    assert not np.array_equal(whole, cut_up)
