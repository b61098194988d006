"""The net that ships for backgrounds: its styles are the effect's, and its blocks and seams are exact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scumble.effects.background.generated import facts_from_manifest, styles_of
from scumble.effects.background.styles import GENERATED
from scumble.engine import Engine, Session
from scumble.engine.generating import PlaneFacts
from scumble.models.manifest import Manifest, manifest_from_file
from scumble.models.store import Bundle

SHIPPED = Path(__file__).parents[2] / "sdk" / "scumble" / "bundles" / "background"


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return manifest_from_file(SHIPPED / "manifest.toml")


@pytest.fixture(scope="module")
def session(manifest: Manifest) -> Session:
    return Engine("cpu", workers=2).session(Bundle(SHIPPED, manifest).model_bytes, manifest.model.sha256)


def drawn(
    session: Session,
    manifest: Manifest,
    size: tuple[int, int],
    block: tuple[int, int],
    cells: tuple[int, int],
    **how: Any,
) -> NDArray[Any]:
    facts = facts_from_manifest(manifest)
    out = np.zeros((size[1], size[0], 3), how.pop("dtype", "float32"))
    colours = np.random.default_rng(how.get("seed", 0)).uniform(-0.6, 0.6, (3, *cells)).astype(np.float32)
    noise = Engine.default().noise(5, 0, (0, 0, 1, 1), channels=64)[:, 0, 0]
    style = np.eye(len(styles_of(manifest)), dtype=np.float32)[1]
    told = {name: value for name, value in facts._asdict().items() if name in PLANE}
    told["noise_margins"] = list(facts.noise_margins)
    session.generate_tiled(out, colours, latent=noise, style=style, detail=1.0, block=block, **told, **how)
    return out


PLANE = PlaneFacts._fields[:5]


def test_its_styles_are_those_that_the_effect_offers(manifest: Manifest) -> None:
    assert styles_of(manifest) == GENERATED


def test_it_is_small_enough_to_ship(manifest: Manifest) -> None:
    assert manifest.model.parameters <= 10_000_000
    assert (SHIPPED / manifest.model.file).stat().st_size <= 25 << 20


@pytest.mark.parametrize("how", [{}, {"scale": 1.4}, {"seamless": True}])
def test_its_blocks_are_the_whole_picture(session: Session, manifest: Manifest, how: dict[str, Any]) -> None:
    size, cells = (333, 205), (2, 3)
    whole = drawn(session, manifest, size, (9, 9), cells, **how)
    codes = drawn(session, manifest, size, (9, 9), cells, dtype="uint8", workers=1, **how)
    for block in ((1, 1), (1, 3), (2, 1)):
        assert np.abs(drawn(session, manifest, size, block, cells, **how) - whole).max() <= 1e-5
        assert np.array_equal(drawn(session, manifest, size, block, cells, dtype="uint8", workers=2, **how), codes)


def test_edges_of_its_seamless_pictures_are_as_steep_as_their_insides(session: Session, manifest: Manifest) -> None:
    cell = facts_from_manifest(manifest).cell_px
    across, inside = [], []
    for seed in range(12):
        seen = drawn(session, manifest, (4 * cell, 3 * cell), (3, 4), (3, 4), seamless=True, seed=seed)
        for axis in (0, 1):
            steps = np.abs(np.diff(np.concatenate((seen, seen.take([0], axis)), axis), axis=axis))
            across.append(float(steps.take(-1, axis).mean()))
            inside.append(float(steps.take(range(cell - 1, steps.shape[axis] - 1, cell), axis).mean()))
    assert 0.9 <= np.mean(across) / np.mean(inside) <= 1.1
