"""Tokens back into text while they come."""

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
