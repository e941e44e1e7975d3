"""A conversation: each question is read in the light of the one before. Does not know where it is held."""

from typing import Protocol

from vouch.generation.types import Answer
from vouch.retrieval.question import Question, understand
from vouch.retrieval.types import Scope, StoredDocument


class Shelf(Protocol):
    """What a conversation needs of a library."""

    def documents(self, scope: Scope) -> list[StoredDocument]: ...


class Answerer(Protocol):
    """What answers one question."""

    def ask(self, question: str, scope: Scope, k: int, context: Question | None) -> Answer: ...


class Conversation:
    """Answers questions; one that names no company or year means those of the question before."""

    def __init__(
        self,
        shelf: Shelf,
        answerer: Answerer,
        scope: Scope,
        k: int,
        others: frozenset[tuple[str, str, str]] = frozenset(),
    ) -> None:
        """`others`: companies without a document of their own, by name, short name and code."""
        self._shelf = shelf
        self._answerer = answerer
        self._scope = scope
        self._k = k
        self._others = others
        self._before: Question | None = None
        self.last: Answer | None = None
        """The last answer."""

    def ask(self, question: str) -> Answer:
        """Return the answer to a question."""
        self.last = self._answerer.ask(question, self._scope, self._k, self._before)
        self._before = understand(question, self._shelf.documents(self._scope), self._before, self._others)
        return self.last

    def forget(self) -> None:
        """Start anew."""
        self._before = self.last = None
