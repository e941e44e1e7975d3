"""What every store promises of other vectors: searched with the old ones until the new ones are all there."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.contracts.library_kinds import KINDS, library_opener
from tests.retrieval.record_maker import LetterEmbedder, record
from vouch.retrieval.errors import IndexMismatch
from vouch.retrieval.library_store import LibraryStore, RememberedEmbedder
from vouch.retrieval.reembed import reembed
from vouch.retrieval.types import Chunk, Source, Vectors

Opened = Callable[..., LibraryStore]


class Lengths:
    """Vectors of two coordinates: long texts point up."""

    name = "lengths"
    dimension = 2

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        angles = np.array([len(text) / 10 for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    def embed_query(self, text: str) -> Vectors:
        return self.embed_passages([text])


class Interrupted(Exception):
    """Somebody pulled the plug."""


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    with library_opener(request, tmp_path) as opener:
        yield opener


@pytest.fixture
def store(opened: Opened) -> LibraryStore:
    """1,500 passages with vectors of 26 coordinates: more than one batch."""
    made = opened(write=True, embedder=LetterEmbedder())
    made.put(record(Source("long", "l", "/l"), *(f"{n:05d}" for n in range(1498))))
    made.put(record(Source("short", "s", "/s"), "alpha", "be"))
    return made


def text_of(chunk: Chunk) -> str:
    return chunk.text


def vectors_of(store: LibraryStore, doc_id: str) -> Vectors:
    return store.record(doc_id).vectors


def test_all_vectors_are_replaced_and_the_embedder_with_them(opened: Opened, store: LibraryStore) -> None:
    told: list[int] = []
    assert reembed(opened(write=True), Lengths(), text_of, told.append) == sum(told) == 1500
    after = opened(embedder=Lengths())
    assert after.embedder == RememberedEmbedder("lengths", 2)
    assert vectors_of(after, "short") == pytest.approx(Lengths().embed_passages(["alpha", "be"]), abs=1e-3)
    assert after.check() == []
    assert sum(len(seqs) for seqs, _, _ in after.added_since("")) == 1500


def test_whoever_works_with_the_old_embedder_is_told(opened: Opened, store: LibraryStore) -> None:
    reader = opened(embedder=LetterEmbedder())
    assert reader.vector_position()
    reembed(opened(write=True), Lengths(), text_of, lambda _: None)
    assert reader.position() == store.position(), "whoever follows no vectors is not told"
    for act in (reader.vector_position, store.vector_position, lambda: store.put(record(Source("x", "x", "/x"), "x"))):
        with pytest.raises(IndexMismatch, match=r"built with lengths, settings say letters.*vouch library reembed"):
            act()


def test_searches_go_on_with_the_old_vectors_meanwhile(opened: Opened, store: LibraryStore) -> None:
    before = vectors_of(store, "short")

    def look(_: int) -> None:
        assert np.array_equal(vectors_of(store, "short"), before)
        assert store.embedder == RememberedEmbedder("letters", 26)

    reembed(opened(write=True), Lengths(), text_of, look)
    assert vectors_of(store, "short").shape == (2, 2)


def test_what_others_add_and_remove_meanwhile_is_taken_in(opened: Opened, store: LibraryStore) -> None:
    changes = iter([lambda: store.put(record(Source("new", "n", "/n"), "gamma")), lambda: store.remove(["short"])])

    def change(_: int) -> None:
        next(changes, lambda: None)()

    reembed(opened(write=True), Lengths(), text_of, change)
    after = opened(embedder=Lengths())
    assert {document.source.doc_id for document in after.documents()} == {"long", "new"}
    assert vectors_of(after, "new") == pytest.approx(Lengths().embed_passages(["gamma"]), abs=1e-3)
    assert after.check() == []


def test_an_interrupted_one_goes_on_where_it_was(opened: Opened, store: LibraryStore) -> None:
    def pull_the_plug(_: int) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        reembed(opened(write=True), Lengths(), text_of, pull_the_plug)
    assert store.put(record(Source("short", "s", "/s"), "alpha", "be")) is True, "the library is as it was"
    assert reembed(opened(write=True), Lengths(), text_of, lambda _: None) == 500, "a thousand were made"


def test_one_begun_with_another_embedder_starts_again(opened: Opened, store: LibraryStore) -> None:
    class Others(Lengths):
        name = "others"

    work = opened(write=True).reembedding(Others())
    seqs, chunks = work.pending()
    work.add(seqs, Lengths().embed_passages([chunk.text for chunk in chunks]))
    assert reembed(opened(write=True), Lengths(), text_of, lambda _: None) == 1500


def test_a_library_can_be_reembedded_again_and_again(opened: Opened, store: LibraryStore) -> None:
    for embedder in (Lengths(), LetterEmbedder(), Lengths()):
        assert reembed(opened(write=True), embedder, text_of, lambda _: None) == 1500
    assert opened(embedder=Lengths()).check() == []


@pytest.mark.pg
def test_who_began_with_the_old_vectors_in_a_database_goes_on_with_them(
    new_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vouch.retrieval.stores import postgres_store
    from vouch.retrieval.vectors.pgvector_index import PgvectorIndex

    with closing(postgres_store.PostgresStore(new_database, "t", write=True, embedder=LetterEmbedder())) as old:
        old.put(record(Source("a", "a", "/a"), "zebra", "costs", "quagga"))
        index = PgvectorIndex(old.database, old.vector_position, "letters")
        query = LetterEmbedder().embed_query("zebra")
        before = [index.search(query, 2), index.search_documents(query, 2, frozenset({"a"}))]
        reembed(old, Lengths(), text_of, lambda _: None)
        assert [index.search(query, 2), index.search_documents(query, 2, frozenset({"a"}))] == before
        assert index.search_documents(query, 2, frozenset({"b"})) == []
        with closing(postgres_store.PostgresStore(new_database, "t", write=True, embedder=Lengths())) as new:
            new.drop_former_vectors()
            assert index.search(query, 2) == before[0], "they stay for some minutes"
            monkeypatch.setattr(postgres_store, "_FORMER_STAYS", -1)
            new.drop_former_vectors()
            lengths = PgvectorIndex(new.database, new.vector_position, "lengths")
            assert len(lengths.search(Lengths().embed_query("zebra"), 3)) == 3
        with pytest.raises(IndexMismatch, match="built with lengths"):
            index.search(query, 2)
