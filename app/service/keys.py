"""API keys: made once, shown once, kept as hashes in a file beside the library.

A key is 256 random bits, so one round of SHA-256 hides it as well as a slow hash would, and costs a request nothing.
"""

import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import filelock

from vouch.app.service.types import Access, Scope
from vouch.retrieval.atomic_file import write_atomically
from vouch.retrieval.errors import LibraryDamaged, NotFound, UsageError

PREFIX = "vouch_"
SCOPES: tuple[Scope, ...] = ("ask", "ingest", "admin")


@dataclass(frozen=True, slots=True)
class Key:
    """What is kept of a key."""

    id: str
    name: str
    hash: str
    scopes: tuple[Scope, ...]
    collections: tuple[str, ...] | None
    """None: all of them."""
    created: str
    revoked: str = ""

    @property
    def access(self) -> Access:
        """What it allows."""
        collections = None if self.collections is None else frozenset(self.collections)
        return Access(collections, frozenset(self.scopes), self.id)


class KeyFile:
    """The keys of one library. Changes by another process are seen with the next request."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._read_at: tuple[int, int] = (-1, -1)
        self._keys: dict[str, Key] = {}

    def access(self, secret: str) -> Access | None:
        """Return what a key allows; None for one that does not exist or was revoked."""
        wanted = hashed(secret)
        found = self._current().get(wanted)
        if found is None or found.revoked or not hmac.compare_digest(found.hash, wanted):
            return None
        return found.access

    def listed(self) -> list[Key]:
        """Return all keys, the oldest first."""
        return sorted(self._current().values(), key=lambda key: key.created)

    def create(self, name: str, scopes: Sequence[Scope], collections: Sequence[str] | None) -> tuple[Key, str]:
        """Return a new key and its secret, which nobody can read again."""
        if not name.strip():
            raise UsageError("a key needs a name that says whose it is")
        secret = PREFIX + secrets.token_urlsafe(32)
        listed = None if collections is None else tuple(collections)
        created = datetime.now(UTC).isoformat(timespec="seconds")
        key = Key(secrets.token_hex(4), name.strip(), hashed(secret), tuple(scopes), listed, created)
        with self._writing():
            self._write([*self.listed(), key])
        return key, secret

    def revoke(self, said: str) -> Key:
        """Make a key open nothing any more; NotFound unless an id, or a name that only one has, is `said`."""
        with self._writing():
            valid = [key for key in self.listed() if not key.revoked]
            found = [key for key in valid if key.id == said] or [key for key in valid if key.name == said]
            if not found:
                raise NotFound(f"no valid key has the id or name {said!r}: vouch keys list shows them")
            if len(found) > 1:
                raise UsageError(f"{len(found)} keys are called {said!r}: name one by its id")
            revoked = replace(found[0], revoked=datetime.now(UTC).isoformat(timespec="seconds"))
            self._write([revoked if key.id == revoked.id else key for key in self.listed()])
        return revoked

    def _writing(self) -> filelock.BaseFileLock:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return filelock.FileLock(f"{self._path}.lock", timeout=10)

    def _write(self, keys: Sequence[Key]) -> None:
        content = json.dumps({"keys": [asdict(key) for key in keys]}, ensure_ascii=False, indent=1)
        write_atomically(self._path, content.encode())
        self._path.chmod(0o600)
        self._read_at = (-1, -1)

    def _current(self) -> dict[str, Key]:
        try:
            state = self._path.stat()
        except FileNotFoundError:
            return {}
        with self._lock:
            if (state.st_mtime_ns, state.st_ino) != self._read_at:
                self._keys = {key.hash: key for key in _read(self._path)}
                self._read_at = (state.st_mtime_ns, state.st_ino)
            return self._keys


def hashed(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _read(path: Path) -> list[Key]:
    try:
        entries = json.loads(path.read_text("utf-8"))["keys"]
        return [
            Key(
                entry["id"],
                entry["name"],
                entry["hash"],
                tuple(entry["scopes"]),
                None if entry["collections"] is None else tuple(entry["collections"]),
                entry["created"],
                entry["revoked"],
            )
            for entry in entries
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise LibraryDamaged(
            f"the key file {path} cannot be read: restore it, or delete it and make new keys"
        ) from error
