"""Pictures in mapped files: nothing lost, nothing left behind, no room said in time, no foreign file opened."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scumble.errors import HostError, MediaError, ScumbleError
from scumble.media.arrays import array_from_image, image_from_array
from scumble.media.audio import Audio
from scumble.media.image import ColorModel, Image, SampleType, Transfer
from scumble.worker.pixels import (
    Pixels,
    audio_as_message,
    create_file,
    image_from_message,
    result_from_message,
    sweep,
)
from scumble.worker.wire import WireError


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("SCUMBLE_RUNTIME", str(tmp_path / "run"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "run").mkdir()
    yield tmp_path
    left = [path for path in tmp_path.rglob("*.pixels") if "kept" not in path.name]
    assert not left


@pytest.mark.parametrize("sample", SampleType)
@pytest.mark.parametrize("model", ColorModel)
def test_a_picture_arrives_as_it_was(sample: SampleType, model: ColorModel) -> None:
    array = (np.random.default_rng(1).random((13, 7, model.channels)) * 200).astype(sample.value)
    image = image_from_array(array, transfer=Transfer.LINEAR).replace(
        icc_profile=b"profile" if not model.is_gray else None
    )
    pixels = Pixels.copy_of(image)
    back = image_from_message(pixels.as_message())
    pixels.close()
    pixels.close()
    assert np.array_equal(array_from_image(back), array)
    assert (back.model, back.sample, back.transfer, back.icc_profile) == (
        model,
        sample,
        image.transfer,
        image.icc_profile,
    )
    assert memoryview(back.data).readonly


def test_rows_with_gaps_lose_their_gaps() -> None:
    array = np.arange(20 * 30 * 3, dtype=np.uint16).reshape(20, 30, 3)
    part = image_from_array(array).crop(image_from_array(array).bounds._replace(x=5, y=3, width=11, height=9))
    pixels = Pixels.copy_of(part)
    assert np.array_equal(array_from_image(image_from_message(pixels.as_message())), array[3:12, 5:16])
    assert pixels.image.stride == 11 * 3 * 2
    pixels.close()


def test_it_is_filled_strip_by_strip_in_place() -> None:
    pixels = Pixels.create(4, 3, model=ColorModel.GRAY)
    rows = memoryview(pixels.image.data)
    for y in range(3):
        rows[4 * y : 4 * y + 4] = bytes([y] * 4)
    assert bytes(image_from_message(pixels.as_message()).data) == bytes([0] * 4 + [1] * 4 + [2] * 4)
    pixels.close()


def test_a_result_is_kept_by_its_picture_alone(places: Path) -> None:
    message = Pixels.copy_of(image_from_array(np.full((2, 2, 3), 7, np.uint8))).as_message()
    image: Image = result_from_message(message)
    assert not list(places.rglob("*.pixels"))
    assert bytes(image.data) == bytes([7] * 12)


def test_a_sound_arrives_as_it_was() -> None:
    samples = np.linspace(-1, 1, 24, dtype=np.float32)
    path, view = create_file(samples.nbytes)
    view[:] = samples.tobytes()
    back: Audio = result_from_message(audio_as_message(path, Audio(view, 2, 48000)))
    assert (back.frames, back.channels, back.rate_hz) == (12, 2, 48000)
    assert np.array_equal(np.frombuffer(back.data, np.float32), samples)


def test_files_are_for_this_user_only(places: Path) -> None:
    pixels = Pixels.create(1, 1)
    assert pixels.path.stat().st_mode & 0o777 == 0o600
    assert pixels.path.parent.stat().st_mode & 0o777 == 0o700
    pixels.close()


@pytest.fixture
def files_of_a_mebibyte() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("files_of_a_mebibyte")
def test_no_room_is_said_before_a_pixel_is_written() -> None:
    with pytest.raises(MediaError) as raised:
        Pixels.create(2000, 2000)
    assert raised.value.code == "media.no_space"
    assert "15 MiB" in raised.value.hint
    Pixels.create(100, 100).close()


@pytest.mark.parametrize("size", [(0, 1), (1, 0), (-3, 4)])
def test_no_pixels_is_an_error_and_no_file(size: tuple[int, int]) -> None:
    with pytest.raises(MediaError):
        Pixels.create(*size)


def message(path: Path | str, **changes: Any) -> dict[str, Any]:
    facts = {"width": 2, "height": 2, "model": "rgb", "sample": "uint8", "transfer": "srgb", "stride": 6, "profile": ""}
    return {"media": "image", "file": str(path), **facts, **changes}


def test_other_files_are_not_opened(places: Path) -> None:
    secret = places / "secret.txt"
    secret.write_bytes(b"x" * 100)
    link = places / "run" / "pixels" / ("a" * 32 + ".pixels")
    link.parent.mkdir(mode=0o700)
    link.symlink_to(secret)
    for path in (secret, link, "relative.pixels", "/etc/passwd", link.with_name("b" * 32 + ".pixels")):
        with pytest.raises((HostError, MediaError)):
            image_from_message(message(path))
    link.unlink()


@pytest.mark.parametrize(
    "changes",
    [
        {"width": 3},
        {"height": 2000},
        {"stride": 5},
        {"width": 0},
        {"model": "cmyk"},
        {"sample": "float64"},
        {"profile": "***"},
        {"width": "2"},
    ],
)
def test_a_wrong_description_is_refused(changes: dict[str, object]) -> None:
    pixels = Pixels.create(2, 2, model=ColorModel.RGB)
    with pytest.raises((WireError, MediaError)) as raised:
        image_from_message(message(pixels.path, **changes))
    assert isinstance(raised.value, ScumbleError)
    pixels.close()


def test_what_a_crashed_host_left_is_swept_away(places: Path) -> None:
    old, fresh = Pixels.create(1, 1), Pixels.create(1, 1)
    os.utime(old.path, (0, 0))
    (old.path.parent / "kept.txt").touch()
    for name in ("layers-old", "layers-fresh", "other"):
        (places / "run" / name).mkdir()
        (places / "run" / name / "1-background.png").touch()
        os.utime(places / "run" / name, None if "fresh" in name else (0, 0))
    assert sweep(places / "run") == 2
    assert {path.name for path in (places / "run").iterdir()} == {"pixels", "layers-fresh", "other"}
    assert fresh.path.exists()
    fresh.close()
