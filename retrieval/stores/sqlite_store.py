"""A library in one SQLite file: the embedded Store. Knows nothing of search."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from vouch.retrieval.errors import IndexMismatch
from vouch.retrieval.library_store import LibraryStats, Reembedding, RememberedEmbedder, VectorMaker, mismatch
from vouch.retrieval.stores import record_facts, sqlite_facts
from vouch.retrieval.stores import record_rows as rows
from vouch.retrieval.stores.sqlite_database import Database
from vouch.retrieval.stores.sqlite_errors import damaged
from vouch.retrieval.stores.sqlite_filters import scope_filter
from vouch.retrieval.stores.sqlite_reembedding import SqliteReembedding
from vouch.retrieval.types import EVERYTHING, Chunk, DocumentRecord, Page, Scope, StoredDocument, Vectors

_BATCH = 1000
_DOCUMENTS = f"SELECT {rows.STORED_COLUMNS} FROM documents"  # noqa: S608 - our own column names


class SqliteStore(sqlite_facts.SqliteFacts):
    """The Store in `folder`/library.db. Readers never wait for a writer; writers take turns, one document each."""

    def __init__(
        self, folder: Path, *, write: bool = False, embedder: VectorMaker | None = None, busy_timeout: float = 5.0
    ) -> None:
        """Open a library, made if `write` and there is none; IndexMismatch if its vectors are not `embedder`'s."""
        self.folder = folder
        self._busy_timeout = busy_timeout
        self._database = Database(folder, write=write, busy_timeout=busy_timeout)
        self._embedder = RememberedEmbedder(embedder.name, embedder.dimension) if embedder else None
        ((self._library_id,),) = self._database.rows("SELECT value FROM meta WHERE key = 'library'")
        try:
            self._check_embedder(self.embedder)
        except IndexMismatch:
            self._database.close()
            raise

    def put(self, record: DocumentRecord) -> bool:
        """Store a document, replacing what stood under its id or its path; say whether something was replaced."""
        document, pages, chunks = self._packed(record)
        facts = record_facts.pack(record)
        source = record.source
        with self._database.transaction() as connection:
            self._claim_embedder(connection)
            replaced = connection.execute(
                "DELETE FROM documents WHERE doc_id = ? OR (collection = ? AND path = ?)",
                (source.doc_id, source.collection, source.path),
            ).rowcount
            key = _insert(connection, "documents", rows.DOCUMENT_COLUMNS, [document])
            _insert(connection, "pages", f"document, {rows.PAGE_COLUMNS}", [(key, *page) for page in pages])
            _insert(
                connection, "chunks", f"document, {rows.CHUNK_COLUMNS}, vector", [(key, *chunk) for chunk in chunks]
            )
            sqlite_facts.insert(connection, key, facts)
        return replaced > 0

    def remove(self, doc_ids: Sequence[str]) -> int:
        """Remove documents; return how many there were."""
        with self._database.transaction() as connection:
            return connection.execute(
                "DELETE FROM documents WHERE doc_id IN (SELECT value FROM json_each(?))", (json.dumps(list(doc_ids)),)
            ).rowcount

    def documents(self, scope: Scope = EVERYTHING) -> list[StoredDocument]:
        """Return the documents in scope, in the order of their paths."""
        where, parameters = scope_filter(scope)
        found = self._database.rows(f"{_DOCUMENTS} WHERE {where} ORDER BY collection, path", tuple(parameters))
        return [rows.stored_document(row) for row in found]

    def documents_as_stored(self) -> list[StoredDocument]:
        """Return all documents in the order in which they were stored."""
        return [rows.stored_document(row) for row in self._database.rows(f"{_DOCUMENTS} ORDER BY id")]

    def record(self, doc_id: str) -> DocumentRecord:
        """Return a document as it was put; KeyError where there is none."""
        found = self._database.rows(
            f"SELECT id, {rows.STORED_COLUMNS} FROM documents WHERE doc_id = ?",  # noqa: S608 - our own column names
            (doc_id,),
        )
        if not found:
            raise KeyError(doc_id)
        key, document = found[0][0], rows.stored_document(found[0][1:])
        pages = self._database.rows(
            f"SELECT {rows.PAGE_COLUMNS} FROM pages WHERE document = ? ORDER BY number",  # noqa: S608
            (key,),
        )
        chunks = self._database.rows(
            f"SELECT vector, {rows.CHUNK_COLUMNS} FROM chunks WHERE document = ? ORDER BY seq",  # noqa: S608
            (key,),
        )
        return DocumentRecord(
            document.source,
            document.content_hash,
            document.recipe,
            tuple(rows.page(row) for row in pages),
            tuple(rows.chunk(row[1:], document.source) for row in chunks),
            rows.vectors_from([row[0] for row in chunks], self._dimension()),
            document.warnings,
            self._facts_of(key),
            document.ingested_at,
        )

    def document_at(self, path: str, collection: str) -> StoredDocument | None:
        """Return what is stored of a file, None where nothing is."""
        found = self._database.rows(f"{_DOCUMENTS} WHERE collection = ? AND path = ?", (collection, path))
        return rows.stored_document(found[0]) if found else None

    def documents_with_content(self, content_hash: str) -> list[StoredDocument]:
        """Return every document made from the same bytes, whatever its path or collection."""
        found = self._database.rows(f"{_DOCUMENTS} WHERE content_hash = ? ORDER BY id", (content_hash,))
        return [rows.stored_document(row) for row in found]

    def page(self, doc_id: str, number: int) -> Page:
        """Return a page; KeyError where there is none."""
        found = self._database.rows(
            f"SELECT {rows.PAGE_COLUMNS} FROM pages WHERE number = ? "  # noqa: S608 - our own column names
            "AND document = (SELECT id FROM documents WHERE doc_id = ?)",
            (number, doc_id),
        )
        if not found:
            raise KeyError((doc_id, number))
        try:
            return rows.page(found[0])
        except ValueError as error:
            raise damaged(self.folder, f"page {number} of document {doc_id}: {error}") from error

    def chunks(self, seqs: Sequence[int]) -> dict[int, Chunk]:
        """Return the chunks that still exist among these numbers."""
        found = self._database.rows(
            f"SELECT seq, document, {rows.CHUNK_COLUMNS} FROM chunks "  # noqa: S608 - our own column names
            "WHERE seq IN (SELECT value FROM json_each(?))",
            (json.dumps(list(seqs)),),
        )
        sources = self._sources({row[1] for row in found})
        # A document removed between the two queries takes its chunks along.
        return {row[0]: rows.chunk(row[2:], sources[row[1]]) for row in found if row[1] in sources}

    def chunk_seqs(self, doc_ids: frozenset[str]) -> list[int]:
        """Return the numbers of all chunks of these documents, ascending."""
        found = self._database.rows(
            "SELECT seq FROM chunks WHERE document IN "
            "(SELECT id FROM documents WHERE doc_id IN (SELECT value FROM json_each(?))) ORDER BY seq",
            (json.dumps(sorted(doc_ids)),),
        )
        return [seq for (seq,) in found]

    @property
    def embedder(self) -> RememberedEmbedder | None:
        """Return what made the vectors; None for a library without documents."""
        if not self._database.rows("SELECT 1 FROM documents LIMIT 1"):
            return None
        meta: dict[str, str] = dict(self._database.rows("SELECT key, value FROM meta"))
        return RememberedEmbedder(meta["embedder"], int(meta["dimension"]))

    def position(self) -> str:
        """Return library, last chunk and last removal, parted by colons."""
        return ":".join((self._library_id, *map(str, self._counters())))

    def vector_position(self) -> str:
        """Return the same; IndexMismatch after vouch library reembed."""
        if self._embedder:
            self._check_embedder(self.embedder)
        return self.position()

    def follows(self, position: str) -> bool:
        """Say whether a position is one of this library's past or present ones."""
        library, _, _ = position.partition(":")
        if library != self._library_id:
            return False
        return all(before <= now for before, now in zip(_counters_of(position), self._counters(), strict=True))

    def added_since(self, position: str) -> Iterator[tuple[list[int], list[Chunk], Vectors]]:
        """Yield, in batches, the chunks added since a position that still exist; all of them for an empty one."""
        last = _counters_of(position)[0]
        while found := self._database.rows(
            f"SELECT vector, seq, document, {rows.CHUNK_COLUMNS} FROM chunks "  # noqa: S608 - our own column names
            "WHERE seq > ? ORDER BY seq LIMIT ?",
            (last, _BATCH),
        ):
            last = found[-1][1]
            sources = self._sources({row[2] for row in found})
            kept = [row for row in found if row[2] in sources]
            vectors = rows.vectors_from([row[0] for row in kept], self._dimension())
            yield [row[1] for row in kept], [rows.chunk(row[3:], sources[row[2]]) for row in kept], vectors

    def removed_since(self, position: str) -> list[int]:
        """Return the numbers removed since a position."""
        found = self._database.rows("SELECT seq FROM removed WHERE id > ? ORDER BY id", (_counters_of(position)[1],))
        return [seq for (seq,) in found]

    def stats(self) -> LibraryStats:
        """Return how much the library holds."""
        ((documents, pages, chunks, facts),) = self._database.rows(
            "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM pages), (SELECT count(*) FROM chunks), "
            "(SELECT coalesce(sum(facts), 0) FROM fact_companies)"
        )
        size = sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())
        return LibraryStats(documents, pages, chunks, facts, size)

    def check(self) -> list[str]:
        """Return what is wrong inside the database, one sentence each; empty for a sound library."""
        problems = [message for (message,) in self._database.rows("PRAGMA integrity_check") if message != "ok"]
        orphans = self._database.rows("PRAGMA foreign_key_check")
        problems += [f"row {row} of table {table} belongs to no document" for table, row, *_ in orphans]
        counted = self._database.rows(
            "SELECT d.path, d.pages, d.chunks, (SELECT count(*) FROM pages WHERE document = d.id) AS real_pages, "
            "(SELECT count(*) FROM chunks WHERE document = d.id) AS real_chunks FROM documents d "
            "WHERE d.pages <> real_pages OR d.chunks <> real_chunks"
        )
        problems += [
            f"{path} should have {pages} pages and {chunks} chunks, but {real_pages} and {real_chunks} are there"
            for path, pages, chunks, real_pages, real_chunks in counted
        ]
        return problems + self._fact_problems()

    def reembedding(self, embedder: VectorMaker) -> Reembedding:
        """Begin to replace the vectors, or go on where one with the same embedder was interrupted."""
        return SqliteReembedding(self._database, RememberedEmbedder(embedder.name, embedder.dimension), self._sources)

    def close(self) -> None:
        self._database.close()

    def _packed(self, record: DocumentRecord) -> tuple[rows.Row, list[rows.Row], list[rows.Row]]:
        """Return the rows of a document; made before the transaction starts, so that others wait less."""
        assert self._embedder, "a store opened without an embedder takes no documents"
        assert record.vectors.shape == (len(record.chunks), self._embedder.dimension), "one vector for each chunk"
        blobs = rows.vector_blobs(record.vectors)
        chunks = [(*rows.chunk_row(chunk), blob) for chunk, blob in zip(record.chunks, blobs, strict=True)]
        return rows.document_row(record), [rows.page_row(page) for page in record.pages], chunks

    def _sources(self, keys: set[int]) -> dict[int, Any]:
        found = self._database.rows(
            f"SELECT id, {rows.SOURCE_COLUMNS} FROM documents "  # noqa: S608 - our own column names
            "WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(keys)),),
        )
        return {row[0]: rows.source(row[1:]) for row in found}

    def _counters(self) -> tuple[int, int]:
        found: dict[str, int] = dict(self._database.rows("SELECT name, seq FROM sqlite_sequence"))
        return found.get("chunks", 0), found.get("removed", 0)

    def _dimension(self) -> int:
        ((dimension,),) = self._database.rows("SELECT value FROM meta WHERE key = 'dimension'")
        return int(dimension)

    def _claim_embedder(self, connection: Connection) -> None:
        """Make ours the library's embedder, unless it holds documents of another."""
        assert self._embedder
        if connection.execute("SELECT 1 FROM documents LIMIT 1").fetchone():
            meta: dict[str, str] = dict(connection.execute("SELECT key, value FROM meta").fetchall())
            self._check_embedder(RememberedEmbedder(meta["embedder"], int(meta["dimension"])))
            return
        claim = [("embedder", self._embedder.name), ("dimension", str(self._embedder.dimension))]
        connection.executemany("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", claim)

    def _check_embedder(self, built_with: RememberedEmbedder | None) -> None:
        if built_with and self._embedder and built_with != self._embedder:
            raise mismatch(str(self.folder), built_with.name, self._embedder.name)


def _insert(connection: Connection, table: str, columns: str, values: list[rows.Row]) -> int:
    marks = ", ".join("?" * (columns.count(",") + 1))
    cursor = connection.cursor()
    for row in values:
        cursor.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", row)  # noqa: S608 - our own names
    return cursor.lastrowid or 0


def _counters_of(position: str) -> tuple[int, int]:
    """Return the last chunk and the last removal of a position; zeros for an empty one."""
    _, last_chunk, last_removal = position.split(":") if position else ("", "0", "0")
    return int(last_chunk), int(last_removal)
