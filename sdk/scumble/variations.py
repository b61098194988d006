"""One picture in many seeds, to choose from: a file for each, and a contact sheet."""

from __future__ import annotations

import math
from pathlib import Path

from scumble.effect import Effect, extra_places
from scumble.engine import Engine
from scumble.errors import ParamError
from scumble.jobs import Progress
from scumble.media.files import read_image, write_image
from scumble.media.image import Image
from scumble.media.sheet import contact_sheet, sheet_cell
from scumble.params import SEED_MAX, SeedParam
from scumble.rendering import Rendered, check_place, render_files

MOST_VARIATIONS = 64


def render_variations(
    effect: Effect,
    clips: dict[str, Path],
    output: Path,
    count: int,
    *,
    engine: Engine,
    progress: Progress,
    max_megapixels: float,
) -> tuple[list[Rendered], Path]:
    """Renders `effect` with its seed and the `count` - 1 seeds after it: OUT-1.png and so on, each with its record.

    Beside them lies OUT-sheet.png with all of them small, by rows. Raises ParamError for an effect without a seed, a
    count out of range or a place for extra files, of which there is one, and as `render_files`; what was written
    before an error stays.
    """
    seed = next((param for param in effect.declaration().params if isinstance(param, SeedParam)), None)
    if seed is None or effect.declaration().output.media != "image":
        message = f"{effect.title} has no variations: nothing in it is left to chance, or it makes no picture"
        raise ParamError(message, "Leave out --variations.", "param.variations")
    if not 1 <= count <= MOST_VARIATIONS:
        hint = f"Give a number from 1 to {MOST_VARIATIONS}."
        raise ParamError(f"There cannot be {count} variations", hint, "param.variations")
    for name in extra_places(effect):
        message = f"Variations cannot share one place for their {name}"
        raise ParamError(message, "Choose one of them, and give its seed.", "param.variations")
    check_place(output)
    found: list[Rendered] = []
    cells: list[Image] = []
    for number in range(count):
        values = effect.params()
        varied = type(effect)(**{**values, seed.name: (values[seed.name] + number) % (SEED_MAX + 1)})
        part = progress.sub(number / count, 1 / count)
        place = output.with_name(f"{output.stem}-{number + 1}{output.suffix}")
        found.append(render_files(varied, clips, place, engine=engine, progress=part, max_megapixels=max_megapixels))
        cells.append(sheet_cell(read_image(place, max_megapixels=math.inf)))
    sheet = output.with_name(f"{output.stem}-sheet.png")
    write_image(sheet, contact_sheet(cells))
    return found, sheet
