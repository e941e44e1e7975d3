"""A second set of vectors beside the one that a library in PostgreSQL is searched with."""

from collections.abc import Callable, Mapping, Sequence

from vouch.retrieval.library_store import RememberedEmbedder
from vouch.retrieval.stores import postgres_vectors
from vouch.retrieval.stores import record_rows as rows
from vouch.retrieval.stores.postgres_database import Connection, Database
from vouch.retrieval.stores.postgres_state import (
    claimed_embedder,
    next_change,
    remember,
    remember_embedder,
    remember_former_embedder,
)
from vouch.retrieval.stores.postgres_vectors import NEXT_VECTORS
from vouch.retrieval.types import Chunk, Source, Vectors

_BATCH = 1000
_MADE_BY = "reembedding"
"""Key under which the embedder of the unfinished set is remembered."""
_MISSING = "NOT EXISTS (SELECT 1 FROM next_vectors n WHERE n.seq = c.seq)"


class PostgresReembedding:
    """Fills the table `next_vectors`, then puts it in the place of `vectors`."""

    def __init__(
        self, database: Database, embedder: RememberedEmbedder, sources: Callable[[set[int]], Mapping[int, Source]]
    ) -> None:
        """Go on with the vectors that an interrupted run of the same embedder left, else start with none."""
        self._database = database
        self._embedder = embedder
        self._sources = sources
        with database.transaction() as connection:
            connection.execute("LOCK TABLE meta IN SHARE ROW EXCLUSIVE MODE")
            begun = connection.execute("SELECT value FROM meta WHERE key = %s", (_MADE_BY,)).fetchone()
            if begun != (embedder.name,):
                postgres_vectors.make_table(connection, NEXT_VECTORS, embedder.dimension)
                remember(connection, _MADE_BY, embedder.name)

    def pending(self) -> tuple[list[int], list[Chunk]]:
        """Return a batch of passages that have no new vector yet; none when all have one."""
        found = self._missing("c.seq > coalesce((SELECT max(seq) FROM next_vectors), 0)")
        if not found:  # a transaction may commit after one with higher numbers
            found = self._missing(_MISSING)
        sources = self._sources({row[1] for row in found})
        kept = [row for row in found if row[1] in sources]
        return [row[0] for row in kept], [rows.chunk(row[2:], sources[row[1]]) for row in kept]

    def add(self, seqs: Sequence[int], vectors: Vectors) -> None:
        """Keep new vectors; those of passages that are gone by now, or that another process added, are left out."""
        with self._database.transaction() as connection:
            connection.execute("LOCK TABLE next_vectors IN EXCLUSIVE MODE")
            found = connection.execute(
                f"SELECT c.seq, c.document FROM chunks c WHERE c.seq = ANY(%s) AND {_MISSING} FOR KEY SHARE",  # noqa: S608
                (list(seqs),),
            ).fetchall()
            places = {seq: place for place, seq in enumerate(seqs)}
            chosen = vectors[[places[seq] for seq, _ in found]]
            postgres_vectors.copy_vectors(
                connection, NEXT_VECTORS, [seq for seq, _ in found], [document for _, document in found], chosen
            )

    def switch(self) -> bool:
        """Make the new vectors the library's, in one transaction; False where passages were added meanwhile."""
        ((seen, rows_made),) = self._database.rows("SELECT change, (SELECT count(*) FROM next_vectors) FROM state")
        if self._missing(_MISSING):
            return False
        if rows_made >= postgres_vectors.INDEX_FROM:
            with self._database.connection() as connection:
                postgres_vectors.build_index(connection, NEXT_VECTORS, self._embedder.dimension)
        with self._database.transaction() as connection:
            # Waits for who is writing; searches wait a moment too.
            connection.execute("LOCK TABLE vectors IN ACCESS EXCLUSIVE MODE")
            next_change(connection)
            if self._added_since(connection, seen):
                return False
            postgres_vectors.put_in_place(connection)
            former = claimed_embedder(connection)
            assert former, "a library without an embedder has no table of vectors"
            remember_former_embedder(connection, former)
            remember_embedder(connection, self._embedder)
            connection.execute("DELETE FROM meta WHERE key = %s", (_MADE_BY,))
        return True

    def _missing(self, where: str) -> list[rows.Row]:
        columns = ", ".join(f"c.{column}" for column in rows.CHUNK_COLUMNS.split(", "))
        return self._database.rows(
            f"SELECT c.seq, c.document, {columns} FROM chunks c WHERE {where} ORDER BY c.seq LIMIT %s",  # noqa: S608
            (_BATCH,),
        )

    def _added_since(self, connection: Connection, change: int) -> bool:
        found = connection.execute(
            "SELECT 1 FROM documents d JOIN chunks c ON c.document = d.id "  # noqa: S608 - our own words
            f"WHERE d.change > %s AND {_MISSING} LIMIT 1",
            (change,),
        )
        return found.fetchone() is not None
