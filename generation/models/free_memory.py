"""What memory this machine has left."""

import os
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_CONTROL_GROUP = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current"))


def free_bytes() -> int | None:
    """Return what the machine, or the container around us, has left; None where the system does not say."""
    limits = [free for free in (_free_in_system(), _free_in_control_group()) if free is not None]
    return min(limits, default=None)


def _free_in_system() -> int | None:
    if _MEMINFO.is_file():
        for line in _MEMINFO.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    names = os.sysconf_names if hasattr(os, "sysconf_names") else {}
    if "SC_AVPHYS_PAGES" in names:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _free_in_control_group() -> int | None:
    """Return what a container has left; the files of the weights count as used there, but are given up when needed."""
    most, used = _CONTROL_GROUP
    if not (most.is_file() and used.is_file()):
        return None
    limit = most.read_text(encoding="ascii").strip()
    if not limit.isdigit():
        return None
    given_up = _reclaimable()
    return max(0, int(limit) - int(used.read_text(encoding="ascii")) + given_up)


def _reclaimable() -> int:
    listed = Path("/sys/fs/cgroup/memory.stat")
    if not listed.is_file():
        return 0
    counted = dict(line.split() for line in listed.read_text(encoding="ascii").splitlines())
    return int(counted.get("inactive_file", 0)) + int(counted.get("active_file", 0))
