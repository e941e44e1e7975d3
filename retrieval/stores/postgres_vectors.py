"""The table of vectors: made as wide as an embedder's, filled by binary COPY, indexed once it is large."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg import sql

from vouch.retrieval.stores.postgres_database import Connection
from vouch.retrieval.types import Vectors

VECTORS = "vectors"
NEXT_VECTORS = "next_vectors"
FORMER_VECTORS = "former_vectors"
HNSW_AT_MOST = 4000
"""Dimensions that pgvector's HNSW takes of half-precision vectors; wider ones are scanned."""
INDEX_FROM = 10_000
"""Vectors from which an index is worth its making; fewer are scanned in some milliseconds, and exactly."""
_INLINE_AT_MOST = 3900
"""Dimensions that fit into a row of a page; reading them elsewhere would cost a look-up each."""
_COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_TRAILER = b"\xff\xff"
_CARE = 160
"""Candidates for each neighbour while the index is made (hnsw.ef_construction).

Measured on 100,000 passages and questions of both fields, 100 candidates in a search: 0.982 of the ten nearest, with
pgvector's own 64 0.966; a search costs the same, a vector added later 1.3 ms of a core instead of 1.0.
"""
_GRAPH_BYTES = 400
"""Of the graph for each vector, beside the vector itself."""
_MEMORY_AT_MOST = 2 << 30
_BUILD_LOCK = 0x686E7377  # "hnsw"


def make_table(connection: Connection, table: str, dimension: int) -> None:
    """Make an empty table of vectors in place of one of this name."""
    name, by_document = sql.Identifier(table), sql.Identifier(f"{table}_by_document")
    storage = sql.SQL("PLAIN" if dimension <= _INLINE_AT_MOST else "EXTERNAL")
    connection.execute(
        sql.SQL(
            "DROP TABLE IF EXISTS {name}; CREATE TABLE {name} ("
            "seq bigint PRIMARY KEY REFERENCES chunks (seq) ON DELETE CASCADE, "
            "document bigint NOT NULL, vector halfvec({dimension}) NOT NULL); "
            "ALTER TABLE {name} ALTER COLUMN vector SET STORAGE {storage}; "
            "CREATE INDEX {by_document} ON {name} (document)"
        ).format(name=name, dimension=dimension, storage=storage, by_document=by_document)
    )


def put_in_place(connection: Connection) -> None:
    """Make the next vectors the library's, indexes included; the old ones stay beside them for who still uses them."""
    connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(FORMER_VECTORS)))
    for table, name in ((VECTORS, FORMER_VECTORS), (NEXT_VECTORS, VECTORS)):
        connection.execute(sql.SQL("ALTER TABLE {} RENAME TO {}").format(sql.Identifier(table), sql.Identifier(name)))
        for index in ("pkey", "by_document", "hnsw"):
            connection.execute(
                sql.SQL("ALTER INDEX IF EXISTS {} RENAME TO {}").format(
                    sql.Identifier(f"{table}_{index}"), sql.Identifier(f"{name}_{index}")
                )
            )


def copy_vectors(
    connection: Connection, table: str, seqs: Sequence[int], documents: Sequence[int], vectors: Vectors
) -> None:
    """Add vectors, two bytes a coordinate; the whole COPY is one block of numpy."""
    if not len(seqs):
        return
    statement = sql.SQL("COPY {} (seq, document, vector) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(table))
    with connection.cursor().copy(statement) as copy:
        copy.write(_COPY_HEADER + _copy_rows(seqs, documents, vectors).tobytes() + _COPY_TRAILER)


def _copy_rows(seqs: Sequence[int], documents: Sequence[int], vectors: Vectors) -> npt.NDArray[np.void]:
    dimension = vectors.shape[1]
    layout = np.dtype(
        [
            ("columns", ">i2"),
            ("seq_bytes", ">i4"),
            ("seq", ">i8"),
            ("document_bytes", ">i4"),
            ("document", ">i8"),
            ("vector_bytes", ">i4"),
            ("dimension", ">i2"),
            ("unused", ">i2"),
            ("vector", ">f2", (dimension,)),
        ]
    )
    rows = np.zeros(len(seqs), layout)
    rows["columns"], rows["seq_bytes"], rows["document_bytes"] = 3, 8, 8
    rows["vector_bytes"], rows["dimension"] = 4 + 2 * dimension, dimension
    rows["seq"], rows["document"], rows["vector"] = seqs, documents, vectors
    return rows


def has_index(connection: Connection, table: str) -> bool:
    """Say whether the table has a whole index; one whose making was interrupted does not count."""
    found = connection.execute(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", (f"{table}_hnsw",)
    ).fetchone()
    return bool(found and found[0])


def build_index(connection: Connection, table: str, dimension: int) -> bool:
    """Make the HNSW index while others read and write; False where it stands, or another process is at it."""
    if dimension > HNSW_AT_MOST or has_index(connection, table):
        return False
    if connection.execute("SELECT pg_try_advisory_lock(%s)", (_BUILD_LOCK,)).fetchall() != [(True,)]:
        return False
    try:
        _set_for_build(connection, table, dimension)
        try:
            _create_index(connection, table)
        except (psycopg.errors.DiskFull, psycopg.errors.OutOfMemory):
            # Workers share the graph in /dev/shm, of which a container has 64 MB unless told otherwise.
            connection.execute("SET max_parallel_maintenance_workers = 0")
            _create_index(connection, table)
    finally:
        if not connection.closed:
            connection.execute("RESET statement_timeout; RESET lock_timeout; RESET maintenance_work_mem")
            connection.execute("RESET max_parallel_maintenance_workers")
            connection.execute("SELECT pg_advisory_unlock(%s)", (_BUILD_LOCK,))
    return True


def _set_for_build(connection: Connection, table: str, dimension: int) -> None:
    """Let the graph fit into memory: on disk it takes many times as long."""
    [(rows,)] = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchall()
    needed = min(_MEMORY_AT_MOST, max(64 << 20, int(rows * (2 * dimension + _GRAPH_BYTES) * 1.3)))
    connection.execute(
        sql.SQL("SET statement_timeout = 0; SET lock_timeout = 0; SET maintenance_work_mem = {}").format(
            f"{needed >> 10}kB"
        )
    )


def _create_index(connection: Connection, table: str) -> None:
    name, index = sql.Identifier(table), sql.Identifier(f"{table}_hnsw")
    # What an interrupted run left behind is no index, but bears its name.
    connection.execute(sql.SQL("DROP INDEX IF EXISTS {}").format(index))
    connection.execute(
        sql.SQL(
            "CREATE INDEX CONCURRENTLY {} ON {} USING hnsw (vector halfvec_ip_ops) WITH (ef_construction = {})"
        ).format(index, name, _CARE)
    )
