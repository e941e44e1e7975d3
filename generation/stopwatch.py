"""How long the steps of an answer took."""

from time import perf_counter


class Watch:
    """Milliseconds spent in each step."""

    def __init__(self) -> None:
        self._start = self._last = perf_counter()
        self._spent = {"understand": 0.0, "retrieve": 0.0, "generate": 0.0}

    def lap(self, step: str) -> None:
        """Count the time since the last lap for a step."""
        now = perf_counter()
        self._spent[step] = self._spent.get(step, 0.0) + 1000 * (now - self._last)
        self._last = now

    def times(self, step: str = "") -> dict[str, float]:
        """Return the milliseconds of each step, the last lap counted for `step`."""
        if step:
            self.lap(step)
        return {**self._spent, "total": 1000 * (perf_counter() - self._start)}
