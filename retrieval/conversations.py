"""Conversations and feedback as a library keeps them: what was asked, answered, and thought of it.

They belong to people, not to documents: no search reads them, and each can be listed, exported and deleted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Rating = Literal["up", "down"]
Json = Mapping[str, Any]

TITLE_LENGTH = 60
"""Characters of the first question that name a conversation until somebody names it."""


@dataclass(frozen=True, slots=True)
class Session:
    """One conversation of one owner: what others call the same is another one."""

    id: str
    owner: str = ""
    """Name of the API key that began it; empty for the user of this machine."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer."""

    question: str
    """As it was typed."""
    standalone: str
    """As it was understood: without the conversation it asks the same."""
    answer: Json
    """The answer object of the contract, whole, so that it can be shown again."""
    number: int = 0
    """From 1 on; given when it is stored."""
    asked_at: str = ""
    """ISO 8601, UTC; given when it is stored."""


@dataclass(frozen=True, slots=True)
class StoredConversation:
    """What a library knows of a conversation without its turns."""

    session: Session
    title: str
    turns: int
    created_at: str
    changed_at: str
    summary: str = ""
    """What was said up to turn `summarised`, in a few sentences; empty where nothing was summarised."""
    summarised: int = 0


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody thinks of an answer."""

    question: str
    answer: Json
    """The answer object as it was given."""
    rating: Rating
    comment: str = ""
    correction: str = ""
    """What should have been answered."""
    session: str = ""
    owner: str = ""
    id: str = ""
    """Given when it is stored."""
    created_at: str = ""
    """ISO 8601, UTC; given when it is stored."""


class ConversationStore(Protocol):
    """Where a library keeps conversations and feedback; every call is one transaction."""

    def conversations(self, owner: str | None = None) -> list[StoredConversation]:
        """Return the conversations of an owner (None: of everybody), the one last added to first."""
        ...

    def conversation(self, session: Session) -> StoredConversation:
        """Return one; KeyError where there is none."""
        ...

    def turns(self, session: Session, after: int = 0) -> list[Turn]:
        """Return the turns of a conversation with a number above `after`, oldest first; none for an unknown one."""
        ...

    def add_turn(self, session: Session, turn: Turn) -> int:
        """Store a turn and return its number; begins the conversation, titled by the question, where it is new."""
        ...

    def summarise(self, session: Session, summary: str, upto: int) -> None:
        """Remember what was said up to a turn; KeyError where there is no such conversation."""
        ...

    def rename(self, session: Session, title: str) -> None:
        """Name a conversation; KeyError where there is none."""
        ...

    def delete(self, session: Session) -> bool:
        """Delete a conversation with its turns; say whether there was one. Feedback stays: it was given apart."""
        ...

    def add_feedback(self, feedback: Feedback) -> str:
        """Store feedback and return its id."""
        ...

    def feedback(self, ids: Sequence[str] = (), rating: Rating | None = None) -> list[Feedback]:
        """Return feedback, oldest first; `ids` empty: all."""
        ...

    def delete_feedback(self, id_: str) -> bool:
        """Delete feedback; say whether there was any."""
        ...

    def restore(self, conversation: StoredConversation, turns: Sequence[Turn]) -> None:
        """Store a conversation of another library as it stands there, in place of one of the same name."""
        ...

    def restore_feedback(self, feedback: Feedback) -> None:
        """Store feedback of another library under its own id, in place of what stands there."""
        ...

    def close(self) -> None: ...


def title_of(question: str) -> str:
    """Return what a conversation is called after its first question."""
    title = " ".join(question.split())
    return title if len(title) <= TITLE_LENGTH else title[: TITLE_LENGTH - 1] + "…"
