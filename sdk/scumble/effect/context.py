"""What a rendering gets from outside itself: progress, clips, engine and models."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from scumble.effect.extras import Content, Extras
from scumble.errors import ParamError
from scumble.media.image import Image
from scumble.media.waiting import waited

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from scumble.engine import Engine, Session
    from scumble.jobs import Progress
    from scumble.models.asset import Asset
    from scumble.models.store import Bundle

T = TypeVar("T")
MOST_SUGGESTIONS = 9
"""How many colours an effect suggests for a pixel at most: as many as one takes in at a glance."""


class RenderContext:
    """What a rendering gets from outside itself.

    Attributes:
        progress: report to it, and pass ``progress.report`` or ``progress.sub(...)`` down; raises when cancelled.
        clips: the input clips by name; None for an optional one that was not given.
        count: how many colours `Effect.suggest` should return at most.
    """

    def __init__(
        self,
        clips: Mapping[str, Image | None],
        progress: Progress,
        engine: Engine | None = None,
        extras: Extras | None = None,
    ) -> None:
        self.clips = MappingProxyType(dict(clips))
        self.progress = progress
        self.count = MOST_SUGGESTIONS
        self._engine = engine
        self._extras = Extras() if extras is None else extras

    @property
    def engine(self) -> Engine:
        """The engine to run models and native image work on; the shared default one unless one was given."""
        if self._engine is None:
            from scumble.engine import Engine

            self._engine = Engine.default()
        return self._engine

    def clip(self, name: str) -> Image:
        """Return the clip called ``name``; raises `ParamError` when it was not given."""
        image = self.clips.get(name)
        if image is None:
            raise ParamError(f"The clip {name} is not there", f"Give a picture for {name}.", "param.clip_missing")
        return image

    def also_write(self, path: Path, content: Content) -> None:
        """Hand over a file beside the output, whose path a File parameter (role "write", "folder" or "layers") gave.

        It is written once the output is known to be whole. Raises `ParamError` when the place is taken.
        """
        self._extras.add(path, content)

    def state(self, text: str, path: Path | None = None) -> None:
        """Say in plain words how the output was made; goes to the record, and to `path` if there is one."""
        self._extras.state(text, path)

    def bundle(self, name: str) -> Bundle:
        """Return the model bundle called ``name``; raises `BundleNotFound` or another `ModelError`."""
        from scumble.models.store import find_bundle

        return find_bundle(name)

    def asset(self, name: str) -> Asset:
        """Return the bundle called ``name`` that is no picture model; raises as `bundle`."""
        from scumble.models.store import find_asset

        return find_asset(name)

    def waited(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, done beside this thread, so that a cancel need not wait for its end.

        It then still ends, for nobody: it must change nothing but what would be given up with the job. Raises what it
        raises, and `JobCancelled`.
        """
        return waited(lambda _: work(), lambda _: self.progress.check())

    def session(self, bundle: Bundle) -> Session:
        """Return the engine's session for a bundle whose bytes were checked; raises `ModelError`, `DeviceError`."""
        return self.engine.session(bundle.model_bytes, bundle.manifest.model.sha256, lambda _: self.progress.check())
