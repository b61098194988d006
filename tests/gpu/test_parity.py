"""What a card makes is what the processor makes, to a thousandth of the range."""

from __future__ import annotations

import threading
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from tests import foreign_nets
from tests.gpu.conftest import PROVIDER

from scumble import Background, Colorize, Engine
from scumble.media.arrays import array_from_image, image_from_array
from scumble.models.store import find_bundle

pytestmark = pytest.mark.gpu

RNG = np.random.default_rng(8)
PARITY = 1e-3
AB_RANGE = 110.0
MOST_CODES = 2
"""A thousandth of the range of ab is a tenth of a unit: that and its rounding."""


def photo(width: int, height: int) -> NDArray[np.uint8]:
    """Soft shapes with edges and grain."""
    rows, columns = np.mgrid[:height, :width]
    waves = [np.sin(rows / (17 + 9 * c)) * np.cos(columns / (23 - 5 * c)) * 60 + 120 for c in range(3)]
    picture = np.stack(waves, -1) + 50 * ((rows // 64 + columns // 96) % 2)[..., None]
    grained = picture + RNG.normal(0, 4, (height, width, 1))
    return np.asarray(np.clip(grained, 0, 255), np.uint8)


def colourized(engine: Engine, pixels: NDArray[np.uint8], detail: Literal["fast", "full"]) -> NDArray[Any]:
    return array_from_image(Colorize(detail=detail)(image_from_array(pixels), engine=engine))


def test_the_net_of_the_colorizer_agrees_in_ab(here: Engine, there: Engine) -> None:
    found, results = find_bundle("colorize"), []
    rng = np.random.default_rng(1)
    told = {
        "lightness": rng.uniform(0, 100, (1, 1, 256, 320)),
        "hint_ab": np.zeros((1, 2, 256, 320)),
        "hint_mask": np.zeros((1, 1, 256, 320)),
        "spread_ab": rng.uniform(-60, 60, (1, 2, 256, 320)),
        "confidence": rng.random((1, 1, 256, 320)),
        "small": rng.uniform(0, 1, (1, 7, 64, 64)),
        "statistics": np.full((1, 316), 1 / 316),
    }
    floats = {name: values.astype(np.float32) for name, values in told.items()}
    for engine in (here, there):
        session = engine.session(found.model_bytes, found.manifest.model.sha256)
        results.append(session.run(floats))
    assert there.provider == PROVIDER
    for name in ("ab", "ab_vivid"):
        assert np.abs(results[0][name] - results[1][name]).max() <= PARITY * AB_RANGE


@pytest.mark.parametrize("detail", ["fast", "full"])
def test_colorized_pictures_agree(here: Engine, there: Engine, detail: Literal["fast", "full"]) -> None:
    pixels = photo(1500, 1100)
    ours, theirs = (colourized(engine, pixels, detail).astype(int) for engine in (here, there))
    assert np.abs(ours - theirs).max() <= MOST_CODES
    assert np.abs(ours - theirs).mean() < 0.1
    assert np.abs(ours - pixels).max() > 2 * MOST_CODES  # it did colour


def test_the_generator_of_backgrounds_agrees(here: Engine, there: Engine) -> None:
    effect = Background(style="sky", width=1000, height=700, seed=5)
    ours, theirs = (array_from_image(effect(engine=engine)).astype(int) for engine in (here, there))
    assert np.abs(ours - theirs).max() <= MOST_CODES
    assert ours.std() > 1


def test_a_model_found_elsewhere_agrees_tiled_and_whole(here: Engine, there: Engine) -> None:
    pixels = image_from_array(photo(500, 390).astype(np.float32) / 255)
    whole = array_from_image(here.model(foreign_nets.dilated())(pixels))
    for tile in (None, 128):
        made = array_from_image(there.model(foreign_nets.dilated())(pixels, tile=tile))
        assert np.abs(made - whole).max() <= PARITY


def test_two_jobs_at_a_time_are_those_of_one(there: Engine) -> None:
    pixels = photo(900, 700)
    alone, results = colourized(there, pixels, "full"), list[NDArray[Any]]()
    threads = [threading.Thread(target=lambda: results.append(colourized(there, pixels, "full"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    for result in results:
        assert np.abs(result.astype(int) - alone.astype(int)).max() <= 1
