"""Whether a model fits: what its weights will take, and what the machine has left."""

import os
from dataclasses import dataclass
from pathlib import Path

import torch

from vouch.retrieval.errors import ModelError

_MEMINFO = Path("/proc/meminfo")
_CONTROL_GROUP = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current"))
BYTES_PER_WEIGHT = {"int8": 1.0, "int4": 0.52}
"""Of a quantised linear layer. int4: half a byte, and 0.4 to 4 % for the scales of blocks of 64, quantised again."""
HEADROOM = 1.05
"""Share added for buffers and the first tokens."""


@dataclass(frozen=True, slots=True)
class WeightCount:
    """Weights of a model by how they are kept."""

    linear: int
    """In linear layers that quantisation shrinks."""
    other: int
    """Embeddings, norms, the output layer."""

    def bytes_needed(self, precision: torch.dtype, quantise: str) -> int:
        """Return what they take in memory."""
        each = float(precision.itemsize)
        return round(self.linear * BYTES_PER_WEIGHT.get(quantise, each) + self.other * each)


def check_fits(count: WeightCount, precision: torch.dtype, quantise: str, device: str) -> None:
    """Raise ModelError where the weights would not fit; nothing is loaded by then."""
    needed = round(count.bytes_needed(precision, quantise) * HEADROOM)
    free = available_bytes(device)
    if free is None or needed <= free:
        return
    smaller = [kind for kind in ("int8", "int4") if count.bytes_needed(precision, kind) * HEADROOM <= free]
    remedy = f"set model.quantise = {smaller[0]}" if smaller and quantise == "none" else "take a smaller model"
    if device != "cpu":
        remedy += ", or model.device = cpu"
    raise ModelError(
        f"the weights take {needed / 2**30:.1f} GiB ({_kept(precision, quantise)}), "
        f"{free / 2**30:.1f} GiB are free on {device}: {remedy}"
    )


def available_bytes(device: str) -> int | None:
    """Return what a device has left; None where the system does not say."""
    if device != "cpu":
        return int(torch.cuda.mem_get_info(device)[0])
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


def _kept(precision: torch.dtype, quantise: str) -> str:
    return quantise if quantise != "none" else str(precision).removeprefix("torch.")
