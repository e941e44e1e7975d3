"""A conversation: each question is read in the light of those before. Does not know where it is held."""

from typing import Protocol

from vouch.generation.json_form import answer_json
from vouch.generation.memory.memory import Memory
from vouch.generation.memory.standalone import Held
from vouch.generation.types import Answer
from vouch.retrieval.question import Question
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
        self._memory: Memory | None = None
        self.last: Answer | None = None
        """The last answer."""

    def ask(self, question: str) -> Answer:
        """Return the answer to a question, and keep both where the conversation is kept."""
        held = Held(self._shelf.documents(self._scope), self._others)
        if self._memory is None:
            self.last = self._answerer.ask(question, self._scope, self._k, self._before)
            self._before = held.understood(question, self._before)
            return self.last
        follow_up = self._memory.follow_up(question, held)
        self.last = self._answerer.ask(follow_up.asked, self._scope, self._k, follow_up.context)
        self._memory.keep(question, follow_up, answer_json(self.last))
        return self.last

    def kept_in(self, memory: Memory) -> "Conversation":
        """Return this conversation, going on from what a memory holds."""
        self._memory, self._before, self.last = memory, None, None
        return self

    @property
    def memory(self) -> Memory | None:
        """Where it is kept; None where it is not."""
        return self._memory

    def forget(self) -> None:
        """Start anew; what is kept stays where it is kept."""
        self._before = self.last = self._memory = None
