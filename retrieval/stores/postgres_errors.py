"""Turns what PostgreSQL says into errors that tell the user what to do. Passwords stay out of every message."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from vouch.retrieval.errors import LibraryDamaged, LibraryError, LibraryFull, LibraryLocked

_CODES: dict[str, tuple[type[LibraryError], str]] = {
    "55P03": (
        LibraryLocked,
        "others are writing to the library {place} (waited {waited:g} s): run the command again when they are done",
    ),
    "40P01": (LibraryLocked, "others are writing to the library {place}: run the command again"),
    "57014": (
        LibraryError,
        "the database of the library {place} took longer than it may for one statement: try again when it is less busy",
    ),
    "42501": (
        LibraryError,
        "this role may not do that in the library {place} ({said}): ask whoever owns the database for the right",
    ),
    "25006": (
        LibraryError,
        "the library {place} is read-only (a standby, or a role that may only read): name the writable server",
    ),
    "53100": (
        LibraryFull,
        "the disk of the library {place} is full: free some space and run the command again; "
        "documents stored so far are safe",
    ),
    "53200": (LibraryError, "the database server of the library {place} is out of memory: try again later"),
    "53300": (
        LibraryError,
        "the database server of the library {place} takes no more connections: close some, or raise max_connections",
    ),
    "3F000": (LibraryDamaged, "the library {place} is damaged ({said}): restore the database from a backup"),
    "42P01": (LibraryDamaged, "the library {place} is damaged ({said}): restore the database from a backup"),
    "XX001": (LibraryDamaged, "the library {place} is damaged ({said}): restore the database from a backup"),
    "XX002": (LibraryDamaged, "the library {place} is damaged ({said}): run REINDEX DATABASE, or restore a backup"),
}
_LOST = (
    LibraryError,
    "the connection to the library {place} was lost ({said}): what was reported done is stored; "
    "run the command again when the server is up",
)
_REFUSED = (
    (r"password authentication failed|no password supplied", "the password is wrong or missing: check it"),
    (r"role .* does not exist", "there is no such role: check the user in the address"),
    (r"database .* does not exist", "there is no such database: make it with createdb, or check the address"),
    (r"no pg_hba\.conf entry", "the server lets this user or machine in under no rule: see its pg_hba.conf"),
    (r"could not translate host name|name or service not known|resolve", "the host is unknown: check the address"),
    (r"timeout expired|timed out", "the server does not answer: check host, port and firewall"),
    (r"refused|no such file|is the server running", "no server runs there: start it, or check host and port"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """How a library is named in messages, and what must not stand in them."""

    shown: str
    """Its address with the password hidden."""
    secrets: tuple[str, ...] = ()
    lock_timeout: float = 5.0

    def without_secrets(self, text: str) -> str:
        """Return a text in which no secret stands."""
        for secret in self.secrets:
            text = text.replace(secret, "********")
        return text


@contextmanager
def library_errors(place: Place) -> Iterator[None]:
    """Raise LibraryLocked, LibraryFull, LibraryDamaged or LibraryError for what is wrong with the database."""
    try:
        yield
    except psycopg.Error as error:
        explained = _explained(error, place)
        if explained is None:
            raise
        raise explained from error


def cannot_connect(error: psycopg.Error, place: Place) -> LibraryError:
    """Return the error for a server that lets nobody in."""
    said = _said(error, place)
    for pattern, remedy in _REFUSED:
        if re.search(pattern, said, re.IGNORECASE):
            return LibraryError(f"the library {place.shown} cannot be opened, {remedy} ({said})")
    return LibraryError(f"the library {place.shown} cannot be opened: {said}")


def is_lost(error: psycopg.Error) -> bool:
    """Say whether the connection is gone, so that another one may do."""
    code = error.sqlstate or ""
    return code.startswith(("08", "57P")) or (isinstance(error, psycopg.OperationalError) and not code)


def _explained(error: psycopg.Error, place: Place) -> LibraryError | None:
    """Return the error for the user, or None where PostgreSQL reports a mistake of ours."""
    if error.sqlstate in _CODES:
        kind, explanation = _CODES[error.sqlstate]
    elif is_lost(error):
        kind, explanation = _LOST
    else:
        return None
    return kind(explanation.format(place=place.shown, waited=place.lock_timeout, said=_said(error, place)))


def _said(error: psycopg.Error, place: Place) -> str:
    """Return the first line of what the server or the driver said."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return place.without_secrets(lines[0] if lines else type(error).__name__)
