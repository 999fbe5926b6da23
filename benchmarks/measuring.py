"""Measurements shared by the benchmarks."""

import resource
from pathlib import Path


def peak() -> float:
    """Peak memory of this process so far (MiB).

    On Linux from /proc, because resource.getrusage starts with the memory of the parent process
    there.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = status.read_text().splitlines()
    return next(int(one.split()[1]) / 1024 for one in lines if one.startswith("VmHWM"))
