"""What every store promises: documents wholly or not at all, and a position that derived indexes can follow."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.contracts.library_kinds import KINDS, library_opener, statements
from tests.retrieval.fact_maker import REVENUE
from tests.retrieval.record_maker import LetterEmbedder, record
from vouch.retrieval.errors import IndexMismatch, LibraryDamaged, LibraryLocked
from vouch.retrieval.library_store import LibraryStore, RememberedEmbedder
from vouch.retrieval.stores.sqlite_database import SCHEMA_VERSION
from vouch.retrieval.stores.sqlite_store import SqliteStore
from vouch.retrieval.types import DocumentRecord, Line, Page, Scope, Source, Store

REPORT = Source(
    "r22", "江河 2022.pdf", "/reports/江河 2022.pdf", "report", "2022年年度报告", "reports", "zh",
    "江河重工股份有限公司", "江河重工", "600001", 2022, "FY",
)  # fmt: skip
OLDER = replace(REPORT, doc_id="r21", path="/reports/江河 2021.pdf", year=2021)
GUIDE = Source("g", "guide.md", "/guide.md", "guideline", collection="medical")


class Trigrams(LetterEmbedder):
    name = "trigrams"


Opened = Callable[..., LibraryStore]
"""Opens the same library again and again."""


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    with library_opener(request, tmp_path) as opener:
        yield opener


@pytest.fixture
def store(opened: Opened) -> LibraryStore:
    made: LibraryStore = opened(write=True, embedder=LetterEmbedder())
    return made


def texts_added_since(store: Store, position: str) -> list[str]:
    return [chunk.text for _, chunks, _ in store.added_since(position) for chunk in chunks]


def all_seqs(store: Store) -> list[int]:
    return store.chunk_seqs(frozenset(document.source.doc_id for document in store.documents()))


def test_a_document_comes_back_as_it_was_stored(store: LibraryStore) -> None:
    given = record(REPORT, "alpha", "beta")
    assert store.put(given) is False
    (document,) = store.documents()
    assert document.source == REPORT
    assert (document.content_hash, document.recipe, document.warnings) == ("hash of r22", "recipe", ("a warning",))
    assert (document.pages, document.chunks, document.ocr_pages, document.image_pages) == (2, 2, 0, 0)
    assert store.page("r22", 2) == given.pages[1]
    assert list(store.chunks(all_seqs(store)).values()) == list(given.chunks)


def test_where_characters_stand_comes_back(store: LibraryStore) -> None:
    edges = np.array([[721, 800], [800, 65535], [0, 0], [90, 100]], np.uint16)
    lines = (Line(0, 2, (72.1, 10.0, 300.25, 20.5)), Line(2, 4))
    pages = (Page(1, "alfa", lines, edges, 595.3, 841.9, "ocr"), Page(2, "", origin="image"))
    store.put(replace(record(REPORT), pages=pages))
    page = store.page("r22", 1)
    assert page.char_x is not None
    assert np.array_equal(page.char_x, edges)
    assert replace(page, char_x=None) == replace(pages[0], char_x=None)
    assert store.page("r22", 2) == pages[1]
    (document,) = store.documents()
    assert (document.ocr_pages, document.image_pages) == (1, 1)


def test_a_page_that_does_not_exist_is_a_key_error(store: LibraryStore) -> None:
    store.put(record(REPORT, "alpha"))
    with pytest.raises(KeyError):
        store.page("r22", 2)
    with pytest.raises(KeyError):
        store.page("unknown", 1)


@pytest.mark.parametrize(
    "successor",
    [REPORT, replace(REPORT, doc_id="new bytes"), replace(REPORT, path="/moved.pdf")],
    ids=["same", "changed file", "moved file"],
)
def test_a_document_replaces_what_stood_under_its_id_or_path(store: LibraryStore, successor: Source) -> None:
    store.put(record(REPORT, "alpha", "beta"))
    before = all_seqs(store)
    assert store.put(record(successor, "gamma")) is True
    (document,) = store.documents()
    assert (document.source, document.pages) == (successor, 1)
    assert [chunk.text for chunk in store.chunks(all_seqs(store)).values()] == ["gamma"]
    assert not set(before) & set(all_seqs(store))
    assert store.chunks(before) == {}


def test_the_same_path_in_another_collection_is_another_document(store: LibraryStore) -> None:
    store.put(record(REPORT, "alpha"))
    assert store.put(record(replace(REPORT, doc_id="other", collection="else"), "alpha")) is False
    assert len(store.documents()) == 2


def test_a_removed_document_leaves_nothing(store: LibraryStore) -> None:
    store.put(record(REPORT, "alpha"))
    store.put(record(GUIDE, "beta"))
    assert store.remove(["r22", "unknown"]) == 1
    assert [document.source.doc_id for document in store.documents()] == ["g"]
    assert store.chunk_seqs(frozenset({"r22"})) == []
    with pytest.raises(KeyError):
        store.page("r22", 1)


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(), {"r22", "r21", "g"}),
        (Scope(years=frozenset({2021, 2022})), {"r22", "r21"}),
        (Scope(years=frozenset({2022}), companies=frozenset({"江河重工股份有限公司"})), {"r22"}),
        (Scope(kinds=frozenset({"guideline"})), {"g"}),
        (Scope(collections=frozenset({"medical", "else"})), {"g"}),
        (Scope(periods=frozenset({"FY"}), doc_ids=frozenset({"g", "r21"})), {"r21"}),
        (Scope(companies=frozenset({"' OR 1=1 --"})), set()),
    ],
)
def test_documents_are_chosen_by_scope(store: LibraryStore, scope: Scope, expected: set[str]) -> None:
    for source in (REPORT, OLDER, GUIDE):
        store.put(record(source, "alpha"))
    chosen = {document.source.doc_id for document in store.documents(scope)}
    assert chosen == expected == {source.doc_id for source in (REPORT, OLDER, GUIDE) if scope.allows(source)}


def test_documents_are_found_by_file_and_by_content(store: LibraryStore) -> None:
    store.put(record(REPORT, "alpha"))
    at = store.document_at(REPORT.path, "reports")
    assert at is not None
    assert at.source == REPORT
    assert store.document_at(REPORT.path, "medical") is None
    assert [document.source.doc_id for document in store.documents_with_content("hash of r22")] == ["r22"]
    assert store.documents_with_content("hash") == []


def test_an_index_learns_what_was_added_and_removed_since_its_position(store: LibraryStore) -> None:
    store.put(record(REPORT, "alpha", "beta"))
    first, old = store.position(), all_seqs(store)
    assert texts_added_since(store, "") == ["alpha", "beta"]
    assert texts_added_since(store, first) == []
    store.put(record(GUIDE, "gamma"))
    store.put(record(replace(REPORT, doc_id="new"), "delta"))
    assert store.position() != first
    assert texts_added_since(store, first) == ["gamma", "delta"]
    assert sorted(store.removed_since(first)) == old
    assert store.removed_since(store.position()) == []


def test_numbers_are_not_used_again(store: LibraryStore) -> None:
    store.put(record(REPORT, "alpha"))
    (seq,) = all_seqs(store)
    store.remove(["r22"])
    store.put(record(REPORT, "alpha"))
    assert all_seqs(store) > [seq]


def test_added_chunks_come_in_batches_with_their_vectors(store: LibraryStore) -> None:
    given = record(REPORT, *("abc" * (n % 7 + 1) + "x" * n for n in range(2500)))
    store.put(given)
    batches = list(store.added_since(""))
    assert len(batches) > 1
    assert [seq for seqs, _, _ in batches for seq in seqs] == all_seqs(store)
    stored = np.concatenate([vectors for _, _, vectors in batches])
    assert stored.dtype == np.float32
    assert stored == pytest.approx(given.vectors, abs=1e-3)


def test_positions_of_this_library_can_be_followed_and_no_others(store: LibraryStore, tmp_path: Path) -> None:
    other = SqliteStore(tmp_path / "other", write=True, embedder=LetterEmbedder())
    empty = store.position()
    store.put(record(REPORT, "alpha"))
    assert store.follows(empty)
    assert store.follows(store.position())
    assert not store.follows("")
    assert not store.follows(other.position())
    before, _, last = store.position().rpartition(":")
    assert not store.follows(f"{before}:{int(last) + 1}"), "the database was put back to an older state"


def test_a_reader_sees_what_a_writer_has_finished(opened: Opened, store: LibraryStore) -> None:
    reader = opened()
    assert reader.documents() == []
    store.put(record(REPORT, "alpha"))
    assert [document.source.doc_id for document in reader.documents()] == ["r22"]


def test_a_reader_does_not_wait_for_a_writer(opened: Opened, store: LibraryStore) -> None:
    store.put(record(REPORT, "alpha"))
    reader = opened(busy_timeout=0.0)
    with statements(store) as execute:
        execute("DELETE FROM documents")
        assert len(reader.documents()) == 1
    assert reader.documents() == []


def test_a_second_writer_is_told_whom_it_waits_for(opened: Opened, store: LibraryStore) -> None:
    second = opened(write=True, embedder=LetterEmbedder(), busy_timeout=0.05)
    store.put(record(REPORT, "alpha"))
    with statements(store) as execute:
        execute("DELETE FROM documents")
        with pytest.raises(LibraryLocked, match=r"library.*waited 0.05 s.*again"):
            second.put(record(REPORT, "alpha"))
    assert second.put(record(REPORT, "alpha")) is False


def test_a_failure_in_the_middle_leaves_what_stood_before(store: LibraryStore) -> None:
    store.put(record(REPORT, "alpha", "beta"))
    before = store.position()
    bad = record(REPORT, "gamma", "delta")
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.put(replace(bad, pages=(bad.pages[0], bad.pages[0])))
    assert store.position() == before
    assert [chunk.text for chunk in store.chunks(all_seqs(store)).values()] == ["alpha", "beta"]


def test_threads_share_a_store(store: LibraryStore) -> None:
    records = [record(Source(f"d{n}", "n", f"/{n}"), "alpha", "beta") for n in range(12)]

    def work(given: DocumentRecord) -> str:
        store.put(given)
        return store.page(given.source.doc_id, 2).text

    with ThreadPoolExecutor(6) as threads:
        assert set(threads.map(work, records)) == {"beta"}
    assert len(store.documents()) == 12


def test_another_embedder_is_refused_by_name(opened: Opened, store: LibraryStore) -> None:
    opened(embedder=Trigrams())  # nothing stored yet, nothing to mismatch
    store.put(record(REPORT, "alpha"))
    for write in (False, True):
        with pytest.raises(IndexMismatch, match="built with letters, settings say trigrams"):
            opened(write=write, embedder=Trigrams())
    assert len(opened().documents()) == 1, "lists need no embedder"


def test_an_emptied_library_takes_another_embedder(opened: Opened, store: LibraryStore) -> None:
    store.put(record(REPORT, "alpha"))
    store.remove(["r22"])
    opened(write=True, embedder=Trigrams()).put(record(REPORT, "alpha"))
    with pytest.raises(IndexMismatch):
        store.put(record(GUIDE, "beta"))


def test_stats_and_check_of_a_sound_library(store: LibraryStore) -> None:
    store.put(record(REPORT, "alpha", "beta"))
    store.put(record(GUIDE, "gamma"))
    stats = store.stats()
    assert (stats.documents, stats.pages, stats.chunks) == (2, 3, 3)
    assert stats.bytes > 4096
    assert store.check() == []


def test_check_names_the_document_that_lost_something(store: LibraryStore) -> None:
    store.put(record(REPORT, "alpha", "beta"))
    with statements(store) as execute:
        execute("DELETE FROM pages WHERE number = 2")
    (problem,) = store.check()
    assert "江河 2022.pdf should have 2 pages and 2 chunks, but 1 and 2" in problem


def test_a_newer_library_is_refused(opened: Opened, store: LibraryStore) -> None:
    with statements(store) as execute:
        execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
    for write in (False, True):
        with pytest.raises(LibraryDamaged, match=rf"schema version 99, this vouch reads {SCHEMA_VERSION}"):
            opened(write=write)


def test_a_document_comes_back_whole(store: LibraryStore) -> None:
    table = replace(record(GUIDE, "alpha", "beta"), ingested_at="2024-05-06T07:08:09+00:00")
    facts = (replace(REVENUE, company="江河重工股份有限公司"), replace(REVENUE, value=None, text="南京", unit=""))
    stated = [replace(fact, company=fact.company or REPORT.company) for fact in facts]
    given = replace(record(REPORT, "gamma", "delta"), facts=facts)
    for document in (table, given):
        store.put(document)
    assert [document.source.doc_id for document in store.documents_as_stored()] == ["g", "r22"]
    back = store.record("g")
    assert replace(back, vectors=table.vectors) == table
    assert back.vectors == pytest.approx(table.vectors, abs=1e-3)
    again = store.record("r22")
    assert [(fact.value, fact.text, fact.company) for fact in again.facts] == [
        (fact.value, fact.text, fact.company) for fact in stated
    ]
    assert again.ingested_at
    with pytest.raises(KeyError):
        store.record("unknown")


def test_the_embedder_is_remembered_with_the_first_document(store: LibraryStore) -> None:
    assert store.embedder is None
    store.put(record(REPORT, "alpha"))
    assert store.embedder == RememberedEmbedder("letters", 26)
    store.remove(["r22"])
    assert store.embedder is None


def test_a_nul_in_a_text_moves_no_character(store: LibraryStore) -> None:
    store.put(record(REPORT, "al\0pha"))
    assert store.page("r22", 1).text in ("al\0pha", "al\ufffdpha")
    assert len(store.chunks(all_seqs(store))[all_seqs(store)[0]].text) == 6


def test_two_writers_of_one_document_leave_it_once(opened: Opened, store: LibraryStore) -> None:
    other = opened(write=True, embedder=LetterEmbedder())
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: (store, other)[n % 2].put(record(REPORT, "alpha", "x" * n)), range(12)))
    assert len(store.documents()) == 1
    assert len(all_seqs(store)) == 2
    assert store.check() == []
