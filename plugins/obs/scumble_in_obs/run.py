"""One press of the button: the worker makes a file on a thread of ours, and a source of OBS shows it."""

from __future__ import annotations

import dataclasses
import threading
import time
from pathlib import Path
from typing import Any, Callable

from scumble.errors import JobCancelled, MediaError
from scumble.jobs import Job
from scumble.schema import EffectSchema
from scumble.worker.client import Client
from scumble_in_obs import results

_POLL_S = 0.05


@dataclasses.dataclass(frozen=True)
class Order:
    """What is wanted: the effect with plain values and files, and the source, scene and folder for the result."""

    schema: EffectSchema
    params: dict[str, Any]
    files: dict[str, str]
    folder: Path
    name: str
    scene: str
    loop: bool
    voice: str


class Run(threading.Thread):
    """The thread; `ended` is called on it with the words for the user, or with what went wrong."""

    def __init__(self, client: Client, order: Order, ended: Callable[[str | BaseException], None]) -> None:
        super().__init__(name="scumble-run", daemon=True)
        self._client, self._order, self._ended = client, order, ended
        self._cancelled = threading.Event()
        self._job: Job[str] | None = None

    @property
    def progress(self) -> str:
        """How far it is, in words."""
        job = self._job
        if job is None or not job.fraction:
            return "starting"
        return f"{job.fraction:.0%}, {job.note}" if job.note else f"{job.fraction:.0%}"

    def cancel(self) -> None:
        """Stop at the next chance; after the end this does nothing."""
        self._cancelled.set()
        if self._job is not None:
            self._job.cancel()

    def run(self) -> None:
        """Render, show, and tell; whatever fails is told as well."""
        order, media = self._order, self._order.schema.output.media
        try:
            path = self._rendered()
            below = order.schema.context == "generator"
            results.show(path, media, order.name, order.scene, below=below, loop=order.loop)
            if media == "audio" and order.voice:
                results.duck(order.name, order.voice)
        except JobCancelled:
            self._ended(f"{order.schema.title} was cancelled; nothing was changed.")
        except Exception as error:
            self._ended(error)
        else:
            self._ended(f"{order.schema.title} is done: “{order.name}” shows {path}.")

    def _rendered(self) -> Path:
        order = self._order
        path = _free_path(order.folder, order.schema.id, results.KINDS[order.schema.output.media][2])
        self._job = self._client.submit_files(order.schema.id, order.params, order.files, str(path))
        while not self._job.wait(_POLL_S):
            if self._cancelled.is_set():
                self._job.cancel()
        return Path(self._job.result())


def _free_path(folder: Path, stem: str, ending: str) -> Path:
    """Return a file in the folder that is not there yet; the folder is made. Raises MediaError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"The folder {folder} cannot be made: {error.strerror}"
        raise MediaError(message, "Choose another folder for the results.", "media.folder") from error
    stamp = time.strftime("%Y-%m-%d %H-%M-%S")
    names = (f"{stem} {stamp}{f' ({number})' if number else ''}{ending}" for number in range(1000))
    return next(path for path in map(folder.joinpath, names) if not path.exists())
