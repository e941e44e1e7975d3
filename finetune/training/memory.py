"""How much memory a training took at its peak."""

import resource
import sys

import torch


def peak_bytes(device: str) -> int:
    """Return the most memory in use so far: on a GPU what tensors took there, else what this process took in all."""
    if device != "cpu":
        return int(torch.cuda.max_memory_allocated())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
