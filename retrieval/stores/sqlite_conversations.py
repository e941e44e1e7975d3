"""Conversations and feedback in the file of a library."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from vouch.retrieval.errors import LibraryMissing
from vouch.retrieval.stores.conversation_tables import ConversationTables, Values
from vouch.retrieval.stores.sqlite_database import Database


class SqliteConversations(ConversationTables):
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
        super().__init__(_Tables(database))


@dataclass(frozen=True, slots=True)
class _Change:
    """A transaction of SQLite."""

    connection: Connection

    def run(self, statement: str, values: Values) -> int:
        return self.connection.execute(statement, tuple(values)).rowcount

    def rows(self, statement: str, values: Values) -> list[tuple[Any, ...]]:
        return self.connection.execute(statement, tuple(values)).fetchall()


@dataclass(frozen=True, slots=True)
class _Tables:
    """The tables of a library file."""

    database: Database

    def rows(self, query: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        return self.database.rows(query, parameters)

    @contextmanager
    def change(self) -> Iterator[_Change]:
        with self.database.transaction() as connection:
            yield _Change(connection)

    def close(self) -> None:
        self.database.close()
