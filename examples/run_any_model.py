"""Somebody's denoiser or upscaler on a picture of any size, in tiles that change nothing, with progress and cancel.

python examples/run_any_model.py MODEL.onnx IN OUT [NAME=VALUE ...]    values are those of the model's other inputs
"""

from __future__ import annotations

import sys

from scumble import Engine, Progress, ScumbleError, read_image, write_image
from scumble.models.fitting import given_from_text


def main(model_path: str, source: str, target: str, *values: str) -> None:
    """Looks at the model, says how the picture will be cut, and writes the result; Ctrl-C stops it within a tile."""
    engine = Engine(memory_budget_mib=1024)  # the graphics card where there is one; 1 GiB for all of it
    model = engine.model(model_path, inputs=given_from_text(values))
    facts = model.facts
    print(f"{model.name}: {facts.scale} times as large, each pixel made of {facts.receptive_field or 'all'} in a row")

    picture = read_image(source)
    cut = model.plan(picture.width, picture.height)
    print(f"{len(cut.plan.tiles)} tiles on {cut.workers} workers, {cut.mode}, {cut.bytes >> 20} MiB")

    progress = Progress(lambda fraction, note: print(f"\r{fraction:.0%}", end="", file=sys.stderr))
    write_image(target, model(picture, progress=progress.report))
    print(f"\n{target}, made on {engine.provider}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except ScumbleError as error:  # what is wrong and what to do, in words for people; `code` is for programs
        sys.exit(f"{error.message}\n{error.hint}")
