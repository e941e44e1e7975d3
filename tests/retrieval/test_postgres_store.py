"""What only a database on a server has to stand: writers side by side, lost connections, killed clients, roles."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.retrieval.fact_maker import REVENUE, RIVER, with_facts
from tests.retrieval.record_maker import LetterEmbedder, record
from vouch.retrieval.errors import LibraryDamaged, LibraryError, LibraryLocked, LibraryMissing
from vouch.retrieval.types import Source

if TYPE_CHECKING:
    from vouch.retrieval.stores.postgres_store import PostgresStore

pytestmark = pytest.mark.pg

Opened = Callable[..., "PostgresStore"]


@pytest.fixture
def opened(new_database: str) -> Iterator[Opened]:
    from vouch.retrieval.stores.postgres_store import PostgresStore

    with ExitStack() as stack:

        def open_store(address: str = new_database, **said: Any) -> PostgresStore:
            arguments = {"write": True, "embedder": LetterEmbedder()} | said
            return stack.enter_context(closing(PostgresStore(address, "the test's library", **arguments)))

        yield open_store


def connected(address: str) -> Any:
    import psycopg

    return psycopg.connect(address, autocommit=True)


def texts_since(store: "PostgresStore", position: str) -> set[str]:
    return {chunk.text for _, chunks, _ in store.added_since(position) for chunk in chunks}


def test_what_commits_late_is_not_missed_though_its_numbers_are_lower(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow writer takes its numbers first and commits last; an index looks in between."""
    from vouch.retrieval.stores import postgres_facts

    slow, quick = opened(), opened()
    written, may_go_on = threading.Event(), threading.Event()
    insert = postgres_facts.insert

    def insert_slowly(connection: Any, document: int, packed: Any) -> None:
        insert(connection, document, packed)
        if packed.facts:
            written.set()
            assert may_go_on.wait(10)

    monkeypatch.setattr(postgres_facts, "insert", insert_slowly)
    late = threading.Thread(target=slow.put, args=(with_facts(RIVER, REVENUE),))
    late.start()
    assert written.wait(10)
    quick.put(record(Source("q", "q", "/q"), "quick"))
    position = quick.position()
    assert texts_since(quick, "") == {"quick"}
    may_go_on.set()
    late.join()
    (slow_seq,), (quick_seq,) = (quick.chunk_seqs(frozenset({doc_id})) for doc_id in (RIVER.doc_id, "q"))
    assert slow_seq < quick_seq
    assert quick.position() != position
    assert texts_since(quick, position) == {"一、营业收入 1,234,567.89"}
    assert texts_since(quick, quick.position()) == set()


def test_a_removal_that_commits_late_is_not_missed(opened: Opened) -> None:
    ours, other = opened(), opened(busy_timeout=0.1)
    ours.put(record(Source("a", "a", "/a"), "alpha"))
    (seq,) = ours.chunk_seqs(frozenset({"a"}))
    before = other.position()
    with ours.database.transaction() as connection:
        connection.execute("DELETE FROM documents")
        assert other.position() == before
        with pytest.raises(LibraryLocked, match=r"waited 0.1 s.*run the command again"):
            other.put(record(Source("b", "b", "/b"), "beta"))
    assert other.removed_since(before) == [seq]


def test_writers_wait_for_each_other_only_to_commit(opened: Opened) -> None:
    stores = [opened() for _ in range(3)]
    threads = [
        threading.Thread(target=lambda store=store, n=n: [
            store.put(record(Source(f"{n}-{m}", "x", f"/{n}/{m % 4}"), "alpha", "beta")) for m in range(8)
        ])
        for n, store in enumerate(stores)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stores[0].documents()) == 12
    assert stores[0].check() == []


def test_a_killed_writer_leaves_documents_whole_or_absent(opened: Opened, new_database: str) -> None:
    store = opened()
    writer = (
        "import sys\n"
        "from tests.retrieval.record_maker import LetterEmbedder, record\n"
        "from vouch.retrieval.stores.postgres_store import PostgresStore\n"
        "from vouch.retrieval.types import Source\n"
        "store = PostgresStore(sys.argv[1], 'x', write=True, embedder=LetterEmbedder())\n"
        "for n in range(10_000):\n"
        "    store.put(record(Source(f'd{n}', 'd', f'/d{n % 7}'), *('abc' * 9 for _ in range(150))))\n"
    )
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-c", writer, new_database], cwd=root)
    try:
        until = time.monotonic() + 30
        while not store.documents() and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(0.11)
    finally:
        process.kill()
        process.wait()
    assert store.documents()
    assert store.check() == []
    assert all(document.chunks == 150 for document in store.documents())
    seqs = set(store.chunk_seqs(frozenset(document.source.doc_id for document in store.documents())))
    assert {seq for batch, _, _ in store.added_since("") for seq in batch} == seqs
    assert store.put(record(Source("after", "a", "/d0"), "alpha")) is True


def end_connections(address: str) -> None:
    with connected(address) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    time.sleep(0.05)


def test_a_restart_between_two_questions_is_not_noticed(opened: Opened, new_database: str) -> None:
    store = opened()
    store.put(record(Source("a", "a", "/a"), "alpha"))
    end_connections(new_database)
    assert len(store.documents()) == 1
    end_connections(new_database)
    assert store.put(record(Source("b", "b", "/b"), "beta")) is False


def test_a_restart_in_the_middle_is_an_error_and_the_next_try_works(opened: Opened, new_database: str) -> None:
    store = opened()
    lost = pytest.raises(LibraryError, match=r"connection to the library the test's library was lost.*run the command")
    with lost, store.database.transaction() as connection:
        end_connections(new_database)
        connection.execute("SELECT 1")
    assert store.put(record(Source("a", "a", "/a"), "alpha")) is False


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("/first?", "/nowhere?"), "no such database: make it with createdb"),
        (("postgres:", "nobody:"), "no such role: check the user"),
        (("host=/", "host=/nowhere/"), "no server runs there"),
    ],
)
def test_who_cannot_connect_is_told_why(
    opened: Opened, new_database: str, change: tuple[str, str], expected: str
) -> None:
    assert change[0] in new_database
    with pytest.raises(LibraryError, match=expected):
        opened(address=new_database.replace(*change))


def test_no_message_shows_a_password(opened: Opened, new_database: str) -> None:
    for address in (
        "postgresql://ann:s3cret@localhost:1/db",
        "postgresql://ann:s3cret@localhost:port/db",
        "postgresql://ann@localhost:1/db?password=s3cret&nonsense=s3cret",
    ):
        with pytest.raises(LibraryError) as raised:
            opened(address=address)
        assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('FATAL:  password authentication failed for user "ann"', "the password is wrong or missing"),
        ('could not translate host name "x" to address: Name or service not known', "the host is unknown"),
        ("connection timeout expired", "does not answer"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1"', "see its pg_hba.conf"),
        ("something else", "cannot be opened: something else"),
    ],
)
def test_refusals_are_explained(said: str, expected: str) -> None:
    import psycopg

    from vouch.retrieval.stores.postgres_errors import Place, cannot_connect

    assert expected in str(cannot_connect(psycopg.OperationalError(said), Place("somewhere")))


@pytest.fixture
def role(new_database: str) -> Iterator[str]:
    """The address for a role that owns nothing."""
    with connected(new_database) as connection:
        connection.execute("CREATE ROLE reader LOGIN")
        yield new_database.replace("postgres:", "reader:")
        connection.execute("DROP OWNED BY reader; DROP ROLE reader")


def test_a_role_that_may_not_add_pgvector_is_told_who_can(opened: Opened, new_database: str, role: str) -> None:
    with connected(new_database) as connection:
        connection.execute("DROP EXTENSION vector")
    with pytest.raises(LibraryError, match=r"may not add pgvector.*CREATE EXTENSION vector"):
        opened(address=role)


def test_a_role_that_may_make_nothing_is_told_so(opened: Opened, role: str) -> None:
    with pytest.raises(LibraryError, match=r"may not do that.*permission denied for database.*ask whoever owns"):
        opened(address=role)


def test_a_role_that_may_only_read_can_ask(opened: Opened, new_database: str, role: str) -> None:
    opened().put(record(Source("a", "a", "/a"), "alpha"))
    with connected(new_database) as connection:
        connection.execute(
            "GRANT USAGE ON SCHEMA vouch TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA vouch TO reader"
        )
    reader = opened(address=role, write=False)
    assert len(reader.documents()) == 1
    with pytest.raises(LibraryError, match="read-only"):
        reader.remove(["a"])
    with pytest.raises(LibraryError, match="may not do that"):
        opened(address=role).remove(["a"])


def test_an_empty_database_holds_no_library_until_it_is_filled(opened: Opened) -> None:
    with pytest.raises(LibraryMissing, match=r"no library in the test's library.*vouch ingest"):
        opened(write=False)
    opened()
    assert opened(write=False).documents() == []


def test_a_library_of_version_1_is_brought_up_to_date(opened: Opened, new_database: str) -> None:
    script = resources.files("vouch.retrieval.stores").joinpath("postgres_schema.sql").read_text("utf-8")
    with connected(new_database) as connection:
        connection.execute(f"CREATE SCHEMA vouch; SET search_path TO vouch, public; {script}")
    with pytest.raises(LibraryError, match=r"older vouch \(schema version 1, now \d\): run vouch ingest"):
        opened(write=False)
    store = opened()
    store.put(with_facts(RIVER, REVENUE))
    assert store.stats().facts == 1


def test_two_processes_that_make_the_same_library_make_one(opened: Opened) -> None:
    made: list[PostgresStore] = []
    threads = [threading.Thread(target=lambda: made.append(opened())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({store.library_id for store in made}) == 1
    assert len(made) == 4


def test_a_dropped_table_is_damage(opened: Opened) -> None:
    store = opened()
    with store.database.connection() as connection:
        connection.execute("DROP TABLE pages")
    with pytest.raises(LibraryDamaged, match=r"damaged.*restore the database"):
        store.page("a", 1)


def test_an_interrupted_index_is_made_again(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    from vouch.retrieval.stores import postgres_vectors

    monkeypatch.setattr(postgres_vectors, "INDEX_FROM", 1)
    store = opened()
    store.put(record(Source("a", "a", "/a"), "alpha"))
    assert store.build_index(lambda _: None)
    with store.database.connection() as connection:
        connection.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'vectors_hnsw'::regclass")
        assert not postgres_vectors.has_index(connection, "vectors")
    assert store.build_index(lambda _: None)
    assert not store.build_index(lambda _: None)


def test_a_bulk_does_without_the_index_until_it_is_in(
    opened: Opened, new_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vouch.retrieval.stores import postgres_vectors

    monkeypatch.setattr(postgres_vectors, "INDEX_FROM", 10)
    first = opened()
    first.put(record(Source("a", "a", "/a"), *("abcd" * n for n in range(1, 101))))
    assert first.build_index(lambda _: None)

    def indexed() -> bool:
        with connected(new_database) as connection:
            return postgres_vectors.has_index(connection, "vouch.vectors")

    store = opened()
    store.put(record(Source("few", "f", "/f"), *("zebra",) * 24))
    assert indexed(), "fewer than a quarter of what it held"
    store.put(record(Source("more", "m", "/m"), "quagga"))
    assert not indexed()
    store.put(record(Source("rest", "r", "/r"), *("okapi",) * 200))
    assert len(store.chunk_seqs(frozenset({"a", "few", "more", "rest"}))) == 325
    assert store.build_index(lambda _: None)
    assert indexed()


def test_a_bulk_never_waits_long_for_who_searches(
    opened: Opened, new_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vouch.retrieval.stores import postgres_vectors

    monkeypatch.setattr(postgres_vectors, "INDEX_FROM", 2)
    store = opened()
    store.put(record(Source("a", "a", "/a"), "alpha", "beta"))
    assert store.build_index(lambda _: None)
    with connected(new_database) as reader, reader.transaction():
        reader.execute("SELECT count(*) FROM vouch.vectors")
        assert opened().put(record(Source("b", "b", "/b"), "gamma", "delta")) is False
        assert postgres_vectors.has_index(reader, "vouch.vectors")
