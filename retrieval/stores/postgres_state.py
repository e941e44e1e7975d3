"""What a library in PostgreSQL knows of itself: the number of its last change, and what made its vectors."""

from vouch.retrieval.library_store import RememberedEmbedder
from vouch.retrieval.stores.postgres_database import Connection


def next_change(connection: Connection) -> int:
    """Return the number of this transaction's change; others wait for theirs until it is committed.

    So numbers become visible in the order in which they are given: see postgres_schema.sql. Whoever also locks the
    table of vectors does so before.
    """
    ((change,),) = connection.execute("UPDATE state SET change = change + 1 RETURNING change").fetchall()
    return int(change)


def claimed_embedder(connection: Connection) -> RememberedEmbedder | None:
    """Return what the table of vectors is made for; None where there is none yet."""
    found: dict[str, str] = dict(
        connection.execute("SELECT key, value FROM meta WHERE key IN ('embedder', 'dimension')").fetchall()
    )
    return RememberedEmbedder(found["embedder"], int(found["dimension"])) if found else None


def remembered_embedder(connection: Connection) -> RememberedEmbedder | None:
    """Return what made the vectors of the documents; None where there are no documents."""
    if not connection.execute("SELECT 1 FROM documents WHERE change IS NOT NULL LIMIT 1").fetchone():
        return None
    return claimed_embedder(connection)


def remember_embedder(connection: Connection, embedder: RememberedEmbedder) -> None:
    """Note what makes the vectors from now on."""
    remember(connection, "embedder", embedder.name)
    remember(connection, "dimension", str(embedder.dimension))


def remember_former_embedder(connection: Connection, embedder: RememberedEmbedder) -> None:
    """Note what made the vectors until now, and when that ended."""
    remember(connection, "former_embedder", embedder.name)
    ((now,),) = connection.execute("SELECT now()::text").fetchall()
    remember(connection, "former_until", now)


def forget_former_embedder(connection: Connection, minutes: int) -> bool:
    """Forget it, unless its time ended less than so many minutes ago; say whether it was there to forget."""
    found = connection.execute(
        "SELECT 1 FROM meta WHERE key = 'former_until' AND value::timestamptz < now() - %s * interval '1 minute'",
        (minutes,),
    ).fetchone()
    if found:
        connection.execute("DELETE FROM meta WHERE key IN ('former_embedder', 'former_until')")
    return found is not None


def remember(connection: Connection, key: str, value: str) -> None:
    """Note a value under a key, in place of an older one."""
    connection.execute(
        "INSERT INTO meta (key, value) VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, value),
    )
