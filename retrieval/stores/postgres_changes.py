"""What derived indexes follow in PostgreSQL: the last change, and what was added and removed since an earlier one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vouch.retrieval.half_vectors import vectors_from
from vouch.retrieval.library_store import RememberedEmbedder
from vouch.retrieval.stores import record_rows as rows
from vouch.retrieval.stores.postgres_database import Database
from vouch.retrieval.types import Chunk, Source, Vectors

_BATCH = 1000


class PostgresChanges:
    """The part of the Store that indexes ask."""

    database: Database
    library_id: str
    _embedder: RememberedEmbedder | None

    @property
    def embedder(self) -> RememberedEmbedder | None:
        """Return what made the vectors; None for a library without documents."""
        raise NotImplementedError

    def _check_embedder(self, built_with: RememberedEmbedder | None) -> None:
        """Raise IndexMismatch unless it is ours."""
        raise NotImplementedError

    def _sources(self, keys: set[int]) -> Mapping[int, Source]:
        """Return the documents of these keys that still exist."""
        raise NotImplementedError

    def position(self) -> str:
        """Return library and last change, parted by a colon."""
        ((change,),) = self.database.rows("SELECT change FROM state")
        return f"{self.library_id}:{change}"

    def vector_position(self) -> str:
        """Return the same; IndexMismatch after vouch library reembed."""
        ((change, name),) = self.database.rows(
            "SELECT change, (SELECT value FROM meta WHERE key = 'embedder') FROM state"
        )
        if self._embedder and name not in (None, self._embedder.name):
            self._check_embedder(self.embedder)  # an empty library may still change it
        return f"{self.library_id}:{change}"

    def follows(self, position: str) -> bool:
        """Say whether a position is one of this library's past or present ones."""
        library, _, _ = position.partition(":")
        if library != self.library_id:
            return False
        ((change,),) = self.database.rows("SELECT change FROM state")
        return _change_of(position) <= int(change)

    def added_since(self, position: str) -> Iterator[tuple[list[int], list[Chunk], Vectors]]:
        """Yield, in batches, the chunks added since a position that still exist; all of them for an empty one."""
        added = self.database.rows(
            "SELECT id, chunks FROM documents WHERE change > %s ORDER BY change", (_change_of(position),)
        )
        for documents in _grouped(added):
            last = 0
            while found := self._chunks_with_vectors(
                "c.document = ANY(%s) AND c.seq > %s ORDER BY c.seq LIMIT %s", (documents, last, _BATCH)
            ):
                last = found[-1][1]
                sources = self._sources({row[2] for row in found})
                kept = [row for row in found if row[2] in sources]
                chunks = [rows.chunk(row[3:], sources[row[2]]) for row in kept]
                yield [row[1] for row in kept], chunks, self._vectors([row[0] for row in kept])

    def removed_since(self, position: str) -> list[int]:
        """Return the numbers removed since a position."""
        found = self.database.rows(
            "SELECT seq FROM removed WHERE change > %s ORDER BY change, seq", (_change_of(position),)
        )
        return [seq for (seq,) in found]

    def _chunks_with_vectors(self, where: str, parameters: tuple[Any, ...]) -> list[rows.Row]:
        columns = ", ".join(f"c.{column}" for column in rows.CHUNK_COLUMNS.split(", "))
        return self.database.rows(
            # The cast hides the dimension, which a prepared query must not see change under vouch library reembed.
            f"SELECT v.vector::halfvec, c.seq, c.document, {columns} "  # noqa: S608 - our own names
            f"FROM chunks c JOIN vectors v ON v.seq = c.seq WHERE {where}",
            parameters,
        )

    def _vectors(self, packed: list[bytes]) -> Vectors:
        ((dimension,),) = self.database.rows("SELECT value FROM meta WHERE key = 'dimension'")
        return vectors_from(packed, int(dimension))


def _grouped(documents: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Yield documents (key, chunks) in groups that are read at once."""
    group: list[int] = []
    size = 0
    for key, chunks in documents:
        if group and size + chunks > _BATCH:
            yield group
            group, size = [], 0
        group.append(key)
        size += chunks
    if group:
        yield group


def _change_of(position: str) -> int:
    """Return the change of a position; zero for an empty one."""
    return int(position.rpartition(":")[2] or 0)
