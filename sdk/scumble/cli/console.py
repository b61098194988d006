"""What a person at the terminal sees: a progress bar, results, and errors with what to do."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from scumble.errors import JobCancelled, ScumbleError
from scumble.jobs import Progress


@contextmanager
def shown_progress(title: str, *, quiet: bool) -> Iterator[Progress]:
    """Gives a Progress that draws a bar on stderr when that is a terminal, else nothing.

    Raises JobCancelled for Ctrl-C, which typer would end without a word.
    """
    try:
        with _bar(title, quiet=quiet) as progress:
            yield progress
    except KeyboardInterrupt:
        raise JobCancelled("Cancelled; nothing was written") from None


@contextmanager
def _bar(title: str, *, quiet: bool) -> Iterator[Progress]:
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield Progress()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=1.0)
        yield Progress(lambda fraction, note: bar.update(task, completed=fraction, description=note or title))


def say(result: dict[str, Any], text: str, *, as_json: bool) -> None:
    """Prints a result on stdout: `text` for people, or the dictionary as JSON for programs."""
    sys.stdout.write((json.dumps(result, ensure_ascii=False) if as_json else text) + "\n")


def say_error(error: ScumbleError, *, as_json: bool) -> None:
    """Prints an error: a JSON object on stdout for programs; code, message and hint on stderr for people."""
    if as_json:
        sys.stdout.write(json.dumps({"error": error.as_dict()}, ensure_ascii=False) + "\n")
        return
    sys.stderr.write(f"scumble: {error.message} [{error.code}]\n")
    if error.hint:
        sys.stderr.write(f"  hint: {error.hint}\n")


def warn(text: str) -> None:
    """Prints a note on stderr."""
    sys.stderr.write(f"scumble: {text}\n")
