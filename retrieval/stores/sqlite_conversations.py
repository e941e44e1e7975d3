"""Conversations and feedback in the file of a library. Knows nothing of documents and answers."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection

from vouch.retrieval.conversations import Feedback, Rating, Session, StoredConversation, Turn, title_of
from vouch.retrieval.errors import LibraryMissing
from vouch.retrieval.stores.conversation_rows import feedback_row, turn_row
from vouch.retrieval.stores.sqlite_database import Database

_LISTED = (
    "SELECT c.owner, c.id, c.title, (SELECT count(*) FROM turns t WHERE t.owner = c.owner AND t.conversation = c.id), "
    "c.created_at, c.changed_at, c.summary, c.summarised FROM conversations c"
)


class SqliteConversations:
    """The ConversationStore in `folder`/library.db, on a connection of its own: the library stays open to be read."""

    def __init__(self, folder: Path, *, write: bool = True, busy_timeout: float = 5.0) -> None:
        """Open the conversations of a library that exists; LibraryMissing where there is none, or none were kept yet.

        Opened to write, an older library is brought up to date.
        """
        database = Database(folder, write=False, busy_timeout=busy_timeout)
        if write:
            database.close()  # opened to write at once, it would have made a library
            database = Database(folder, write=True, busy_timeout=busy_timeout)
        elif not database.rows("SELECT 1 FROM sqlite_master WHERE name = 'conversations'"):
            database.close()
            raise LibraryMissing(f"the library {folder} was made by an older vouch, which kept no conversations")
        self._database = database

    def conversations(self, owner: str | None = None) -> list[StoredConversation]:
        """Return the conversations of an owner (None: of everybody), the one last added to first."""
        found = self._database.rows(
            f"{_LISTED} WHERE ?1 IS NULL OR c.owner = ?1 ORDER BY c.changed_at DESC, c.id", (owner,)
        )
        return [_conversation(row) for row in found]

    def conversation(self, session: Session) -> StoredConversation:
        """Return one; KeyError where there is none."""
        found = self._database.rows(f"{_LISTED} WHERE c.owner = ? AND c.id = ?", (session.owner, session.id))
        if not found:
            raise KeyError(session.id)
        return _conversation(found[0])

    def turns(self, session: Session, after: int = 0) -> list[Turn]:
        """Return the turns of a conversation with a number above `after`, oldest first; none for an unknown one."""
        found = self._database.rows(
            "SELECT question, standalone, answer, number, asked_at FROM turns "
            "WHERE owner = ? AND conversation = ? AND number > ? ORDER BY number",
            (session.owner, session.id, after),
        )
        return [Turn(question, standalone, json.loads(answer), *rest) for question, standalone, answer, *rest in found]

    def add_turn(self, session: Session, turn: Turn) -> int:
        """Store a turn and return its number; begins the conversation, titled by the question, where it is new."""
        now, answer = _now(), json.dumps(turn.answer, ensure_ascii=False)
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO conversations (owner, id, title, created_at, changed_at) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (owner, id) DO UPDATE SET changed_at = excluded.changed_at",
                (session.owner, session.id, title_of(turn.question), now, now),
            )
            ((number,),) = connection.execute(
                "INSERT INTO turns (owner, conversation, number, question, standalone, answer, asked_at) "
                "SELECT ?1, ?2, coalesce(max(number), 0) + 1, ?3, ?4, ?5, ?6 FROM turns "
                "WHERE owner = ?1 AND conversation = ?2 RETURNING number",
                (session.owner, session.id, turn.question, turn.standalone, answer, now),
            ).fetchall()
        return int(number)

    def summarise(self, session: Session, summary: str, upto: int) -> None:
        """Remember what was said up to a turn; KeyError where there is no such conversation."""
        self._change(session, "summary = ?, summarised = ?", (summary, upto))

    def rename(self, session: Session, title: str) -> None:
        """Name a conversation; KeyError where there is none."""
        self._change(session, "title = ?", (title,))

    def delete(self, session: Session) -> bool:
        """Delete a conversation with its turns; say whether there was one. Feedback stays: it was given apart."""
        with self._database.transaction() as connection:
            return _deleted(connection, "conversations WHERE owner = ? AND id = ?", (session.owner, session.id))

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
            "WHERE (?1 = '[]' OR id IN (SELECT value FROM json_each(?1))) AND (?2 IS NULL OR rating = ?2) "
            "ORDER BY created_at, id",
            (json.dumps(list(ids)), rating),
        )
        return [Feedback(question, json.loads(answer), *rest) for question, answer, *rest in found]

    def delete_feedback(self, id_: str) -> bool:
        """Delete feedback; say whether there was any."""
        with self._database.transaction() as connection:
            return _deleted(connection, "feedback WHERE id = ?", (id_,))

    def restore(self, conversation: StoredConversation, turns: Sequence[Turn]) -> None:
        """Store a conversation of another library as it stands there, in place of one of the same name."""
        owner, identity = conversation.session.owner, conversation.session.id
        told = (conversation.title, conversation.created_at, conversation.changed_at)
        with self._database.transaction() as connection:
            _deleted(connection, "conversations WHERE owner = ? AND id = ?", (owner, identity))
            connection.execute(
                "INSERT INTO conversations (owner, id, title, created_at, changed_at, summary, summarised) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (owner, identity, *told, conversation.summary, conversation.summarised),
            )
            connection.executemany(
                "INSERT INTO turns (owner, conversation, number, question, standalone, answer, asked_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(owner, identity, *turn_row(turn)) for turn in turns],
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
                f"UPDATE conversations SET {what} WHERE owner = ? AND id = ?",  # noqa: S608 - our own column names
                (*values, session.owner, session.id),
            ).rowcount
        if not changed:
            raise KeyError(session.id)


def _insert_feedback(connection: Connection, feedback: Feedback) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO feedback "
        "(id, owner, session, question, answer, rating, comment, correction, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        feedback_row(feedback),
    )


def _deleted(connection: Connection, what: str, values: tuple[str, ...]) -> bool:
    return connection.execute(f"DELETE FROM {what}", values).rowcount > 0  # noqa: S608 - our own names


def _conversation(row: tuple[str | int, ...]) -> StoredConversation:
    owner, identity, *rest = row
    return StoredConversation(Session(str(identity), str(owner)), *rest)  # type: ignore[arg-type]


def _now() -> str:
    """Return the time to the microsecond, so that what came later sorts later."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
