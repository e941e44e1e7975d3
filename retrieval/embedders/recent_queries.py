"""Vectors of the last questions: one answer searches several scopes with the same question, and a model costs a
hundredth of a second or more each time."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from vouch.retrieval.types import Vectors

_KEPT = 64


class RecentQueries:
    """Embeds a question once while it is recent; for all threads."""

    def __init__(self, embed: Callable[[str], Vectors]) -> None:
        self._embed = embed
        self._known: OrderedDict[str, Vectors] = OrderedDict()
        self._looking = threading.Lock()

    def vector(self, text: str) -> Vectors:
        """Return shape (1, dimension), not to be written to."""
        with self._looking:
            if text in self._known:
                self._known.move_to_end(text)
                return self._known[text]
        made = self._embed(text)
        made.flags.writeable = False
        with self._looking:
            self._known[text] = made
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return made
