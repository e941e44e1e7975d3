"""Facts in SQLite: older libraries are brought up to date, losses are noticed."""

import sqlite3
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
