"""API keys: hashed at rest, revocable, checked with every request."""

from pathlib import Path

import pytest
from fastapi.security import HTTPAuthorizationCredentials

from vouch.app.server.access import Gate
from vouch.app.server.problems import Problem
from vouch.app.server.rate import RateLimit
from vouch.app.service.keys import KeyFile
from vouch.app.service.types import EVERYTHING_ALLOWED, Access
from vouch.retrieval.errors import LibraryDamaged, NotFound, UsageError


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys.json")


def test_a_key_opens_what_it_was_made_for(keys: KeyFile) -> None:
    _, secret = keys.create("ward 3", ("ask",), ["guidelines"])
    access = keys.access(secret)
    assert access is not None
    assert (access.scopes, access.collections) == ({"ask"}, {"guidelines"})


@pytest.mark.parametrize("said", ["", "vouch_", "vouch_" + "x" * 43, "\ud800"])
def test_what_is_no_key_opens_nothing(keys: KeyFile, said: str) -> None:
    keys.create("ward 3", ("ask",), None)
    assert keys.access(said) is None


def test_the_secret_stands_nowhere_in_the_file(keys: KeyFile, tmp_path: Path) -> None:
    _, secret = keys.create("ward 3", ("ask",), None)
    content = (tmp_path / "keys.json").read_text()
    assert secret not in content
    assert secret.removeprefix("vouch_") not in content
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0


def test_a_revoked_key_opens_nothing_also_for_who_has_the_file_open(keys: KeyFile, tmp_path: Path) -> None:
    key, secret = keys.create("ward 3", ("ask",), None)
    server = KeyFile(tmp_path / "keys.json")
    assert server.access(secret) is not None
    keys.revoke(key.id)
    assert server.access(secret) is None


def test_a_name_that_two_keys_have_revokes_neither(keys: KeyFile) -> None:
    secrets = [keys.create("ward 3", ("ask",), None)[1] for _ in range(2)]
    with pytest.raises(UsageError, match="name one by its id"):
        keys.revoke("ward 3")
    assert all(keys.access(secret) for secret in secrets)


def test_a_key_that_does_not_exist_cannot_be_revoked(keys: KeyFile) -> None:
    with pytest.raises(NotFound):
        keys.revoke("nobody")


def test_a_damaged_file_lets_nobody_in_and_says_so(keys: KeyFile, tmp_path: Path) -> None:
    _, secret = keys.create("ward 3", ("ask",), None)
    (tmp_path / "keys.json").write_text("{")
    with pytest.raises(LibraryDamaged, match=r"keys\.json"):
        keys.access(secret)


def test_where_no_key_is_needed_one_that_is_shown_still_counts(keys: KeyFile) -> None:
    _, secret = keys.create("ward 3", ("ask",), ["guidelines"])
    gate = Gate(keys, RateLimit(0), required=False)

    def admitted(said: str) -> Access:
        return gate.admit(HTTPAuthorizationCredentials(scheme="Bearer", credentials=said), "127.0.0.1")

    assert gate.admit(None, "127.0.0.1") == EVERYTHING_ALLOWED
    assert admitted("unused") == EVERYTHING_ALLOWED, "clients that insist on a key send any"
    assert admitted(secret).collections == {"guidelines"}
    with pytest.raises(Problem, match="not valid"):
        admitted("vouch_" + "x" * 43)
