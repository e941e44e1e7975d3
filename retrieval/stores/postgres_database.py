"""Opens and queries the database of a library. Knows its schema version, not what its tables mean."""

import contextlib
import selectors
import threading
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from vouch.retrieval.errors import LibraryDamaged, LibraryError, LibraryMissing
from vouch.retrieval.stores.postgres_errors import Place, cannot_connect, library_errors

SCHEMA = ("postgres_schema.sql", "postgres_facts.sql", "postgres_conversations.sql")
"""The n-th script makes version n of version n-1; all of them make a new library."""
SCHEMA_VERSION = len(SCHEMA)
CONNECT_TIMEOUT = 10
STATEMENT_TIMEOUT = 60
"""Seconds; an index may take longer to build and says so itself."""
_IDLE_AT_MOST = 4
_MIGRATION_LOCK = 0x766F756368  # "vouch"
_OLDEST_PGVECTOR = (0, 8)  # iterative scans

Rows = list[tuple[Any, ...]]
Connection = psycopg.Connection[tuple[Any, ...]]


class Database:
    """Connections, one for each thread that is at work; lost ones are replaced, errors come out as LibraryError."""

    def __init__(self, address: str, shown: str, *, write: bool, lock_timeout: float = 5.0) -> None:
        """Open the library; made if `write` and there is none. `shown` is the address as messages may name it."""
        self._address = address
        self._write = write
        self.place = Place(shown, _secrets(address), lock_timeout)
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._path: sql.Composable = sql.SQL("vouch, public")
        with contextlib.ExitStack() as undone:
            undone.callback(self.close)
            self._open()
            undone.pop_all()

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> Rows:
        """Return all rows of a query."""
        with self.connection() as connection:
            bound = [storable(value) for value in parameters]
            return connection.execute(query.encode(), bound or None, binary=True).fetchall()

    def rows_under(self, settings: Mapping[str, str], query: str, parameters: Sequence[Any] = ()) -> Rows:
        """Return all rows of a query that runs under these settings of the server; sent together, one wait for all."""
        bound = [storable(value) for value in parameters]
        names = ", ".join("set_config(%s, %s, true)" for _ in settings)
        with self.connection() as connection, connection.pipeline(), connection.transaction():
            connection.execute(f"SELECT {names}".encode(), [word for pair in settings.items() for word in pair])
            # A plan kept for every scope would be one for none.
            return connection.execute(query.encode(), bound, binary=True, prepare=False).fetchall()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give a connection whose changes are kept together, or not at all."""
        with self.connection() as connection, connection.transaction():
            yield connection

    @contextlib.contextmanager
    def connection(self) -> Iterator[Connection]:
        """Give a connection on which every statement stands alone."""
        with self._borrowed() as connection, library_errors(self.place):
            yield connection

    def close(self) -> None:
        """Close the connections that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _open(self) -> None:
        """Make, bring up to date or check the library."""
        with self.connection() as connection:
            _check_encoding(connection, self.place)
            if self._write and _version(connection) != str(SCHEMA_VERSION):
                _migrate(connection, self.place)
            _check_version(_version(connection), self.place)
            self._path = _search_path(connection, self.place)
            connection.execute(sql.SQL("SET search_path TO {}").format(self._path))

    @contextlib.contextmanager
    def _borrowed(self) -> Iterator[Connection]:
        connection = self._idle_connection() or self._connect()
        try:
            yield connection
        finally:
            with self._lock:
                kept = not connection.closed and len(self._idle) < _IDLE_AT_MOST
                if kept:
                    self._idle.append(connection)
            if not kept:
                connection.close()

    def _idle_connection(self) -> Connection | None:
        """Return a connection whose server is still there; one that was restarted has said goodbye to the others."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            with selectors.DefaultSelector() as ready:
                ready.register(connection.fileno(), selectors.EVENT_READ)
                if not ready.select(0):
                    return connection
            connection.close()

    def _connect(self) -> Connection:
        try:
            defaults = {"connect_timeout": CONNECT_TIMEOUT, "application_name": "vouch"}
            chosen: dict[str, Any] = {**defaults, **conninfo_to_dict(self._address), "client_encoding": "utf8"}
            connection: Connection = psycopg.connect(make_conninfo("", **chosen), autocommit=True)
        except psycopg.Error as error:
            raise cannot_connect(error, self.place) from error
        with library_errors(self.place):
            connection.execute(
                sql.SQL(
                    "SET search_path TO {}; SET statement_timeout = {}; SET lock_timeout = {}; "
                    "SET idle_in_transaction_session_timeout = '10min'; SET default_transaction_read_only = {}"
                ).format(
                    self._path,
                    STATEMENT_TIMEOUT * 1000,
                    round(self.place.lock_timeout * 1000),
                    sql.SQL("off" if self._write else "on"),
                )
            )
        return connection


def storable(value: Any) -> Any:
    """Return a value that PostgreSQL takes: its text knows no NUL, which stands in the odd PDF."""
    if isinstance(value, list):
        return [storable(entry) for entry in value]
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value


def _secrets(address: str) -> tuple[str, ...]:
    try:
        given = conninfo_to_dict(address)
    except psycopg.Error:
        return (address,)  # a message about an address that cannot be read may quote any part of it
    return tuple(str(given[key]) for key in ("password", "sslpassword") if given.get(key))


def _check_encoding(connection: Connection, place: Place) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise LibraryError(
            f"the database of the library {place.shown} stores text as {encoding}: "
            "make one with createdb --encoding UTF8 --template template0"
        )


def _version(connection: Connection) -> str:
    """Return the version of the schema; 0 for a database that holds no library."""
    # Not to_regclass: it may remember, from before we waited for another process, that there was none.
    made = connection.execute(
        "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'vouch' AND c.relname = 'meta'"
    )
    if not made.fetchone():
        return "0"
    found = connection.execute("SELECT value FROM vouch.meta WHERE key = 'schema'").fetchone()
    return str(found[0]) if found else "none"


def _migrate(connection: Connection, place: Place) -> None:
    """Make the library, or bring an older one up to date, in one transaction; one process at a time."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATION_LOCK,))
        version = _version(connection)
        if not version.isdecimal() or int(version) >= SCHEMA_VERSION:
            return  # another process was first, or a newer vouch made it
        _make_extension(connection, place)
        connection.execute("CREATE SCHEMA IF NOT EXISTS vouch")
        connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(_search_path(connection, place)))
        for script in SCHEMA[int(version) :]:
            text = resources.files("vouch.retrieval.stores").joinpath(script).read_text("utf-8")
            connection.execute(text.encode())


def _make_extension(connection: Connection, place: Place) -> None:
    if connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'vector'").fetchone():
        return
    if not connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'").fetchone():
        raise LibraryError(
            f"the server of the library {place.shown} has no pgvector: install it there "
            "(the package postgresql-NN-pgvector, or the image pgvector/pgvector)"
        )
    try:
        with connection.transaction():
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except psycopg.errors.InsufficientPrivilege as error:
        raise LibraryError(
            f"this role may not add pgvector to the database of the library {place.shown}: "
            "let whoever owns it run CREATE EXTENSION vector there once"
        ) from error


def _search_path(connection: Connection, place: Place) -> sql.Composable:
    """Return the library's schema and the one that pgvector was installed in."""
    found = connection.execute(
        "SELECT n.nspname, e.extversion FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
        "WHERE e.extname = 'vector'"
    ).fetchone()
    if found is None:
        raise LibraryDamaged(
            f"the database of the library {place.shown} lost its extension pgvector: "
            "restore the database from a backup, or ingest the documents into a new one"
        )
    schema, version = found
    if tuple(map(int, version.split(".")[:2])) < _OLDEST_PGVECTOR:
        oldest = ".".join(map(str, _OLDEST_PGVECTOR))
        raise LibraryError(
            f"the library {place.shown} has pgvector {version}, vouch needs {oldest}: "
            "install a newer one and run ALTER EXTENSION vector UPDATE"
        )
    return sql.SQL("vouch, {}").format(sql.Identifier(schema))


def _check_version(version: str, place: Place) -> None:
    if version == "0":
        raise LibraryMissing(
            f"there is no library in {place.shown}: make one with vouch ingest --library '{place.shown}' FILES"
        )
    if version.isdecimal() and int(version) < SCHEMA_VERSION:
        raise LibraryError(
            f"the library {place.shown} was made by an older vouch (schema version {version}, now {SCHEMA_VERSION}): "
            "run vouch ingest on its documents once, which keeps what it holds and adds what is new"
        )
    if version != str(SCHEMA_VERSION):
        raise LibraryDamaged(
            f"the library {place.shown} has schema version {version}, this vouch reads {SCHEMA_VERSION}: "
            "use the vouch that made it, or ingest the documents into a new library"
        )
