"""A library copied into another kind of library answers as it did."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.retrieval.fact_maker import REVENUE, RIVER, with_facts
from tests.retrieval.record_maker import LetterEmbedder, record
from vouch.retrieval.conversations import ConversationStore, Feedback, Session, Turn
from vouch.retrieval.copying import Copied, copy_conversations, copy_library
from vouch.retrieval.errors import IndexMismatch
from vouch.retrieval.fact_query import FactQuery
from vouch.retrieval.lexical.tantivy_index import TantivyIndex
from vouch.retrieval.library import Indexes, Library, SearchSettings
from vouch.retrieval.library_store import LibraryStore, RememberedEmbedder
from vouch.retrieval.stores.sqlite_conversations import SqliteConversations
from vouch.retrieval.stores.sqlite_store import SqliteStore
from vouch.retrieval.types import Source, VectorIndex
from vouch.retrieval.vectors.faiss_index import FaissIndex

Opened = Callable[..., LibraryStore]
WORDS = ("revenue", "dividend", "zebra", "costs", "quagga", "guideline", "patient", "report")


@pytest.fixture
def folder_library(tmp_path: Path) -> Iterator[Opened]:
    with ExitStack() as opened:
        yield lambda **said: opened.enter_context(closing(SqliteStore(tmp_path / "library", **said)))


@pytest.fixture
def database_library(new_database: str) -> Iterator[Opened]:
    from vouch.retrieval.stores.postgres_store import PostgresStore

    with ExitStack() as opened:
        yield lambda **said: opened.enter_context(closing(PostgresStore(new_database, "test", **said)))


@pytest.fixture(
    params=[
        pytest.param(("folder_library", "database_library"), marks=pytest.mark.pg, id="folder to database"),
        pytest.param(("database_library", "folder_library"), marks=pytest.mark.pg, id="database to folder"),
    ]
)
def pair(request: pytest.FixtureRequest) -> tuple[LibraryStore, Opened]:
    """A filled library, and what opens one of the other kind."""
    filled, other = (request.getfixturevalue(name) for name in request.param)
    source: LibraryStore = filled(write=True, embedder=LetterEmbedder())
    for n, words in enumerate(itertools.combinations(WORDS, 3)):  # no two spelt alike: ties may come in any order
        source.put(record(Source(f"d{n}", f"{n}.txt", f"/{n}"), " ".join(words)))
    source.put(with_facts(RIVER, REVENUE, replace(REVENUE, value=2.0), replace(REVENUE, value=None, text="一")))
    source.remove(["d0"])
    source.put(record(Source("d20", "20.txt", "/20"), "revenue replaced"))
    return source, other


def searched(store: LibraryStore, folder: Path) -> Library:
    embedder = LetterEmbedder()
    vectors: VectorIndex
    if isinstance(store, SqliteStore):
        vectors = FaissIndex(folder / "vectors", embedder.dimension)
    else:
        from vouch.retrieval.vectors.pgvector_index import PgvectorIndex

        vectors = PgvectorIndex(store.database, store.vector_position, embedder.name)  # type: ignore[attr-defined]
    mixture = SearchSettings(vector_weight_latin=0.3)
    return Library(store, Indexes(TantivyIndex(folder / "lexical"), vectors, folder / "lock"), embedder, mixture)


def test_a_copy_holds_finds_and_states_the_same(pair: tuple[LibraryStore, Opened], tmp_path: Path) -> None:
    source, other = pair
    target = other(write=True, embedder=source.embedder)
    assert copy_library(source, target, lambda _: None) == Copied(len(source.documents()), 0)
    assert target.documents() == source.documents()
    assert [document.source for document in target.documents_as_stored()] == [
        document.source for document in source.documents_as_stored()
    ]
    assert list(target.facts(FactQuery())) == list(source.facts(FactQuery()))
    assert target.check() == []
    for document in source.documents():
        doc_id = document.source.doc_id
        assert target.page(doc_id, 1) == source.page(doc_id, 1)
        assert (target.record(doc_id).vectors == source.record(doc_id).vectors).all()
    left, right = searched(source, tmp_path / "left"), searched(target, tmp_path / "right")
    for query, mode in itertools.product(
        ["zebra costs", "quagga", "dividend patient report", "一"], ["hybrid", "vector"]
    ):
        before, after = (shelf.search(query, 10, mode) for shelf in (left, right))  # type: ignore[arg-type]
        assert [hit.chunk.id for hit in after] == [hit.chunk.id for hit in before]
        assert [hit.score for hit in after] == pytest.approx([hit.score for hit in before], abs=1e-6)


def test_a_repeated_copy_copies_what_is_missing_or_has_changed(pair: tuple[LibraryStore, Opened]) -> None:
    source, other = pair
    target = other(write=True, embedder=source.embedder)
    count = len(source.documents())
    copy_library(source, target, lambda _: None)
    assert copy_library(source, target, lambda _: None) == Copied(0, count)
    target.remove([RIVER.doc_id])
    source.put(replace(record(Source("d40", "40.txt", "/40"), "changed"), content_hash="new"))
    assert copy_library(source, target, lambda _: None) == Copied(2, count - 2)
    assert {document.content_hash for document in target.documents()} == {
        document.content_hash for document in source.documents()
    }


def test_a_library_of_another_embedder_takes_no_copy(pair: tuple[LibraryStore, Opened]) -> None:
    source, other = pair
    other(write=True, embedder=RememberedEmbedder("others", 26)).put(record(RIVER, "x"))
    with pytest.raises(IndexMismatch, match="built with others"):
        other(write=True, embedder=source.embedder)


ANNA, BERT = Session("s1", "anna"), Session("s1", "bert")
ANSWER = {"answer": "营业收入是900.75元[1]。", "citations": [{"n": 1, "boxes": [[1.0, 2.5]]}]}


@pytest.fixture(params=["folder to database", "database to folder"])
def talks(
    request: pytest.FixtureRequest, tmp_path: Path, new_database: str
) -> Iterator[tuple[ConversationStore, ConversationStore]]:
    """The conversations of two libraries of different kinds."""
    from vouch.retrieval.stores.postgres_conversations import PostgresConversations
    from vouch.retrieval.stores.postgres_store import PostgresStore

    for made in (SqliteStore(tmp_path / "library", write=True), PostgresStore(new_database, "test", write=True)):
        made.close()
    with (
        closing(SqliteConversations(tmp_path / "library")) as folder,
        closing(PostgresConversations(new_database, "test")) as database,
    ):
        yield (folder, database) if request.param == "folder to database" else (database, folder)


@pytest.mark.pg
def test_conversations_and_feedback_go_along_whole(talks: tuple[ConversationStore, ConversationStore]) -> None:
    source, target = talks
    for session in (ANNA, BERT, ANNA):
        source.add_turn(session, Turn("营收?", "北原光学的营业收入是多少?", ANSWER))
    source.rename(BERT, "收入")
    source.summarise(ANNA, "谈了收入", 1)
    source.add_feedback(Feedback("问", ANSWER, "down", "错了", "应为900.76", "s1", "anna"))
    assert copy_conversations(source, target) == (2, 1)
    assert target.conversations() == source.conversations()
    assert [target.turns(session) for session in (ANNA, BERT)] == [source.turns(session) for session in (ANNA, BERT)]
    assert target.feedback() == source.feedback()
    assert copy_conversations(source, target) == (0, 0)


@pytest.mark.pg
def test_a_conversation_that_went_on_is_brought_up_to_date_where_it_did_not(
    talks: tuple[ConversationStore, ConversationStore],
) -> None:
    source, target = talks
    for session in (ANNA, BERT):
        source.add_turn(session, Turn("一", "一", ANSWER))
    copy_conversations(source, target)
    source.add_turn(ANNA, Turn("二", "二", ANSWER))
    target.add_turn(BERT, Turn("三", "三", ANSWER))
    assert copy_conversations(source, target) == (1, 0)
    assert [turn.question for turn in target.turns(ANNA)] == ["一", "二"]
    assert [turn.question for turn in target.turns(BERT)] == ["一", "三"], "gone on with in the copy"
