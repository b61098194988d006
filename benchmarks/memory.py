"""What Linux tells of a process's own memory; no more than the standard library, so that asking costs none."""

from __future__ import annotations

import re
from pathlib import Path

_STATUS = Path("/proc/self/status")


def status_mib(field: str) -> float:
    """Returns VmRSS or VmHWM of this process in MiB; ru_maxrss would begin with the parent's."""
    found = re.search(rf"^{field}:\s+(\d+) kB", _STATUS.read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024
