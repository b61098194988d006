"""What an effect makes beside its output: handed over while it renders, written when it is known to be whole."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from scumble.errors import MediaError, ParamError
from scumble.media.atomic import atomic_path, unwritable
from scumble.media.audio import Audio
from scumble.media.image import Image
from scumble.params import FileParam

if TYPE_CHECKING:
    from scumble.effect.base import Effect

Content = bytes | Image | Audio | Callable[[Path], Image | None]
"""A file's content, or what makes it: it is given an empty file, and fills it or returns the picture for it."""


class Extras:
    """The files that an effect makes beside its output, and its statement; filled by `RenderContext`.

    Attributes:
        statement: what the effect says about how its output was made, for people; empty when it says nothing.
        statement_path: where that is to be written, or None.
    """

    def __init__(self) -> None:
        self.statement = ""
        self.statement_path: Path | None = None
        self._contents: dict[Path, Content] = {}

    def add(self, path: Path, content: Content) -> None:
        """Takes a file's content. Raises ParamError when the place is taken."""
        if path in self._contents:
            raise ParamError(f"Two files would be {path}", "Name another one.", "param.same_file")
        self._contents[path] = content

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where files are to be written."""
        return tuple(self._contents)

    def state(self, text: str, path: Path | None) -> None:
        """Takes the statement, and where it is to be written."""
        self.statement, self.statement_path = text, path

    @contextlib.contextmanager
    def written(self, check: Callable[[], None] = lambda: None) -> Iterator[dict[Path, Path]]:
        """Writes every file into a temporary sibling, gives these by final path, and renames them when the block ends.

        `check` is called before each of them, and while they are encoded; what it raises, as when a job is cancelled,
        ends the writing.
        The statement's is empty: the block writes it, when it knows which file it is about. When the block raises
        nothing of them is left, nor of a folder that was made for them. Raises MediaError.
        """
        with contextlib.ExitStack() as stack:
            for folder in {path.parent for path in self._contents}:
                stack.enter_context(_folder(folder))
            stated = [] if self.statement_path is None else [self.statement_path]
            temporaries = {path: stack.enter_context(atomic_path(path)) for path in [*self._contents, *stated]}
            for path, content in self._contents.items():
                check()
                _write(temporaries[path], content, lambda _: check())
            yield temporaries


def extra_places(effect: Effect) -> dict[str, Path]:
    """Returns where an effect is asked to write beside its output: name of the parameter to path."""
    return {
        param.name: effect.params()[param.name]
        for param in effect.declaration().params
        if isinstance(param, FileParam) and param.writes and effect.params()[param.name] is not None
    }


def read_places(effect: Effect) -> dict[str, Path]:
    """Returns the files that an effect is asked to read beside its clips: name of the parameter to path."""
    return {
        param.name: effect.params()[param.name]
        for param in effect.declaration().params
        if isinstance(param, FileParam) and not param.writes and effect.params()[param.name] is not None
    }


@contextlib.contextmanager
def _folder(folder: Path) -> Iterator[None]:
    if folder.is_dir():
        yield
        return
    try:
        folder.mkdir()
    except FileNotFoundError as error:
        hint = "Create the folder first, or name another place."
        raise MediaError(f"There is no folder {folder.parent}", hint, "media.no_folder") from error
    except OSError as error:
        raise unwritable(folder, error.strerror or str(error)) from error
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):  # somebody may have put something there
            folder.rmdir()
        raise


def _write(path: Path, content: Content, progress: Callable[[float], object]) -> None:
    if callable(content):
        made = content(path)
        if made is None:
            return
        content = made
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, Image):
        from scumble.media.files import write_image

        write_image(path, content, progress=progress)
    else:
        from scumble.media.sound import write_audio

        write_audio(path, content, progress)
