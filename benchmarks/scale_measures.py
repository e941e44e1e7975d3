"""What is measured of an index: times of single questions, agreement with comparing everything, memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import TypeVar

import numpy as np
import psutil

from vouch.retrieval.types import Store, Vectors

K = 10
_ROUNDING = 1e-5


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds."""

    p50: float
    p95: float
    cpu: float
    """A question, of this process: of a server it is the client's."""

    @property
    def per_second(self) -> float:
        return 1000 / self.p50 if self.p50 else 0.0

    def __str__(self) -> str:
        return f"{self.p50:.2f} | {self.p95:.2f} | {self.cpu:.2f} | {self.per_second:.0f}"


Asked = TypeVar("Asked")


def times(ask: Callable[[Asked], object], questions: Sequence[Asked]) -> Times:
    """Return how long each question takes, asked one after the other once the first has warmed up."""
    ask(questions[0])
    taken = []
    before = process_time()
    for question in questions:
        started = perf_counter()
        ask(question)
        taken.append(1000 * (perf_counter() - started))
    used = 1000 * (process_time() - before) / len(questions)
    return Times(float(np.median(taken)), float(np.percentile(taken, 95)), used)


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of a step."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:.1f} ({self.cpu:.1f} CPU)"


def cost(step: Callable[[], object]) -> Cost:
    wall, cpu = perf_counter(), process_time()
    step()
    return Cost(perf_counter() - wall, process_time() - cpu)


def tenth_products(store: Store, queries: Vectors) -> Vectors:
    """Return the tenth largest product with each query, every vector of the store compared."""
    best = np.full((len(queries), 0), 0, np.float32)
    for _, _, vectors in store.added_since(""):
        best = np.hstack([best, queries @ vectors.T])
        if best.shape[1] > K:
            best = -np.partition(-best, K - 1, axis=1)[:, :K]
    return best.min(axis=1)


def recall(found: Sequence[Sequence[tuple[int, float]]], tenth: Vectors) -> float:
    """Return the share of ten places with a vector no farther than the tenth nearest: equal ones may stand for it."""
    near = [sum(score >= least - _ROUNDING for _, score in hits) for hits, least in zip(found, tenth, strict=True)]
    return sum(near) / (K * len(near))


def memory() -> float:
    """Return the MiB that this process holds, mapped files included."""
    return float(psutil.Process().memory_info().rss) / 2**20
