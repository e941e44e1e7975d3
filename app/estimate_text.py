"""What a training will take, in lines for people and as JSON."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vouch.app.wiring_finetune_train import Planned

_GIB = 2**30
_PARTS = {
    "base": "the base",
    "adapter": "adapter",
    "gradients": "gradients",
    "optimiser": "optimiser",
    "activations": "activations",
    "logits": "output layer",
    "working": "working space",
    "libraries": "libraries",
}


def data_lines(planned: "Planned") -> list[str]:
    """Return how much there is to learn and to measure, and what is left out."""
    data = planned.plan.data
    lines = [
        f"{len(data.train.sequences):,} replies to learn in {data.train.tokens:,} tokens, "
        f"{len(data.held_out.sequences):,} held out"
    ]
    reasons = [f"{one.example}, turn {one.turn}: {one.reason}" for one in data.left_out]
    if reasons:
        lines.append(f"{len(reasons):,} replies left out, the first: {reasons[0]}")
    return lines


def estimate_lines(planned: "Planned") -> list[str]:
    """Return what the run would take."""
    found = planned.plan.estimate
    work = found.work
    parts = [f"{name} {_size(getattr(found.memory, key))}" for key, name in _PARTS.items()]
    return [
        f"{found.weights:,} weights, {found.learned:,} of them learn",
        f"{work.steps:,} steps, {work.tokens:,} tokens ({work.learned:,} inside the loss)",
        f"memory at most {_size(found.memory.total)} on {found.device}: {', '.join(parts)}",
        f"gradient checkpointing the other way: activations {_size(found.other_activations)}",
        f"time about {_duration(found.seconds)} without evaluations, at {found.rate / 1e12:.3g} TFLOP/s in "
        f"{str(found.computing).removeprefix('torch.')}",
        f"disk {_size(found.disk)}",
    ]


def estimate_json(planned: "Planned") -> Mapping[str, Any]:
    """Return the same as JSON: bytes, seconds, tokens."""
    found, data = planned.plan.estimate, planned.plan.data
    return {
        "replies": len(data.train.sequences),
        "held_out": len(data.held_out.sequences),
        "left_out": [asdict(one) for one in data.left_out],
        "weights": found.weights,
        "learned": found.learned,
        "device": found.device,
        "computing": str(found.computing).removeprefix("torch."),
        "memory": {**asdict(found.memory), "total": found.memory.total},
        "steps": found.work.steps,
        "tokens": found.work.tokens,
        "operations": found.operations,
        "seconds": found.seconds,
        "disk": found.disk,
    }


def _size(count: int) -> str:
    return f"{count / _GIB:.2f} GiB" if count >= _GIB else f"{count / 2**20:.1f} MiB"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"
