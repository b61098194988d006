"""Small jobs of every kind that people cancel, each giving the bytes of its result."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tests import foreign_nets

from scumble import Background, Colorize, Effect, Engine, HintPoint, MusicBed, Progress, Rgb, read_image, write_image
from scumble.effects.background.styles import GENERATED, PROCEDURAL
from scumble.effects.run_model import RunModel
from scumble.media.arrays import array_from_image, image_from_array
from scumble.media.image import Image
from scumble.rendering import render_files

SUFFIXES = (".png", ".jpg", ".tif", ".exr", ".webp")
COPIES = tuple(f"copy{suffix}" for suffix in SUFFIXES)
_NUMBERS = itertools.count()


class Work(NamedTuple):
    """A job's name, what does it in a folder of its own, and how many cancels of a thousand it gets."""

    name: str
    run: Callable[[Progress, Path], str]
    cancels: int


def picture(width: int, height: int, channels: int = 3, seed: int = 1) -> Image:
    """Returns waves with a little noise, 8-bit."""
    y, x = np.mgrid[:height, :width]
    plane = 120 + 60 * np.sin(x / 17) + 40 * np.cos(y / 23)
    noise = np.random.default_rng(seed).normal(0, 3, (height, width, channels))
    return image_from_array(np.clip(plane[..., None] + noise, 0, 255).astype(np.uint8))


def strokes(width: int, height: int) -> Image:
    """Returns one red stroke on transparent ground."""
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[height // 3 : height // 3 + 8, width // 4 : width // 2] = (200, 50, 50, 255)
    return image_from_array(pixels)


def works(engine: Engine, folder: Path) -> list[Work]:
    """Returns the jobs; `folder` gets the files that they read."""
    small, middle, large = picture(320, 240), picture(800, 600), picture(2400, 1600)
    sources = {suffix: folder / f"source{suffix}" for suffix in SUFFIXES}
    for path in sources.values():
        write_image(path, picture(450, 350))
    write_image(folder / "large.jpg", large)
    write_image(folder / "strokes.png", strokes(450, 350))
    model = folder / "plain.onnx"
    model.write_bytes(foreign_nets.plain())
    denoise = engine.model(model)
    hint = (HintPoint(20, 30, Rgb(200, 80, 40)),)

    def effect(effect: Effect, **clips: Any) -> Callable[[Progress, Path], str]:
        return lambda progress, _: _digest(effect(engine=engine, progress=progress, **clips).data)

    def styles(names: tuple[str, ...], **values: Any) -> Callable[[Progress, Path], str]:
        """Draws them all."""

        def run(progress: Progress, _: Path) -> str:
            parts = [progress.sub(index / len(names), 1 / len(names)) for index in range(len(names))]
            made = [
                Background(style=name, **values)(engine=engine, progress=part)
                for name, part in zip(names, parts, strict=True)
            ]
            return _digest(*(image.data for image in made))

        return run

    def files(effect: Effect, suffix: str, **clips: Path) -> Callable[[Progress, Path], str]:
        def run(progress: Progress, place: Path) -> str:
            output = place / f"made-{next(_NUMBERS)}{suffix}"
            render_files(effect, clips, output, engine=engine, progress=progress, max_megapixels=100)
            return _digest(output.read_bytes())

        return run

    def copied(progress: Progress, place: Path) -> str:
        """Reads and writes a picture in every format."""
        made = []
        for index, suffix in enumerate(SUFFIXES):
            part = progress.sub(index / len(SUFFIXES), 1 / len(SUFFIXES))
            image = read_image(sources[suffix], progress=part.sub(0, 0.5).report)
            write_image(place / COPIES[index], image, progress=part.sub(0.5, 0.5).report)
            made.append((place / COPIES[index]).read_bytes())
        return _digest(*made)

    def bed(progress: Progress, place: Path) -> str:
        bed = MusicBed(duration=4, style="ambient", stems=place / "stems", midi=place / "bed.mid")
        render_files(bed, {}, place / "bed.wav", engine=engine, progress=progress, max_megapixels=1)
        return _digest((place / "bed.wav").read_bytes(), (place / "bed.mid").read_bytes())

    def denoised(progress: Progress, _: Path) -> str:
        return _digest(denoise(small, tile=64, progress=progress.report).data)

    mask = image_from_array(np.ascontiguousarray(array_from_image(small)[..., :1]))
    source = sources[".png"]
    hinted = {"source": source, "hints": folder / "strokes.png"}
    return [
        Work("colorize, small", effect(Colorize(), source=small), 150),
        Work("colorize, middle", effect(Colorize(hint=hint), source=middle), 80),
        Work("colorize, large", effect(Colorize(), source=large), 40),
        Work("colorize, full detail", effect(Colorize(detail="full"), source=small), 50),
        Work("hints", effect(Colorize(hint=hint), source=small, hints=strokes(320, 240), mask=mask), 80),
        Work("recolouring", effect(Colorize(hint=hint, keep_colors=True), source=middle), 100),
        Work("colorize, files", files(Colorize(), ".jpg", source=sources[".jpg"]), 80),
        Work("colorize, large files", files(Colorize(), ".jpg", source=folder / "large.jpg"), 20),
        Work("hints, full detail, files", files(Colorize(detail="full", hint=hint), ".png", **hinted), 10),
        Work("drawn styles", styles(PROCEDURAL, width=240, height=135, blur=0.5, text_area=(20, 20, 100, 45)), 100),
        Work("styles of the net", styles(GENERATED, width=96, height=96, blend=3), 80),
        Work("music", bed, 40),
        Work("a model found elsewhere", denoised, 100),
        Work("a model found elsewhere, files", files(RunModel(model=model, tile=128), ".tif", source=source), 20),
        Work("reading and writing", copied, 50),
    ]


def _digest(*parts: Any) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
