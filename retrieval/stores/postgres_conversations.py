"""Conversations and feedback in the database of a library."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from vouch.retrieval.stores.conversation_tables import ConversationTables, Values
from vouch.retrieval.stores.postgres_database import Connection, Database, storable


class PostgresConversations(ConversationTables):
    """The ConversationStore in the tables of a library, on connections of its own."""

    def __init__(self, address: str, shown: str, *, write: bool = True, busy_timeout: float = 5.0) -> None:
        """Open the conversations of a library that exists; messages name it `shown`."""
        database = Database(address, shown, write=False, lock_timeout=busy_timeout)
        if write:
            database.close()  # opened to write at once, it would have made a library
            database = Database(address, shown, write=True, lock_timeout=busy_timeout)
        super().__init__(_Tables(database))


@dataclass(frozen=True, slots=True)
class _Change:
    """A transaction of PostgreSQL."""

    connection: Connection

    def run(self, statement: str, values: Values) -> int:
        return self.connection.execute(_own(statement), [storable(value) for value in values]).rowcount

    def rows(self, statement: str, values: Values) -> list[tuple[Any, ...]]:
        return self.connection.execute(_own(statement), [storable(value) for value in values]).fetchall()


@dataclass(frozen=True, slots=True)
class _Tables:
    """The tables of a library database."""

    database: Database

    def rows(self, query: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        return self.database.rows(query.replace("?", "%s"), parameters)

    @contextmanager
    def change(self) -> Iterator[_Change]:
        with self.database.transaction() as connection:
            yield _Change(connection)

    def close(self) -> None:
        self.database.close()


def _own(statement: str) -> bytes:
    """Return a statement with psycopg's placeholders; our statements hold no other question marks."""
    return statement.replace("?", "%s").encode()
