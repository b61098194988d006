"""Turns a training run into a bundle: exports the graph, checks it against torch, writes manifest, card and licences.

python -m scumble_export.timbre.export RUN BUNDLE --font fluid-soundfont-gm=FILE.deb --scores timbre.json
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch

from scumble_export.assets import Source, sha256_of, write_asset
from scumble_export.cards import card_of_trained
from scumble_export.graphs import save_onnx
from scumble_export.timbre import picture
from scumble_export.timbre.net import CODE
from scumble_export.timbre.runs import KINDS, Instrument, Run, example_noise, inputs_of

OPSET = 18
PARITY_LIMIT_DB = 0.05
LARGEST_MB = 10
INPUTS = ("kind", "latent", "other_kind", "other_latent", "amount", "key", "velocity", "noise")
OUTPUT = "picture"
_AUTHORS = {
    "fluid-soundfont-gm": "Frank Wen and contributors; see LICENCE",
    "musescore-general-soundfont-small": "S. Christian Collins, Frank Wen and contributors; see LICENCE",
}
_CARD = Path(__file__).with_name("CARD.md")


def to_onnx(graph: Instrument, path: Path) -> None:
    """Exports the graph for one note at a time into one file."""
    example = inputs_of(0, torch.zeros(CODE), 60.0, 0.7, example_noise())
    save_onnx(graph, example, path, inputs=INPUTS, outputs=[OUTPUT], opset=OPSET)


@torch.no_grad()
def parity_of(graph: Instrument, model: bytes) -> tuple[float, float]:
    """Returns the largest difference of torch and ONNX over notes of all kinds, in dB and in cents."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    decibels = cents = 0.0
    for kind in range(len(KINDS)):
        generator = torch.Generator().manual_seed(kind)
        latent, key = torch.randn(CODE, generator=generator), 41.0 + 4.5 * kind
        other = ((kind + 5) % len(KINDS), torch.randn(CODE, generator=generator), kind / len(KINDS))
        inputs = inputs_of(kind, latent, key, 0.4 + 0.04 * kind, example_noise(kind), other)
        wanted = graph(*inputs).numpy()
        got = session.run(None, {name: x.numpy() for name, x in zip(INPUTS, inputs, strict=True)})[0]
        decibels = max(decibels, float(np.abs(got - wanted)[:, 0].max()))
        low = np.abs(picture.centres_hz() - picture.hz_from_key(key)) < 20
        off_hz = np.abs(got - wanted)[0, 1][low].max() * picture.RESIDUAL_HZ
        cents = max(cents, float(1731 * off_hz / picture.hz_from_key(key)))
    return decibels, cents


def commit() -> str:
    """Returns the commit of the recipe, or "uncommitted" outside a checkout."""
    here = Path(__file__).parent
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True)  # noqa: S607
    return done.stdout.strip() or "uncommitted"


def sources_from(packages: list[str]) -> tuple[list[Source], str]:
    """Returns the fonts that were learnt from, of NAME=FILE.deb, and the texts of their licences."""
    sources, texts = [], ["The model file is under Apache-2.0. It learnt from notes of the SoundFonts below."]
    for entry in packages:
        name, file = entry.split("=", 1)
        with tempfile.TemporaryDirectory() as scratch:
            subprocess.run(["dpkg-deb", "-x", file, scratch], check=True)  # noqa: S607 - Debian's own tool
            text = (Path(scratch) / "usr/share/doc" / name / "copyright").read_text("utf-8")
        version = Path(file).name.split("_")[1]
        sources.append(Source(name, version, sha256_of(Path(file)), "MIT", _AUTHORS[name]))
        texts.append(f"== {name} ==\n\n{text}")
    return sources, "\n\n".join(texts)


def manifest_facts(run: Run) -> dict[str, Any]:
    """Returns what the run says; scores are added by `main`."""
    return {
        "name": "timbre",
        "summary": f"Notes of {len(KINDS)} kinds of instruments, old and new, as pictures that are made into sound.",
        "asset": {"file": "model.onnx", "format": "onnx"},
        "recipe": "python -m scumble_export.timbre.train",
        "settings": {
            "kinds": " ".join(KINDS),
            "code": CODE,
            "rate_hz": picture.RATE_HZ,
            "window": picture.WINDOW,
            "hop": picture.HOP,
            "bands": picture.BANDS,
            "frames": picture.FRAMES,
            "harmonics": picture.HARMONICS,
            "floor_db": round(picture.FLOOR_DB),
            "lowest_key": picture.LOWEST_KEY,
            "highest_key": picture.HIGHEST_KEY,
            "parameters": sum(p.numel() for p in run.net.parameters()),
            "instruments": len(run.instruments),
            "opset": OPSET,
        },
        "training": {
            "recipe": "scumble_export.timbre.train",
            "commit": commit(),
            "seed": run.state["seed"],
            "samples": run.state["notes"],
            "steps": run.state["steps"],
            "minutes": round(run.state["minutes"], 1),
        },
    }


def main() -> None:
    """Writes the bundle, or says why there is none."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("run", type=Path, help="run folder of a training, or its generator.pt")
    options.add_argument("bundle", type=Path, help="folder to write")
    options.add_argument("--font", action="append", required=True, metavar="NAME=FILE.deb", help="what it learnt from")
    options.add_argument("--scores", type=Path, help="report of the evaluation")
    options.add_argument("--version", default="0.1.0")
    args = options.parse_args()

    run = Run(args.run)
    with tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch) / "model.onnx"
        to_onnx(run.graph, model)
        content = model.read_bytes()
    decibels, cents = parity_of(run.graph, content)
    if decibels > PARITY_LIMIT_DB:
        raise SystemExit(f"torch and ONNX differ by {decibels} dB, more than {PARITY_LIMIT_DB}")
    sources, licence_text = sources_from(args.font)
    report = json.loads(args.scores.read_text("utf-8"))["summary"] if args.scores else {}
    facts = manifest_facts(run) | {"version": args.version}
    facts["scores"] = {"parity_db": round(decibels, 8), "parity_cents": round(cents, 8)}
    facts["scores"] |= {name: round(float(value), 5) for name, value in report.items()}
    write_asset(
        args.bundle,
        content,
        facts=facts,
        licence="Apache-2.0",
        licence_text=licence_text,
        sources=sources,
        largest_mb=LARGEST_MB,
        card=card_of_trained(_CARD, facts, sources),
    )
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
