"""Notices that documents pour in, and then does without the index of vectors until they are in."""

from vouch.retrieval.errors import LibraryLocked
from vouch.retrieval.stores import postgres_vectors
from vouch.retrieval.stores.postgres_database import Database

_SHARE = 0.25
"""Of the indexed vectors: adding more at once costs more than making the index anew, which then has the rest for free.

Measured at 100,000 vectors (ef_construction 64): growing the index takes 1.0 ms of a core for each, making it anew
0.3 ms, adding without an index 0.02 ms.
"""


class BulkLoad:
    """What one store has added since it was opened."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._added = 0
        self._indexed: int | None = None

    def add(self, vectors: int) -> None:
        """Count vectors that are about to be added; drop the index where they are many: searches compare all then."""
        self._added += vectors
        if self._added < postgres_vectors.INDEX_FROM:
            return
        if self._indexed is None:
            ((self._indexed,),) = self._database.rows("SELECT count(*) FROM vectors")
        if self._added >= _SHARE * self._indexed:
            self._drop_index()
            self._added = 0

    def _drop_index(self) -> None:
        try:
            with self._database.transaction() as connection:
                # Whoever comes while this waits has to wait too.
                connection.execute("SET LOCAL lock_timeout = '1s'")
                connection.execute("DROP INDEX IF EXISTS vectors_hnsw")
        except LibraryLocked:
            return  # it grows on, until as much was added again
