r"""Turns a training run into a bundle: exports the step, checks that it agrees with torch, writes the manifest.

python -m scumble_export.composer.export RUN BUNDLE --data DATA.npz --archive music_permissive.tar.gz \
    --manifest music_manifest.csv --scores scores.json
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import tarfile
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import InferenceSession
from torch import Tensor

from scumble.music import vocabulary as v
from scumble_export.assets import Source, sha256_of, write_asset
from scumble_export.cards import card_of_trained
from scumble_export.composer.corpus import ENGINE_LICENCE, load_pieces
from scumble_export.composer.net import Composer, Size, Step
from scumble_export.graphs import save_onnx

OPSET = 18
PARITY_LIMIT = 1e-4
LARGEST_MB = 14
_CARD = Path(__file__).with_name("CARD.md")
_HALVED_FROM = 4096
"""Tensors of more numbers are stored in half precision where that loses nothing; the runtime widens them again."""
_TITLES = {
    "lieder": ("OpenScore Lieder Corpus", "OpenScore and its transcribers"),
    "quartets": ("OpenScore String Quartets", "OpenScore and its transcribers"),
    "freedoom": ("Freedoom music", "the Freedoom project's musicians, see LICENCE"),
    "drums": ("dmp_midi drum patterns", "see LICENCE"),
    "chords": ("free-midi-chords progressions with moods", "see LICENCE"),
    "mutopia": ("Mutopia Project", "its typesetters; public domain by each file's head"),
    "engine": ("Scumble's own style engine", "The Scumble authors"),
}


def net_from_run(run: Path) -> tuple[Composer, dict[str, Any]]:
    """Returns a run's averaged net in the half precision in which it is stored, and the state beside it."""
    state = torch.load(run / "composer.pt" if run.is_dir() else run, map_location="cpu", weights_only=True)
    if state["vocabulary"] != v.fingerprint():
        raise SystemExit(f"{run} has another vocabulary than this version of scumble")
    net = Composer(Size(**state["size"]))
    net.load_state_dict({name: value.float() for name, value in state["average"].items()})
    return net.eval(), state


def to_onnx(net: Composer, path: Path) -> None:
    """Exports the step for any number of words before and now, its large weights in half precision."""
    kept = 2 * net.size.layers * net.size.width
    example = torch.zeros(3), torch.zeros(5, kept)
    words, past = torch.export.Dim("n", min=1, max=net.size.context), torch.export.Dim("t", min=0, max=net.size.context)
    save_onnx(
        Step(net).eval(),
        example,
        path,
        inputs=["words", "past"],
        outputs=["logits", "kept"],
        opset=OPSET,
        dynamic_shapes=({0: words}, {0: past}),
    )
    halve(path)


def halve(path: Path) -> None:
    """Stores large tensors that half precision holds exactly, as it does a run's weights, each widened by a Cast.

    The runtime folds the Casts away when it loads the graph.
    """
    model = onnx.load(path)
    casts = []
    for weight in model.graph.initializer:
        if weight.data_type != TensorProto.FLOAT or np.prod(weight.dims) < _HALVED_FROM:
            continue
        name, values = weight.name, numpy_helper.to_array(weight)
        narrow = values.astype(np.float16)
        if (narrow == values).all():
            weight.CopyFrom(numpy_helper.from_array(narrow, name + "_half"))
            casts.append(helper.make_node("Cast", [name + "_half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, path)


@torch.no_grad()
def parity_of(net: Composer, model: bytes, seed: int = 0) -> float:
    """Returns the largest difference of logits: torch on whole sequences, the graph step by step with what it kept."""
    session = InferenceSession(model, providers=["CPUExecutionProvider"])
    generator = torch.Generator().manual_seed(seed)
    worst = 0.0
    longest = min(net.size.context, 200)
    for count, first in ((24, 7), (longest, longest * 3 // 4)):
        words: Tensor = torch.randint(0, net.size.words, (count,), generator=generator)
        whole = net(words[None])[0].numpy()
        past = np.zeros((0, 2 * net.size.layers * net.size.width), np.float32)
        at = 0
        for end in (first, *range(first + 1, count + 1)):
            logits, kept = session.run(None, {"words": words[at:end].float().numpy(), "past": past})
            past, at = np.concatenate([past, kept]), end
            worst = max(worst, float(np.abs(logits - whole[end - 1]).max()))
    return worst


def commit() -> str:
    """Returns the commit of the recipe, or "uncommitted" outside a checkout."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True)  # noqa: S607
    return done.stdout.strip() or "uncommitted"


def sources_from(data: Path, archive: Path, manifest: Path) -> tuple[list[Source], str]:
    """Returns where the training data are from, a row a corpus, and the text of every licence."""
    with manifest.open(encoding="utf-8", newline="") as stream:
        terms = {row["corpus"]: row["licence"] for row in csv.DictReader(stream)}
    pieces = load_pieces(data)
    hashes = {True: sha256_of(data), False: sha256_of(archive)}
    sources = []
    for corpus, count in sorted(Counter(piece.corpus for piece in pieces if not piece.held_out).items()):
        title, authors = _TITLES[corpus]
        own = corpus == "engine"
        licence = ENGINE_LICENCE if own else terms[corpus]
        sources.append(Source(title, f"{count} taught pieces", hashes[own], licence, authors))
    texts = ["The model file is under Apache-2.0. It learnt from the music named below; none of it is in the file."]
    with tarfile.open(archive) as files:
        for member in files:
            stored = files.extractfile(member) if "LICENSES/" in member.name and member.isfile() else None
            if stored is not None:
                texts.append(f"== {Path(member.name).name} ==\n\n{stored.read().decode('utf-8', 'replace')}")
    return sources, "\n\n".join(texts)


def main() -> None:
    """Writes the bundle, or says why there is none."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("run", type=Path, help="run folder of a training, or its composer.pt")
    options.add_argument("bundle", type=Path, help="folder to write")
    options.add_argument("--data", type=Path, required=True, help="what the run was trained on")
    options.add_argument("--archive", type=Path, required=True, help="the archive that corpus.py read")
    options.add_argument("--manifest", type=Path, required=True, help="its manifest")
    options.add_argument("--scores", type=Path, help="report of the evaluation")
    options.add_argument("--version", default="0.1.0")
    args = options.parse_args()

    net, state = net_from_run(args.run)
    sources, licence_text = sources_from(args.data, args.archive, args.manifest)
    report = json.loads(args.scores.read_text("utf-8"))["summary"] if args.scores else {}
    with tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch) / "model.onnx"
        to_onnx(net, model)
        content = model.read_bytes()
    parity = parity_of(net, content)
    if parity > PARITY_LIMIT:
        raise SystemExit(f"torch and ONNX differ by {parity}, more than {PARITY_LIMIT}")
    facts: dict[str, Any] = {
        "name": "composer",
        "version": args.version,
        "summary": "A decoder transformer that writes chords, bass, melody and drums, a word at a time.",
        "asset": {"file": "model.onnx", "format": "onnx"},
        "recipe": "python -m scumble_export.composer.train",
        "settings": {
            "vocabulary": v.fingerprint(),
            "words": net.size.words,
            "kept": 2 * net.size.layers * net.size.width,
            "context": net.size.context,
            "parameters": net.parameters_count,
            "opset": OPSET,
        },
        "training": {
            "recipe": "scumble_export.composer.train",
            "commit": commit(),
            "seed": state["seed"],
            "samples": state["words"],
            "steps": state["steps"],
            "minutes": round(state["minutes"], 1),
        },
        "scores": {"parity_logits": round(parity, 8)}
        | {name: round(float(value), 5) for name, value in report.items()},
    }
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
