"""One process of the bench: draws a style, and prints its bytes' hashes or what that took, as JSON.

python -m benchmarks.background.child hashes STYLE WORKERS
python -m benchmarks.background.child cost STYLE WIDTH HEIGHT
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from typing import Any

from benchmarks.memory import status_mib
from scumble import Background
from scumble.engine import Engine

SIZE_PX = (640, 360)
CASES: tuple[dict[str, Any], ...] = (
    {"seed": 1},
    {"seed": 2, "energy": 1.0, "seamless": True},
    {"seed": 3, "blend": 4, "blur": 0.3},
    {"seed": 4, "text_area": (40, 60, 300, 120), "warmth": 0.8},
)
"""Values whose pictures must have the same bytes in every process; no two the same picture."""


def hashes(style: str, workers: int) -> list[str]:
    """Returns the SHA-256 of each case's pixels, drawn by so many threads."""
    engine, (width, height) = Engine(workers=workers), SIZE_PX
    looks = [Background(style=style, width=width, height=height, **case) for case in CASES]
    return [hashlib.sha256(look(engine=engine).data).hexdigest() for look in looks]


def cost(style: str, width: int, height: int) -> dict[str, float]:
    """Returns the seconds of a drawing, a model's loading included, and the CPU seconds and peak MiB of the process."""
    began = time.perf_counter()
    made = Background(style=style, width=width, height=height)()
    seconds = time.perf_counter() - began
    assert (made.width, made.height) == (width, height)
    return {"seconds": seconds, "cpu_seconds": time.process_time(), "mib": status_mib("VmHWM")}


if __name__ == "__main__":
    way, name, *rest = sys.argv[1:]
    print(json.dumps({"hashes": hashes, "cost": cost}[way](name, *map(int, rest))))  # type: ignore[operator]
