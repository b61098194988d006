"""LocalRunner: jobs on threads of this process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from scumble.jobs import Job, Progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from scumble.effect import Effect
    from scumble.engine import Engine
    from scumble.media.image import Image

__all__ = ["LocalRunner"]

T = TypeVar("T")


class LocalRunner:
    """Runs jobs one after the other, in the order in which they came, away from the thread that asks.

    One at a time is the right number for effects that run models: an engine already uses every core it may. As a
    context manager it waits for its jobs at the end, and cancels them when the block was left by an exception.
    """

    def __init__(self, *, engine: Engine | None = None, threads: int = 1) -> None:
        """Make a runner whose effects run on ``engine`` (the shared default one when None), ``threads`` at a time."""
        self._engine = engine
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="scumble-job")
        self._jobs: set[Job[Any]] = set()

    def submit(
        self,
        effect: Effect,
        source: Image | None = None,
        *,
        listener: Callable[[Job[Image]], None] | None = None,
        **clips: Image | None,
    ) -> Job[Image]:
        """Queue a rendering of ``effect``; the arguments are those of calling it. Errors end up in the job."""
        return self.start(
            effect.title,
            lambda progress: effect(source, engine=self._engine, progress=progress, extras=None, **clips),
            listener=listener,
        )

    def start(
        self, title: str, work: Callable[[Progress], T], *, listener: Callable[[Job[T]], None] | None = None
    ) -> Job[T]:
        """Queue any work that reports to a Progress; raises RuntimeError after `close`.

        ``listener`` is called with the job at every change, mostly on the runner's own thread.
        """
        job: Job[T] = Job(title, listener)
        self._jobs.add(job)
        try:
            self._pool.submit(self._run, job, work)
        except RuntimeError:
            self._jobs.discard(job)
            raise
        return job

    def close(self, *, cancel: bool = False) -> None:
        """Wait for every job, after cancelling them if ``cancel``; then take no more."""
        if cancel:
            for job in tuple(self._jobs):
                job.cancel()
        self._pool.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.close(cancel=kind is not None)

    def _run(self, job: Job[T], work: Callable[[Progress], T]) -> None:
        try:
            if job.start():
                job.finish(work(job.progress))
        except BaseException as error:  # the job is where errors are looked for; nobody reads this thread's
            job.fail(error)
        finally:
            self._jobs.discard(job)
