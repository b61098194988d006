"""Turns a training run into a bundle: exports, checks tiles and agreement, measures, writes the manifest.

python -m scumble_export.background.export RUN BUNDLE --pieces PACK.tar --scores scores.json
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scumble_export.background.field import CELL_STREAM, GLOBAL_STREAM, NOISE_STREAM, Window, inputs_of, one_hot
from scumble_export.background.moods import DETAIL_REACH
from scumble_export.background.net import GLOBALS, LATENTS, LAYOUT, Generator, baked
from scumble_export.background.pack import contents_of
from scumble_export.background.runs import Run
from scumble_export.background.sheet import random_layout
from scumble_export.background.tiling import (
    Session,
    check_tiles,
    input_names,
    measure_bytes_per_pixel,
    measure_cell_reach,
)
from scumble_export.bundle import write_bundle
from scumble_export.graphs import save_onnx

OPSET = 18
PARITY_LIMIT, TILE_LIMIT, CONTROL_LEAST = 1e-4, 1e-5, 1e-2
_PARITY_WINDOWS = (Window(0, 0, 2, 2), Window(-7, 3, 1, 4), Window(1000, -1000, 5, 3))
_NORMAL_RANGE = (-3.5, 3.5)
_CARD = Path(__file__).with_name("CARD.md")


def to_onnx(net: Generator, path: Path) -> None:
    """Exports the net, its scales multiplied in, for any number of cells, into one file."""
    net = baked(net)
    depth, margins = len(net.levels), net.margins()
    example = inputs_of(net, Window(0, 0, 2, 3), 0, one_hot(0, net.styles), random_layout(2, 3, 0))
    height, width = torch.export.Dim("h", min=1, max=256), torch.export.Dim("w", min=1, max=256)

    def sizes(scale: int, margin: int) -> dict[int, Any]:
        if scale == 1:
            return {2: height + 2 * margin, 3: width + 2 * margin}
        return {2: scale * height + 2 * margin, 3: scale * width + 2 * margin}

    shapes: list[Any] = [sizes(1, margins.cells), sizes(1, margins.cells), None, None, None]
    noise = tuple(sizes(2**level, margins.noise[level]) for level in range(depth))
    with warnings.catch_warnings():
        # Several inputs share a size; the exporter names it once and warns of the other names.
        warnings.filterwarnings("ignore", message=".*axis name.*will not be used")
        save_onnx(
            net, example, path, inputs=input_names(depth), outputs=["rgb"], opset=OPSET, dynamic_shapes=(*shapes, noise)
        )


@torch.no_grad()
def parity_of(net: Generator, session: Session) -> float:
    """Returns the largest difference of torch and ONNX over windows, seeds, styles and layouts."""
    worst = 0.0
    for seed, window in enumerate(_PARITY_WINDOWS):
        layout = random_layout(window.height, window.width, seed)
        inputs = inputs_of(net, window, seed, one_hot(seed % net.styles, net.styles), layout, detail=0.5 + seed)
        worst = max(worst, float((net(*inputs) - session(*inputs)).abs().max()))
    return worst


def commit() -> str:
    """Returns the commit of the recipe, or "uncommitted" outside a checkout."""
    here = Path(__file__).parent
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True)  # noqa: S607
    return done.stdout.strip() or "uncommitted"


def licences_in(pack: Path) -> list[dict[str, Any]]:
    """Counts the taught pieces of a pack by licence, from its table of contents."""
    counts = Counter(row["licence"] for row in contents_of(pack) if row["held_out"] == "0")
    return [{"licence": licence, "samples": count} for licence, count in counts.most_common()]


def clips(net: Generator) -> list[dict[str, Any]]:
    """Returns the manifest's rows of the inputs; `scale` is a plane's resolution over that of the cells."""
    normal = {"range": list(_NORMAL_RANGE)}
    rows: list[dict[str, Any]] = [
        {"name": "latents", "meaning": "normal noise at the cells", "channels": LATENTS} | normal,
        {"name": "layout", "meaning": "wanted sRGB at the cells", "channels": LAYOUT, "range": [-1.0, 1.0]},
        {"name": "latent", "meaning": "global normal vector: place 0, 0 of its stream", "channels": GLOBALS} | normal,
        {"name": "style", "meaning": "weights of the styles, sum 1", "channels": net.styles, "range": [0.0, 1.0]},
        {"name": "detail", "meaning": "how strongly levels add to the layout", "channels": 1, "range": [0.0, 4.0]},
    ]
    for level in range(len(net.levels)):
        meaning = f"normal noise, stream {level} after the first of its kind"
        rows.append({"name": f"noise_{level}", "meaning": meaning, "channels": 1, "scale": float(2**level)} | normal)
    return rows


def manifest_facts(run: Run, pack: Path, moods: dict[str, Sequence[float]]) -> dict[str, Any]:
    """Returns what the run and its data say; what is measured on the graph is added by `main`."""
    net, margins = run.net, run.net.margins()
    return {
        "name": "background",
        "summary": "Backgrounds of any size from noise on an integer grid, in wanted colours.",
        "model": {"opset": OPSET, "precision": "float32", "parameters": sum(p.numel() for p in net.parameters())},
        "inputs": clips(net),
        "outputs": [
            {"name": "rgb", "meaning": "sRGB", "channels": 3, "range": [-1.0, 1.0], "scale": float(net.cell_px)}
        ],
        "licence": {"model": "Apache-2.0", "data": licences_in(pack)},
        "training": {
            "recipe": "scumble_export.background.train",
            "commit": commit(),
            "seed": run.state["seed"],
            "samples": run.state["pictures"],
            "steps": run.state["steps"],
            "minutes": round(run.state["minutes"], 1),
        },
        "settings": {
            "styles": " ".join(run.styles),
            "cell_px": net.cell_px,
            "cell_margin": margins.cells,
            "noise_margins": " ".join(map(str, margins.noise)),
            "stream_latent": GLOBAL_STREAM,
            "stream_latents": CELL_STREAM,
            "stream_noise_0": NOISE_STREAM,
            "mood_energy_detail": DETAIL_REACH,
        }
        | {f"mood_{name}": " ".join(f"{value:.4f}" for value in vector) for name, vector in moods.items()},
    }


def measured_tiling(net: Generator, model: Path) -> dict[str, Any]:
    """Returns the manifest's tiling table; lengths in pixels of the graph's input, which are cells."""
    reach = measure_cell_reach(net)
    if reach.halo > net.margins().cells:
        raise SystemExit(f"a pixel depends on cells {reach.halo} away, but tiles show {net.margins().cells}")
    return {
        "mode": "exact",
        "receptive_field": reach.receptive_field,
        "stride": 1,
        "halo": net.margins().cells,
        "context_halo": net.margins().cells,
        "min_size": 1,
        "bytes_per_pixel": round(measure_bytes_per_pixel(model, net), 1),
    }


def checked_graph(net: Generator, model: Path) -> dict[str, float]:
    """Returns the figures of the graph against torch and of tiles against the whole; too large ones end the export."""
    session = Session(model)
    parity = parity_of(net, session)
    style: Tensor = torch.full((1, net.styles), 1 / net.styles)
    tiles = check_tiles(session, net, style, random_layout(4, 4, 1))
    if parity > PARITY_LIMIT:
        raise SystemExit(f"torch and ONNX differ by {parity}, more than {PARITY_LIMIT}")
    if tiles.largest_difference > TILE_LIMIT or tiles.differing_bytes or tiles.misplaced_difference < CONTROL_LEAST:
        raise SystemExit(f"tiles do not agree with the whole picture, or the check shows nothing: {tiles}")
    return {
        "parity_rgb": round(parity, 8),
        "tiles_largest_difference": tiles.largest_difference,
        "tiles_differing_bytes": float(tiles.differing_bytes),
        "tiles_control_difference": round(tiles.misplaced_difference, 4),
    }


def main() -> None:
    """Writes the bundle, or says why there is none."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("run", type=Path, help="run folder of a training, or its generator.pt")
    options.add_argument("bundle", type=Path, help="folder to write")
    options.add_argument("--pieces", type=Path, required=True, help="the pack that the run was trained on")
    options.add_argument("--scores", type=Path, help="report of the evaluation: figures and mood directions")
    options.add_argument("--version", default="0.1.0")
    args = options.parse_args()

    run = Run(args.run)
    report = json.loads(args.scores.read_text(encoding="utf-8")) if args.scores else {}
    facts = manifest_facts(run, args.pieces, report.get("moods", {}).get("directions", {}))
    facts["version"] = args.version
    with tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch) / "model.onnx"
        to_onnx(run.net, model)
        facts["scores"] = checked_graph(run.net, model) | scores_from_report(report)
        facts["tiling"] = measured_tiling(run.net, model)
        write_bundle(args.bundle, model, facts, _CARD.read_text(encoding="utf-8"))
    print(json.dumps(facts, indent=1))


def scores_from_report(report: dict[str, Any]) -> dict[str, float]:
    """Picks the manifest's figures out of an evaluation report; none without a report."""
    return {name: round(float(value), 5) for name, value in report.get("summary", {}).items() if np.isfinite(value)}


if __name__ == "__main__":
    main()
