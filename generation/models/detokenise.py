"""Tokens back into text while they come, and stop texts in it."""

from collections.abc import Callable, Sequence

_BROKEN = "\ufffd"
_LONGEST_WAIT = 8
"""Tokens that an incomplete character is waited for: four bytes make one, so it never gets complete after that."""


class Detokeniser:
    """Gives out the text of tokens as soon as it is certain: never half a character."""

    def __init__(self, text_of: Callable[[Sequence[int]], str]) -> None:
        self._text_of = text_of
        self._ids: list[int] = []
        self._context = 0
        """Tokens before that are settled; from there on they are decoded again, for spaces depend on what precedes."""
        self._done = 0
        """Tokens whose text was given out."""

    def add(self, token: int) -> str:
        """Take a token; return the text that is certain now."""
        self._ids.append(token)
        before = self._text_of(self._ids[self._context : self._done])
        now = self._text_of(self._ids[self._context :])
        waiting = len(self._ids) - self._done
        if now.endswith(_BROKEN) and waiting < _LONGEST_WAIT:
            return ""
        self._context, self._done = self._done, len(self._ids)
        return now[len(before) :]

    def rest(self) -> str:
        """Return what was held back, incomplete as it is, and begin anew."""
        before = self._text_of(self._ids[self._context : self._done])
        now = self._text_of(self._ids[self._context :])
        self._ids.clear()
        self._context = self._done = 0
        return now[len(before) :]


class StopTexts:
    """Cuts a stream at the first stop text; what may be the beginning of one is held back."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(filter(None, stops))
        self._held = ""
        self.reached = False

    def add(self, piece: str) -> str:
        """Take a piece; return what certainly stands before any stop text."""
        if not self._stops or self.reached:
            return "" if self.reached else piece
        self._held += piece
        found = [at for at in (self._held.find(stop) for stop in self._stops) if at >= 0]
        if found:
            self.reached = True
            return self._released(min(found))
        return self._released(len(self._held) - self._possible())

    def rest(self) -> str:
        """Return what was held back, where no stop text came of it."""
        return "" if self.reached else self._released(len(self._held))

    def _possible(self) -> int:
        """Return how many characters at the end may begin a stop text."""
        longest = max(map(len, self._stops)) - 1
        lengths = range(min(longest, len(self._held)), 0, -1)
        return next((n for n in lengths if any(stop.startswith(self._held[-n:]) for stop in self._stops)), 0)

    def _released(self, length: int) -> str:
        given, self._held = self._held[:length], self._held[length:]
        return given
