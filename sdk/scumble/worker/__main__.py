"""`python -m scumble.worker`: what an adapter starts; serves until it was idle for long, or is asked to retire."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import faulthandler
import logging
import os
import signal
import sys
from pathlib import Path

from scumble.engine.machine import cores, spare_cores
from scumble.worker.place import Place, log_path, make_private, runtime_folder, state_folder
from scumble.worker.server import AlreadyServed, Server

MEMORY_VARIABLE = "SCUMBLE_WORKER_MEMORY_MIB"
_MOST_LOG_BYTES = 1 << 20
_M_ARENA_MAX, _ARENAS = -8, 2
_NICENESS = 5
_FEW_CORES = 2
"""With so many, sparing one would halve the speed, previews' too; being nice is enough there."""


def main() -> int:
    """Runs the worker; the exit status is 0 also when another one serves already."""
    options = argparse.ArgumentParser(prog="scumble.worker", description=__doc__)
    options.add_argument("--runtime", type=Path, default=None, help="folder of socket and pixels")
    options.add_argument(
        "--unload-after", type=float, default=300.0, metavar="S", help="drop models after S idle seconds"
    )
    options.add_argument("--exit-after", type=float, default=1800.0, metavar="S", help="end after S idle seconds")
    arguments = options.parse_args()
    _log_to_file()
    faulthandler.enable()
    limit_memory()
    if hasattr(os, "nice"):
        os.nice(_NICENESS)  # the editor's own threads come first
    if cores() > _FEW_CORES:
        spare_cores(1)  # and have a core
    place = Place(arguments.runtime or runtime_folder())
    try:
        server = Server(place, unload_after_s=arguments.unload_after, exit_after_s=arguments.exit_after)
    except AlreadyServed:
        return 0
    for name in ("SIGTERM", "SIGINT"):
        signal.signal(getattr(signal, name), lambda *_: server.retire(cancel=True))
    server.serve()
    return 0


def _log_to_file() -> None:
    """Logs to the user's log file, of which one former one is kept."""
    make_private(state_folder())
    log = log_path()
    with contextlib.suppress(OSError):
        if log.stat().st_size > _MOST_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
    pattern = f"%(asctime)s {os.getpid()} %(levelname)s %(message)s"
    logging.basicConfig(filename=log, level=logging.INFO, format=pattern, encoding="utf-8")


def limit_memory() -> None:
    """Takes care that this process, and no other, is the one that suffers when memory runs out.

    Data beyond the machine's memory, or beyond SCUMBLE_WORKER_MEMORY_MIB, is refused rather than swapped; and
    when the system must end a process, it ends the worker before the host. Threads share two heaps, where glibc
    would give many one of their own and keep what each once needed.
    """
    if sys.platform == "win32":
        return
    import resource

    named = os.environ.get(MEMORY_VARIABLE, "")
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = int(named) << 20 if named.isdecimal() else total
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (limit, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800", encoding="ascii")


if __name__ == "__main__":
    sys.exit(main())
