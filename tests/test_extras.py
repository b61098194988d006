"""Files beside the output: written whole with it, recorded, never in the way of what is read, left out of a replay."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from scumble.effect import AudioEffect, Extras, File, RenderContext, Text, extra_places, read_places
from scumble.engine import Engine
from scumble.errors import JobCancelled, MediaError, ParamError
from scumble.jobs import Progress
from scumble.media.atomic import atomic_path
from scumble.media.audio import Audio
from scumble.provenance import sha256_of_file
from scumble.rendering import Rendered, render_files, replayed


class Drum(AudioEffect, id="drum", title="Drum", context="generator"):
    """Drums."""

    score: Path | None = File(default=None, role="read", doc="What to drum.")
    notes: Path | None = File(default=None, role="write", suffixes=(".txt",), doc="The notes.")
    parts: Path | None = File(default=None, role="folder", doc="The parts.")
    words: Path | None = File(default=None, role="write", doc="The statement.")
    fault: str = Text(default="", doc="What goes wrong.")

    def render(self, ctx: RenderContext) -> Audio:
        if self.notes is not None:
            ctx.also_write(self.notes, b"boom")
        if self.parts is not None:
            ctx.also_write(self.parts / "a.wav", Audio(bytes(8), 1, 8000))
            ctx.also_write(self.parts / "b.txt", lambda path: self._write(path))
        if self.fault == "twice" and self.notes is not None:
            ctx.also_write(self.notes, b"boom")
        ctx.state("Drummed.", self.words)
        return Audio(bytes(80), 1, 8000)

    def _write(self, path: Path) -> None:
        if self.fault == "late":
            raise MediaError("The drum is broken", "Buy another one.", "media.drum")
        path.write_text("b")


def render(tmp_path: Path, **values: Any) -> Rendered:
    effect = Drum(**values)
    return render_files(effect, {}, tmp_path / "o.wav", engine=Engine(), progress=Progress(), max_megapixels=1)


def test_everything_is_written_and_recorded(tmp_path: Path) -> None:
    read = tmp_path / "score.txt"
    read.write_text("tam tam")
    places = {"notes": tmp_path / "n.txt", "parts": tmp_path / "parts", "words": tmp_path / "w.txt"}
    record = render(tmp_path, score=read, **places).record
    written = {*map(tmp_path.joinpath, ("n.txt", "w.txt")), *(tmp_path / "parts" / name for name in ("a.wav", "b.txt"))}
    assert set(record.extras) == {str(path) for path in written}
    assert all(sha256_of_file(Path(fact.path)) == fact.sha256 for fact in record.extras.values())
    assert record.inputs["score"].sha256 == sha256_of_file(read)
    assert record.statement.startswith("Drummed.")
    assert (tmp_path / "w.txt").read_text("utf-8") == record.statement
    assert record.output.sha256 in record.statement


@pytest.mark.parametrize("name", ["notes", "words", "output"])
def test_where_one_file_cannot_be_written_none_is(tmp_path: Path, name: str) -> None:
    taken = tmp_path / ("o.wav" if name == "output" else f"{name}.txt")
    taken.mkdir()  # a folder that has the name is found out when the work is done
    with pytest.raises(MediaError) as refused:
        render(tmp_path, notes=tmp_path / "notes.txt", words=tmp_path / "words.txt", parts=tmp_path / "parts")
    assert taken.name in refused.value.message
    assert [path.name for path in tmp_path.iterdir()] == [taken.name]


def test_an_error_names_the_file_that_was_asked_for(tmp_path: Path) -> None:
    def full(path: Path) -> None:
        with atomic_path(path):
            raise OSError(errno.ENOSPC, "No space left on device")

    extras = Extras()
    extras.add(tmp_path / "stem.wav", full)
    with pytest.raises(MediaError, match=r"stem\.wav cannot be written: No space") as refused, extras.written():
        pass
    assert ".scumble-" not in refused.value.message
    assert not list(tmp_path.iterdir())


def test_a_replay_makes_the_output_alone_and_checks_what_was_read(tmp_path: Path) -> None:
    read = tmp_path / "score.txt"
    read.write_text("tam tam")
    done = render(tmp_path, score=read, notes=tmp_path / "n.txt")
    (tmp_path / "n.txt").unlink()
    again = {"engine": Engine(), "progress": Progress()}
    rendered, same = replayed(done.sidecar, tmp_path / "p.wav", {"drum": Drum}, max_megapixels=1, **again)  # type: ignore[arg-type]
    assert same
    assert not rendered.record.extras
    assert not (tmp_path / "n.txt").exists()
    read.write_text("tam")
    with pytest.raises(MediaError, match="changed"):
        replayed(done.sidecar, tmp_path / "q.wav", {"drum": Drum}, max_megapixels=1, **again)  # type: ignore[arg-type]


@pytest.mark.parametrize("fault", ["late", "twice"])
def test_a_fault_leaves_nothing(tmp_path: Path, fault: str) -> None:
    with pytest.raises((MediaError, ParamError)):
        render(tmp_path, notes=tmp_path / "n.txt", parts=tmp_path / "parts", fault=fault)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"notes": "nowhere/n.txt"}, "media.no_folder"),
        ({"words": "o.wav"}, "param.same_file"),
        ({"notes": "n.txt", "words": "n.txt"}, "param.same_file"),
        ({"score": "n.txt", "notes": "n.txt"}, "param.same_file"),
        ({"score": "none.txt"}, "media.missing"),
    ],
)
def test_places_are_checked_before_any_work(tmp_path: Path, values: dict[str, str], code: str) -> None:
    with pytest.raises((MediaError, ParamError)) as refused:
        render(tmp_path, **{name: tmp_path / value for name, value in values.items()})
    assert refused.value.code == code
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["score", "output"])
def test_a_file_in_a_folder_never_takes_the_place_of_what_is_read_or_made(tmp_path: Path, name: str) -> None:
    place = tmp_path / ("a.wav" if name == "output" else "b.txt")  # as the effect calls its parts
    read = tmp_path / "b.txt" if name == "score" else tmp_path / "s.txt"
    read.write_text("tam tam")
    output = place if name == "output" else tmp_path / "o.wav"
    effect = Drum(score=read, parts=tmp_path)
    with pytest.raises(ParamError) as refused:
        render_files(effect, {}, output, engine=Engine(), progress=Progress(), max_megapixels=1)
    assert refused.value.code == "param.same_file"
    assert name in refused.value.message
    assert [path.read_text() for path in tmp_path.iterdir()] == ["tam tam"]


def test_called_from_python_it_writes_by_itself_or_hands_over(tmp_path: Path) -> None:
    effect = Drum(notes=tmp_path / "n.txt")
    extras = Extras()
    effect(extras=extras)
    assert not list(tmp_path.iterdir())
    with extras.written():
        assert not (tmp_path / "n.txt").exists()
    assert (tmp_path / "n.txt").read_bytes() == b"boom"
    (tmp_path / "n.txt").unlink()
    effect()
    assert (tmp_path / "n.txt").read_bytes() == b"boom"
    assert (extra_places(effect), read_places(effect)) == ({"notes": tmp_path / "n.txt"}, {})


def test_a_cancel_between_two_files_leaves_none(tmp_path: Path) -> None:
    progress = Progress()

    def write_and_cancel(path: Path) -> None:
        path.write_text("first")
        progress.cancel()

    extras = Extras()
    extras.add(tmp_path / "one.txt", write_and_cancel)
    extras.add(tmp_path / "two.txt", lambda path: pytest.fail(f"{path} was written after the cancel"))
    with pytest.raises(JobCancelled), extras.written(progress.check):
        pytest.fail("nothing is whole")
    assert list(tmp_path.iterdir()) == []
