"""What people leave in a local service's library: conversations and feedback, each owner's own."""

from dataclasses import asdict
from typing import Any

from vouch.app.service.parts import Parts
from vouch.app.service.types import Access, FeedbackRequest, Json
from vouch.retrieval.conversations import Feedback, Session, StoredConversation, Turn
from vouch.retrieval.errors import NotFound


class People:
    """Keeps what people said. Each key has its own conversations; nobody sees those of another."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def feedback(self, request: FeedbackRequest, access: Access) -> Json:
        """Keep what somebody thinks of an answer."""
        said = Feedback(
            request.question,
            request.answer,
            request.rating,
            request.comment,
            request.correction,
            request.session,
            access.key,
        )
        return {"feedback_id": self._parts.people.add_feedback(said), "rating": request.rating}

    def conversations(self, access: Access) -> list[Json]:
        """Return the conversations of this caller, the latest first."""
        return [_listed(kept) for kept in self._parts.people.conversations(access.key)]

    def conversation(self, session: str, access: Access) -> Json:
        """Return a conversation with all its turns; NotFound where there is none."""
        kept = self._kept(session, access)
        return {**_listed(kept), "turns": [_turn(turn) for turn in self._parts.people.turns(kept.session)]}

    def rename_conversation(self, session: str, title: str, access: Access) -> Json:
        """Give a conversation a title; NotFound where there is none."""
        kept = self._kept(session, access)
        self._parts.people.rename(kept.session, title)
        return _listed(self._kept(session, access))

    def delete_conversation(self, session: str, access: Access) -> None:
        """Delete a conversation; NotFound where there is none."""
        if not self._parts.people.delete(Session(session, access.key)):
            raise NotFound(f"there is no conversation {session}")

    def _kept(self, session: str, access: Access) -> StoredConversation:
        try:
            return self._parts.people.conversation(Session(session, access.key))
        except KeyError as error:
            raise NotFound(f"there is no conversation {session}") from error


def _listed(kept: StoredConversation) -> dict[str, Any]:
    return {
        "session": kept.session.id,
        "title": kept.title,
        "turns_kept": kept.turns,
        "created": kept.created_at,
        "updated": kept.changed_at,
    }


def _turn(turn: Turn) -> dict[str, Any]:
    return {name: value for name, value in asdict(turn).items() if name in _SHOWN}


_SHOWN = frozenset({"question", "standalone", "answer", "number", "asked_at"})
