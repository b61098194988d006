"""What a budget holds: free memory by the system's word, plans within it, jobs measured against their prediction."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.media.builders import picture, smooth

from scumble.engine import Engine, resident
from scumble.engine.budgeting import PROGRAM_BYTES
from scumble.errors import MemoryBudgetTooSmall
from scumble.media import mapped
from scumble.media.files import write_image
from scumble.models.store import find_bundle

MIB = 1 << 20
FACTS: Any = find_bundle("colorize").manifest.plan_facts("global")


def grouped(folder: Path, limit: str, used: int, cached: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 7\ninactive_file {cached}\n")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with 8 GiB free, and a control group two levels deep without limits."""
    (tmp_path / "meminfo").write_text("MemTotal: 16777216 kB\nMemFree: 1000 kB\nMemAvailable: 8388608 kB\n")
    (tmp_path / "own").write_text("0::/a/b\n")
    for name, path in (("_MEMINFO", "meminfo"), ("_OWN_GROUP", "own"), ("_GROUPS", "groups")):
        monkeypatch.setattr(resident, name, tmp_path / path)
    grouped(tmp_path / "groups" / "a" / "b", "max", 0, 0)
    return tmp_path


def test_the_default_is_a_quarter_of_what_is_free(machine: Path) -> None:
    assert resident.free_mib() == 8192
    assert resident.default_budget_mib() == 2048
    (machine / "meminfo").write_text("MemAvailable: 8300000 kB\n")
    assert resident.default_budget_mib() == 1536, "rounded down"


def test_the_tightest_control_group_counts_without_its_caches(machine: Path) -> None:
    grouped(machine / "groups" / "a", str(2048 * MIB), 700 * MIB, 200 * MIB)
    grouped(machine / "groups", str(9000 * MIB), 0, 0)
    assert resident.free_mib() == 1548
    assert resident.default_budget_mib() == 512, "little is free: more than a quarter, less than half"
    grouped(machine / "groups" / "a" / "b", str(300 * MIB), 0, 0)
    assert resident.default_budget_mib() == 128


def test_a_system_that_tells_nothing_is_taken_for_what_it_has(machine: Path) -> None:
    (machine / "meminfo").unlink()
    (machine / "own").unlink()
    free = resident.free_mib()
    assert free is not None
    assert free > 64


def test_buffers_in_files_are_not_counted() -> None:
    heap, in_file = (mapped.empty((64, 64, 3), np.dtype(np.uint8), limit) for limit in (None, 0))
    assert [mapped.heap_bytes_of(array.reshape(-1).view(np.uint8).data) for array in (heap, in_file)] == [12288, 0]


@settings(max_examples=60, deadline=None)
@given(width=st.integers(1, 12000), height=st.integers(1, 12000), workers=st.integers(1, 16), more=st.integers(0, 4000))
def test_any_budget_from_the_least_on_gives_a_plan_within_it(width: int, height: int, workers: int, more: int) -> None:
    pictures = 2 * width * height
    with pytest.raises(MemoryBudgetTooSmall) as refused:
        Engine("cpu", workers=workers, memory_budget_mib=1).plan(width, height, **FACTS, pictures_bytes=pictures)
    least = int(refused.value.hint.split()[-2])
    assert least * MIB > PROGRAM_BYTES + pictures
    engine = Engine("cpu", workers=workers, memory_budget_mib=least + more)
    cut = engine.plan(width, height, **FACTS, pictures_bytes=pictures)
    assert pictures < cut.taken < cut.bytes <= engine.budget_bytes
    assert 1 <= cut.workers <= workers


def test_requirements_name_the_budget_that_would_do() -> None:
    with pytest.raises(MemoryBudgetTooSmall) as refused:
        Engine("cpu", memory_budget_mib=200).require(60 * MIB, 17 * MIB, 2)
    least = int(refused.value.hint.rstrip(").").split()[-1])
    Engine("cpu", memory_budget_mib=least).require(60 * MIB, 17 * MIB, 2)
    with pytest.raises(MemoryBudgetTooSmall):
        Engine("cpu", memory_budget_mib=least - 1).require(60 * MIB, 17 * MIB, 2)


FULL = """
import json, sys
from pathlib import Path
from scumble import Colorize, Engine, Progress
from scumble.engine.planning import Planning
from scumble.rendering import render_files
source, output, budget_mib = sys.argv[1:]
cuts, plan = [], Planning.plan
Planning.plan = lambda *given, **named: cuts.append(plan(*given, **named)) or cuts[-1]
engine = Engine("cpu", workers=2, memory_budget_mib=int(budget_mib))
effect = Colorize(detail="full")
render_files(effect, {"source": Path(source)}, Path(output), engine=engine, progress=Progress(), max_megapixels=50)
lines = Path("/proc/self/status").read_text().splitlines()
peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
print(json.dumps([peak * 1024, cuts[-1].bytes]))
"""


@pytest.mark.parametrize("budget_mib", [320, 520])
def test_full_detail_keeps_its_budget_and_takes_about_what_was_predicted(budget_mib: int, tmp_path: Path) -> None:
    source = tmp_path / "a.tif"
    write_image(source, picture(smooth(512, 640)))
    command = [sys.executable, "-c", FULL, str(source), str(tmp_path / "b.png"), str(budget_mib)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    peak, predicted = json.loads(done.stdout)
    assert predicted <= budget_mib * MIB
    assert peak <= 1.1 * budget_mib * MIB
    assert peak <= 1.25 * predicted
