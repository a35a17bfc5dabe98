"""How many processors this process may use."""

import math
import os
from pathlib import Path

__all__ = ["cpu_count"]

# Where Linux tells the bound of a container: "200000 100000" is two processors, "max" is none.
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def cpu_count() -> int:
    """Return the number of processors that this process may use, at least 1.

    That is less than the machine has where the process is tied to some of them, or is in a
    container with a quota of processor time (cgroup v2); parts of one count as one.
    """
    if hasattr(os, "sched_getaffinity"):
        processors = len(os.sched_getaffinity(0))
    else:
        processors = os.cpu_count() or 1
    return max(1, min(processors, _quota(_QUOTA)))


def _quota(file: Path) -> int:
    """Return how many processors a quota is worth; many, where there is none."""
    try:
        time, period = file.read_text().split()
        return math.ceil(int(time) / int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return 1 << 16
