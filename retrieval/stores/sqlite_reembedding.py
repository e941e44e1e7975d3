"""A second set of vectors beside the one that a library in SQLite is searched with."""

from collections.abc import Callable, Mapping, Sequence

from vouch.retrieval.library_store import RememberedEmbedder
from vouch.retrieval.stores import record_rows as rows
from vouch.retrieval.stores.sqlite_database import Database
from vouch.retrieval.types import Chunk, Source, Vectors

_BATCH = 1000
_MADE_BY = "reembedding"
"""Key under which the embedder of the unfinished set is remembered."""


class SqliteReembedding:
    """Fills the table `next_vectors`, then moves it over `chunks.vector`."""

    def __init__(
        self, database: Database, embedder: RememberedEmbedder, sources: Callable[[set[int]], Mapping[int, Source]]
    ) -> None:
        """Go on with the vectors that an interrupted run of the same embedder left, else start with none."""
        self._database = database
        self._embedder = embedder
        self._sources = sources
        with database.transaction() as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS next_vectors "
                "(seq INTEGER PRIMARY KEY REFERENCES chunks (seq) ON DELETE CASCADE, vector BLOB NOT NULL) STRICT"
            )
            begun = connection.execute("SELECT value FROM meta WHERE key = ?", (_MADE_BY,)).fetchone()
            if begun != (embedder.name,):
                connection.execute("DELETE FROM next_vectors")
                connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_MADE_BY, embedder.name))

    def pending(self) -> tuple[list[int], list[Chunk]]:
        """Return a batch of passages that have no new vector yet; none when all have one."""
        found = self._database.rows(
            f"SELECT seq, document, {rows.CHUNK_COLUMNS} FROM chunks "  # noqa: S608 - our own column names
            "WHERE seq > coalesce((SELECT max(seq) FROM next_vectors), 0) ORDER BY seq LIMIT ?",
            (_BATCH,),
        )
        sources = self._sources({row[1] for row in found})
        kept = [row for row in found if row[1] in sources]
        return [row[0] for row in kept], [rows.chunk(row[2:], sources[row[1]]) for row in kept]

    def add(self, seqs: Sequence[int], vectors: Vectors) -> None:
        """Keep new vectors; those of passages that are gone by now are left out."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO next_vectors (seq, vector) SELECT seq, ? FROM chunks WHERE seq = ?",
                [(blob, seq) for seq, blob in zip(seqs, rows.vector_blobs(vectors), strict=True)],
            )

    def switch(self) -> bool:
        """Make the new vectors the library's, in one transaction; False where passages were added meanwhile."""
        with self._database.transaction() as connection:
            if connection.execute("SELECT 1 FROM chunks WHERE seq NOT IN (SELECT seq FROM next_vectors)").fetchone():
                return False
            connection.execute(
                "UPDATE chunks SET vector = (SELECT vector FROM next_vectors WHERE next_vectors.seq = chunks.seq)"
            )
            connection.execute("DROP TABLE next_vectors")
            made = [("embedder", self._embedder.name), ("dimension", str(self._embedder.dimension))]
            connection.executemany("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", made)
            connection.execute("DELETE FROM meta WHERE key = ?", (_MADE_BY,))
        return True
