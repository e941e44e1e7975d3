"""The VectorIndex inside a PostgreSQL library: its vectors are the store's own, so that nothing can fall behind."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from vouch.retrieval.half_vectors import vector_text, vectors_from
from vouch.retrieval.types import Vectors

_EXACT_UP_TO = 10_000
"""Vectors in scope that are compared one by one; in more, the index is walked until enough are in scope."""
_WIDTH = 100
"""Candidates that the index keeps in mind at least (hnsw.ef_search)."""
_WIDEST = 1000  # pgvector's limit
_WALK_AT_MOST = 100_000
"""Vectors that a walk for a rare scope looks at (hnsw.max_scan_tuples)."""


class Queries(Protocol):
    """What runs queries on a library's tables."""

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...

    def rows_under(
        self, settings: Mapping[str, str], query: str, parameters: Sequence[Any] = ()
    ) -> list[tuple[Any, ...]]: ...


class PgvectorIndex:
    """Nearest neighbours by pgvector: HNSW where the store has made it, else by comparing all."""

    def __init__(self, database: Queries, position: Callable[[], str]) -> None:
        """`position` is the store's."""
        self._database = database
        self._position = position

    @property
    def position(self) -> str:
        """Return the store's own position: it is never behind."""
        return self._position()

    def add(self, seqs: Sequence[int], vectors: Vectors) -> None:
        """Do nothing: the store has them."""

    def remove(self, seqs: Sequence[int]) -> None:
        """Do nothing: they went with their document."""

    def commit(self, position: str) -> None:
        """Do nothing: the store did."""

    def clear(self) -> None:
        """Do nothing: only the store forgets."""

    def reload(self) -> None:
        """Do nothing: every search reads what is there."""

    def search(self, vector: Vectors, k: int, seqs: Sequence[int] | None = None) -> list[tuple[int, float]]:
        """Return (sequence number, inner product), best first; only among `seqs` unless None."""
        if k < 1 or (seqs is not None and not len(seqs)):
            return []
        if seqs is None:
            return self._best(vector, self._walk("TRUE", (), vector, k))
        if len(seqs) <= _EXACT_UP_TO:
            return self._best(vector, self._compare("seq = ANY(%s)", (list(seqs),), vector, k))
        return self._best(vector, self._walk("seq = ANY(%s)", (list(seqs),), vector, k))

    def search_documents(self, vector: Vectors, k: int, doc_ids: frozenset[str]) -> list[tuple[int, float]]:
        """Return the same, only in these documents; their passages are counted, not listed."""
        found = self._database.rows("SELECT id, chunks FROM documents WHERE doc_id = ANY(%s)", (list(doc_ids),))
        if not found or k < 1:
            return []
        keys = [key for key, _ in found]
        search = self._compare if sum(chunks for _, chunks in found) <= _EXACT_UP_TO else self._walk
        return self._best(vector, search("document = ANY(%s)", (keys,), vector, k))

    def _compare(self, where: str, bound: tuple[Any, ...], vector: Vectors, k: int) -> list[tuple[Any, ...]]:
        """Return the k nearest, all of the scope compared: the index does not know this expression."""
        return self._database.rows(
            f"SELECT seq, vector FROM vectors WHERE {where} ORDER BY (vector <#> %s::halfvec) + 0, seq LIMIT %s",  # noqa: S608
            (*bound, vector_text(vector), k),
        )

    def _walk(self, where: str, bound: tuple[Any, ...], vector: Vectors, k: int) -> list[tuple[Any, ...]]:
        """Return the k nearest that a walk through the index finds; all are compared where there is none."""
        width = min(_WIDEST, max(_WIDTH, 2 * k))
        settings = {
            "hnsw.ef_search": str(width),
            "hnsw.max_scan_tuples": str(_WALK_AT_MOST),
            "hnsw.iterative_scan": "relaxed_order",
            "enable_sort": "off",  # walk where there is an index, whatever the scope is thought to cost
        }
        return self._database.rows_under(
            settings,
            f"SELECT seq, vector FROM vectors WHERE {where} ORDER BY vector <#> %s::halfvec LIMIT %s",  # noqa: S608
            (*bound, vector_text(vector), k),
        )

    def _best(self, vector: Vectors, found: list[tuple[Any, ...]]) -> list[tuple[int, float]]:
        """Return them by their product with the whole vector: pgvector has compared with half of its digits."""
        if not found:
            return []
        scores = vectors_from([packed for _, packed in found], vector.shape[1]) @ vector[0]
        ranked = zip((seq for seq, _ in found), scores.tolist(), strict=True)
        return sorted(ranked, key=lambda hit: (-hit[1], hit[0]))
