"""What there is to see of a training while it runs. Knows no library."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Step:
    """One update of the weights."""

    step: int
    """From 1."""
    steps: int
    """That there will be."""
    epoch: float
    loss: float
    """Mean cross-entropy of the learned tokens, in nats."""
    learning_rate: float
    gradient_norm: float
    """Before clipping."""
    tokens: int
    """Read for it by this process, padding left out."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The held-out split, measured after a step (0: before the first)."""

    step: int
    metrics: Mapping[str, float]
    """loss and perplexity of the learned tokens; with answers made: their scores, and the share that ended."""


class Watch(Protocol):
    """Whoever is told."""

    def step(self, step: Step) -> None:
        """Take note of an update."""
        ...

    def evaluated(self, evaluation: Evaluation) -> None:
        """Take note of an evaluation."""
        ...


@dataclass(slots=True)
class Reading:
    """What the step in progress has read."""

    examples: list[str] = field(default_factory=list)
    tokens: int = 0
