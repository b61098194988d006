"""Writing: whole or not at all, and errors that say why not."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.media.builders import ENDINGS, noise, picture, pixels

from scumble.errors import MediaError
from scumble.media.atomic import atomic_path
from scumble.media.files import FileFormat, format_from_name, read_image, write_image


def refused(path: Path, *, overwrite: bool = True, quality: int | None = None) -> MediaError:
    with pytest.raises(MediaError) as caught:
        write_image(path, picture(noise(8, 8, 3)), overwrite=overwrite, quality=quality)
    assert caught.value.hint
    return caught.value


def test_a_block_that_ends_well_leaves_the_file_and_nothing_else(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "a.json") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".json"
        temporary.write_text("whole")
        assert not (tmp_path / "a.json").exists()
    assert (tmp_path / "a.json").read_text() == "whole"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_block_that_raises_leaves_all_as_it_was(tmp_path: Path, error: type[BaseException]) -> None:
    (tmp_path / "a.json").write_text("before")

    def write_half() -> None:
        with atomic_path(tmp_path / "a.json") as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        write_half()
    assert (tmp_path / "a.json").read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_full_disk_is_a_media_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="No space left") as caught, atomic_path(tmp_path / "a.json"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert caught.value.code == "media.unwritable"
    assert not list(tmp_path.iterdir())


def test_permissions_of_a_replaced_file_are_kept_and_new_ones_are_usual(tmp_path: Path) -> None:
    old = tmp_path / "old.txt"
    old.write_text("x")
    old.chmod(0o640)
    for path in (old, tmp_path / "new.txt"):
        with atomic_path(path) as temporary:
            temporary.write_text("y")
    (tmp_path / "plain.txt").write_text("z")
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert (tmp_path / "new.txt").stat().st_mode == (tmp_path / "plain.txt").stat().st_mode


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.png").write_bytes(b"")
    (tmp_path / "link.png").symlink_to(tmp_path / "real" / "a.png")
    write_image(tmp_path / "link.png", picture(noise(4, 4, 3)))
    assert (tmp_path / "link.png").is_symlink()
    assert read_image(tmp_path / "real" / "a.png").width == 4


@pytest.mark.parametrize("ending", ENDINGS)
def test_places_that_cannot_be_written(tmp_path: Path, ending: str) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / f"folder.{ending}").mkdir()
    assert refused(tmp_path / "nowhere" / f"a.{ending}").code == "media.no_folder"
    assert refused(tmp_path / "file" / f"a.{ending}").code == "media.no_folder"
    assert refused(tmp_path / f"folder.{ending}").code == "media.not_a_file"
    assert refused(Path(f"/proc/a.{ending}")).code == "media.unwritable"  # refused even to root
    assert refused(tmp_path / ("n" * 300 + f".{ending}")).code == "media.unwritable"
    assert refused(tmp_path / f"zero\0byte.{ending}").code == "media.unwritable"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", f"folder.{ending}"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_overwriting_can_be_forbidden(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    path.write_text("precious")
    assert refused(path, overwrite=False).code == "media.exists"
    assert path.read_text() == "precious"
    write_image(path, picture(noise(8, 8, 3)))
    assert read_image(path).width == 8


def test_a_file_that_comes_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    with pytest.raises(MediaError) as caught, atomic_path(tmp_path / "a.txt", overwrite=False):
        (tmp_path / "a.txt").write_text("precious")
    assert caught.value.code == "media.exists"
    assert (tmp_path / "a.txt").read_text() == "precious"


@pytest.mark.parametrize("ending", ["png", "tif", "exr"])
def test_an_encoder_that_meets_a_full_disk_leaves_nothing(tmp_path: Path, ending: str) -> None:
    code = """
import resource, sys
import numpy as np
from scumble.errors import MediaError
from scumble.media.arrays import image_from_array
from scumble.media.files import write_image
image = image_from_array(np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8))
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
try:
    write_image(sys.argv[1], image)
except MediaError as error:
    print(error.code)
"""
    command = [sys.executable, "-c", code, str(tmp_path / f"a.{ending}")]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "media.unwritable"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ["jpg", "webp"])
def test_encoders_that_no_full_disk_must_meet_work_in_memory(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr("scumble.media.encoding.shutil.copyfileobj", full)
    with pytest.raises(MediaError, match="No space left") as caught:
        write_image(tmp_path / f"a.{ending}", picture(noise(64, 64, 3)))
    assert caught.value.code == "media.unwritable"
    assert not list(tmp_path.iterdir())


def test_where_there_are_no_memory_files_a_temporary_folder_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "memfd_create")
    for ending in ("jpg", "webp"):
        write_image(tmp_path / f"a.{ending}", picture(noise(8, 8, 3), metadata={"Make": "x"}))
        assert read_image(tmp_path / f"a.{ending}").metadata["Make"] == "x"


@pytest.mark.parametrize("name", ["a", "a.txt", "a.gif", "a.heic", "a.png.bak", ".png"])
def test_unknown_endings_are_answered_with_the_list(tmp_path: Path, name: str) -> None:
    error = refused(tmp_path / name)
    assert error.code == "media.suffix"
    assert ".webp" in error.hint
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "kind"), [("a.PNG", "png"), ("a.JPEG", "jpeg"), ("a.TiFf", "tiff"), ("a.b.exr", "openexr")]
)
def test_the_ending_decides_in_any_case(name: str, kind: str) -> None:
    assert format_from_name(name) is FileFormat(kind)


@pytest.mark.parametrize("quality", [0, 101, -5])
def test_impossible_qualities_are_refused(tmp_path: Path, quality: int) -> None:
    assert refused(tmp_path / "a.jpg", quality=quality).code == "media.quality"


@pytest.mark.parametrize(("ending", "side"), [("jpg", 65_501), ("webp", 16_384)])
def test_sides_beyond_the_format_are_refused(tmp_path: Path, ending: str, side: int) -> None:
    with pytest.raises(MediaError) as caught:
        write_image(tmp_path / f"a.{ending}", picture(np.zeros((1, side, 3), np.uint8)))
    assert caught.value.code == "media.side"
    assert str(side) in caught.value.message
    assert not list(tmp_path.iterdir())
    write_image(tmp_path / f"a.{ending}", picture(np.zeros((1, side - 1, 3), np.uint8)))
    assert read_image(tmp_path / f"a.{ending}").width == side - 1


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("stem", ["żółw 写真", "what?x=1&y", "%04d #1", "-dash", "a.b"])
def test_any_name_will_do(tmp_path: Path, stem: str, ending: str) -> None:
    folder = tmp_path / f"in {stem}"
    folder.mkdir()
    array = np.ascontiguousarray(np.broadcast_to(np.uint8(128), (8, 8, 3)))
    write_image(folder / f"{stem}.{ending}", picture(array))
    assert pixels(read_image(folder / f"{stem}.{ending}")).shape == (8, 8, 3)
    assert len(list(folder.iterdir())) == 1


def test_a_relative_path_starts_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_image("a.png", picture(noise(4, 4, 3)))
    assert read_image("a.png").width == 4
