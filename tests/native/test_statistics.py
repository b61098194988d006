"""What a session tells of its workers' time."""

from __future__ import annotations

import numpy as np
import pytest
from tests import onnx_nets

from scumble import _native
from scumble.errors import ModelError

pytestmark = pytest.mark.usefixtures("runtime")


def test_a_new_session_has_done_nothing() -> None:
    nothing = {"runs": 0.0, "model_seconds": 0.0, "busy_seconds": 0.0}
    assert _native.Session(onnx_nets.unet()).statistics() == nothing


def test_tiles_and_whole_runs_are_counted_and_the_models_time_is_part_of_all() -> None:
    session = _native.Session(onnx_nets.unet(), workers=2)
    x = np.zeros((3, 96, 160), np.float32)
    plan = _native.TilePlan(160, 96, tile=64, halo=20, stride=4)
    session.run_tiled(plan, {"x": x}, "y", np.empty((2, 96, 160), np.float32))
    tiled = session.statistics()
    assert tiled["runs"] == len(plan.tiles)
    assert 0 < tiled["model_seconds"] < tiled["busy_seconds"]
    session.run_all([{"x": x[None]}, {"x": x[None]}])
    whole = session.statistics()
    assert whole["runs"] == len(plan.tiles) + 2
    assert whole["model_seconds"] > tiled["model_seconds"]


def test_a_run_that_failed_is_not_counted() -> None:
    session = _native.Session(onnx_nets.unet())
    with pytest.raises(ModelError):
        session.run({"x": np.zeros((1, 1, 8, 8), np.float32)})
    assert session.statistics()["runs"] == 0
