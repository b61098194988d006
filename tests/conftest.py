"""For all tests: Ctrl-C as in a terminal, for a shell that starts them in the background has them ignore it."""

from __future__ import annotations

import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
