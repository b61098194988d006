"""Scores a run's generator against real pieces, the procedural styles and the upsampled layout; draws the sheets.

python -m scumble_export.background.evaluate RUN --pieces PACK.tar --features mobilenet_v2-b0353104.pth
    --out scores.json --sheets docs/background-samples [--procedural PICTURES]

PICTURES is a folder of pictures of the runtime's procedural styles (`scumble background` draws them), or left out.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from scumble_export.background.batches import CELLS, Pieces, layout_of, load_pieces
from scumble_export.background.export import to_onnx
from scumble_export.background.features import JudgeNet, vectors_of
from scumble_export.background.field import Layout, Window, inputs_of, one_hot
from scumble_export.background.judging import colour_scores, kernel_scores, memory_scores, sampled, variety_scores
from scumble_export.background.moods import find_directions, measure_sliders
from scumble_export.background.net import GLOBALS, Generator
from scumble_export.background.runs import Run
from scumble_export.background.sheet import pixels_of, random_layout, write_sheet
from scumble_export.background.tiling import Session, TileCheck, check_tiles, seam_ratio
from scumble_export.colorize.evaluate import rounded
from scumble_export.data import files_in, pixels_from_bytes

SIZE = 256
LEAST_ALONE = 0.9
"""Rank correlation that a direction of the global vector must reach by itself to ship."""
SHEET_COUNT, PICTURE_PX = 64, (720, 1280)
_SHEET_COLUMNS, _THUMB_PX, _SAMPLE_SEED = 8, (90, 160), 500_000


@dataclass
class Sets:
    """Pictures of one size in 0..1, (N, 3, 256, 256), whose rows go through the styles in turn."""

    taught: Tensor
    other_taught: Tensor
    held_out: Tensor
    ours: Tensor
    layout: Tensor
    procedural: Tensor | None


def crops(pieces: Pieces, count: int, seed: int) -> Tensor:
    """Returns crops as training sees them, in 0..1."""
    rgb, _ = pieces.batch(count, SIZE, torch.Generator().manual_seed(seed))
    return ((rgb + 1) / 2).clamp(0, 1)


def layouts_of(pictures: Tensor, margin: int, seed: int) -> list[Layout]:
    """Returns the coarse layouts of pictures, with a margin of cells."""
    colours = layout_of(pictures * 2 - 1, margin, torch.Generator().manual_seed(seed))
    return list(colours.numpy())


def upsampled(layout: Layout, margin: int) -> Tensor:
    """Returns the layout itself as a picture, (1, 3, 256, 256): what a lazy generator would answer."""
    colours = torch.from_numpy(layout[None])
    scale = SIZE // CELLS
    large = F.interpolate(colours, scale_factor=scale, mode="bicubic", align_corners=False)
    cut = margin * scale
    return ((large[..., cut : cut + SIZE, cut : cut + SIZE] + 1) / 2).clamp(0, 1)


def pictures_in(folder: Path, count: int) -> Tensor:
    """Returns the middle squares of a folder's pictures, 256 pixels a side, evenly drawn from all files."""
    files = list(files_in(folder))
    rows = []
    for _, content in files[:: max(1, len(files) // count)][:count]:
        pixels = torch.from_numpy(pixels_from_bytes(content, SIZE).copy()).permute(2, 0, 1)[None].float() / 255
        top, left = ((side - SIZE) // 2 for side in pixels.shape[2:])
        rows.append(pixels[..., top : top + SIZE, left : left + SIZE])
    return torch.cat(rows)


@torch.no_grad()
def gather(run: Run, args: argparse.Namespace) -> Sets:
    """Draws and cuts every set; ours are asked for the layouts of real crops, as the upsampled layouts are."""
    taught = Pieces(load_pieces(args.pieces, 384), torch.device("cpu"))
    kept = Pieces(load_pieces(args.pieces, 384, held_out=True), torch.device("cpu"))
    if taught.names != run.styles or kept.names != run.styles:
        raise SystemExit(f"the run knows the styles {run.styles}, the pieces have {taught.names} and {kept.names}")
    margin = run.net.margins().cells
    real = crops(taught, args.count, 1)
    layouts = layouts_of(real, margin, 1)
    window = Window(margin, margin, CELLS, CELLS)
    rows = []
    for index in range(args.count):
        style = one_hot(index % run.net.styles, run.net.styles)
        rows.append(sampled(run.net, window, _SAMPLE_SEED + index, style, layouts[index], SIZE))
    return Sets(
        real,
        crops(taught, args.count, 2),
        crops(kept, args.count, 3),
        torch.cat(rows),
        torch.cat([upsampled(layout, margin) for layout in layouts]),
        pictures_in(args.procedural, args.count) if args.procedural else None,
    )


def tiles_of_graph(net: Generator) -> TileCheck:
    """Compares tiles with the whole in the exported graph: torch's convolutions add up in an order of their own."""
    with tempfile.TemporaryDirectory() as scratch:
        to_onnx(net, Path(scratch) / "model.onnx")
        session = Session(Path(scratch) / "model.onnx")
        return check_tiles(session, net, torch.full((1, net.styles), 1 / net.styles), random_layout(4, 4, 1))


@torch.no_grad()
def draw_sheets(run: Run, folder: Path) -> list[str]:
    """Draws 64 pictures a style, seeds 0 to 63, none left out, in random colours; returns the file names."""
    names = []
    height, width = PICTURE_PX
    cells = Window(0, 0, -(-height // run.net.cell_px), -(-width // run.net.cell_px))
    for index, style in enumerate(run.styles):
        pictures = []
        for seed in range(SHEET_COUNT):
            wanted = random_layout(cells.height, cells.width, seed)
            rgb = run.net(*inputs_of(run.net, cells, seed, one_hot(index, run.net.styles), wanted))
            rgb = rgb[..., :height, :width]
            pictures.append(pixels_of(F.interpolate(rgb, _THUMB_PX, mode="bilinear", antialias=True)))
        rows = [pictures[start : start + _SHEET_COLUMNS] for start in range(0, SHEET_COUNT, _SHEET_COLUMNS)]
        names.append(f"{style}.jpg")
        write_sheet(rows, folder / names[-1])
    return names


def summary_of(report: dict[str, Any]) -> dict[str, float]:
    """Returns the figures that the bars are about, flat."""
    kid, moods = report["kernel_distance"], report["moods"]
    figures = {f"kernel_distance_{name.replace(' ', '_')}": row[0] for name, row in kid.items()}
    figures |= {
        "palette_delta_e_median": report["palette"]["median"],
        "palette_delta_e_p95": report["palette"]["p95"],
        "diversity_ratio": report["diversity"]["ratio"][0],
        "memorisation_ratio": report["memorisation"]["ratio"][0],
        "seam_ratio_worst": max(report["seams"].values(), key=lambda value: abs(value - 1)),
    }
    figures |= {f"mood_{name}_spearman": row[0] for name, row in moods["spearman"].items()}
    return figures | {f"mood_{name}_cross_talk": value for name, value in moods["cross_talk"].items()}


def parser() -> argparse.ArgumentParser:
    """Returns the options of the command."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("run", type=Path, help="run folder of a training, or its generator.pt")
    options.add_argument("--pieces", type=Path, required=True, help="the pack that the run was trained on")
    options.add_argument("--features", type=Path, required=True, help="ImageNet weights of MobileNetV2")
    options.add_argument("--procedural", type=Path, help="folder of pictures of the procedural styles")
    options.add_argument("--count", type=int, default=500, help="pictures in each set")
    options.add_argument("--mood-samples", type=int, default=400, help="pictures that the mood directions are found on")
    options.add_argument("--out", type=Path, required=True, help="where to write the report as JSON")
    options.add_argument("--sheets", type=Path, help="folder for the sheets of samples; none without it")
    options.add_argument("--threads", type=int, default=0, help="CPU threads; 0 takes all")
    return options


def main() -> None:
    """Scores the run and writes the report."""
    args = parser().parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    run = Run(args.run)
    net = run.net
    sets = gather(run, args)
    judge = JudgeNet(args.features)
    seen = {name: vectors_of(judge, x) for name, x in vars(sets).items() if x is not None}
    directions = find_directions(net, args.mood_samples)
    paths = max(net.styles, args.mood_samples // 8)
    vectors = measure_sliders(net, directions, paths, detail_reach=0.0)
    good = {name: row for name, row in directions.items() if vectors.spearman[name][0] >= LEAST_ALONE}
    sliders = measure_sliders(net, {name: good.get(name, [0.0] * GLOBALS) for name in directions}, paths)
    report: dict[str, Any] = {
        "pictures": args.count,
        "size": SIZE,
        "styles": run.styles,
        "trained": {"pictures": run.state["pictures"], "minutes": run.state["minutes"], "cell_px": net.cell_px},
        "kernel_distance": kernel_scores(seen),
        "kernel_distance_by_style": {
            style: kernel_scores({name: x[index :: net.styles] for name, x in seen.items() if name != "procedural"})
            for index, style in enumerate(run.styles)
        },
        "palette": colour_scores(net, args.count // 5),
        "diversity": variety_scores(seen["ours"], seen["taught"], net.styles),
        "memorisation": memory_scores(seen, sets.ours, sets.taught, args.sheets),
        "moods": {
            "directions": good,
            "spearman": sliders.spearman,
            "cross_talk": sliders.cross_talk,
            "spearman_of_the_vector_alone": vectors.spearman,
        },
        "seams": {style: seam_ratio(net, net, one_hot(i, net.styles), range(40)) for i, style in enumerate(run.styles)},
        "tiles": vars(tiles_of_graph(net)),
    }
    report["sheets"] = draw_sheets(run, args.sheets) if args.sheets else []
    report["summary"] = summary_of(report)
    args.out.write_text(json.dumps(rounded(report), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
