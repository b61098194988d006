"""Pictures in mapped files: the same as those in memory, but not resident."""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import OpenImageIO
import pytest
from tests.media.builders import noise, picture, pixels, smooth

from scumble.errors import MediaError
from scumble.media import mapped
from scumble.media.files import read_image, write_image
from scumble.media.image import SampleType

MIB = 1 << 20
STATUS = Path("/proc/self/status")


def resident_mib() -> float:
    lines = STATUS.read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def test_what_is_written_stays_but_not_in_this_process() -> None:
    before = resident_mib()
    array = mapped.empty((64, MIB), np.dtype(np.uint8), 0)
    array[...] = np.arange(64, dtype=np.uint8)[:, None]
    deadline = time.monotonic() + 10
    while resident_mib() > before + 40 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert resident_mib() < before + 40
    assert np.array_equal(array[:, 5], np.arange(64))
    assert int(array.sum(dtype=np.int64)) == 63 * 32 * MIB
    del array
    gc.collect()


def test_small_ones_stay_on_the_heap() -> None:
    assert mapped.empty((3, 4), np.dtype(np.float32), 48).base is None
    assert mapped.empty((3, 4), np.dtype(np.float32), None).base is None
    assert mapped.empty((3, 4), np.dtype(np.float32), 47).base is not None


def test_a_disk_without_room_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(MediaError, match="no room") as error:
        mapped.empty((3, 4), np.dtype(np.float32), 0)
    assert error.value.code == "media.no_space"


CASES = [
    ("png", 3, SampleType.U8), ("png", 4, SampleType.U16), ("png", 2, SampleType.U8), ("jpg", 3, SampleType.U8),
    ("jpg", 1, SampleType.U8), ("tif", 4, SampleType.U16), ("tif", 3, SampleType.F32), ("tif", 1, SampleType.U8),
    ("exr", 4, SampleType.F16), ("exr", 3, SampleType.F32), ("webp", 4, SampleType.U8),
]  # fmt: skip


@pytest.mark.parametrize(("ending", "channels", "sample"), CASES)
def test_files_are_the_same_either_way(ending: str, channels: int, sample: SampleType, tmp_path: Path) -> None:
    path = tmp_path / f"a.{ending}"
    write_image(path, picture(noise(301, 70, channels, sample)))
    heap, in_file = read_image(path), read_image(path, heap_bytes=0)
    assert np.array_equal(pixels(heap), pixels(in_file), equal_nan=True)
    assert (heap.model, heap.sample, heap.transfer) == (in_file.model, in_file.sample, in_file.transfer)
    write_image(tmp_path / f"b.{ending}", in_file)
    write_image(tmp_path / f"c.{ending}", heap)
    assert (tmp_path / f"b.{ending}").read_bytes() == (tmp_path / f"c.{ending}").read_bytes()


@pytest.mark.parametrize("orientation", [1, 3, 6, 7])
def test_large_pictures_are_turned_upright_too(orientation: int, tmp_path: Path) -> None:
    from PIL import Image as Pillow

    exif = Pillow.Exif()
    exif[274] = orientation
    Pillow.fromarray(smooth()).save(tmp_path / "a.jpg", exif=exif)
    heap, in_file = (pixels(read_image(tmp_path / "a.jpg", heap_bytes=n)) for n in (None, 0))
    assert np.array_equal(heap, in_file)


def test_tiled_files_are_read_as_a_whole(tmp_path: Path) -> None:
    spec = OpenImageIO.ImageSpec(100, 90, 3, "uint8")
    spec.tile_width = spec.tile_height = 32
    output = OpenImageIO.ImageOutput.create("tiff")
    assert output is not None
    assert output.open(str(tmp_path / "a.tif"), spec)
    assert output.write_image(noise(90, 100, 3))
    output.close()
    assert np.array_equal(pixels(read_image(tmp_path / "a.tif", heap_bytes=0)), noise(90, 100, 3))


@pytest.mark.parametrize("ending", ["png", "jpg", "tif"])
def test_a_file_that_ends_early_is_refused_in_strips_too(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{ending}"
    write_image(path, picture(noise(400, 300, 3)))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(MediaError):
        read_image(path, heap_bytes=0)


CHILD = """
import re, sys
from pathlib import Path
from scumble import Colorize
from scumble.engine import Engine
from scumble.jobs import Progress
from scumble.rendering import render_files
source, output, budget_mib = sys.argv[1:]
engine = Engine("cpu", workers=1, memory_budget_mib=int(budget_mib))
render_files(Colorize(), {"source": Path(source)}, Path(output), engine=engine, progress=Progress(), max_megapixels=50)
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def peak_mib(source: Path, output: Path, budget_mib: int) -> float:
    command = [sys.executable, "-c", CHILD, str(source), str(output), str(budget_mib)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    return int(done.stdout) / 1024


def test_colorize_obeys_its_budget_with_decoding_and_encoding(tmp_path: Path) -> None:
    """A picture and its result of 96 MiB beyond what the budget leaves: they cost little of it, and nothing changes."""
    rows = np.tile(smooth(256, 256), (16, 16, 1))
    small, large = tmp_path / "small.tif", tmp_path / "large.tif"
    write_image(small, picture(rows[:500, :500]))
    write_image(large, picture(rows))
    pictures_mib = 2 * rows.nbytes / MIB
    assert pictures_mib == 96
    budget = 300
    least = peak_mib(small, tmp_path / "a.png", budget)
    tight = peak_mib(large, tmp_path / "b.jpg", budget)
    ample = peak_mib(large, tmp_path / "c.jpg", 4000)
    assert tight < 1.1 * budget
    assert tight - least < 0.6 * pictures_mib
    assert ample - least > 0.7 * pictures_mib, "the control: with memory enough they stay there"
    assert (tmp_path / "b.jpg").read_bytes() == (tmp_path / "c.jpg").read_bytes()


def test_a_budget_below_the_least_is_refused_with_the_least(tmp_path: Path) -> None:
    from scumble import Colorize
    from scumble.engine import Engine
    from scumble.errors import MemoryBudgetTooSmall

    with pytest.raises(MemoryBudgetTooSmall, match="MiB are needed") as error:
        Colorize()(picture(smooth()), engine=Engine("cpu", memory_budget_mib=100))
    assert "--memory" in error.value.hint
