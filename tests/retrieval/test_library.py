"""Search over a store and the indexes derived from it, and how they stay in step."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import filelock
import pytest

from tests.retrieval.record_maker import LetterEmbedder, record
from vouch.retrieval.errors import LibraryError, LibraryFull, LibraryLocked, UsageError
from vouch.retrieval.lexical.rank_bm25_index import RankBm25Index
from vouch.retrieval.lexical.tantivy_index import TantivyIndex
from vouch.retrieval.library import Indexes, Library, SearchSettings
from vouch.retrieval.stores.sqlite_store import SqliteStore
from vouch.retrieval.types import EVERYTHING, Hit, Reranker, Scope, Source
from vouch.retrieval.vectors.faiss_index import FaissIndex

OURS = Source("ours", "ours.pdf", "/ours.pdf", company="Ours Ltd", year=2022)
THEIRS = Source("theirs", "theirs.pdf", "/theirs.pdf", company="Theirs Ltd", year=2022)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    store = SqliteStore(tmp_path, write=True, embedder=LetterEmbedder())
    store.put(record(OURS, "revenue grew", "zebra costs"))
    store.put(record(THEIRS, "revenue fell", "dividend paid"))
    yield tmp_path
    store.close()


def open_library(
    folder: Path, make_reranker: Callable[[], Reranker | None] = lambda: None, **settings: float
) -> Library:
    store = SqliteStore(folder, write=True, embedder=LetterEmbedder())
    index = folder / "index"
    vectors = FaissIndex(index / "vectors", LetterEmbedder.dimension)
    mixture = replace(SearchSettings(vector_weight_latin=0.3, lock_timeout=0.05), **settings)  # type: ignore[arg-type]
    indexes = Indexes(TantivyIndex(index / "lexical"), vectors, index / "lock")
    return Library(store, indexes, LetterEmbedder(), mixture, make_reranker)


class Backwards:
    """A reranker that turns a ranking round."""

    name = "backwards"

    def rerank(self, query: str, hits: Sequence[Hit]) -> list[Hit]:
        return [replace(hit, ranks={**hit.ranks, "rerank": n}) for n, hit in enumerate(reversed(hits), start=1)]


def texts(hits: list[Hit]) -> list[str]:
    return [hit.chunk.text for hit in hits]


def test_lexical_search_finds_words(folder: Path) -> None:
    hits = open_library(folder).search("dividends", mode="lexical")
    assert texts(hits) == ["dividend paid"]
    assert hits[0].ranks == {"lexical": 1}


def test_vector_search_finds_what_is_spelt_alike(folder: Path) -> None:
    hits = open_library(folder).search("zbera", 2, mode="vector")
    assert texts(hits)[0] == "zebra costs"
    assert [hit.ranks for hit in hits] == [{"vector": 1}, {"vector": 2}]


def test_hybrid_search_tells_the_rank_in_each_leg(folder: Path) -> None:
    hits = open_library(folder).search("zebra", mode="hybrid")
    assert texts(hits)[0] == "zebra costs"
    assert hits[0].ranks == {"lexical": 1, "vector": 1}
    assert len(hits) == 4
    assert all("lexical" not in hit.ranks for hit in hits[1:])


def test_a_reranker_reads_more_than_is_asked_for_and_its_rank_is_told(folder: Path) -> None:
    plain = open_library(folder).search("zebra", 4)
    (first,) = open_library(folder, make_reranker=Backwards).search("zebra", 1, mode="hybrid+rerank")
    assert first.chunk == plain[-1].chunk
    assert first.ranks["rerank"] == 1


def test_rereading_without_a_reranker_is_refused_with_the_remedy(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"retrieval\.reranker"):
        open_library(folder).search("zebra", mode="hybrid+rerank")


def test_no_more_hits_than_asked_for(folder: Path) -> None:
    assert len(open_library(folder).search("revenue", 1)) == 1


@pytest.mark.parametrize("mode", ["lexical", "vector", "hybrid"])
def test_a_question_about_one_company_is_not_answered_from_another(folder: Path, mode: str) -> None:
    library = open_library(folder)
    hits = library.search("revenue dividend", 10, mode, Scope(companies=frozenset({"Ours Ltd"})))  # type: ignore[arg-type]
    assert {hit.chunk.source.company for hit in hits} == {"Ours Ltd"}
    assert library.search("revenue", 10, mode, Scope(years=frozenset({1999}))) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["vector", "hybrid"])
def test_a_query_without_content_finds_nothing(folder: Path, mode: str) -> None:
    assert open_library(folder).search("？！", 10, mode) == []  # type: ignore[arg-type]


def test_what_was_added_is_found_at_once_and_what_was_removed_is_gone(folder: Path) -> None:
    library = open_library(folder)
    assert texts(library.search("zebra", 1)) == ["zebra costs"]
    library.store.put(record(replace(OURS, doc_id="ours, changed"), "quagga costs"))
    assert texts(library.search("quagga", 1)) == ["quagga costs"]
    assert texts(library.search("zebra", mode="lexical")) == []
    library.store.remove(["theirs"])
    assert texts(library.search("quagga dividend revenue")) == ["quagga costs"]


def test_a_long_lived_process_sees_what_another_has_indexed(folder: Path) -> None:
    ours, other = open_library(folder), open_library(folder)
    ours.search("zebra")
    other.store.remove(["ours"])
    other.search("zebra")
    with filelock.FileLock(folder / "index" / "lock"):  # it has to read, not to write
        assert texts(ours.search("zebra", mode="lexical")) == []


class NothingToAdd(TantivyIndex):
    """Fails when anything is written."""

    def add(self, entries: object) -> None:
        raise AssertionError("rebuilt without need")


def test_opening_rebuilds_nothing_when_the_positions_match(folder: Path) -> None:
    open_library(folder).catch_up()
    library = open_library(folder)
    library.lexical = NothingToAdd(folder / "index" / "lexical")
    assert library.catch_up() is True
    assert texts(library.search("zebra", 1)) == ["zebra costs"]


def break_lexical(index: Path) -> None:
    (index / "lexical" / "meta.json").write_text("{", "utf-8")


def break_vectors(index: Path) -> None:
    (index / "vectors" / "vectors-0.rows").write_bytes(b"broken")


def of_another_library(index: Path) -> None:
    for state in index.glob("*/state.json"):
        state.write_text(state.read_text("utf-8").replace('"position": "', '"position": "another'), "utf-8")


def lose_everything(index: Path) -> None:
    for file in index.glob("*/*"):
        file.unlink()


@pytest.mark.parametrize("harm", [break_lexical, break_vectors, of_another_library, lose_everything])
def test_broken_or_foreign_indexes_are_built_again(folder: Path, harm: Callable[[Path], None]) -> None:
    expected = open_library(folder).search("zebra revenue")
    harm(folder / "index")
    assert open_library(folder).search("zebra revenue") == expected


def test_work_that_was_cut_short_before_its_position_was_written_is_repeated(folder: Path) -> None:
    library = open_library(folder)
    library.catch_up()
    states = {path: path.read_bytes() for path in (folder / "index").glob("*/state.json")}
    library.store.put(record(Source("new", "new.pdf", "/new.pdf"), "quagga costs"))
    library.store.remove(["theirs"])
    library.catch_up()
    for path, content in states.items():
        path.write_bytes(content)
    again = open_library(folder)
    assert sorted(texts(again.search("quagga costs revenue dividend"))) == [
        "quagga costs",
        "revenue grew",
        "zebra costs",
    ]


def test_an_older_state_serves_while_another_process_writes(folder: Path) -> None:
    library = open_library(folder)
    library.catch_up()
    library.store.put(record(replace(OURS, doc_id="changed"), "quagga costs"))
    with filelock.FileLock(folder / "index" / "lock"):
        assert library.catch_up() is False
        assert texts(library.search("revenue", mode="lexical")) == ["revenue fell"], "no chunk that is gone"
    assert library.catch_up() is True


def test_without_any_state_a_locked_library_is_an_error(folder: Path) -> None:
    library = open_library(folder)
    with filelock.FileLock(folder / "index" / "lock"), pytest.raises(LibraryLocked, match="try again"):
        library.search("zebra")


class FailingIndex(RankBm25Index):
    """Fails to commit as a disk would make it."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def commit(self, position: str) -> None:
        raise self._error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(28, "No space left on device"), LibraryFull),
        (ValueError("An IO error occurred: 'No space left on device (os error 28)'"), LibraryFull),
        (PermissionError(13, "Permission denied"), LibraryError),
        (ValueError("a bug"), ValueError),
    ],
)
def test_a_disk_that_takes_no_index_is_explained(folder: Path, error: Exception, expected: type[Exception]) -> None:
    library = open_library(folder)
    library.lexical = FailingIndex(error)
    with pytest.raises(expected) as raised:
        library.search("zebra")
    assert type(raised.value) is expected


def test_the_reference_index_serves_as_well(folder: Path) -> None:
    library = open_library(folder)
    library.lexical = RankBm25Index()
    assert texts(library.search("zebra", 1)) == ["zebra costs"]


def test_documents_and_pages_are_read_from_the_store(folder: Path) -> None:
    library = open_library(folder)
    assert [document.source for document in library.documents(EVERYTHING)] == [OURS, THEIRS]
    assert library.page("theirs", 2).text == "dividend paid"
