"""Opens, creates and queries the database file of a library. Knows its schema version, not what its tables mean."""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from vouch.retrieval.errors import LibraryDamaged, LibraryError, LibraryMissing
from vouch.retrieval.stores.sqlite_errors import library_errors

FILE_NAME = "library.db"
SCHEMA = ("schema.sql", "facts.sql", "conversations.sql")
"""The n-th script makes version n of version n-1; all of them make a new library."""
SCHEMA_VERSION = len(SCHEMA)
OLDEST_READ = 2
"""Later versions only add conversations, which are opened to write: older libraries can be read as they are."""

Rows = list[tuple[Any, ...]]


class Database:
    """One connection, shared by threads one call at a time; errors come out as LibraryError."""

    def __init__(self, folder: Path, *, write: bool, busy_timeout: float) -> None:
        self.folder = folder
        self._busy_timeout = busy_timeout
        self._lock = threading.RLock()
        self._connection = _open_to_write(folder, busy_timeout) if write else open_to_read(folder, busy_timeout)

    def rows(self, sql: str, parameters: tuple[Any, ...] = ()) -> Rows:
        """Return all rows of a query."""
        with self._lock, library_errors(self.folder, self._busy_timeout):
            return self._connection.execute(sql, parameters).fetchall()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give a connection whose changes are kept together, or not at all."""
        with self._lock, library_errors(self.folder, self._busy_timeout):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connection; the last one to close folds the write-ahead log into the file."""
        with self._lock, library_errors(self.folder, self._busy_timeout):
            self._connection.close()


def open_to_read(folder: Path, busy_timeout: float) -> sqlite3.Connection:
    """Return a connection that cannot write; LibraryError where there is no library that this vouch can read."""
    path = folder / FILE_NAME
    if not _is_file(path):
        raise _missing(folder)
    with library_errors(folder, busy_timeout):
        if os.access(folder, os.W_OK):
            # Not "ro": after a crash the first to open a library, a reader too, folds in the write-ahead log.
            connection = _connect(path, "rw", busy_timeout)
            connection.execute("PRAGMA query_only = ON")
        else:
            connection = _connect(path, _read_only(path), busy_timeout)
        return _checked(connection, folder)


def _read_only(path: Path) -> str:
    # SQLite cannot read a write-ahead log from a folder where it may not write; without a log it need not.
    readable = os.access(path.parent, os.W_OK) or Path(f"{path}-wal").exists()
    return "ro" if readable else "ro&immutable=1"


def _open_to_write(folder: Path, busy_timeout: float) -> sqlite3.Connection:
    """Return a connection to a library, made where there is none and brought up to date where it is older."""
    with library_errors(folder, busy_timeout):
        return _checked(_create(folder, busy_timeout), folder)


def _checked(connection: sqlite3.Connection, folder: Path) -> sqlite3.Connection:
    try:
        _check_version(connection, folder)
    except (LibraryError, sqlite3.Error):
        connection.close()
        raise
    return connection


def _check_version(connection: sqlite3.Connection, folder: Path) -> None:
    version = _version(connection)
    if version == "0":
        raise _missing(folder)
    if version.isdecimal() and OLDEST_READ <= int(version) <= SCHEMA_VERSION:
        return
    if version.isdecimal() and int(version) < OLDEST_READ:
        raise LibraryError(
            f"the library {folder} was made by an older vouch (schema version {version}, now {SCHEMA_VERSION}): "
            "run vouch ingest on its documents once, which keeps what it holds and adds what is new"
        )
    raise LibraryDamaged(
        f"the library {folder} has schema version {version}, this vouch reads {SCHEMA_VERSION}: "
        "use the vouch that made it, or ingest the documents into a new library"
    )


def _create(folder: Path, busy_timeout: float) -> sqlite3.Connection:
    """Open a library to write, making it where there is none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if folder.is_file():
            raise _missing(folder) from error
        raise LibraryError(f"the library folder {folder} cannot be made ({error.strerror}): name another") from error
    connection = _connect(folder / FILE_NAME, "rwc", busy_timeout)
    try:
        connection.execute("PRAGMA journal_mode = WAL")  # readers go on reading while a document is written
        connection.execute("PRAGMA synchronous = FULL")  # what was reported done survives a power cut
        connection.execute("PRAGMA foreign_keys = ON")
        version = _version(connection)
        for script in SCHEMA[int(version) :] if version.isdecimal() else ():
            connection.executescript(resources.files("vouch.retrieval.stores").joinpath(script).read_text("utf-8"))
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _version(connection: sqlite3.Connection) -> str:
    """Return the version of the schema; 0 for a file that holds no library."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        return "0"
    found = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    return str(found[0]) if found else "none"


def _connect(path: Path, mode: str, busy_timeout: float) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=busy_timeout,
        isolation_level=None,  # we begin and commit ourselves
        check_same_thread=False,  # Database takes care of one call at a time
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError as error:
        raise LibraryError(
            f"the library folder {path.parent} may not be read: give this user the right to read there"
        ) from error


def _missing(folder: Path) -> LibraryError:
    if folder.is_file():
        return LibraryError(f"{folder} is a file, a library is a folder: name a folder with --library")
    return LibraryMissing(f"there is no library in {folder}: make one with vouch ingest --library '{folder}' FILES")
