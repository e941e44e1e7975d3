"""Whether a model fits: what its weights will take, and what the machine has left."""

from dataclasses import dataclass

import torch

from vouch.generation.models.free_memory import free_bytes
from vouch.retrieval.errors import ModelError

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
    return free_bytes()


def _kept(precision: torch.dtype, quantise: str) -> str:
    return quantise if quantise != "none" else str(precision).removeprefix("torch.")
