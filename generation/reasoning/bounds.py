"""How far a model may go for one answer: seconds from the question on, tokens over all its replies."""

import time
from dataclasses import dataclass

from vouch.generation.chat import Cancelled


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of one answer, all its samples, sub-questions and checks together."""

    steps: int = 6
    """Tool calls, and questions that one is cut into."""
    seconds: float = 120.0
    tokens: int = 8192
    samples: int = 1


class Allowance:
    """What is left of the bounds of one answer."""

    def __init__(self, bounds: Bounds, begun: float, cancelled: Cancelled) -> None:
        """`begun`: the monotonic time at which the answer was begun."""
        self.bounds = bounds
        self._deadline = begun + bounds.seconds
        self._cancelled = cancelled
        self.tokens = bounds.tokens

    @property
    def seconds(self) -> float:
        """Seconds that are left; 0 when time is up."""
        return max(0.0, self._deadline - time.monotonic())

    def is_over(self) -> bool:
        """Say whether nothing more may be asked of the model."""
        return self._cancelled() or self.tokens <= 0 or self.seconds <= 0

    def spend(self, tokens: int) -> None:
        """Take off what a reply took."""
        self.tokens -= max(1, tokens)
