"""Files that a host names: clips, kept while they do not change, and what is written beside; errors as elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture
from tests.worker.conftest import MakeClient, pixels_left

from scumble.errors import MediaError, ParamError, ScumbleError
from scumble.media.arrays import array_from_image, image_from_array
from scumble.media.files import read_image
from scumble.media.image import Image
from scumble.worker import files
from scumble.worker.client import Clip
from scumble.worker.files import PictureFiles
from scumble.worker.place import Place
from scumble.worker.wire import RETIRED

LIMIT_S = 60


@pytest.fixture
def gray() -> Image:
    return image_from_array(np.full((6, 4, 3), 55, np.uint8))


def saved(path: Path, color: tuple[int, int, int], size: tuple[int, int] = (3, 2)) -> Path:
    Picture.new("RGB", size, color).save(path)
    return path


def test_a_file_of_any_size_is_the_same_clip_as_its_pixels(
    client_for: MakeClient, gray: Image, tmp_path: Path, place: Place
) -> None:
    path = saved(tmp_path / "Größe 写真.png", (255, 51, 0), (31, 17))
    client = client_for()
    named = client.submit("kinds", {}, {"source": gray, "model": str(path)}).result(LIMIT_S)
    sent = client.submit("kinds", {}, {"source": gray, "model": read_image(path)}).result(LIMIT_S)
    assert array_from_image(named)[5, 3].tolist() == [200, 40, 0]
    assert bytes(named.data) == bytes(sent.data)
    assert not pixels_left(place)
    assert path.is_file()


def test_the_source_itself_may_be_a_file_and_be_suggested_for(client_for: MakeClient, tmp_path: Path) -> None:
    path = str(saved(tmp_path / "red.png", (255, 0, 0)))
    found = client_for().suggest("kinds", {}, {"source": path, "model": path}, 1, 1).result(LIMIT_S)
    assert found[0] == ["#ff0000", 0.75]


def test_a_file_that_changed_is_read_again(client_for: MakeClient, gray: Image, tmp_path: Path) -> None:
    path, client = saved(tmp_path / "model.png", (255, 0, 0)), client_for()
    clips: dict[str, Clip | None] = {"source": gray, "model": str(path)}
    assert array_from_image(client.submit("kinds", {}, clips).result(LIMIT_S))[0, 0].tolist() == [200, 0, 0]
    saved(path, (0, 255, 0), (5, 5))
    assert array_from_image(client.submit("kinds", {}, clips).result(LIMIT_S))[0, 0].tolist() == [0, 200, 0]


def test_a_request_that_has_to_go_again_still_names_its_file(
    client_for: MakeClient, gray: Image, tmp_path: Path
) -> None:
    client = client_for()
    job = client.submit("slow", {"seconds": 0.4}, {"source": gray})
    clips: dict[str, Clip | None] = {"source": gray, "model": str(saved(tmp_path / "model.png", (255, 0, 0)))}
    waiting = client.submit("kinds", {}, clips)
    while waiting.line is None:  # it was sent, and waits in the worker for the slow one
        assert not job.wait(0.01)
    refusal = {"type": "error", "job": waiting.request["job"], "code": RETIRED}
    client._handle(refusal, waiting.line)
    assert array_from_image(waiting.result(LIMIT_S))[0, 0].tolist() == [200, 0, 0]


def broken_file(folder: Path, case: str) -> str:
    path = folder / case
    if case == "cut.png":
        whole = saved(folder / "whole.png", (1, 2, 3), (64, 64)).read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
    elif case == "empty.png":
        path.write_bytes(b"")
    elif case == "words.jpg":
        path.write_text("no picture")
    elif case == "folder":
        path.mkdir()
    elif case == "pipe":
        os.mkfifo(path)
    return "relative.png" if case == "relative.png" else str(path)


@pytest.mark.parametrize(
    ("case", "kind", "code"),
    [
        ("gone.png", MediaError, "media.missing"),
        ("empty.png", MediaError, "media.empty_file"),
        ("cut.png", MediaError, "media.truncated"),
        ("words.jpg", MediaError, "media.unknown_format"),
        ("folder", MediaError, "media.not_a_file"),
        ("pipe", MediaError, "media.not_a_file"),
        ("zero\0byte.png", MediaError, "media.unreadable"),
        ("relative.png", ParamError, "param.relative_path"),
    ],
)
def test_what_cannot_be_read_keeps_its_class_and_code(
    client_for: MakeClient,
    gray: Image,
    tmp_path: Path,
    place: Place,
    case: str,
    kind: type[ScumbleError],
    code: str,
) -> None:
    client, name = client_for(), broken_file(tmp_path, case)
    with pytest.raises(kind) as raised:
        client.submit("kinds", {}, {"source": gray, "model": name}).result(LIMIT_S)
    assert raised.value.code == code
    assert raised.value.hint
    assert not pixels_left(place)
    assert client.submit("kinds", {}, {"source": gray}).result(LIMIT_S)


def test_files_beside_the_result_are_written_where_the_host_says(client_for: MakeClient, tmp_path: Path) -> None:
    client, values = client_for(), {"width": 90, "height": 64, "text_area": [8, 8, 40, 20], "seed": 3}
    plain = client.submit("background", values).result(LIMIT_S)
    made = client.submit("background", {**values, "layers": str(tmp_path / "parts")}).result(LIMIT_S)
    assert bytes(made.data) == bytes(plain.data)
    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == ["1-background.png", "2-scrim.png"]
    with pytest.raises(ParamError) as raised:
        client.submit("background", {**values, "layers": "parts"}).result(LIMIT_S)
    assert raised.value.code == "param.relative_path", "the worker's folder is not the host's"


def test_what_is_no_picture_at_all_is_refused_rather_than_left_out(client_for: MakeClient, gray: Image) -> None:
    job = client_for().submit("kinds", {}, {"source": gray, "model": Path("/x.png")})  # type: ignore[dict-item]
    assert job.wait(LIMIT_S)
    assert job.exception() is not None


def test_a_file_is_read_once_while_it_stays_and_cannot_be_written(tmp_path: Path) -> None:
    path, kept = str(saved(tmp_path / "a.png", (1, 2, 3))), PictureFiles()
    first = kept.read(path)
    assert kept.read(path) is first
    with pytest.raises(TypeError):
        memoryview(first.data)[0] = 9
    kept.forget()
    again = kept.read(path)
    assert again is not first
    assert bytes(again.data) == bytes(first.data)
    (tmp_path / "a.png").unlink()
    with pytest.raises(MediaError):
        kept.read(path)


def test_no_more_is_kept_than_the_limit_and_the_newest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_KEPT_BYTES", 2 * 300)
    small = [str(saved(tmp_path / f"{number}.png", (number, 0, 0), (10, 10))) for number in range(3)]
    large, kept = str(saved(tmp_path / "large.png", (9, 9, 9), (20, 20))), PictureFiles()
    pictures = [kept.read(path) for path in small]
    assert [kept.read(path) is picture for path, picture in zip(small[1:], pictures[1:], strict=True)] == [True, True]
    assert kept.read(small[0]) is not pictures[0]
    assert kept.read(large) is not kept.read(large)
