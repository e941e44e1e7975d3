"""What a server counts, for Prometheus."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Counters of one server; several in one process do not meet."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "vouch_requests", "Requests by route and status.", ("method", "route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "vouch_request_seconds", "Time until the response began.", ("route",), buckets=_SECONDS, registry=registry
        )
        self._stages = Histogram(
            "vouch_stage_seconds", "Time of each stage of an answer.", ("stage",), buckets=_SECONDS, registry=registry
        )
        self._answers = Counter("vouch_answers", "Answers by kind.", ("kind",), registry=registry)
        self._library = Gauge("vouch_library", "What the library holds.", ("what",), registry=registry)
        self._queue = Gauge("vouch_queue", "Requests that run or wait for a worker.", registry=registry)

    def requested(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what runs inside."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._stages.labels(name).observe(time.perf_counter() - started)

    def answered(self, answer: Mapping[str, Any]) -> None:
        """Count an answer and the time of its stages."""
        self._answers.labels(answer["kind"]).inc()
        for stage, milliseconds in answer["timings_ms"].items():
            self._stages.labels(f"ask.{stage}").observe(milliseconds / 1000)

    def text(self, library: Mapping[str, Any], waiting: int) -> bytes:
        """Return all of it in Prometheus' format."""
        for name, value in library.items():
            if isinstance(value, int):
                self._library.labels(name).set(value)
        self._queue.set(waiting)
        return generate_latest(self._registry)
