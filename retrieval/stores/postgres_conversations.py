"""Conversations and feedback in the database of a library. Knows nothing of documents and answers."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from vouch.retrieval.conversations import Feedback, Rating, Session, StoredConversation, Turn, title_of
from vouch.retrieval.stores.conversation_rows import feedback_row, turn_row
from vouch.retrieval.stores.postgres_database import Connection, Database, storable

_LISTED = (
    "SELECT c.owner, c.id, c.title, (SELECT count(*) FROM turns t WHERE t.owner = c.owner AND t.conversation = c.id), "
    "c.created_at, c.changed_at, c.summary, c.summarised FROM conversations c"
)


class PostgresConversations:
    """The ConversationStore in the tables of a library, on connections of its own."""

    def __init__(self, address: str, shown: str, *, write: bool = True, busy_timeout: float = 5.0) -> None:
        """Open the conversations of a library that exists; messages name it `shown`."""
        database = Database(address, shown, write=False, lock_timeout=busy_timeout)
        if write:
            database.close()  # opened to write at once, it would have made a library
            database = Database(address, shown, write=True, lock_timeout=busy_timeout)
        self._database = database

    def conversations(self, owner: str | None = None) -> list[StoredConversation]:
        """Return the conversations of an owner (None: of everybody), the one last added to first."""
        found = self._database.rows(
            f"{_LISTED} WHERE %s::text IS NULL OR c.owner = %s ORDER BY c.changed_at DESC, c.id", (owner, owner)
        )
        return [_conversation(row) for row in found]

    def conversation(self, session: Session) -> StoredConversation:
        """Return one; KeyError where there is none."""
        found = self._database.rows(f"{_LISTED} WHERE c.owner = %s AND c.id = %s", (session.owner, session.id))
        if not found:
            raise KeyError(session.id)
        return _conversation(found[0])

    def turns(self, session: Session, after: int = 0) -> list[Turn]:
        """Return the turns of a conversation with a number above `after`, oldest first; none for an unknown one."""
        found = self._database.rows(
            "SELECT question, standalone, answer, number, asked_at FROM turns "
            "WHERE owner = %s AND conversation = %s AND number > %s ORDER BY number",
            (session.owner, session.id, after),
        )
        return [Turn(question, standalone, json.loads(answer), *rest) for question, standalone, answer, *rest in found]

    def add_turn(self, session: Session, turn: Turn) -> int:
        """Store a turn and return its number; begins the conversation, titled by the question, where it is new."""
        now, answer = _now(), json.dumps(turn.answer, ensure_ascii=False)
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO conversations (owner, id, title, created_at, changed_at) VALUES (%s, %s, %s, %s, %s) "
                "ON CONFLICT (owner, id) DO UPDATE SET changed_at = excluded.changed_at",
                _bound(session.owner, session.id, title_of(turn.question), now, now),
            )
            ((number,),) = connection.execute(
                "INSERT INTO turns (owner, conversation, number, question, standalone, answer, asked_at) "
                "SELECT %s, %s, coalesce(max(number), 0) + 1, %s, %s, %s, %s FROM turns "
                "WHERE owner = %s AND conversation = %s RETURNING number",
                _bound(
                    session.owner, session.id, turn.question, turn.standalone, answer, now, session.owner, session.id
                ),
            ).fetchall()
        return int(number)

    def summarise(self, session: Session, summary: str, upto: int) -> None:
        """Remember what was said up to a turn; KeyError where there is no such conversation."""
        self._change(session, "summary = %s, summarised = %s", (summary, upto))

    def rename(self, session: Session, title: str) -> None:
        """Name a conversation; KeyError where there is none."""
        self._change(session, "title = %s", (title,))

    def delete(self, session: Session) -> bool:
        """Delete a conversation with its turns; say whether there was one. Feedback stays: it was given apart."""
        with self._database.transaction() as connection:
            return _deleted(connection, "conversations WHERE owner = %s AND id = %s", (session.owner, session.id))

    def add_feedback(self, feedback: Feedback) -> str:
        """Store feedback and return its id."""
        identity = uuid.uuid4().hex
        with self._database.transaction() as connection:
            _insert_feedback(connection, replace(feedback, id=identity, created_at=_now()))
        return identity

    def feedback(self, ids: Sequence[str] = (), rating: Rating | None = None) -> list[Feedback]:
        """Return feedback, oldest first; `ids` empty: all."""
        found = self._database.rows(
            "SELECT question, answer, rating, comment, correction, session, owner, id, created_at FROM feedback "
            "WHERE (%s::text[] = '{}' OR id = ANY(%s)) AND (%s::text IS NULL OR rating = %s) "
            "ORDER BY created_at, id",
            (list(ids), list(ids), rating, rating),
        )
        return [Feedback(question, json.loads(answer), *rest) for question, answer, *rest in found]

    def delete_feedback(self, id_: str) -> bool:
        """Delete feedback; say whether there was any."""
        with self._database.transaction() as connection:
            return _deleted(connection, "feedback WHERE id = %s", (id_,))

    def restore(self, conversation: StoredConversation, turns: Sequence[Turn]) -> None:
        """Store a conversation of another library as it stands there, in place of one of the same name."""
        owner, identity = conversation.session.owner, conversation.session.id
        told = (conversation.title, conversation.created_at, conversation.changed_at)
        with self._database.transaction() as connection:
            _deleted(connection, "conversations WHERE owner = %s AND id = %s", (owner, identity))
            connection.execute(
                "INSERT INTO conversations (owner, id, title, created_at, changed_at, summary, summarised) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s)",
                _bound(owner, identity, *told, conversation.summary, conversation.summarised),
            )
            connection.cursor().executemany(
                "INSERT INTO turns (owner, conversation, number, question, standalone, answer, asked_at) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s)",
                [_bound(owner, identity, *turn_row(turn)) for turn in turns],
            )

    def restore_feedback(self, feedback: Feedback) -> None:
        """Store feedback of another library under its own id, in place of what stands there."""
        with self._database.transaction() as connection:
            _insert_feedback(connection, feedback)

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _change(self, session: Session, what: str, values: tuple[str | int, ...]) -> None:
        with self._database.transaction() as connection:
            changed = connection.execute(
                f"UPDATE conversations SET {what} WHERE owner = %s AND id = %s".encode(),  # noqa: S608 - our own column names
                _bound(*values, session.owner, session.id),
            ).rowcount
        if not changed:
            raise KeyError(session.id)


def _insert_feedback(connection: Connection, feedback: Feedback) -> None:
    _deleted(connection, "feedback WHERE id = %s", (feedback.id,))
    connection.execute(
        "INSERT INTO feedback (id, owner, session, question, answer, rating, comment, correction, created_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        _bound(*feedback_row(feedback)),
    )


def _deleted(connection: Connection, what: str, values: tuple[str, ...]) -> bool:
    return connection.execute(f"DELETE FROM {what}".encode(), _bound(*values)).rowcount > 0  # noqa: S608 - our own names


def _bound(*values: str | int) -> list[Any]:
    return [storable(value) for value in values]


def _conversation(row: tuple[str | int, ...]) -> StoredConversation:
    owner, identity, *rest = row
    return StoredConversation(Session(str(identity), str(owner)), *rest)  # type: ignore[arg-type]


def _now() -> str:
    """Return the time to the microsecond, so that what came later sorts later."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
