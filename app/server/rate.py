"""How often one caller may ask: a token bucket for each."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

_REMEMBERED = 10_000


class RateLimit:
    """Allows `per_minute` requests a minute and a burst of a sixth of that; 0 allows everything."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst = per_minute / 60, max(1.0, per_minute / 6)
        self._now, self._lock = now, threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, caller: str) -> float:
        """Return 0 and count a request, or the seconds until the next one is allowed."""
        if not self._rate:
            return 0.0
        with self._lock:
            now = self._now()
            tokens, before = self._buckets.pop(caller, (self._burst, now))
            tokens = min(self._burst, tokens + (now - before) * self._rate)
            allowed = tokens >= 1
            self._buckets[caller] = (tokens - 1 if allowed else tokens, now)
            if len(self._buckets) > _REMEMBERED:
                self._buckets.popitem(last=False)
            return 0.0 if allowed else (1 - tokens) / self._rate
