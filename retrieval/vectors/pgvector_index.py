"""The VectorIndex inside a PostgreSQL library: its vectors are the store's own, so that nothing can fall behind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class _Among:
    """Which vectors are searched, and how."""

    where: str
    bound: tuple[Any, ...]
    walked: bool
    """By a walk through the index, where there is one; otherwise all are compared."""


class PgvectorIndex:
    """Nearest neighbours by pgvector: HNSW where the store has made it, else by comparing all."""

    def __init__(self, database: Queries, position: Callable[[], str], embedder: str) -> None:
        """`position` is the store's, which knows when its vectors are no longer those of `embedder`."""
        self._database = database
        self._position = position
        self._embedder = embedder

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
            return self._best(_Among("TRUE", (), walked=True), vector, k)
        return self._best(_Among("seq = ANY(%s)", (list(seqs),), len(seqs) > _EXACT_UP_TO), vector, k)

    def search_documents(self, vector: Vectors, k: int, doc_ids: frozenset[str]) -> list[tuple[int, float]]:
        """Return the same, only in these documents; their passages are counted, not listed."""
        found = self._database.rows("SELECT id, chunks FROM documents WHERE doc_id = ANY(%s)", (list(doc_ids),))
        if not found or k < 1:
            return []
        passages = sum(chunks for _, chunks in found)
        among = _Among("document = ANY(%s)", ([key for key, _ in found],), passages > _EXACT_UP_TO)
        return self._best(among, vector, k)

    def _best(self, among: _Among, vector: Vectors, k: int) -> list[tuple[int, float]]:
        """Return the nearest by their product with the whole vector: pgvector has compared with half of its digits."""
        found = self._nearest("vectors", "embedder", among, vector, k)
        if not found:
            if self._are_former():
                found = self._nearest("former_vectors", "former_embedder", among, vector, k)
            else:
                self._position()  # IndexMismatch, if that is why there are none
        if not found:
            return []
        scores = vectors_from([packed for _, packed in found], vector.shape[1]) @ vector[0]
        ranked = zip((seq for seq, _ in found), scores.tolist(), strict=True)
        return sorted(ranked, key=lambda hit: (-hit[1], hit[0]))

    def _are_former(self) -> bool:
        """Say whether our embedder's vectors are those that were replaced last: whoever began with them may end so."""
        query = "SELECT 1 FROM meta WHERE key = 'former_embedder' AND value = %s"
        return bool(self._database.rows(query, (self._embedder,)))

    def _nearest(self, table: str, made_by: str, among: _Among, vector: Vectors, k: int) -> list[tuple[Any, ...]]:
        """Return number and vector of the k nearest; none where the table is another embedder's."""
        # The cast hides the dimension, which a prepared query must not see change under vouch library reembed.
        # Behind `+ 0` no index knows the product: all are compared.
        order = "vector <#> %s::halfvec" if among.walked else "(vector <#> %s::halfvec) + 0, seq"
        query = (
            f"SELECT seq, vector::halfvec FROM {table} WHERE {among.where} "  # noqa: S608 - our own names
            f"AND (SELECT value FROM meta WHERE key = '{made_by}') = %s ORDER BY {order} LIMIT %s"
        )
        bound = (*among.bound, self._embedder, vector_text(vector), k)
        if not among.walked:
            return self._database.rows(query, bound)
        settings = {
            "hnsw.ef_search": str(min(_WIDEST, max(_WIDTH, 2 * k))),
            "hnsw.max_scan_tuples": str(_WALK_AT_MOST),
            "hnsw.iterative_scan": "relaxed_order",
            "enable_sort": "off",  # walk where there is an index, whatever the scope is thought to cost
        }
        return self._database.rows_under(settings, query, bound)
