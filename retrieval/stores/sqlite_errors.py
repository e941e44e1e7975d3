"""Turns what SQLite says into errors that tell the user what to do."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vouch.retrieval.errors import LibraryDamaged, LibraryError, LibraryFull, LibraryLocked

_NEARLY_FULL = 1 << 20
_PRIMARY = 0xFF  # the low byte of an extended result code

_LOCKED = (
    LibraryLocked,
    "another process is writing to the library {folder} (waited {waited:g} s): "
    "let it finish or stop it, then run the command again",
)
_READ_ONLY = (LibraryError, "the library {folder} is read-only: give this user the right to write there")
_EXPLANATIONS: dict[int, tuple[type[LibraryError], str]] = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: (
        LibraryError,
        "the library {folder} cannot be opened: check that this user may read and write there",
    ),
    sqlite3.SQLITE_IOERR: (LibraryError, "the disk of the library {folder} reports an error ({error}): check the disk"),
    sqlite3.SQLITE_FULL: (
        LibraryFull,
        "the disk of the library {folder} is full: free some space and run the command again; "
        "documents stored so far are safe",
    ),
}


@contextmanager
def library_errors(folder: Path, busy_timeout: float) -> Iterator[None]:
    """Raise LibraryLocked, LibraryFull, LibraryDamaged or LibraryError for what is wrong with the database."""
    try:
        yield
    except sqlite3.Error as error:
        explained = _explained(error, folder, busy_timeout)
        if explained is None:
            raise
        raise explained from error


def _explained(error: sqlite3.Error, folder: Path, busy_timeout: float) -> LibraryError | None:
    """Return the error for the user, or None where SQLite reports a mistake of ours."""
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    if code == sqlite3.SQLITE_IOERR and shutil.disk_usage(folder).free < _NEARLY_FULL:
        code = sqlite3.SQLITE_FULL
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}:
        return damaged(folder, str(error))
    if code not in _EXPLANATIONS:
        return None
    kind, explanation = _EXPLANATIONS[code]
    return kind(explanation.format(folder=folder, waited=busy_timeout, error=error))


def damaged(folder: Path, problem: str) -> LibraryDamaged:
    """Return the error for a database that is broken or none at all."""
    return LibraryDamaged(
        f"the library {folder} is damaged ({problem}): restore library.db from a backup, "
        "or delete the folder and ingest the documents again"
    )
