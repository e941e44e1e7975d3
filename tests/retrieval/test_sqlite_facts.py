"""Facts in SQLite: older libraries are brought up to date, and query plans can only read."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from tests.retrieval.fact_maker import REVENUE, RIVER, with_facts
from tests.retrieval.record_maker import LetterEmbedder
from vouch.retrieval.errors import LibraryDamaged, LibraryError
from vouch.retrieval.fact_query import FactQuery
from vouch.retrieval.stores.sqlite_store import SqliteStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A library with one report."""
    with closing(SqliteStore(tmp_path / "library", write=True, embedder=LetterEmbedder())) as store:
        address = replace(REVENUE, field="注册地址", value=None, scope="", text="南京市鼓楼区一号", page=7)
        store.put(with_facts(RIVER, REVENUE, replace(REVENUE, value=2.0, confidence=0.5), address))
    return tmp_path / "library"


@pytest.fixture
def plans(folder: Path) -> Iterator[sqlite3.Connection]:
    """A connection for query plans."""
    with closing(SqliteStore(folder)) as store, closing(store.fact_connection()) as connection:
        yield connection


def as_version_1(folder: Path) -> None:
    """Make a library of a schema without facts, with a document."""
    folder.mkdir()
    script = resources.files("vouch.retrieval.stores").joinpath("schema.sql").read_text("utf-8")
    with closing(sqlite3.connect(folder / "library.db")) as connection:
        connection.executescript(script)
        connection.execute(
            "INSERT INTO documents VALUES (1, 'old', 'old.pdf', '/old.pdf', 'report', '', 'default', 'zh', '', '', '', "
            "2020, 'FY', 'hash', 'recipe', 0, 0, 0, 0, '2024-01-01T00:00:00Z', '[]')"
        )
        connection.execute("INSERT INTO meta VALUES ('embedder', 'letters'), ('dimension', '26')")
        connection.commit()


def test_an_older_library_keeps_its_documents_and_takes_facts(tmp_path: Path) -> None:
    as_version_1(tmp_path / "old")
    with closing(SqliteStore(tmp_path / "old", write=True, embedder=LetterEmbedder())) as store:
        store.put(with_facts(RIVER, REVENUE))
    with closing(SqliteStore(tmp_path / "old")) as store:
        assert {document.source.doc_id: document.facts for document in store.documents()} == {"old": 0, "river-2022": 1}
        assert store.check() == []


def test_an_older_library_says_how_it_is_brought_up_to_date(tmp_path: Path) -> None:
    as_version_1(tmp_path / "old")
    with pytest.raises(LibraryError, match=r"older vouch .* run vouch ingest"):
        SqliteStore(tmp_path / "old")


def test_a_newer_library_is_left_alone(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "library.db")) as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
        connection.commit()
    for write in (False, True):
        with pytest.raises(LibraryDamaged, match="99"):
            SqliteStore(folder, write=write)


def test_lost_facts_are_noticed(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "library.db")) as connection:
        connection.execute("DELETE FROM facts WHERE value = 2.0")
        connection.commit()
    with closing(SqliteStore(folder)) as store:
        assert store.check() == ["/reports/江河重工_2022.pdf should have 3 facts, but 2 are there"]


def test_a_listing_goes_on_when_facts_are_removed_meanwhile(folder: Path) -> None:
    with closing(SqliteStore(folder, write=True, embedder=LetterEmbedder())) as store:
        listing = iter(store.facts(FactQuery()))
        store.remove(["river-2022"])
        assert list(listing) == []


def test_plans_read_facts_with_their_documents(plans: sqlite3.Connection) -> None:
    row = plans.execute(
        "SELECT company, short_name, code, year, period, scope, field, value, unit, page, document, doc_id, collection "
        "FROM fact_values WHERE field = ? AND year IN (SELECT value FROM json_each(?)) ORDER BY preference LIMIT 1",
        ("营业收入", "[2021, 2022]"),
    ).fetchone()
    names = ("江河重工股份有限公司", "江河重工", "600001")
    assert row == (
        *names,
        2022,
        "FY",
        "consolidated",
        "营业收入",
        1234567.89,
        "元",
        1,
        RIVER.name,
        RIVER.doc_id,
        "default",
    )


def test_plans_rank_each_company_once_by_the_value_to_believe_and_know_its_city(plans: sqlite3.Connection) -> None:
    rows = plans.execute(
        "SELECT company, value, min(preference) FROM facts WHERE field = '营业收入' AND year = 2022 AND company IN "
        "(SELECT company FROM facts WHERE value IS NULL AND field = '注册地址' AND year = 2022 AND text LIKE '%南京%') "
        "GROUP BY company ORDER BY value DESC LIMIT 10"
    ).fetchall()
    assert rows == [("江河重工股份有限公司", 1234567.89, 0)]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO facts (field) VALUES ('x')",
        "UPDATE facts SET value = 0",
        "DELETE FROM documents",
        "DROP TABLE facts",
        "CREATE TABLE x (y)",
        "CREATE TEMP TABLE x (y)",
        "ATTACH DATABASE '/tmp/elsewhere.db' AS elsewhere",
        "PRAGMA query_only = OFF",
        "PRAGMA table_info(facts)",
        "BEGIN IMMEDIATE",
        "VACUUM INTO '/tmp/copy.db'",
        "SELECT text FROM chunks",
        "SELECT text FROM pages",
        "SELECT value FROM meta",
        "SELECT name FROM sqlite_master",
        "SELECT load_extension('x')",
        "SELECT randomblob(1000000000)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
        "SELECT company FROM facts WHERE company IN (SELECT text FROM chunks)",
    ],
)
def test_the_database_refuses_plans_everything_but_reading_facts(plans: sqlite3.Connection, statement: str) -> None:
    with pytest.raises(sqlite3.DatabaseError, match=r"not authorized|prohibited|authorization denied"):
        plans.execute(statement)
    assert plans.execute("SELECT count(*) FROM facts").fetchone() == (3,)


def test_the_file_stays_closed_to_writing_without_the_authorizer(plans: sqlite3.Connection) -> None:
    plans.set_authorizer(None)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        plans.execute("DELETE FROM facts")
    plans.execute("PRAGMA query_only = OFF")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        plans.execute("DELETE FROM facts")
