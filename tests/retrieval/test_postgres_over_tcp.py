"""A library on a server that is reached over the network and asks for a password."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.app.conftest import GUIDELINE, run_quietly
from tests.retrieval.record_maker import LetterEmbedder, record
from vouch.retrieval.errors import LibraryError
from vouch.retrieval.types import Source

if TYPE_CHECKING:
    from tests.retrieval.tcp_server import TcpServer
    from vouch.retrieval.stores.postgres_store import PostgresStore

pytestmark = pytest.mark.pg

SECRETS = ("s3cret", "guessed", "%C3%BC")


@pytest.fixture(scope="module")
def server(postgres_server: Callable[[str], str]) -> Iterator["TcpServer"]:
    """One for all tests of this file; the session's own server, needed for nothing, tells whether there can be any."""
    from tests.retrieval.tcp_server import TcpServer

    above = Path(tempfile.mkdtemp(prefix="vouch-tcp-"))
    running = TcpServer(above / "database")
    yield running
    running.stop()
    shutil.rmtree(above)


@pytest.fixture
def opened(server: "TcpServer") -> Iterator[Callable[..., "PostgresStore"]]:
    from vouch.retrieval.stores.postgres_store import PostgresStore

    with ExitStack() as stack:

        def open_store(address: str = server.address(), **said: Any) -> PostgresStore:
            arguments = {"write": True, "embedder": LetterEmbedder()} | said
            return stack.enter_context(closing(PostgresStore(address, "the test's library", **arguments)))

        yield open_store


def test_the_right_password_opens_it(opened: Callable[..., "PostgresStore"]) -> None:
    store = opened()
    store.put(record(Source("a", "a", "/a"), "alpha"))
    assert [document.source.doc_id for document in opened(write=False).documents()] == ["a"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"password": "guessed"}, "the password is wrong or missing"),
        ({"password": ""}, "the password is wrong or missing"),
        ({"database": "nowhere"}, "no such database: make it with createdb"),
        ({"more": "?sslmode=require"}, "does not support SSL"),
    ],
)
def test_who_is_not_let_in_is_told_why(
    server: "TcpServer", opened: Callable[..., "PostgresStore"], change: dict[str, str], expected: str
) -> None:
    with pytest.raises(LibraryError, match=expected) as raised:
        opened(address=server.address(**change))
    assert not any(secret in str(raised.value) for secret in SECRETS)


def test_another_port_or_host_is_told(server: "TcpServer", opened: Callable[..., "PostgresStore"]) -> None:
    with pytest.raises(LibraryError, match="no server runs there: start it, or check host and port"):
        opened(address=server.address().replace(str(server.port), "1"))
    with pytest.raises(LibraryError, match="the host is unknown: check the address"):
        opened(address=server.address().replace("127.0.0.1", "nowhere.invalid"))


def test_a_session_outlives_a_restart_of_the_server(
    server: "TcpServer", opened: Callable[..., "PostgresStore"]
) -> None:
    store = opened()
    store.put(record(Source("a", "a", "/a"), "alpha"))
    server.stop()
    for act in (store.documents, lambda: store.put(record(Source("b", "b", "/b"), "beta"))):
        with pytest.raises(LibraryError, match="no server runs there") as raised:
            act()
        assert not any(secret in str(raised.value) for secret in SECRETS)
    server.start()
    assert [document.source.doc_id for document in store.documents()] == ["a"]
    assert store.put(record(Source("b", "b", "/b"), "beta")) is False
    store.remove(["b"])


def test_a_statement_that_takes_too_long_ends(
    opened: Callable[..., "PostgresStore"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vouch.retrieval.stores.postgres_database.STATEMENT_TIMEOUT", 0.1)
    store = opened()
    with pytest.raises(LibraryError, match="took longer than it may for one statement"):
        store.database.rows("SELECT pg_sleep(20)")
    assert store.documents() is not None


def test_a_server_without_pgvector_is_told_what_to_install(
    new_database: str, opened: Callable[..., "PostgresStore"]
) -> None:
    import psycopg

    with psycopg.connect(new_database, autocommit=True) as connection:
        connection.execute("DROP EXTENSION vector")
    nowhere_to_be_found = f"{new_database}&options=-c%20extension_control_path%3D/nowhere"
    with pytest.raises(LibraryError, match=r"has no pgvector: install it there \(the package postgresql-NN-pgvector"):
        opened(address=nowhere_to_be_found)


def test_a_library_that_lost_pgvector_is_told(new_database: str, opened: Callable[..., "PostgresStore"]) -> None:
    import psycopg

    opened(address=new_database)
    with psycopg.connect(new_database, autocommit=True) as connection:
        connection.execute("DROP EXTENSION vector CASCADE")
    with pytest.raises(LibraryError, match=r"lost its extension pgvector: restore the database"):
        opened(address=new_database, write=False)


def test_no_command_shows_the_password(server: "TcpServer", tmp_path: Path) -> None:
    import psycopg

    with psycopg.connect(server.address(), autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS vouch CASCADE")
    (tmp_path / "hay_fever.md").write_text(GUIDELINE, encoding="utf-8")
    commands = (
        ("ingest", str(tmp_path / "hay_fever.md"), "--jobs", "1", "--force"),
        ("library", "stats"),
        ("library", "check"),
        ("library", "reembed", "--embedder", "hashing"),
        ("config",),
        ("docs", "list"),
        ("search", "antihistamine"),
        ("ask", "What is the first choice for mild hay fever?"),
    )
    with_library = server.address(), server.address("guessed"), server.address(database="nowhere")
    for address in with_library:
        for command in commands:
            done = run_quietly(*command, "--library", address)
            assert "ann:" in done.out + done.err or done.code == 0, command
            assert not any(secret in done.out + done.err for secret in SECRETS), (command, done.out + done.err)
            if address == server.address():
                assert done.code == 0, done.err
