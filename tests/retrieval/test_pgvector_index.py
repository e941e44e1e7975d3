"""The vector index inside PostgreSQL, against a product of matrices."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.retrieval.record_maker import record
from vouch.retrieval.library_store import RememberedEmbedder
from vouch.retrieval.types import Source, Vectors
from vouch.retrieval.vectors.pgvector_index import PgvectorIndex

if TYPE_CHECKING:
    from vouch.retrieval.stores.postgres_store import PostgresStore

pytestmark = pytest.mark.pg

DIMENSION, DOCUMENTS, EACH = 16, 6, 100


def unit(vectors: np.ndarray) -> Vectors:
    made: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return made


VECTORS = (
    unit(np.random.default_rng(1).normal(size=(DOCUMENTS * EACH, DIMENSION))).astype(np.float16).astype(np.float32)
)
QUERIES = unit(np.random.default_rng(2).normal(size=(20, DIMENSION)))


@pytest.fixture(params=["compared", "walked"])
def store(
    request: pytest.FixtureRequest, new_database: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator["PostgresStore"]:
    """A library of six documents with a hundred vectors each, with and without an HNSW index."""
    from vouch.retrieval.stores import postgres_vectors
    from vouch.retrieval.stores.postgres_store import PostgresStore

    with closing(PostgresStore(new_database, "test", write=True, embedder=RememberedEmbedder("e", DIMENSION))) as made:
        for n in range(DOCUMENTS):
            given = record(Source(f"d{n}", f"d{n}", f"/d{n}"), *("x" * EACH))
            made.put(replace(given, vectors=VECTORS[n * EACH : (n + 1) * EACH]))
        if request.param == "walked":
            monkeypatch.setattr(postgres_vectors, "INDEX_FROM", 600)
            monkeypatch.setattr("vouch.retrieval.vectors.pgvector_index._EXACT_UP_TO", 100)
            told: list[int] = []
            assert made.build_index(told.append)
            assert told == [600]
        yield made


def index_of(store: "PostgresStore") -> PgvectorIndex:
    return PgvectorIndex(store.database, store.vector_position, "e")


def oracle(store: "PostgresStore", query: Vectors, k: int, doc_ids: frozenset[str]) -> list[int]:
    """Return the numbers of the k largest inner products, worked out without an index."""
    seqs = {n: store.chunk_seqs(frozenset({f"d{n}"})) for n in range(DOCUMENTS) if f"d{n}" in doc_ids}
    products = {seq: float(VECTORS[n * EACH + place] @ query) for n in seqs for place, seq in enumerate(seqs[n])}
    return sorted(products, key=lambda seq: -products[seq])[:k]


EVERYTHING = frozenset(f"d{n}" for n in range(DOCUMENTS))


def test_the_nearest_are_found_with_their_products(store: "PostgresStore") -> None:
    shared = 0
    for query in QUERIES:
        found = index_of(store).search(query[None, :], 10)
        assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
        best = oracle(store, query, 10, EVERYTHING)
        shared += len({seq for seq, _ in found} & {*best})
        if found[0][0] == best[0]:
            assert found[0][1] == pytest.approx(np.max(VECTORS @ query), abs=1e-6)
    assert shared >= 0.97 * 200


@pytest.mark.parametrize("documents", [{"d2"}, {"d0", "d2", "d4"}])
def test_a_scope_is_searched_wholly(store: "PostgresStore", documents: set[str]) -> None:
    scope = frozenset(documents)
    among = store.chunk_seqs(scope)
    shared = 0
    for query in QUERIES:
        found = [seq for seq, _ in index_of(store).search_documents(query[None, :], 10, scope)]
        assert len(found) == 10
        assert set(found) <= set(among)
        assert [*found] == [seq for seq, _ in index_of(store).search(query[None, :], 10, among)]
        shared += len({*found} & {*oracle(store, query, 10, scope)})
    assert shared >= 0.97 * 200


def test_a_scope_smaller_than_asked_for_gives_all_it_has(store: "PostgresStore") -> None:
    assert len(index_of(store).search_documents(QUERIES[:1], 150, frozenset({"d1"}))) == 100
    assert index_of(store).search_documents(QUERIES[:1], 10, frozenset({"unknown"})) == []
    assert index_of(store).search(QUERIES[:1], 10, []) == []
    assert index_of(store).search(QUERIES[:1], 0) == []


def test_what_was_removed_is_gone_and_what_was_added_is_there(store: "PostgresStore") -> None:
    best = oracle(store, QUERIES[0], 1, EVERYTHING)[0]
    owner = store.chunks([best])[best].source.doc_id
    store.remove([owner])
    assert best not in [seq for seq, _ in index_of(store).search(QUERIES[:1], 600)]
    store.put(replace(record(Source("new", "new", "/new"), "x"), vectors=QUERIES[:1]))
    (seq, score), *_ = index_of(store).search(QUERIES[:1], 3)
    assert store.chunks([seq])[seq].source.doc_id == "new"
    assert score == pytest.approx(1, abs=1e-3)


def test_the_index_is_walked_once_it_is_there(store: "PostgresStore") -> None:
    from vouch.retrieval.stores.postgres_vectors import has_index

    with store.database.connection() as connection:
        made = has_index(connection, "vectors")
    assert store.build_index(lambda _: None) is False, "there, or not worth it yet"
    query = "EXPLAIN SELECT seq FROM vectors ORDER BY vector <#> (SELECT vector FROM vectors LIMIT 1) LIMIT 3"
    plan = "\n".join(line for (line,) in store.database.rows_under({"enable_sort": "off"}, query))
    assert ("vectors_hnsw" in plan) == made


def test_it_stands_where_the_store_stands(store: "PostgresStore") -> None:
    assert index_of(store).position == store.position()
