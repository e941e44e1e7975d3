"""A library in a PostgreSQL database with pgvector: the Store of many machines. Knows nothing of search."""

from collections.abc import Callable, Sequence
from typing import Any

from vouch.retrieval.errors import IndexMismatch, LibraryDamaged, LibraryLocked
from vouch.retrieval.library_store import LibraryStats, Reembedding, RememberedEmbedder, VectorMaker, mismatch
from vouch.retrieval.stores import postgres_facts, postgres_vectors, record_facts
from vouch.retrieval.stores import record_rows as rows
from vouch.retrieval.stores.postgres_bulk import BulkLoad
from vouch.retrieval.stores.postgres_changes import PostgresChanges
from vouch.retrieval.stores.postgres_copy import copy_rows
from vouch.retrieval.stores.postgres_database import Connection, Database, storable
from vouch.retrieval.stores.postgres_reembedding import PostgresReembedding
from vouch.retrieval.stores.postgres_state import (
    claimed_embedder,
    forget_former_embedder,
    next_change,
    remember_embedder,
    remembered_embedder,
)
from vouch.retrieval.types import EVERYTHING, Chunk, DocumentRecord, Page, Scope, StoredDocument

_DOCUMENTS = f"SELECT {rows.STORED_COLUMNS} FROM documents"  # noqa: S608 - our own column names
_PAGE_TYPES = ("int8", "int4", "text", "float8", "float8", "text", "bytea")
_FORMER_STAYS = 10
"""Minutes for which replaced vectors are kept: an answer that was begun with them is finished with them."""
_CHUNK_TYPES = ("int8", "int8", "text", "int4", "int4", "int4", "text", "text", "text", "text")


class PostgresStore(PostgresChanges, postgres_facts.PostgresFacts):
    """The Store in a database. Nobody waits for a writer; writers take turns only while they commit."""

    def __init__(
        self,
        address: str,
        shown: str,
        *,
        write: bool = False,
        embedder: VectorMaker | None = None,
        busy_timeout: float = 5.0,
    ) -> None:
        """Open a library, made if `write` and there is none; IndexMismatch if its vectors are not `embedder`'s.

        `shown` is how messages name the library: its address without the password.
        """
        self.database = Database(address, shown, write=write, lock_timeout=busy_timeout)
        self._shown = shown
        self._embedder = RememberedEmbedder(embedder.name, embedder.dimension) if embedder else None
        self._bulk = BulkLoad(self.database)
        ((self.library_id,),) = self.database.rows("SELECT value FROM meta WHERE key = 'library'")
        try:
            self._check_embedder(self.embedder)
            if write and embedder:
                self._claim_embedder()
        except IndexMismatch:
            self.database.close()
            raise

    def put(self, record: DocumentRecord) -> bool:
        """Store a document, replacing what stood under its id or its path; say whether something was replaced."""
        assert self._embedder, "a store opened without an embedder takes no documents"
        assert record.vectors.shape == (len(record.chunks), self._embedder.dimension), "one vector for each chunk"
        pages, facts = [rows.page_row(page) for page in record.pages], record_facts.pack(record)
        self._claim_embedder()
        self._bulk.add(len(record.chunks))
        with self.database.transaction() as connection:
            key = _insert_document(connection, rows.document_row(record))
            columns = f"document, {rows.PAGE_COLUMNS}"
            copy_rows(connection, "pages", columns, _PAGE_TYPES, ((key, *page) for page in pages))
            seqs = _new_numbers(connection, len(record.chunks))
            chunks = ((seq, key, *rows.chunk_row(chunk)) for seq, chunk in zip(seqs, record.chunks, strict=True))
            copy_rows(connection, "chunks", f"seq, document, {rows.CHUNK_COLUMNS}", _CHUNK_TYPES, chunks)
            postgres_vectors.copy_vectors(connection, postgres_vectors.VECTORS, seqs, [key] * len(seqs), record.vectors)
            postgres_facts.insert(connection, key, facts)
            # From here on one writer at a time: what stands under the same name goes, and the document gets its number.
            change = next_change(connection)
            self._check_embedder(claimed_embedder(connection))
            replaced = connection.execute(
                "DELETE FROM documents WHERE change IS NOT NULL AND (doc_id = %s OR (collection = %s AND path = %s))",
                (record.source.doc_id, record.source.collection, record.source.path),
            ).rowcount
            connection.execute("UPDATE documents SET change = %s WHERE id = %s", (change, key))
        return replaced > 0

    def remove(self, doc_ids: Sequence[str]) -> int:
        """Remove documents; return how many there were."""
        with self.database.transaction() as connection:
            next_change(connection)
            return connection.execute("DELETE FROM documents WHERE doc_id = ANY(%s)", (list(doc_ids),)).rowcount

    @property
    def embedder(self) -> RememberedEmbedder | None:
        """Return what made the vectors; None for a library without documents."""
        with self.database.connection() as connection:
            return remembered_embedder(connection)

    def documents(self, scope: Scope = EVERYTHING) -> list[StoredDocument]:
        """Return the documents in scope, in the order of their paths."""
        allowed: dict[str, frozenset[str] | frozenset[int]] = {
            "doc_id": scope.doc_ids,
            "company": scope.companies,
            "year": scope.years,
            "period": scope.periods,
            "kind": scope.kinds,
            "collection": scope.collections,
        }
        used = {column: list(values) for column, values in allowed.items() if values}
        where = " AND ".join(f"{column} = ANY(%s)" for column in used) or "TRUE"
        found = self.database.rows(f"{_DOCUMENTS} WHERE {where} ORDER BY collection, path", [*used.values()])
        return [rows.stored_document(row) for row in found]

    def documents_as_stored(self) -> list[StoredDocument]:
        """Return all documents in the order in which they were stored."""
        return [rows.stored_document(row) for row in self.database.rows(f"{_DOCUMENTS} ORDER BY change")]

    def document_at(self, path: str, collection: str) -> StoredDocument | None:
        """Return what is stored of a file, None where nothing is."""
        found = self.database.rows(f"{_DOCUMENTS} WHERE collection = %s AND path = %s", (collection, path))
        return rows.stored_document(found[0]) if found else None

    def documents_with_content(self, content_hash: str) -> list[StoredDocument]:
        """Return every document made from the same bytes, whatever its path or collection."""
        found = self.database.rows(f"{_DOCUMENTS} WHERE content_hash = %s ORDER BY change", (content_hash,))
        return [rows.stored_document(row) for row in found]

    def record(self, doc_id: str) -> DocumentRecord:
        """Return a document as it was put; KeyError where there is none."""
        found = self.database.rows(
            f"SELECT id, {rows.STORED_COLUMNS} FROM documents WHERE doc_id = %s",  # noqa: S608 - our own names
            (doc_id,),
        )
        if not found:
            raise KeyError(doc_id)
        key, document = found[0][0], rows.stored_document(found[0][1:])
        pages = self.database.rows(
            f"SELECT {rows.PAGE_COLUMNS} FROM pages WHERE document = %s ORDER BY number",  # noqa: S608
            (key,),
        )
        chunks = self._chunks_with_vectors("c.document = %s ORDER BY c.seq", (key,))
        return DocumentRecord(
            document.source,
            document.content_hash,
            document.recipe,
            tuple(rows.page(row) for row in pages),
            tuple(rows.chunk(row[3:], document.source) for row in chunks),
            self._vectors([row[0] for row in chunks]),
            document.warnings,
            self._facts_of(key),
            document.ingested_at,
        )

    def page(self, doc_id: str, number: int) -> Page:
        """Return a page; KeyError where there is none."""
        found = self.database.rows(
            f"SELECT {rows.PAGE_COLUMNS} FROM pages WHERE number = %s "  # noqa: S608 - our own column names
            "AND document = (SELECT id FROM documents WHERE doc_id = %s)",
            (number, doc_id),
        )
        if not found:
            raise KeyError((doc_id, number))
        try:
            return rows.page(found[0])
        except ValueError as error:
            raise LibraryDamaged(
                f"the library {self._shown} is damaged (page {number} of document {doc_id}: {error}): "
                "restore the database from a backup, or ingest the document again with --force"
            ) from error

    def chunks(self, seqs: Sequence[int]) -> dict[int, Chunk]:
        """Return the chunks that still exist among these numbers."""
        found = self.database.rows(
            f"SELECT seq, document, {rows.CHUNK_COLUMNS} FROM chunks WHERE seq = ANY(%s)",  # noqa: S608
            (list(seqs),),
        )
        sources = self._sources({row[1] for row in found})
        # A document removed between the two queries takes its chunks along.
        return {row[0]: rows.chunk(row[2:], sources[row[1]]) for row in found if row[1] in sources}

    def chunk_seqs(self, doc_ids: frozenset[str]) -> list[int]:
        """Return the numbers of all chunks of these documents, ascending."""
        found = self.database.rows(
            "SELECT seq FROM chunks WHERE document = ANY(ARRAY(SELECT id FROM documents WHERE doc_id = ANY(%s))) "
            "ORDER BY seq",
            (list(doc_ids),),
        )
        return [seq for (seq,) in found]

    def stats(self) -> LibraryStats:
        """Return how much the library holds."""
        ((documents, pages, chunks, facts, size),) = self.database.rows(
            "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM pages), (SELECT count(*) FROM chunks), "
            "(SELECT coalesce(sum(facts), 0)::bigint FROM fact_companies), "
            "(SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class "
            "WHERE relnamespace = 'vouch'::regnamespace AND relkind = 'r')"
        )
        return LibraryStats(documents, pages, chunks, facts, size)

    def check(self) -> list[str]:
        """Return what is wrong inside the database, one sentence each; empty for a sound library."""
        counted = self.database.rows(
            "SELECT path, pages, chunks, real_pages, real_chunks, real_vectors "  # noqa: S608 - our own words
            "FROM (SELECT d.path, d.pages, d.chunks, "
            "(SELECT count(*) FROM pages WHERE document = d.id) AS real_pages, "
            "(SELECT count(*) FROM chunks WHERE document = d.id) AS real_chunks, "
            f"{self._vector_count()} AS real_vectors FROM documents d) AS counted "
            "WHERE pages <> real_pages OR chunks <> real_chunks OR chunks <> real_vectors"
        )
        problems = [
            f"{path} should have {pages} pages and {chunks} chunks, but {real_pages} and {real_chunks} are there"
            + (f", {real_vectors} with a vector" if real_vectors != real_chunks else "")
            for path, pages, chunks, real_pages, real_chunks, real_vectors in counted
        ]
        return problems + self._fact_problems()

    def reembedding(self, embedder: VectorMaker) -> Reembedding:
        """Begin to replace the vectors, or go on where one with the same embedder was interrupted."""
        return PostgresReembedding(self.database, RememberedEmbedder(embedder.name, embedder.dimension), self._sources)

    def drop_former_vectors(self) -> None:
        """Free the room of vectors that were replaced a while ago, unless somebody reads just now."""
        try:
            with self.database.transaction() as connection:
                # Whoever comes while this waits has to wait too.
                connection.execute("SET LOCAL lock_timeout = '100ms'")
                if forget_former_embedder(connection, _FORMER_STAYS):
                    connection.execute("DROP TABLE IF EXISTS former_vectors")
        except LibraryLocked:
            return  # the next one who adds documents

    def build_index(self, announce: Callable[[int], None]) -> bool:
        """Make the vectors' index where they are many and have none; say whether; `announce` gets how many."""
        claimed = self.embedder
        if claimed is None or claimed.dimension > postgres_vectors.HNSW_AT_MOST:
            return False
        ((count,),) = self.database.rows("SELECT count(*) FROM vectors")
        with self.database.connection() as connection:
            if count < postgres_vectors.INDEX_FROM or postgres_vectors.has_index(connection, postgres_vectors.VECTORS):
                return False
            announce(count)
            return postgres_vectors.build_index(connection, postgres_vectors.VECTORS, claimed.dimension)

    def close(self) -> None:
        self.database.close()

    def _vector_count(self) -> str:
        ((made,),) = self.database.rows("SELECT to_regclass('vectors') IS NOT NULL")
        return "(SELECT count(*) FROM vectors WHERE document = d.id)" if made else "0"

    def _sources(self, keys: set[int]) -> dict[int, Any]:
        found = self.database.rows(
            f"SELECT id, {rows.SOURCE_COLUMNS} FROM documents WHERE id = ANY(%s)",  # noqa: S608
            (sorted(keys),),
        )
        return {row[0]: rows.source(row[1:]) for row in found}

    def _claim_embedder(self) -> None:
        """Make ours the library's embedder, unless it holds documents of another."""
        ours = self._embedder
        assert ours
        ((name, dimension),) = self.database.rows(
            "SELECT (SELECT value FROM meta WHERE key = 'embedder'), (SELECT value FROM meta WHERE key = 'dimension')"
        )
        if (name, dimension) == (ours.name, str(ours.dimension)):
            return
        with self.database.transaction() as connection:
            if name is not None:
                connection.execute("LOCK TABLE vectors IN ACCESS EXCLUSIVE MODE")
            next_change(connection)
            self._check_embedder(remembered_embedder(connection))
            if claimed_embedder(connection) != ours:  # another process may have been first
                remember_embedder(connection, ours)
                postgres_vectors.make_table(connection, postgres_vectors.VECTORS, ours.dimension)

    def _check_embedder(self, built_with: RememberedEmbedder | None) -> None:
        if built_with and self._embedder and built_with != self._embedder:
            raise mismatch(self._shown, built_with.name, self._embedder.name)


def _insert_document(connection: Connection, row: rows.Row) -> int:
    """Return the key of a new document that nobody else sees before it is committed."""
    marks = ", ".join(["%s"] * len(row))
    ((key,),) = connection.execute(
        f"INSERT INTO documents ({rows.DOCUMENT_COLUMNS}) VALUES ({marks}) RETURNING id",  # noqa: S608 - our own names
        [storable(value) for value in row],
    ).fetchall()
    return int(key)


def _new_numbers(connection: Connection, count: int) -> list[int]:
    found = connection.execute("SELECT nextval('chunk_numbers') FROM generate_series(1, %s)", (count,)).fetchall()
    return [seq for (seq,) in found]
