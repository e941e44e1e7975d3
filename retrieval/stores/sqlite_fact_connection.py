"""A connection for query plans: SQLite itself refuses everything but reading facts. Knows no plan."""

import sqlite3
from pathlib import Path

from vouch.retrieval.stores.sqlite_database import open_read_only

TABLES = frozenset({"facts", "fact_companies", "fact_values", "documents"})
# fmt: off
FUNCTIONS = frozenset({
    "abs", "avg", "coalesce", "count", "dense_rank", "first_value", "glob", "ifnull", "iif", "instr", "json_each",
    "lag", "last_value", "lead", "length", "like", "lower", "max", "min", "nullif", "rank", "replace", "round",
    "row_number", "sign", "substr", "substring", "sum", "total", "trim", "upper",
})
# fmt: on
_JSON_LIST = "json_each"
"""A parameter that is a list is read like a table."""


def fact_connection(folder: Path, busy_timeout: float = 5.0) -> sqlite3.Connection:
    """Return a connection on which only SELECT works, and only on facts and documents; DatabaseError for the rest."""
    connection = open_read_only(folder, busy_timeout)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA cache_size = -65536")  # 64 MiB: rankings read the same index again, 2.9 -> 1.7 ms
    connection.execute("SELECT 1 FROM json_each('[]')").fetchall()  # sets it up before the authorizer is in the way
    connection.set_authorizer(_allowed)
    return connection


def _allowed(action: int, first: str | None, second: str | None, _database: str | None, _view: str | None) -> int:
    """Answer SQLite while it compiles a statement; what is not named here is refused."""
    match action:
        case sqlite3.SQLITE_SELECT:
            allowed = True
        case sqlite3.SQLITE_READ:
            allowed = first in TABLES or first == _JSON_LIST
        case sqlite3.SQLITE_FUNCTION:
            allowed = second in FUNCTIONS
        case _:
            allowed = False
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY
