"""Conversations and feedback in the tables of a library, whatever database holds them: plain SQL in one place."""

import json
import uuid
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from vouch.retrieval.conversations import Feedback, Rating, Session, StoredConversation, Turn, title_of
from vouch.retrieval.stores.conversation_rows import feedback_row, turn_row

Values = Sequence[str | int]

_LISTED = (
    "SELECT c.owner, c.id, c.title, (SELECT count(*) FROM turns t WHERE t.owner = c.owner AND t.conversation = c.id), "
    "c.created_at, c.changed_at, c.summary, c.summarised FROM conversations c"
)
_NEW_TURN = "INSERT INTO turns (owner, conversation, number, question, standalone, answer, asked_at) "


class Change(Protocol):
    """A transaction that is under way."""

    def run(self, statement: str, values: Values) -> int:
        """Carry out a statement, its values at the question marks; return how many rows it touched."""
        ...

    def rows(self, statement: str, values: Values) -> list[tuple[Any, ...]]:
        """Carry out a statement and return the rows that it gives."""
        ...


class Tables(Protocol):
    """A database that takes standard SQL with question marks for values."""

    def rows(self, query: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        ...

    def change(self) -> AbstractContextManager[Change]:
        """Give a transaction whose changes are kept together, or not at all."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class ConversationTables:
    """A ConversationStore; knows nothing of documents and answers."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def conversations(self, owner: str | None = None) -> list[StoredConversation]:
        """Return the conversations of an owner (None: of everybody), the one last added to first."""
        where, bound = ("", ()) if owner is None else ("WHERE c.owner = ?", (owner,))
        found = self._tables.rows(f"{_LISTED} {where} ORDER BY c.changed_at DESC, c.id", bound)
        return [_conversation(row) for row in found]

    def conversation(self, session: Session) -> StoredConversation:
        """Return one; KeyError where there is none."""
        found = self._tables.rows(f"{_LISTED} WHERE c.owner = ? AND c.id = ?", (session.owner, session.id))
        if not found:
            raise KeyError(session.id)
        return _conversation(found[0])

    def turns(self, session: Session, after: int = 0) -> list[Turn]:
        """Return the turns of a conversation with a number above `after`, oldest first; none for an unknown one."""
        found = self._tables.rows(
            "SELECT question, standalone, answer, number, asked_at FROM turns "
            "WHERE owner = ? AND conversation = ? AND number > ? ORDER BY number",
            (session.owner, session.id, after),
        )
        return [Turn(question, standalone, json.loads(answer), *rest) for question, standalone, answer, *rest in found]

    def add_turn(self, session: Session, turn: Turn) -> int:
        """Store a turn and return its number; begins the conversation, titled by the question, where it is new."""
        now, answer = _now(), json.dumps(turn.answer, ensure_ascii=False)
        with self._tables.change() as change:
            change.run(
                "INSERT INTO conversations (owner, id, title, created_at, changed_at) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (owner, id) DO UPDATE SET changed_at = excluded.changed_at",
                (session.owner, session.id, title_of(turn.question), now, now),
            )
            ((number,),) = change.rows(
                f"{_NEW_TURN} SELECT ?, ?, coalesce(max(number), 0) + 1, ?, ?, ?, ? FROM turns "  # noqa: S608 - ours
                "WHERE owner = ? AND conversation = ? RETURNING number",
                (session.owner, session.id, turn.question, turn.standalone, answer, now, session.owner, session.id),
            )
        return int(number)

    def summarise(self, session: Session, summary: str, upto: int) -> None:
        """Remember what was said up to a turn; KeyError where there is no such conversation."""
        self._update(session, "summary = ?, summarised = ?", (summary, upto))

    def rename(self, session: Session, title: str) -> None:
        """Name a conversation; KeyError where there is none."""
        self._update(session, "title = ?", (title,))

    def delete(self, session: Session) -> bool:
        """Delete a conversation with its turns; say whether there was one. Feedback stays: it was given apart."""
        with self._tables.change() as change:
            return _deleted(change, session)

    def add_feedback(self, feedback: Feedback) -> str:
        """Store feedback and return its id."""
        identity = uuid.uuid4().hex
        self.restore_feedback(replace(feedback, id=identity, created_at=_now()))
        return identity

    def feedback(self, ids: Sequence[str] = (), rating: Rating | None = None) -> list[Feedback]:
        """Return feedback, oldest first; `ids` empty: all."""
        among = f" AND id IN ({', '.join('?' * len(ids))})" if ids else ""
        rated = " AND rating = ?" if rating else ""
        found = self._tables.rows(
            "SELECT question, answer, rating, comment, correction, session, owner, id, created_at "  # noqa: S608 - marks
            f"FROM feedback WHERE 1 = 1{among}{rated} ORDER BY created_at, id",
            (*ids, *([rating] if rating else [])),
        )
        return [Feedback(question, json.loads(answer), *rest) for question, answer, *rest in found]

    def delete_feedback(self, id_: str) -> bool:
        """Delete feedback; say whether there was any."""
        with self._tables.change() as change:
            return change.run("DELETE FROM feedback WHERE id = ?", (id_,)) > 0

    def restore(self, conversation: StoredConversation, turns: Sequence[Turn]) -> None:
        """Store a conversation of another library as it stands there, in place of one of the same name."""
        owner, identity = conversation.session.owner, conversation.session.id
        told = (conversation.title, conversation.created_at, conversation.changed_at)
        with self._tables.change() as change:
            _deleted(change, conversation.session)
            change.run(
                "INSERT INTO conversations (owner, id, title, created_at, changed_at, summary, summarised) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (owner, identity, *told, conversation.summary, conversation.summarised),
            )
            for turn in turns:
                change.run(f"{_NEW_TURN} VALUES (?, ?, ?, ?, ?, ?, ?)", (owner, identity, *turn_row(turn)))

    def restore_feedback(self, feedback: Feedback) -> None:
        """Store feedback of another library under its own id, in place of what stands there."""
        with self._tables.change() as change:
            change.run("DELETE FROM feedback WHERE id = ?", (feedback.id,))
            change.run(
                "INSERT INTO feedback (id, owner, session, question, answer, rating, comment, correction, created_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                feedback_row(feedback),
            )

    def close(self) -> None:
        """Close the connection."""
        self._tables.close()

    def _update(self, session: Session, what: str, values: Values) -> None:
        with self._tables.change() as change:
            changed = change.run(
                f"UPDATE conversations SET {what} WHERE owner = ? AND id = ?",  # noqa: S608 - our own column names
                (*values, session.owner, session.id),
            )
        if not changed:
            raise KeyError(session.id)


def _deleted(change: Change, session: Session) -> bool:
    return change.run("DELETE FROM conversations WHERE owner = ? AND id = ?", (session.owner, session.id)) > 0


def _conversation(row: tuple[Any, ...]) -> StoredConversation:
    owner, identity, *rest = row
    return StoredConversation(Session(identity, owner), *rest)


def _now() -> str:
    """Return the time to the microsecond, so that what came later sorts later."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
