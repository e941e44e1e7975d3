"""Where a streamed reply ends because a stop text came up, for runtimes that do not see to that. Knows no model."""

from collections.abc import Iterator

from vouch.generation.chat import Delta


class StopTexts:
    """Lets text through up to the first stop text; what may be the beginning of one waits for what follows."""

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._waiting = ""
        self.reached = False
        """A stop text came up: nothing more passes."""

    def passed(self, text: str) -> str:
        """Return what may be shown now that this text has come."""
        if self.reached:
            return ""
        self._waiting += text
        found = [at for at in (self._waiting.find(stop) for stop in self._stops) if at >= 0]
        if found:
            self.reached = True
            return self._taken(min(found))
        return self._taken(len(self._waiting) - self._held())

    def rest(self) -> str:
        """Return what waited, now that nothing follows it."""
        return "" if self.reached else self._taken(len(self._waiting))

    def _held(self) -> int:
        """Return the length of the longest end of the text that begins a stop text."""
        for length in range(min(max(map(len, self._stops), default=1) - 1, len(self._waiting)), 0, -1):
            if any(stop.startswith(self._waiting[-length:]) for stop in self._stops):
                return length
        return 0

    def _taken(self, length: int) -> str:
        taken, self._waiting = self._waiting[:length], self._waiting[length:]
        return taken


def cut_at(deltas: Iterator[Delta], stops: tuple[str, ...]) -> Iterator[Delta]:
    """Yield a reply up to its first stop text; the model is not asked for what follows."""
    texts = StopTexts(stops)
    for delta in deltas:
        shown = texts.passed(delta.text)
        if texts.reached:
            yield Delta(shown, finish="stop", usage=delta.usage)
            return
        if delta.finish is not None:
            yield Delta(shown + texts.rest(), delta.tool_calls, delta.finish, delta.usage)
            return
        if shown:
            yield Delta(shown)
