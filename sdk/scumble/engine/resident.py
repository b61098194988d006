"""Memory that this process may take, as the system tells: what is free, of the machine and of the control group."""

from __future__ import annotations

import contextlib
import math
import os
import re
from pathlib import Path

_MIB = 1 << 20
_LEAST_BUDGET_MIB = 512
_UNTOLD_MIB = 2048
_MEMINFO = Path("/proc/meminfo")
_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUP = Path("/proc/self/cgroup")


def default_budget_mib() -> int:
    """Returns a quarter of the memory that is free, in MiB, rounded down to 1, 1.5, 2, 3, 4, 6, ... times a power of 2.

    Where little is free, up to 512 MiB but no more than half of it. So rounded, a few programs more or less leave
    plans as they are. Systems that do not tell what is free are taken at their word of what there is; 2 GiB without.
    """
    free = free_mib()
    if free is None:
        return _UNTOLD_MIB
    quarter = max(free / 4, min(_LEAST_BUDGET_MIB, free / 2), 1)
    power = 2 ** math.floor(math.log2(quarter))
    return int(power * 3 // 2 if quarter >= power * 1.5 and power > 1 else power)


def free_mib() -> float | None:
    """Returns what programs may still take without swapping, in MiB: of the machine and of the control group.

    Where the system does not tell, all memory that the machine has; None where it tells not even that.
    """
    told = [mib for mib in (_free_of_machine_mib(), _free_of_group_mib()) if mib is not None]
    if told:
        return min(told)
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / _MIB
    except (AttributeError, ValueError, OSError):
        return None


def _free_of_machine_mib() -> float | None:
    """Returns MemAvailable: free memory, and caches that can be dropped."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        found = re.search(r"^MemAvailable:\s+(\d+) kB", _MEMINFO.read_text("ascii"), re.MULTILINE)
        if found is not None:
            return int(found[1]) / 1024
    return None


def _free_of_group_mib() -> float | None:
    """Returns what this process' control group (version 2), and those around it, have left of their limits."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        own = re.search(r"^0::/(.*)$", _OWN_GROUP.read_text("utf-8"), re.MULTILINE)
        folder = _GROUPS / own[1] if own is not None else _GROUPS
        groups = [folder, *(parent for parent in folder.parents if _GROUPS in (parent, *parent.parents))]
        left = [mib for mib in map(_left_mib, groups) if mib is not None]
        return min(left, default=None)
    return None


def _left_mib(group: Path) -> float | None:
    """Returns what one group has left: its limit less what is in use, caches that can be dropped left out."""
    with contextlib.suppress(OSError, ValueError):
        limit = int((group / "memory.max").read_text("ascii"))  # "max", no limit, is no number
        used = int((group / "memory.current").read_text("ascii"))
        cached = re.search(r"^inactive_file (\d+)$", (group / "memory.stat").read_text("ascii"), re.MULTILINE)
        return max(0, limit - used + (int(cached[1]) if cached is not None else 0)) / _MIB
    return None
