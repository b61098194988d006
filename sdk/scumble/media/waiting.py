"""Work that nothing interrupts, such as a decoder's, done beside the thread that waits for it and may leave."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

T = TypeVar("T")
Tell = Callable[[float], object]
Listener = Tell | None
_LOOK_S = 0.05


class _Left(Exception):
    """Nobody waits any more."""


def waited(work: Callable[[Tell], T], progress: Listener) -> T:
    """Returns what `work` returns; `progress` is called meanwhile, on this thread, 20 times a second.

    `work` runs on a thread of its own, and is given what to tell its share done, 0 to 1. When `progress` raises, that
    is raised at once: the work goes on to where it next tells something, and ends there. So it must have nothing that
    others see, but what it returns. Without `progress` it runs on this thread. Raises whatever the two raise.
    """
    if progress is None:
        return work(lambda _: None)
    future: Future[T] = Future()
    reached, left = 0.0, threading.Event()

    def tell(fraction: float) -> None:
        nonlocal reached
        reached = fraction
        if left.is_set():
            raise _Left

    def run() -> None:
        try:
            future.set_result(work(tell))
        except BaseException as error:  # raised again where somebody waits
            future.set_exception(error)

    try:
        progress(0.0)
        threading.Thread(target=run, name="scumble-waited").start()
        while not wait([future], _LOOK_S).done:
            progress(reached)
    except BaseException:
        left.set()
        raise
    result = future.result()
    progress(1.0)
    return result
